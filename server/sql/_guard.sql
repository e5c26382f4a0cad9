-- Each row is a reason not to serve from this PostgreSQL: for the log, and with the remedy for the operator.
select reason, hint
from (values
  (current_setting('fsync') <> 'on', 'fsync is off', '数据库设置 fsync 为关，断电会丢失已确认的警情。请在 postgresql.conf 设 fsync = on 并重启数据库'),
  (current_setting('full_page_writes') <> 'on', 'full_page_writes is off',
   '数据库设置 full_page_writes 为关，断电会损坏数据。请在 postgresql.conf 设 full_page_writes = on 并重新加载'),
  (current_setting('synchronous_commit') = 'off'
   or current_setting('synchronous_commit') = 'local' and current_setting('synchronous_standby_names') <> '',
   'synchronous_commit is off', '数据库设置 synchronous_commit 为关，已确认的警情可能丢失。请设 synchronous_commit = on 并重新加载'),
  (current_setting('server_encoding') <> 'UTF8', 'server_encoding is not UTF8', '数据库编码不是 UTF8。请用 UTF8 编码另建数据库'),
  (current_setting('client_encoding') <> 'UTF8', 'client_encoding is not UTF8', '数据库连接编码不是 UTF8。请在连接串中去掉 client_encoding'),
  (current_setting('server_version_num')::int4 < 150000, 'PostgreSQL is older than 15', '数据库版本过低。请使用 PostgreSQL 15 或更新版本'),
  (not exists (select from liandong.migration m where m.name >= '0057_office_events'), 'the schema is older than this program',
   '数据库结构比本程序旧。请先执行 liandongd migrate')
) as check_(failed, reason, hint)
where failed
