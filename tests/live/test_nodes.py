"""Several processes as one; planned stops; reloads; a database that goes away and comes back."""
import contextlib
import os
import signal
import threading
import time

from peer.messages import pb
from peer.peer import Closed, Peer, Refused, request_id
from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until


def fields(text):
  return {"class": CLASS, "content": text}


@case
def report_on_one_watch_on_the_other(stage):
  """Both nodes tell the same events in the same order, whichever node wrote them."""
  with stage.watch(node=stage.a) as at_a, stage.watch(node=stage.b) as at_b, stage.peer(stage.a) as pa, stage.peer(stage.b, "ytp-chief") as pb_:
    at_a.backlog(), at_b.backlog()
    threads = [threading.Thread(target=lambda p=p: [p.ask("report_incident", **fields("两边")) for _ in range(50)]) for p in (pa, pb_)]
    for t in threads:
      t.start()
    for t in threads:
      t.join()
    seen = [[watch.event().no for _ in range(100)] for watch in (at_a, at_b)]
  assert seen[0] == seen[1] == sorted(seen[0]) and len(set(seen[0])) == 100


@case
def a_cursor_is_good_on_every_node(stage):
  with stage.watch(node=stage.a) as watch:
    watch.backlog()
    cursor = watch.cursor
  no = stage.report().no
  with stage.watch(node=stage.b, cursor=cursor) as watch:
    assert watch.event().no == no  # before or after the sync: the other node may not have looked yet


@case
def same_request_on_both_nodes_at_once(stage):
  """30 pairs of twins, sent to two nodes at the same moment: one incident each, one of the two answers a replay."""
  with stage.peer(stage.a) as pa, stage.peer(stage.b) as pb_:
    for i in range(30):
      key, text = request_id(), f"双胞胎{i} {stage.word()}"
      calls = [(p, p.send("report_incident", request=key, **fields(text))) for p in (pa, pb_)]
      receipts = [p.answer(n).report_incident for p, n in calls]
      assert receipts[0].no == receipts[1].no and receipts[0].no
      assert sorted(r.replay for r in receipts) == [False, True]


@case
def two_on_one_port(stage):
  """The kernel shares out the connections; the feed is one all the same, and goes on when one of them dies."""
  name = stage.database()
  one = stage.node("shared1", name, reuse_port="on")
  two = stage.node("shared2", name, reuse_port="on", port=one.port)
  one.start(), two.start()
  peers = [stage.peer(one) for _ in range(40)]
  counts = [int(node.metric("liandong_sessions") or 0) for node in (one, two)]
  assert sum(counts) == 40 and min(counts) > 0, f"sessions {counts}"
  with stage.watch(node=one) as watch:
    watch.backlog()
    nos = [peer.ask("report_incident", **fields("同一端口")).no for peer in peers]
    assert [watch.event().no for _ in nos] == nos
  one.kill()
  for peer in peers:
    peer.close()
  for _ in range(20):
    with stage.peer(two) as peer:
      peer.ask("list_incidents", limit=1)
  two.stop()


@case
def go_away_and_drain(stage):
  """SIGTERM: everybody hears GoAway; the write in flight is answered, new ones are refused; then exit 0."""
  with stage.alone() as node, stage.peer(node) as writer, stage.peer(node, "ytp-chief") as idle, stage.watch(node=node) as watch:
    watch.backlog()
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")  # the write can't end yet
      call = writer.send("report_incident", request=request_id(), **fields("停机途中"))
      until(lambda: stage.sql("select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'", node.name), 60, "the write in flight")
      node.signal(signal.SIGTERM)
      for peer in (idle, watch.peer):
        while True:
          push = peer.push(5)
          if push.WhichOneof("body") == "go_away":
            break
        assert push.go_away.reason == "DRAINING" and push.go_away.reconnect_after_ms + push.go_away.jitter_ms > 0
      assert node.http("/readyz")[0] == 503, "still ready while draining"
      holder.rows("rollback")
    reply = writer.answer(call)
    assert reply.report_incident.no, f"the write in flight: {reply.status.reason}"
    assert node.process.wait(15) == 0, "exit code"
    assert stage.sql("select count(*) from incident", database=node.name) == [("1",)]


@case
def drain_is_bounded(stage):
  """A write that can't end holds the process no longer than `drain`."""
  with stage.alone(drain="1s") as node, stage.peer(node) as writer:
    with stage.cluster.session(node.name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      writer.send("report_incident", request=request_id(), **fields("停不下来"))
      until(lambda: stage.sql("select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'", node.name), 60, "the write in flight")
      node.signal(signal.SIGTERM)
      node.process.wait(8)


BROKEN = (  # name, what is broken, word of the log
  ("garbage", lambda node: node.write("!!! = \n"), "garbage"),
  ("empty", lambda node: node.write(""), "empty"),
  ("bad_value", lambda node: node.write("log_level = loud\n"), "loud"),
  ("unknown_key", lambda node: node.write("lisen = 1\n"), "lisen"),
  ("missing_file", lambda node: os.remove(node.file), "missing"),
  ("no_certificate", lambda node: (node.settings.update(tls_certificate="/nonexistent.pem"), node.write()), "nonexistent"),
  ("foreign_key", lambda node: (node.settings.update(tls_key=node.settings["tls_key"].replace("server.key", "admin.key")), node.write()), "key"),
  ("open_key", lambda node: os.chmod(node.settings["tls_key"], 0o644), "mode"),
  ("fixed_setting", lambda node: (node.settings.update(ring="2MiB"), node.write()), "ring"),
)


@case.table((name, breaker) for name, breaker, _ in BROKEN)
def broken_reload_keeps_the_old(stage, breaker):
  """Whatever is wrong: the open connections and new ones go on under the old settings, and the log says why."""
  with stage.alone() as node, stage.peer(node) as peer:
    old, mark = dict(node.settings), len(node.log())
    try:
      breaker(node)
      node.signal(signal.SIGHUP)
      until(lambda: "reload" in node.log()[mark:], 60, "the reload in the log")
      assert '"level":"error"' in node.log()[mark:] or '"level":"warn"' in node.log()[mark:], node.log()[mark:]
      peer.ask("report_incident", **fields("重新加载"))
      with stage.peer(node, "ytp-chief") as other:
        other.ask("list_incidents")
    finally:
      os.chmod(old["tls_key"], 0o600)
      node.settings = old
      node.write()
    mark = len(node.log())
    node.signal(signal.SIGHUP)  # repaired: taken
    until(lambda: "reload" in node.log()[mark:], 60, "the reload in the log")
    assert '"level":"error"' not in node.log()[mark:], node.log()[mark:]


@case
def reload_takes_a_new_certificate(stage):
  """New connections see the new one; open ones stay."""
  with stage.alone() as node, stage.peer(node) as old:
    before = old.wire.socket.getpeercert(True)
    fresh = stage.authority.issue("server-next", "server")
    node.settings.update(tls_certificate=fresh + ".pem", tls_key=fresh + ".key")
    node.write()
    node.signal(signal.SIGHUP)

    def changed():
      with stage.peer(node, "ytp-chief") as new:
        return new.wire.socket.getpeercert(True) != before
    until(changed, 60, "the new certificate")
    old.ask("list_incidents")


@case
def reload_log_level_and_rotation(stage):
  with stage.alone() as node:
    node.settings["log_level"] = "debug"
    node.write()
    node.signal(signal.SIGHUP)
    with stage.peer(node) as peer:
      until(lambda: peer.ask("list_incidents") and '"level":"debug"' in node.log(), 60, "a debug line")
    os.rename(node.log_path, node.log_path + ".1")
    node.signal(signal.SIGUSR1)

    def rotated():
      with stage.peer(node) as peer:
        peer.ask("list_incidents")
      return '"hello"' in node.log()
    until(rotated, 60, "the new log file")


@case
def signals_under_load(stage):
  """200 SIGHUP and SIGUSR1 while reports run: none lost, none refused."""
  with stage.alone() as node, stage.peer(node) as peer:
    for i in range(200):
      node.signal(signal.SIGHUP if i % 2 else signal.SIGUSR1)
      peer.ask("report_incident", **fields("信号"))
    assert stage.sql("select count(*) from incident", database=node.name) == [("200",)]


@case
def database_backend_killed(stage):
  """Writer, readers and ear cut off in the middle: requests are answered in the end, nothing twice, the watch goes on."""
  with stage.alone() as node, stage.peer(node) as peer, stage.watch(node=node) as watch:
    watch.backlog()
    nos = []
    for i in range(20):
      if i % 4 == 1:
        stage.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()", node.name)
      key = request_id()

      def written(key=key, i=i):
        try:
          return peer.ask("report_incident", request=key, **fields(f"断线{i}"))
        except Refused as e:
          assert e.status.code in (pb.CODE_UNAVAILABLE, pb.CODE_PENDING), e.reason
          assert e.status.retry_after_ms > 0
          return None
      nos.append(until(written, 60, "the report").no)
      until(lambda: read(peer), 60, "a read")
    assert [watch.event(20).no for _ in nos] == nos and len(set(nos)) == 20
    assert stage.sql("select count(*) from incident", database=node.name) == [("20",)]


def read(peer):
  try:
    return peer.ask("list_incidents", limit=1).incidents
  except Refused as e:
    assert e.status.code in (pb.CODE_UNAVAILABLE, pb.CODE_DEADLINE_EXCEEDED), e.reason
    return None


@case
def a_write_that_takes_its_backend_down(stage):
  """It is given back as pending after a few tries; who happens to be in its group is answered, and the server goes on."""
  with stage.alone() as node:
    stage.sql("create function liandong.fatal() returns trigger language plpgsql security definer as $$ begin "
              "if new.title like '%致命%' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$", database=node.name)
    stage.sql("create trigger fatal before insert on liandong.feed for each row execute function liandong.fatal()", database=node.name)
    with stage.peer(node) as fatal, contextlib.ExitStack() as others:
      peers = [others.enter_context(stage.peer(node)) for _ in range(8)]
      calls = [(p, p.send("report_incident", request=request_id(), deadline_ms=20000, **fields("无辜"))) for p in peers[:4]]
      begun = fatal.send("report_incident", request=request_id(), deadline_ms=20000, **fields("致命"))
      calls += [(p, p.send("report_incident", request=request_id(), deadline_ms=20000, **fields("无辜"))) for p in peers[4:]]
      check_status(fatal.answer(begun, 10).status, "OUTCOME_PENDING", "PENDING")  # long before its deadline
      assert len({p.answer(n, 20).report_incident.no for p, n in calls}) == len(calls)
      assert peers[0].ask("report_incident", **fields("之后")).no
    assert stage.sql("select count(*) from incident", database=node.name) == [("9",)]


@case
def a_wait_for_the_standby_is_not_cut_short(stage):
  """A commit that is here but on no standby is not acknowledged, although whoever cancels its wait makes PostgreSQL say it went well."""
  waiting = "from pg_stat_activity where datname = $1 and application_name like '% writer' and wait_event = 'SyncRep'"

  def need(standby):
    stage.sql(f"alter system set synchronous_standby_names = '{standby}'")
    stage.sql("select pg_reload_conf()")
    until(lambda: stage.sql("show synchronous_standby_names") == [(standby,)], 60, "the setting")

  with stage.alone(heartbeat="10s") as node, stage.peer(node) as peer:
    key = request_id()
    try:
      need("nobody")
      call = peer.send("report_incident", request=key, deadline_ms=30000, **fields("没有备库"))
      until(lambda: stage.sql(f"select pg_cancel_backend(pid) {waiting}", node.name), 60, "the wait for the standby")
      try:
        raise AssertionError(f"acknowledged: {peer.answer(call, 2)}")
      except TimeoutError:
        pass
    finally:
      need("")
    receipt = peer.answer(call, 20).report_incident
    assert receipt.no and not receipt.replay
    assert stage.sql("select count(*) from incident", database=node.name) == [("1",)]


@case
def database_away(stage):
  """While the database can't be reached: UNAVAILABLE within the deadline, unhealthy; afterwards all is well by itself."""
  with stage.alone() as node, stage.peer(node) as peer, stage.watch(node=node) as watch:
    watch.backlog()
    stage.sql(f'alter database "{node.name}" with allow_connections false')
    stage.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", node.name)
    until(lambda: node.http("/healthz")[0] == 503, 60, "ill health")
    status = refusal(lambda: peer.ask("report_incident", deadline_ms=2000, **fields("库不在")))
    assert status.code in (pb.CODE_UNAVAILABLE, pb.CODE_DEADLINE_EXCEEDED, pb.CODE_PENDING), status.reason
    status = refusal(lambda: peer.ask("list_incidents", deadline_ms=2000))
    assert status.code in (pb.CODE_UNAVAILABLE, pb.CODE_DEADLINE_EXCEEDED), status.reason
    stage.sql(f'alter database "{node.name}" with allow_connections true')
    until(lambda: node.http("/healthz")[0] == 200, 60, "health")
    no = peer.ask("report_incident", **fields("库回来")).no
    while watch.event(20).no != no:
      pass


@case
def server_waits_for_its_database(stage):
  """Started before PostgreSQL is there: not ready, no client is let in; then it serves without help."""
  name = stage.database()
  stage.sql(f'alter database "{name}" with allow_connections false')
  node = stage.node("waiting", name).spawn()
  until(lambda: node.http("/readyz")[0] == 503, 60, "not ready")
  try:
    Peer(node.address, stage.context("ytp-duty"), timeout=2).close()
    raise AssertionError("served without a database")
  except (OSError, Closed):
    pass
  stage.sql(f'alter database "{name}" with allow_connections true')
  node.wait_ready()
  with stage.peer(node) as peer:
    peer.ask("report_incident", **fields("等到了"))
  node.stop()


@case
def replies_reach_their_askers(stage):
  """64 connections, each with its own secret, written and read at once on two nodes: nobody gets another's answer."""
  secrets = [stage.word() for _ in range(64)]
  peers = [stage.peer(stage.a if i % 2 else stage.b, ("ytp-duty", "xcp-duty")[i // 2 % 2]) for i in range(64)]
  try:
    for _ in range(5):
      calls = [p.send("report_incident", request=request_id(), **fields(s)) for p, s in zip(peers, secrets)]
      nos = [p.answer(c).report_incident.no for p, c in zip(peers, calls)]
      calls = [p.send("show_incident", incident=no) for p, no in zip(peers, nos)]
      for p, c, s, no in zip(peers, calls, secrets, nos):
        seen = p.answer(c).show_incident
        assert (seen.content, seen.no) == (s, no)
  finally:
    for p in peers:
      p.close()


@case
def a_stopped_node_does_not_keep_the_pen(stage):
  """A node stopped in the middle of sending a group holds the pen: another one ends its connection and writes on. When it goes on, all
  that it was asked is done, once."""
  name = stage.database()
  one, two = stage.node("stopped", name).start(), stage.node("going", name).start()
  peers = [stage.peer(one) for _ in range(64)]
  try:
    one.signal(signal.SIGSTOP)  # so that all reports lie before it at once, and go as one group: more than a socket takes
    calls = [(peer, peer.send("report_incident", request=request_id(), deadline_ms=60000, **fields("长" * 2600))) for peer in peers]
    with stage.cluster.session(name) as holder:
      holder.rows("begin")
      holder.rows("select seq from liandong.feed_head for update")
      one.signal(signal.SIGCONT)
      until(lambda: stage.sql("select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'", name), 60, "the group")
      one.signal(signal.SIGSTOP)
      holder.rows("rollback")
    stuck = "select 1 from pg_stat_activity where datname = $1 and application_name = 'liandong stopped writer' and state = 'active' and wait_event_type = 'Client'"
    until(lambda: stage.sql(stuck, name), 60, "the stopped node with the pen")
    with stage.peer(two) as peer:
      assert peer.ask("report_incident", deadline_ms=10000, **fields("另一个照写")).no
    assert '"pen.freed"' in two.log() and "liandong stopped writer" in two.log()
    one.signal(signal.SIGCONT)
    nos = {peer.answer(call, 30).report_incident.no for peer, call in calls}
    assert len(nos) == 64 and "" not in nos
    assert stage.sql("select count(*) from incident", database=name) == [("65",)]
  finally:
    one.signal(signal.SIGCONT)
    for peer in peers:
      peer.close()
    one.stop(), two.stop()
