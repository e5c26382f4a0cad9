# shellcheck shell=bash
# One server with all it needs, in one state folder. To be sourced after common.sh, build.sh and postgres.sh.
#
#   STATE/pki        the authority that signs desks' certificates, and the server's own certificate; the keys are the service's
#   STATE/bin        liandongd as it is running (root's checkout may stand where the service's user can't look); a client a desk
#   STATE/desks      what the district's desks have of their own, see desks.sh
#   STATE/database   the cluster, see postgres.sh;  STATE/socket  its socket
#   STATE/audit.key  signs the heads of feed and audit; made once
#   STATE/seal.key   key-encryption key of sealed fields; made once, kept with the certificates' keys
#   STATE/log        liandongd.log, postgresql-*.log
#   STATE/liandongd.ini, STATE/district.ini
#   STATE/lock       held while a run uses the folder

SERVE_STATE='' SERVE_ADDRESS='' SERVE_METRICS='' SERVE_PID=''
SERVE_DATABASE='' SERVE_MIGRATE_DATABASE=''
# shellcheck disable=SC2034  # desks.sh reads it
SERVE_CLIENT=$ROOT/.build/release/client/liandong

serve_state_default() {
  if [ "$(id -u)" -eq 0 ]; then echo /var/lib/liandong; else echo "${XDG_STATE_HOME:-$HOME/.local/state}/liandong"; fi
}

serve_place() {
  SERVE_STATE=$(realpath -m "$1")
  mkdir -p "$SERVE_STATE" 2>/dev/null || fail 73 "建不了目录 $SERVE_STATE" "用 --state-dir 换一个当前用户 $(id -un) 可写的地方"
  as_service test -x "$SERVE_STATE" ||
    fail 73 "用户 $SERVICE_USER 进不了 $SERVE_STATE（数据库不能以 root 运行，root 的家目录别人进不去）" "用 --state-dir 换一个，例如 /var/lib/liandong"
  # Held for as long as this run lives, see as_service.
  exec 9>>"$SERVE_STATE/lock"
  flock -n 9 || fail 75 "另一个 server/run 正在用 $SERVE_STATE" "先停掉它，或用 --state-dir 和 --port 另起一套"
  service_folder "$SERVE_STATE/log"
  install -D -m 0755 -C "$ROOT/.build/release/server/liandongd" "$SERVE_STATE/bin/liandongd"
}

# serve_database RUNTIME_CONNINFO OWNER_CONNINFO: both empty for the private cluster.
serve_database() {
  if [ -n "$1" ]; then
    SERVE_DATABASE=$1 SERVE_MIGRATE_DATABASE=${2:-$1}
  else
    postgres_place "$SERVE_STATE"
    postgres_start
    SERVE_DATABASE=$(postgres_conninfo liandong_app) SERVE_MIGRATE_DATABASE=$(postgres_conninfo liandong_owner)
  fi
}

serve_certificates() {
  local pki=$SERVE_STATE/pki
  "$ROOT/server/pki" all "$pki" || fail 70 "开发用的证书没有做成（原因见上）" "删掉 $pki 再来一次"
  [ "$(id -u)" -ne 0 ] || chown "$SERVICE_USER:" "$pki/server.key" "$pki/ca.key"
}

# Made once. In a real district it stands on the servers only, and a copy of it in a safe.
serve_seal_key() {
  local out file=$SERVE_STATE/seal.key
  [ ! -e "$file" ] || return 0
  out=$("$SERVE_STATE/bin/liandongd" seal-key "$file" 2>&1) || fail 70 "敏感字段的密钥没有做成：" "$out"
  [ "$(id -u)" -ne 0 ] || chown "$SERVICE_USER:" "$file"
}

serve_audit_key() {
  local out file=$SERVE_STATE/audit.key
  [ ! -e "$file" ] || return 0
  out=$("$SERVE_STATE/bin/liandongd" audit-key "$file" 2>&1) || fail 70 "给审计签名的密钥没有做成：" "$out"
  [ "$(id -u)" -ne 0 ] || chown "$SERVICE_USER:" "$file"
}

serve_settings() { # serve_settings PORT
  # The usual address for the usual server; one of several side by side takes what is free.
  local metrics=127.0.0.1:9743
  [ "$1" -eq 7443 ] || metrics=127.0.0.1:0
  (umask 077 && cat >"$SERVE_STATE/liandongd.ini.new") <<INI
; Written by server/run at each start.
[liandong]
listen = 127.0.0.1:$1
database = $SERVE_DATABASE
migrate_database = $SERVE_MIGRATE_DATABASE
tls_certificate = $SERVE_STATE/pki/server.crt
tls_key = $SERVE_STATE/pki/server.key
tls_ca = $SERVE_STATE/pki/ca.crt
enrol_ca_certificate = $SERVE_STATE/pki/ca.crt
enrol_ca_key = $SERVE_STATE/pki/ca.key
seal_key_file = $SERVE_STATE/seal.key
audit_key = $SERVE_STATE/audit.key
metrics_listen = $metrics
log_file = $SERVE_STATE/log/liandongd.log
drain = 5s
INI
  [ "$(id -u)" -ne 0 ] || chown "$SERVICE_USER:" "$SERVE_STATE/liandongd.ini.new"
  mv "$SERVE_STATE/liandongd.ini.new" "$SERVE_STATE/liandongd.ini"
}

serve_liandongd() { as_service "$SERVE_STATE/bin/liandongd" "$1" --settings "$SERVE_STATE/liandongd.ini" "${@:2}"; }

serve_schema() {
  # What is done belongs to the private cluster, and goes with it.
  local out stamp done_file=$SERVE_STATE/district.done write=(tee)
  [ -z "$POSTGRES_HOME" ] || done_file=$POSTGRES_HOME/district.done write=(as_service tee)
  out=$(serve_liandongd migrate 2>&1) || fail 70 "数据库结构没有更新成功：" "$out"
  # The district goes in once per database and set of keys: what was changed since (a revoked device, say) stays.
  install -m 0644 "$ROOT/server/setup/district.ini" "$SERVE_STATE/district.ini"
  stamp=$(cat "$SERVE_STATE/district.ini" "$SERVE_STATE"/pki/*.key <(printf %s "$SERVE_MIGRATE_DATABASE") | cksum)
  [ "$stamp" != "$(cat "$done_file" 2>/dev/null)" ] || return 0
  out=$(serve_liandongd directory "$SERVE_STATE/district.ini" 2>&1) || fail 70 "示范区的名册没有写进数据库：" "$out"
  printf %s "$stamp" | "${write[@]}" "$done_file" >/dev/null
}

# serve_start FLAG…: returns when the server says it is ready; its line names the address it really has.
serve_start() {
  serve_schema
  local ready line=''
  # A session of its own: Ctrl-C reaches this script only, which then stops things in order. Should this script be killed, the kernel
  # tells the server to drain.
  exec {ready}< <(cd / && exec setsid "${SERVICE_PREFIX[@]}" setpriv --pdeathsig TERM \
    "$SERVE_STATE/bin/liandongd" run --settings "$SERVE_STATE/liandongd.ini" "$@" 9>&-)
  SERVE_PID=$!
  while IFS= read -r -t 60 line <&"$ready"; do
    [[ $line =~ (127\.0\.0\.1:[0-9]+).*(http://[0-9.:]+/metrics) ]] || continue
    SERVE_ADDRESS=${BASH_REMATCH[1]} SERVE_METRICS=${BASH_REMATCH[2]}
    break
  done
  [ -n "$SERVE_ADDRESS" ] || fail 70 "服务器没有起来（原因见上）" "日志：$SERVE_STATE/log/liandongd.log"
  desks_open
}

serve_announce() {
  cat <<TEXT

联动服务器就绪
  终端连接    $SERVE_ADDRESS（TLS 1.3，双向证书）
  运行指标    $SERVE_METRICS
  日志        $SERVE_STATE/log/liandongd.log
  设置        $SERVE_STATE/liandongd.ini

在另外的终端里粘贴（每个终端一条命令，都在 $SERVE_STATE/bin/，里面是完整的客户端命令行）：
  岳塘司法所看动态：
    $SERVE_STATE/bin/yts-mediator feed watch
  岳塘派出所看动态：
    $SERVE_STATE/bin/ytp-duty feed watch
  岳塘派出所报一条警情：
    $SERVE_STATE/bin/ytp-duty incident report --class 纠纷 --place 建设路12号 '邻居夜里装修吵闹，双方争执'
  系统管理员看谁连着、审计员看谁看过什么：
    $SERVE_STATE/bin/ytga-admin admin sessions
    $SERVE_STATE/bin/ytga-auditor audit list

各终端都已登记、登录（十二小时后要再登录；示范人员的密码在 $SERVE_STATE/desks/终端/password，只供试用）。

按 Ctrl-C 停止服务器和数据库。
TEXT
}

serve_wait() {
  local code=0 last
  wait "$SERVE_PID" || code=$?
  SERVE_PID=
  mapfile -t last < <(tail -n 5 "$SERVE_STATE/log/liandongd.log" 2>/dev/null)
  [ "$code" -eq 0 ] || fail 70 "服务器自己停了（$code）" "最后的日志：" "${last[@]}"
}

# Server first, so that it can still answer what it has taken on.
serve_end() {
  trap '' INT TERM HUP
  if [ -n "$SERVE_PID" ]; then
    kill -TERM "$SERVE_PID" 2>/dev/null || true
    wait "$SERVE_PID" 2>/dev/null || true
  fi
  postgres_stop
}
