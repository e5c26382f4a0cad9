"""Response plans and marked disputes while nodes and PostgreSQL are killed: each is there once and whole, and no clock fires after what stopped it."""
import contextlib
import threading
import time

from peer.messages import pb
from peer.peer import Closed, Refused, request_id
from support.runner import case
from support.waiting import until
from test_clocks import two_nodes

THREADS, FLOWS = 4, 7
WHOM = ["社区干部", "律师=讲清讨薪途径", "医院"]
QUICK = (
  "update clock_rule set seconds = substring(rule from '_(.)$')::int * 4 where rule ~ '^ACK_'",
  "update clock_rule set seconds = row * 4, near_seconds = 2 from (select rule, row_number() over (order by seconds) as row from clock_rule where rule like 'VISIT\\_DV%') r where clock_rule.rule = r.rule",
  "update clock_rule set near_seconds = 3 where type = 5 and rule = 'done'",
  "update clock_rule set seconds = 5 where rule = 'ACT'",
)
AGAIN = {pb.CODE_UNAVAILABLE, pb.CODE_PENDING, pb.CODE_DEADLINE_EXCEEDED, pb.CODE_RESOURCE_EXHAUSTED}


class Worker(threading.Thread):
  """Goes through its flows, each request by one key until somebody answers it, whichever node that is."""

  def __init__(self, stage, nodes, number, done):
    super().__init__(daemon=True)
    self.stage, self.nodes, self.number, self.done = stage, nodes, number, done
    self.peers, self.turn, self.failed = {}, number, None

  def insist(self, device, name, **fields):
    key = request_id()

    def answered():
      self.turn += 1
      try:
        if device not in self.peers:
          self.peers[device] = self.stage.peer(self.nodes[self.turn % 2], device)
        return self.peers[device].call(name, request=key, **fields)
      except (Closed, TimeoutError, OSError, Refused):
        if device in self.peers:
          self.peers.pop(device).close()
        return None

    def settled():
      reply = answered()
      return reply if reply is not None and not (reply.HasField("status") and reply.status.code in AGAIN) else None
    reply = until(settled, 120, name)
    if reply.HasField("status"):
      raise Refused(reply.status)
    if hasattr(getattr(reply, name), "replay"):
      self.done.append(key)
    return getattr(reply, name)

  def plan(self, alert):
    while True:
      try:
        return self.insist("yts-mediator", "plan_alert", alert=alert, plan="劝离", tasks=WHOM, due_at=int(time.time() * 1000) + 9000)
      except Refused as e:  # it was due before anybody was there to write it
        assert e.reason == "OUT_OF_RANGE", e

  def flow(self, n):
    alert = self.insist("ytp-duty", "raise_alert", kind="ALERT_KIND_MASS_EVENT", title=f"讨薪 {self.number} {n}").no
    self.plan(alert)
    dispute = self.insist("yts-mediator", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", subtype="家暴", title=f"争吵 {self.number} {n}").no
    if n % 3 == 0:
      for name, fields in (("ack_alert", {}), ("act_alert", {}), ("resolve_alert", {"outcome": "已劝离"}), ("review_alert", {"review": "到得及时"})):
        self.insist("yts-mediator", name, alert=alert, **fields)
    if n % 3 == 1:
      self.insist("ytp-duty", "cancel_alert", alert=alert, reason="误报")
    if n % 3 == 2:
      self.insist("yts-mediator", "ack_alert", alert=alert)
      for task in self.insist("ytp-duty", "show_plan", alert=alert).tasks[:2]:
        self.insist("ytp-duty", "finish_task", task=task.no, result="已办", answered_by="王主任")
    if n % 2:
      self.insist("yts-mediator", "correct_dispute", dispute=dispute, subtype="")
    else:
      self.insist("yts-mediator", "visit_dispute", dispute=dispute, note="看过")

  def run(self):
    try:
      for n in range(FLOWS):
        self.flow(n)
    except BaseException as e:  # pylint: disable=broad-except
      self.failed = e
    for peer in self.peers.values():
      peer.close()


DUE = "md5('clock ' || c.id || ' due')::uuid"
NONE = (  # what must not be there
  ("a plan with part of its tasks", "select record_no(a.num) from alert a where (select count(*) from task t where t.about = a.num) <> case when a.planned_at is null then 0 else 3 end"),
  ("a mark with part of what it starts", """select record_no(d.num) from dispute d where (select count(*) from clock c where c.num = d.num and c.rule like 'VISIT\\_DV%') <> 4
     or (select count(*) from task t where t.about = d.num and t.title like '核查人身安全保护令%') <> 1"""),
  ("a mark taken away and a visit that is waited for", """select record_no(c.num) from clock c join dispute d using (num) where c.rule like 'VISIT\\_DV%' and d.subtype is null and c.stopped_at is null"""),
  ("a clock that fired and told nothing, or told and did not fire", f"select record_no(c.num), c.rule from clock c where (c.fired_at is null) = exists (select from feed f where f.request_id = {DUE})"),
  ("a clock that fired after it was stopped", f"select record_no(c.num), c.rule from clock c join feed f on f.request_id = {DUE} where f.at > c.stopped_at or c.fired_at > c.stopped_at"),
  ("a deadline told after the task was over", """select a.no from feed a join feed b on b.num = a.num and b.seq > a.seq
     where a.kind in ('finish_task', 'cancel_task') and b.kind in ('deadline_breached', 'deadline_near')"""),
  ("an escalation after the ack", "select a.no from feed a join feed b on b.num = a.num and b.seq > a.seq where a.kind in ('ack_alert', 'cancel_alert') and b.kind = 'escalate_alert'"),
  ("a visit told after the mark was gone", """select a.no from feed a join feed b on b.num = a.num and b.seq > a.seq
     where a.kind = 'correct_dispute' and b.kind in ('deadline_breached', 'deadline_near') and b.new_values::text like '%VISIT\\_DV%'"""),
  ("two alerts about one deadline", "select a.deadline from alert a where a.deadline is not null and a.superseded_by is null group by a.deadline having count(*) > 1"),
  ("an alert that stands about a deadline that was kept", "select record_no(a.num) from alert a join clock c on c.id = a.deadline where a.state in (1, 2, 3) and c.stopped_at is not null"),
  ("a missed deadline without its alert", """select record_no(c.num), c.rule from clock c where c.type in (2, 5) and c.fired_at is not null and not exists (select from alert a where a.deadline = c.id)"""),
  ("a record that is not what its events say", "select first_broken from records_verify() where broken > 0"),
)


@case
def everything_once(stage):
  with two_nodes(stage) as nodes:
    base = nodes[0].settings["database"].split("dbname=")[1].split()[0]
    for statement in QUICK:
      stage.sql(statement, database=base)
    done = []
    workers = [Worker(stage, nodes, n, done) for n in range(THREADS)]
    for worker in workers:
      worker.start()
    x, y = nodes
    for n, (kill, back) in enumerate(((x.kill, x.start), (stage.cluster.kill, stage.cluster.start), (y.kill, y.start), (stage.cluster.kill, stage.cluster.start)), 1):
      until(lambda n=n: len(done) >= n * THREADS * FLOWS or not any(w.is_alive() for w in workers), 240, "requests between two kills")
      assert any(w.is_alive() for w in workers), "killed while nothing goes on"
      kill()
      back()
    for worker in workers:
      worker.join(240)
      assert not worker.is_alive()
      if worker.failed:
        raise worker.failed
    sql = lambda statement, *values: stage.sql(statement, *values, database=base)  # noqa: E731
    with contextlib.closing(stage.peer(x, "ytp-duty")):
      until(lambda: sql("select count(*) from clock where next_at < now() + interval '1 hour'") == [("0",)], 120, "the last clock")
    known = "{" + ",".join(key.hex() for key in done) + "}"
    assert sql("select count(*), count(distinct request_id) from feed where request_id = any ($1::uuid[])", known) == [(str(len(done)),) * 2], "each that was answered, once"
    for what, statement in NONE:
      assert sql(statement) == [], (what, sql(statement)[:5])
    plans, marks = sql("select (select count(*) from alert where planned_at is not null), (select count(*) from dispute)")[0]
    assert (plans, marks) == (str(THREADS * FLOWS),) * 2
    told = dict(sql("select kind, count(*) from feed where kind in ('escalate_alert', 'deadline_near', 'deadline_breached', 'remind_alert', 'settle_alert', 'cancel_task', 'finish_task') group by kind"))
    with stage.peer(x, "ytp-duty") as peer:
      assert peer.ask("verify_feed", deadline_ms=60000, timeout=60).intact
    print(f"# answered={len(done)} kills=4 {told}", flush=True)
    assert int(told["deadline_breached"]) > 0 and int(told["cancel_task"]) > 0


everything_once.seconds = 600
