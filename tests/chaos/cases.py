"""The storm and its controls as cases. Seed: LIANDONG_SEED, else of the clock; printed, so that a failure can be repeated."""
import os
import time

from support.runner import Skip, case

from checker import Verdict, check_acks, check_watch
from controls import TRICKS, table_under_kills, tampered
from storm import DATABASE_KILLS, SERVER_KILLS, Storm

CASES = (  # seen, truth, what the checker must say
  ("abcd", "abcd", Verdict()), ("acd", "abcd", Verdict(gaps=1)), ("abbcd", "abcd", Verdict(dup=1)), ("acbd", "abcd", Verdict(disorder=1)),
  ("abxcd", "abcd", Verdict(strange=1)), ("", "abcd", Verdict(gaps=4)), ("abcda", "abcd", Verdict(dup=1)), ("abc", "abcd", Verdict(gaps=1)),
)


@case
def checker(_):
  for seen, truth, wanted in CASES:
    assert check_watch(seen, truth) == wanted, f"{seen} against {truth}"
  assert check_acks("abc", "cab").clean() and check_acks("abc", "ab") == Verdict(lost=1) and check_acks("ab", "abbb") == Verdict(dup=2)
  assert check_acks("", "a").clean(), "written though the answer was lost: no fault"


@case
def storm(stage):
  seed = os.environ.get("LIANDONG_SEED") or str(time.time_ns() % 10**9)
  print(f"# seed={seed}", flush=True)
  s = stage.storm = Storm(stage, seed)
  begun = time.monotonic()
  s.run()
  total, details = s.verdict()
  print(s.line(total), flush=True)
  print(f"# {s.kills} replays={s.journal.replays} outage_max_s={s.outage:.1f} took_s={time.monotonic() - begun:.0f}", flush=True)
  for line in details:
    print("# " + line, flush=True)
  assert not s.journal.errors, s.journal.errors[:3]
  assert not s.crashed(), s.crashed()
  assert total.clean(), f"{s.line(total)}"
  faults = [f"{w.name}: {f}" for w in s.watchers for f in w.faults]
  assert not faults, faults[:3]
  assert s.kills["server"] + s.kills["both_servers"] >= SERVER_KILLS and s.kills["postmaster"] + s.kills["backend"] >= DATABASE_KILLS
  with stage.peer(s.nodes[0], "admin") as peer:
    verdict = peer.ask("verify_feed", deadline_ms=60000, timeout=60)
    assert verdict.intact and verdict.checked == int(s.sql("select seq from feed_head")[0][0]), verdict
  assert s.sql("select count(*) - count(distinct no) from feed where kind = 'report_incident'") == [("0",)], "a number was given twice"


storm.seconds = 240


def control(name, verdict, noticed=True):
  print(f"control {name} {verdict}", flush=True)
  assert not verdict.clean(), "the control found nothing: the checker proves nothing"
  assert noticed, "prev told nothing"


@case
def control_synchronous_commit_off(_):
  verdict, acked = table_under_kills("off")
  print(f"# acked={acked}")
  control("synchronous_commit_off", verdict)
  assert verdict.lost > 0


@case
def counter_control_synchronous_commit_on(_):
  """The same kills with durability on lose nothing: what the control lost, it lost by the setting."""
  verdict, acked = table_under_kills("on")
  print(f"control synchronous_commit_on {verdict} acked={acked}", flush=True)
  assert verdict.clean(), verdict


@case.table((trick, trick) for trick in TRICKS)
def control_feed(stage, trick):
  """A feed that skips, doubles or swaps one delivery."""
  s = need_storm(stage)
  noticed, verdict = tampered(s.nodes[0], stage.context("yts-mediator"), trick, s.truths()["yts-mediator"])
  control(f"feed_{trick}", verdict, noticed)
  assert verdict == {"skip": Verdict(gaps=1), "double": Verdict(dup=1), "swap": Verdict(disorder=1)}[trick], verdict


@case
def control_row_taken_out(stage):
  """A superuser takes one acknowledged event out of the table: the journal misses it, and the chain tells."""
  s = need_storm(stage)
  s.sql("delete from feed where seq = (select seq / 2 from feed_head)")
  stored = [bytes.fromhex(key.replace("-", "")) for (key,) in s.sql("select request_id from feed")]
  control("row_taken_out", check_acks(s.journal.acked, stored))
  with stage.peer(s.nodes[0], "admin") as peer:
    assert not peer.ask("verify_feed", deadline_ms=60000, timeout=60).intact


def need_storm(stage):
  if not getattr(stage, "storm", None):
    raise Skip("needs the storm's feed: run chaos.storm too")
  return stage.storm
