"""A million acts on disputes that both offices of a pairing handled, or one of them alone, and figures over them."""
import random
import time

from .ground import DISTRICT_PAIRS, STATION
from .machine import say
from .million import array

ACTS = 4                # of one dispute: it is opened, and then both sides write on it in turn; of one in ten only one side. Half
                        # of them are of the first pairing
SESSION_EVERY = 4       # of them was mediated
# Written as they stand after years: not through the requests, a million of which would take an hour and leave the same rows.
DISPUTES = """
insert into dispute(num, id, version, state, origin, created_by, created_at, updated_by, updated_at, events, type, source, title, warning, lead_office)
select record_base(2::int2, 2026) + i, md5('dispute' || i)::uuid, $4::int4, 5, ($2::int4[])[1 + case when i % 2 = 0 then 0 else i / 2 % $1::int4 end], '某', t.at, '某', t.at,
  array(select i * $4::int8 + n from generate_series(1, $4::int4) n), 2, 1, '邻里纠纷', 2, ($3::int4[])[1 + case when i % 2 = 0 then 0 else i / 2 % $1::int4 end]
from generate_series(0, $5::int4 - 1) i, lateral (select now() - interval '2 years' * (1 - i / $5::float8) as at) t"""
FEED = """
insert into feed(seq, at, kind, entity, no, version, state, class, level, office, office_name, officer, title, changed, old_values, new_values, note, act, audience, hash, num, origin,
  actor, device, request_id)
select i * $4::int8 + n, t.at + n * interval '1 hour', case n when 1 then 'open_dispute' else 'note_dispute' end, md5('dispute' || i)::uuid, record_no(t.num), n, 5, 0, 3, o.code, o.name, '某',
  '邻里纠纷', '{note}', '{null}', '{双方各执一词，约定周五再谈}', '双方各执一词，约定周五再谈', convert_to(repeat('双方', 40), 'UTF8'), array[a.p, a.j], sha256(int8send(i * $4::int8 + n)), t.num, a.p,
  o.id, 1, md5('act' || (i * $4::int8 + n))::uuid
from generate_series(0, $5::int4 - 1) i, generate_series(1, $4::int4) n,
  lateral (select record_base(2::int2, 2026) + i as num, now() - interval '2 years' * (1 - i / $5::float8) as at) t,
  lateral (select ($2::int4[])[1 + case when i % 2 = 0 then 0 else i / 2 % $1::int4 end] as p, ($3::int4[])[1 + case when i % 2 = 0 then 0 else i / 2 % $1::int4 end] as j) a, office o
where o.id = case when i / 64 % 10 = 0 or n % 2 = 1 then a.p else a.j end"""
SESSIONS = """
insert into mediation_session(id, num, seq, mode, held_at, ignite, office, officer, entered_at)
select md5('session' || d.num)::uuid, d.num, 1, 1 + (d.num % 4)::int2, d.created_at + interval '2 days', false, d.lead_office, '某', d.created_at + interval '2 days'
from dispute d where d.num % $1::int4 = 0"""


def write_calls(ground, count):
  """A file of calls: as of now and as of any moment, of all time and from a day or an hour on, of all offices and of one. The same ones in every run."""
  dice, now, hour = random.Random(172), int(time.time() * 1000), 3_600_000
  lines = []
  for _ in range(count):
    words = ["report_joint"]
    if dice.random() < 0.3:
      words.append(f"asof={now - dice.randint(0, 720 * 24) * hour}")
    if dice.random() < 0.3:
      words.append(f"from={now - dice.randint(0, 720 * 24) * hour}")
    if dice.random() < 0.2:
      words.append(f"office={STATION}")
    lines.append(" ".join(words))
  path = ground.path("report_joint.calls")
  with open(path, "w", encoding="utf-8") as f:
    f.write("\n".join(lines) + "\n")
  return path


def fill(ground, database, acts, pairs=DISTRICT_PAIRS):
  """Returns the seconds that it takes to enter a pairing of the two offices that did the most, late."""
  begun = time.monotonic()
  with ground.cluster.session(database) as s:
    s.rows("set search_path = liandong, pg_catalog")
    s.rows("set enable_seqscan = off")  # as the server's writer has it
    ids = [array(row[0] for row in s.rows("select id from office where code = any ($1::text[]) order by id", array(f"{kind}-{n}" for n in range(pairs))))
           for kind in ("station", "judicial")]
    pairings = s.rows("select station, judicial, started_on from pairing where station = any ($1::int4[])", ids[0])
    s.rows("delete from pairing where station = any ($1::int4[])", ids[0])
    disputes = acts // ACTS
    s.rows(DISPUTES, pairs, *ids, ACTS, disputes)
    s.rows(FEED, pairs, *ids, ACTS, disputes)
    s.rows("alter table mediation_session disable trigger figure")  # one by one they would take as long as they took to be written
    s.rows(SESSIONS, SESSION_EVERY)
    s.rows("alter table mediation_session enable trigger figure")
    s.rows("select session_settle(array(select num from mediation_session), now())")
    s.rows("update feed_head set seq = $1, at = now()", disputes * ACTS)
    s.rows("update record_type set year = 2026, number = $1 where type = 2", disputes)
    s.rows("vacuum analyze")
    say(f"wrote {disputes * ACTS} acts in {time.monotonic() - begun:.0f} s")
    took = []
    for pairing in pairings:
      begun = time.monotonic()
      s.rows("insert into pairing(station, judicial, started_on) values ($1, $2, $3)", *pairing)
      took.append(time.monotonic() - begun)
    s.rows("update joint_span set since = joint_at")  # as if they had been counted when they were done
    s.rows("delete from joint_tally where n = 0")
    s.rows("vacuum full joint_span, joint_tally")
    s.rows("vacuum analyze")
  return max(took)
