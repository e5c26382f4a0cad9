"""What cases about clocks have in common: rules that are quick, a node's look, time that passes because the clocks are moved."""


def rules(d):
  d.sql("insert into clock_rule(type, rule, name, seconds, working_days, near_seconds, owner_field, next_rule) values"
        " (2, 'quick', '快钟', 60, null, 20, 'lead_office', null), (2, 'step', '升级一', 60, null, null, 'origin', 'step2'),"
        " (2, 'step2', '升级二', 60, null, null, 'origin', null), (2, 'days', '三个工作日', null, 3, 86400, 'origin', null), (1, 'feedback', '反馈', 60, null, null, 'origin', null)")


def dispute(d, desk=None):
  no = (desk or d.desk("j1", "head")).ask("open_dispute", type=2, title="邻里漏水")[0]["no"]
  return d.sql("select num from dispute where record_no(num) = $1", no)[0][0]


def now(d):
  """What the feed would call now."""
  return d.sql("select date_trunc('milliseconds', clock_timestamp())")[0][0]


def call(d, function, *values):
  """As a request's statement would, the pen being held."""
  d.app.rows("begin; select seq from feed_head for update")
  d.app.rows(f"select {function}({', '.join(f'${i + 1}' for i in range(len(values)))})", *values)
  d.app.rows("commit")


def look(d, leap=0, ahead=0, most=100):
  """A node's look: (fired, held_ms, failed)."""
  d.app.rows("begin; select set_config('liandong.office', '0', true), set_config('liandong.role', '0', true)")  # as the server binds nobody
  row = d.app.rows("select fired, held_ms, failed from clocks_due((extract(epoch from clock_timestamp()) * 1000)::int8 - $1, $2, $3)", ahead, leap, most)[0]
  d.app.rows("commit")
  return int(row[0]), int(row[1]), row[2]


def pass_time(d, seconds, num=None):
  """So long a time passes for all clocks, or those of one record."""
  d.sql("update clock set from_at = from_at - $1::float8 * interval '1 second', due_at = due_at - $1::float8 * interval '1 second', near_at = near_at - $1::float8 * interval '1 second',"
        " next_at = next_at - $1::float8 * interval '1 second' where $2::int8 is null or num = $2::int8", seconds, num)


def told(d, num):
  return [kind for kind, in d.sql("select kind from feed where num = $1 order by seq", num)]
