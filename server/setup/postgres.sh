# shellcheck shell=bash
# The embedded private PostgreSQL: a real cluster in the state folder, reached by one unix socket that only its owner can
# open, with no TCP port and no password. To be sourced after common.sh; call postgres_place first.
#
# It outlives a crash of this program on purpose (its data are safe and the next start takes it over). It is stopped by the
# run that started it, or by the next one where that run died: the file `ours` beside the cluster stands for "ours to stop".

POSTGRES_STATE='' POSTGRES_HOME='' POSTGRES_DATA='' POSTGRES_SOCKETS='' POSTGRES_BIN=''

# postgres_place STATE_FOLDER
postgres_place() {
  POSTGRES_STATE=$1
  POSTGRES_HOME=$1/database
  POSTGRES_DATA=$POSTGRES_HOME/cluster
  POSTGRES_SOCKETS=$1/socket
  # A socket's path has 107 bytes at most; its name takes 18.
  if [ "$(printf %s "$POSTGRES_SOCKETS" | wc -c)" -gt 89 ]; then
    POSTGRES_SOCKETS=/tmp/liandong-$(id -u)-$(printf %s "$1" | cksum | cut -d' ' -f1)
  fi
  # A cluster stays with the version that made it.
  local version
  version=$(as_service cat "$POSTGRES_DATA/PG_VERSION" 2>/dev/null || find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -n | tail -n 1)
  POSTGRES_BIN=/usr/lib/postgresql/$version/bin
  [ -x "$POSTGRES_BIN/postgres" ] || fail 69 "没有找到 PostgreSQL ${version:-15} 的程序（$POSTGRES_BIN）" "请管理员执行：apt-get install -y postgresql-${version:-15}"
}

# postgres_conninfo ROLE
postgres_conninfo() { printf 'host=%s dbname=liandong user=%s' "$POSTGRES_SOCKETS" "$1"; }
postgres_ctl() { as_service "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DATA" "$@"; }
postgres_running() { postgres_ctl status >/dev/null 2>&1; }

postgres_init() {
  say "建立私有数据库 $POSTGRES_DATA"
  as_service rm -rf "$POSTGRES_DATA.new"
  local log=$POSTGRES_STATE/log/initdb.log
  as_service "$POSTGRES_BIN/initdb" -D "$POSTGRES_DATA.new" -U postgres --auth=peer -E UTF8 --locale=C.UTF-8 --data-checksums >"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; fail 73 "初始化数据库没有成功（原因见上）" "看 $log；检查 $POSTGRES_STATE 所在的磁盘是否已满、是否只读"; }
  # A half-made cluster must never look like a whole one.
  as_service mv "$POSTGRES_DATA.new" "$POSTGRES_DATA"
}

# Written at each start, so that a newer program brings its own settings.
postgres_configure() {
  local user
  {
    for user in "$SERVICE_USER" $([ "$(id -u)" -ne 0 ] || echo root); do
      printf 'liandong %s %s\n' "$user" postgres "$user" liandong_owner "$user" liandong_app
    done
  } | as_service tee "$POSTGRES_DATA/pg_ident.conf" >/dev/null
  echo 'local all all peer map=liandong' | as_service tee "$POSTGRES_DATA/pg_hba.conf" >/dev/null
  as_service tee "$POSTGRES_DATA/liandong.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$POSTGRES_SOCKETS'
unix_socket_permissions = 0700
max_connections = 64
shared_buffers = 128MB
max_wal_size = 2GB
jit = off
# What "durable" stands on: the server refuses to serve without these.
fsync = on
full_page_writes = on
synchronous_commit = on
data_sync_retry = off
# No content of a record in a log.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_statement = ddl
log_min_error_statement = panic
logging_collector = on
log_directory = '$POSTGRES_STATE/log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
CONF
  as_service grep -q '^include' "$POSTGRES_DATA/postgresql.conf" ||
    echo "include = 'liandong.conf'" | as_service tee -a "$POSTGRES_DATA/postgresql.conf" >/dev/null
}

postgres_start() {
  service_folder "$POSTGRES_HOME"
  service_folder "$POSTGRES_SOCKETS"
  as_service test -e "$POSTGRES_DATA/PG_VERSION" || postgres_init
  if postgres_running; then
    # The socket folder is where the running one has it.
    POSTGRES_SOCKETS=$(as_service sed -n 5p "$POSTGRES_DATA/postmaster.pid")
    say "数据库已在运行，接着使用"
  else
    postgres_configure
    as_service touch "$POSTGRES_HOME/ours"
    # Generous: after a crash it first replays what was acknowledged.
    postgres_ctl start -w -t 300 -s -l "$POSTGRES_STATE/log/postgresql-start.log" || {
      tail -n 5 "$POSTGRES_STATE/log/postgresql-start.log" >&2
      fail 69 "数据库没有启动（原因见上）" "日志：$POSTGRES_STATE/log/"
    }
  fi
  postgres_roles
}

postgres_roles() {
  local psql=(as_service "$POSTGRES_BIN/psql" -XqAt -v ON_ERROR_STOP=1 -h "$POSTGRES_SOCKETS" -U postgres)
  [ "$("${psql[@]}" -d postgres -c "select count(*) from pg_database where datname = 'liandong'")" = 0 ] || return 0
  "${psql[@]}" -d postgres <<'SQL' || fail 70 "建不了数据库的角色（原因见上）" "日志：$POSTGRES_STATE/log/"
do $$ begin
  if to_regrole('liandong_owner') is null then create role liandong_owner login; end if;
  if to_regrole('liandong_app') is null then create role liandong_app login; end if;
end $$;
create database liandong owner liandong_owner;
revoke all on database liandong from public;
grant connect on database liandong to liandong_app;
SQL
}

# Stops what is ours to stop.
postgres_stop() {
  [ -n "$POSTGRES_HOME" ] && [ -e "$POSTGRES_HOME/ours" ] || return 0
  if postgres_running; then postgres_ctl stop -s -m fast -t 120 || return 0; fi
  rm -f "$POSTGRES_HOME/ours"
}
