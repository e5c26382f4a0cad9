# shellcheck shell=bash
# What every script here shares: where the project is, how it talks, as whom the services run. To be sourced.
#
# Services (PostgreSQL, liandongd) never run as root. When a script is started as root they run as the system user
# `liandong`; otherwise as the person who started it. `as_service CMD…` is the only way they are started.

# shellcheck disable=SC2034  # for those who source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVICE_USER=$(id -un)
SERVICE_PREFIX=()
umask 022
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
fail() { # fail CODE SENTENCE…: the reason and the remedy, then the end
  local code=$1
  shift
  printf '错误：%s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '      %s\n' "$@" >&2
  exit "$code"
}

service_user_require() {
  [ "$(id -u)" -eq 0 ] || return 0
  SERVICE_USER=liandong
  if ! getent passwd "$SERVICE_USER" >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/liandong --no-create-home --shell /usr/sbin/nologin "$SERVICE_USER" ||
      fail 77 "建不了系统用户 $SERVICE_USER" "PostgreSQL 和服务器都不能以 root 运行。请先建好这个用户再来。"
  fi
  SERVICE_PREFIX=(setpriv --reuid="$SERVICE_USER" --regid="$(id -gn "$SERVICE_USER")" --init-groups --inh-caps=-all --no-new-privs
    env HOME=/var/lib/liandong USER="$SERVICE_USER" LOGNAME="$SERVICE_USER")
}
# A service's working folder must be one it can reach: root's home is not. File 9 is the state folder's lock: were it handed on,
# a database that outlives us would hold it.
as_service() { (cd / && exec "${SERVICE_PREFIX[@]}" "$@" 9>&-); }

# service_folder PATH: a folder that only the services can open.
service_folder() {
  if ! mkdir -p "$1" || ! chmod 0700 "$1" || { [ "$(id -u)" -eq 0 ] && ! chown "$SERVICE_USER:" "$1"; }; then
    fail 73 "建不了目录 $1" "用 --state-dir 换一个放得下的地方"
  fi
}
