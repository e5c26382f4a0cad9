# shellcheck shell=bash
# The desks of the demonstration district, made by the way that every real one takes: an administrator's token, a key made on the desk
# itself, a certificate from the server's authority, a one-use code, a password, a login. To be sourced after serve.sh's parts.
#
#   STATE/bin/DESK             the client as that desk's person types it
#   STATE/desks/DESK           what that computer has: settings, key, certificate, kept login; and, as this is only for trying things
#                              out, the person's password
#
# What works stays: a second start asks each desk whether it is still known and logged in, and mends only what is not.

# desk, office, person's number, who invites it: an administrator's desk, or - for the server's own machine.
DESKS=(
  'ytga-admin   ytga 013001 -'
  'ytsf-admin   ytsf s0001  -'
  'ytga-viewer  ytga 013002 ytga-admin'
  'ytga-auditor ytga 013003 ytga-admin'
  'ytp-duty     ytp  013527 ytga-admin'
  'ytp-chief    ytp  013501 ytga-admin'
  'xcp-duty     xcp  013627 ytga-admin'
  'yts-mediator yts  s0127  ytsf-admin'
  'yts-head     yts  s0101  ytsf-admin'
  'xcs-mediator xcs  s0227  ytsf-admin'
)

# desk_command DESK: its client, with its own folders. The address may be another one at each start.
desk_command() {
  local home=$SERVE_STATE/desks/$1
  (umask 077 && mkdir -p "$home/config" "$home/state" "$home/run")
  printf '#!/bin/sh\nexport XDG_CONFIG_HOME=%q XDG_STATE_HOME=%q XDG_RUNTIME_DIR=%q\nexec %q --server %q "$@"\n' \
    "$home/config" "$home/state" "$home/run" "$SERVE_CLIENT" "$SERVE_ADDRESS" >"$SERVE_STATE/bin/$1"
  chmod 0755 "$SERVE_STATE/bin/$1"
}

# desk_invite DESK OFFICE INVITER: a token.
desk_invite() {
  if [ "$3" = - ]; then
    serve_liandongd enrol-token --office "$2" --device "$1" | sed -n 's/.* --token \([^ ]*\).*/\1/p'
  else
    "$SERVE_STATE/bin/$3" device invite "$1" --office "$2" -o json | sed -n 's/.*"token": *"\([^"]*\)".*/\1/p'
  fi
}
# desk_code ACCOUNT INVITER: a one-use code.
desk_code() {
  if [ "$2" = - ]; then
    serve_liandongd code "$1"
  else
    "$SERVE_STATE/bin/$2" account code "$1" -o json | sed -n 's/.*"code": *"\([^"]*\)".*/\1/p'
  fi
}

# desk_ready DESK ACCOUNT: it is known to this server, and its person is logged in, again where that had ended.
desk_ready() {
  local home=$SERVE_STATE/desks/$1 client=$SERVE_STATE/bin/$1
  [ -s "$home/password" ] || return 1
  "$client" session list --timeout 5s >/dev/null 2>&1 || "$client" login "$2" --secret-fd 3 3<"$home/password" >/dev/null 2>&1
}

# desk_open DESK OFFICE ACCOUNT INVITER: from nothing to logged in.
desk_open() {
  local home=$SERVE_STATE/desks/$1 client=$SERVE_STATE/bin/$1 token code
  rm -rf "${home:?}/config" "$home/state" "$home/run"
  desk_command "$1"
  token=$(desk_invite "$1" "$2" "$4") && [ -n "$token" ] && "$client" enrol --token-fd 3 3<<<"$token" || return 1
  (umask 077 && head -c 15 /dev/urandom | base64 >"$home/password.new")
  code=$(desk_code "$3" "$4") && [ -n "$code" ] || return 1
  "$client" login "$3" --with-code --secret-fd 3 3< <(printf '%s\n' "$code" && cat "$home/password.new") && mv "$home/password.new" "$home/password"
}

# desks_of INVITER-IS-SERVER(yes|no): those desks, side by side.
desks_of() {
  local row desk office account inviter jobs=() job made=''
  for row in "${DESKS[@]}"; do
    read -r desk office account inviter <<<"$row"
    if [ "$inviter" = - ]; then [ "$1" = yes ] || continue; else [ "$1" = no ] || continue; fi
    desk_command "$desk"
    (desk_ready "$desk" "$account" || { desk_open "$desk" "$office" "$account" "$inviter" && : >"$SERVE_STATE/desks/$desk/new"; }) \
      >"$SERVE_STATE/log/desk-$desk.log" 2>&1 9>&- &
    jobs+=("$!:$desk")
  done
  for job in "${jobs[@]}"; do
    wait "${job%%:*}" || fail 70 "示范区的终端 ${job#*:} 没有登记、登录成功：" "$(cat "$SERVE_STATE/log/desk-${job#*:}.log")"
    ! rm "$SERVE_STATE/desks/${job#*:}/new" 2>/dev/null || made+=" ${job#*:}"
  done
  [ -z "$made" ] || say "终端已登记，人员已登录：${made# }"
}

# The administrators first, who invite the others.
desks_open() {
  desks_of yes
  desks_of no
}
