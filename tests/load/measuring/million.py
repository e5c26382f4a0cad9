"""A database with very many incidents, made by the schema's own function, so that numbers, chain, index and history are what
years of reports would have left."""
import random
import time

from .ground import BUREAU, DISTRICT_PAIRS, JUDICIAL, STATION
from .machine import say

BATCH = 250
# Words of the stories, common ones first: word n is in about one of n + 2 stories of its list.
PEOPLE = ("邻居", "房东", "租客", "夫妻", "父子", "业主", "工友", "同事", "店主", "村民", "司机", "学生", "债主", "前夫", "亲戚", "保安")
MATTERS = ("噪音", "押金", "工资", "停车", "油烟", "漏水", "宅基地", "界墙", "借款", "离婚", "赡养", "遗产", "烧烤", "宠物", "电动车", "广场舞",
           "装修", "采光", "垃圾", "井盖", "树木", "坟地", "排污", "彩礼", "网购", "美容", "医疗", "拆迁", "煤气", "水井", "鱼塘", "山林")
ACTS = ("争吵", "推搡", "辱骂", "堵门", "砸门", "动手", "威胁", "围堵", "扬言", "跟踪", "泼水", "拉闸", "醉酒", "持刀", "放火", "自杀")
STREETS = ("建设南路", "河东大道", "芙蓉中路", "书院路", "双拥路", "晓塘路", "吉安路", "宝塔路", "霞光东路", "岳塘路")

FILL = """
with story as (
  select i, people[1 + pick(i, 1, 16)] as who, matters[1 + pick(i, 2, 32)] as matter, acts[1 + pick(i, 3, 16)] as did,
    streets[1 + abs(hashint4(i)) % 10] || abs(hashint4(i + 7)) % 4000 || '号' as place
  from generate_series($1::int4, $1::int4 + $2::int4 - 1) i,
    (select $3::text[] as people, $4::text[] as matters, $5::text[] as acts, $6::text[] as streets) words
), report as (
  select *, format('报警人称与%s因%s问题发生纠纷，对方%s，已影响正常生活，编号%s，请求民警到场处理并通知调解员。', who, matter, did, i) as content,
    now() - interval '2 years' * (1 - i / $7::float8) as received
  from story
)
select count(*) from report_incidents((select array_agg(
    (lpad(to_hex((extract(epoch from received) * 1000)::int8), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid order by i) from report),
  (select array_agg('\\x62'::bytea || set_byte(set_byte('\\x0000'::bytea, 0, octet_length(content) % 128 + 128), 1, octet_length(content) / 128)
    || convert_to(content, 'UTF8') order by i) from report),
  (select array_agg(($8::int4[])[1 + i % cardinality($8::int4[])] order by i) from report),
  (select array_agg(1::int8) from report), (select array_agg('值班员'::text) from report),
  (select array_agg((1 + i % 9)::int2 order by i) from report), (select array_agg((1 + pick(i, 4, 13))::int2 order by i) from report),
  (select array_agg((4 - pick(i, 5, 4))::int2 order by i) from report), (select array_agg(null::text) from report),
  (select array_agg(received order by i) from report), (select array_agg(received order by i) from report),
  (select array_agg(place order by i) from report), (select array_agg(null::float8) from report), (select array_agg(null::float8) from report),
  (select array_agg('张某'::text) from report), (select array_agg('139' || lpad((abs(hashint4(i + 1)) % 100000000)::text, 8, '0') order by i) from report),
  (select array_agg(content order by i) from report), (select array_agg(null::text) from report), (select array_agg(2::int4) from report),
  (select array_agg(substr(sha256(('139' || lpad((abs(hashint4(i + 1)) % 100000000)::text, 8, '0'))::bytea), 1, 16) order by i) from report),
  (select array_agg(substr(sha256(convert_to(place, 'UTF8')), 1, 16) order by i) from report),
  (select array_agg((select string_agg(int4send(hashtext(substr(place, n, 2))), '') from generate_series(1, char_length(place) - 1) n) order by i) from report))
"""
# Small numbers often, large ones rarely: words of a language are not dice.
PICK = """create function pick(i int4, salt int4, n int4) returns int4 immutable language sql as $$
  select floor(n * power(abs(hashint4(i * 31 + salt)) / 2147483648::float8, 2.5::float8))::int4 $$"""


def array(words):
  return "{" + ",".join(str(word) for word in words) + "}"


def fill(ground, database, count):
  """Reports `count` incidents and indexes them; about the share of closed ones that a working district has."""
  begun = time.monotonic()
  with ground.cluster.session(database) as s:
    s.rows("set search_path = liandong, pg_catalog")
    s.rows("set plan_cache_mode = force_generic_plan")  # as the server's writer has it
    s.rows("set enable_seqscan = off")
    s.rows(PICK)
    offices = [row[0] for row in s.rows("select id from office where code = any ($1::text[]) order by id", array(
      f"{kind}-{n}" for kind in ("station", "judicial") for n in range(DISTRICT_PAIRS)))]
    for first in range(0, count, BATCH):
      s.rows(FILL, first, min(BATCH, count - first), array(PEOPLE), array(MATTERS), array(ACTS), array(STREETS), count, array(offices))
    say(f"reported {count} incidents in {time.monotonic() - begun:.0f} s")
    s.rows("reset enable_seqscan")
    # Closed without a word in the history: lists are about states, and a million closings would say nothing more.
    s.rows("update incident set state = 6, closed_at = received_at + interval '1 day' where num % 20 <> 0")
    # One terminal lists what fifty would: its rows are counted as always, the limit is not reached.
    s.rows("insert into read_rule values (today(), 2, 2000000000, 50, 500)")
    while s.value("select search_catch_up(20000)") != "0":
      pass
    s.rows("drop function pick(int4, int4, int4)")
    s.rows("vacuum analyze")
  say(f"filled in {time.monotonic() - begun:.0f} s")


def lists(count, dice):
  """Lines of filtered lists, as desks ask: open ones, grave ones, one office's, a week's."""
  now = int(time.time() * 1000)
  day = 86400000
  lines = []
  for _ in range(count):
    words = ["limit=50"]
    if dice.random() < 0.5:
      words += [f"classes={c}" for c in dice.sample(range(1, 14), 2)]
    if dice.random() < 0.3:
      words.append(f"level_at_least={dice.randint(1, 4)}")
    if dice.random() < 0.3:
      words.append("open=true")
    if dice.random() < 0.3:
      words.append(f"office={dice.choice((STATION, JUDICIAL))}")
    if dice.random() < 0.5:
      until = now - dice.randint(0, 700) * day
      words += [f"from={until - 7 * day}", f"until={until}"]
    lines.append(" ".join(["list_incidents", *words]))
  return lines


def searches(count, dice):
  """Lines of searches of one two-character word, common and rare alike."""
  words = [word for word in PEOPLE + MATTERS + ACTS if len(word) == 2]
  return [f"search_incidents text={dice.choice(words)} limit=50" for _ in range(count)]


def write_calls(ground, count):
  """Two files of calls, the same ones in every run."""
  dice = random.Random(110)
  paths = {}
  for request, make in (("list_incidents", lists), ("search_incidents", searches)):
    paths[request] = ground.path(f"{request}.calls")
    with open(paths[request], "w", encoding="utf-8") as f:
      f.write("\n".join(make(count, dice)) + "\n")
  return paths


def bureau_caller(ground, database):
  """(office, role) of the bureau's viewer."""
  with ground.cluster.session(database) as s:
    return s.value("select id from liandong.office where code = $1", BUREAU), 6


def bureau_sees(ground, database):
  """How many events: all but of the special records, tips above all, which viewers are not told of."""
  with ground.cluster.session(database) as s:
    return int(s.value("select count(*) from liandong.incident where sensitivity <= 1"))
