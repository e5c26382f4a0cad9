"""More alerts than anybody looks at that nobody has acknowledged: who connects is served all the same, and hears of the newest and of the gravest."""
import contextlib
import uuid

from support.runner import case
from support.waiting import until

MANY = 300  # more than are told


def raise_many(desk, count, **fields):
  for n in range(count):
    desk.send("raise_alert", request=uuid.uuid4().bytes, **{"kind": "ALERT_KIND_SYSTEM", "title": f"设备告警 {n}", "content": "说明" * 300, **fields})
    desk.receive(60)


@case
def more_than_are_told(stage):
  """The rest is told as soon as there is room, and is in the list all the while."""
  with stage.alone() as node, contextlib.ExitStack() as all_:
    stage.sql("delete from record_limit where what = 'alert_minute'", database=node.name)
    desk = all_.enter_context(stage.peer(node, "ytp-duty"))
    grave = desk.ask("raise_alert", kind="ALERT_KIND_EXTREME_THREAT", title="扬言跳楼").no
    first = desk.ask("raise_alert", kind="ALERT_KIND_SYSTEM", title="最早的").no
    raise_many(desk, MANY)
    with stage.watch("yts-mediator", node=node) as watch:
      watch.backlog(60)
      newest = desk.ask("raise_alert", kind="ALERT_KIND_SYSTEM", title="最新的").no
      until(lambda: watch.event(60).no == newest, 60, "events going on")

      def told():
        with contextlib.suppress(TimeoutError):
          watch.peer.message(1)
        return {n.alert.no for _, n in watch.peer.notices}
      until(lambda: {grave, newest} <= told(), 60, "the newest and the gravest")
      assert {len(n.alert.content) for _, n in watch.peer.notices} == {0, 500}, "the rest of it is in the alert itself"
      assert first not in told() and len(watch.peer.notices) <= 202, len(watch.peer.notices)
    for no, in stage.sql("select record_no(num) from alert where title like '设备%' and state = 1", database=node.name)[:MANY - 20]:
      desk.ask("cancel_alert", alert=no, reason="误报")
    with stage.watch("yts-mediator", node=node) as watch:
      until(lambda: watch.backlog(60) is not None and first in told(), 60, "the oldest, now that there is room")


more_than_are_told.seconds = 200
