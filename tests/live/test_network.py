"""The terminal's own network goes away and comes back: a real link between two machines' worth of kernel, no proxy that says goodbye."""
import contextlib
import json
import os
import re

from peer.peer import Peer
from scene import CLASS
from support.network import SERVER, Cable
from support.runner import case
from support.waiting import until
from test_client import Running

PORT = 7443
PACE = {"heartbeat": "300ms", "silence_limit": "1500ms"}  # so that silence is noticed while the test waits
AGAIN = r"连接中断（.*），(\d+\.\d) 秒后重连"


@contextlib.contextmanager
def far_away(stage):
  """A cable, a desk beside the server at its near end, a live watch at its far end."""
  with contextlib.closing(Cable()) as cable, contextlib.ExitStack() as held:
    with cable.server.inside():
      node = held.enter_context(stage.alone(port=PORT, listen=f"{SERVER}:{PORT}", **PACE))
    with cable.client.inside():
      place = os.path.join(stage.folder, node.name + ".cursor")  # the usual one goes by the address, which other cases have too
      watch = held.enter_context(Running(stage, "feed", "watch", "-o", "ndjson", "--cursor-file", place, device="yts-mediator",
                                         server=f"{SERVER}:{PORT}"))

    def report(count):
      """The numbers. The desk is at the server: its own way there goes over no cable."""
      with cable.server.inside(), Peer((SERVER, PORT), stage.context("ytp-duty")) as desk:
        return [desk.ask("report_incident", **{"class": CLASS, "content": stage.word()}).no for _ in range(count)]
    watch.until('"live"')
    yield cable, node, report, watch


def shown(watch):
  events = [json.loads(line).get("event", {}).get("no") for line in watch.said().splitlines()]
  return [no for no in events if no]


WAYS = (  # name, how it breaks, how it is mended, what the system says to who connects meanwhile (None: nothing at all)
  ("link_down", Cable.down, Cable.up, "网络不通"),
  ("address_lost", Cable.without_address, Cable.with_address, "网络不通"),
  ("packets_swallowed", Cable.swallow, Cable.pass_on, None),
)


@case.table(WAYS)
def comes_back(stage, pull, mend, said):
  """Cut off for longer than silence is borne, with reports made meanwhile: it says so, tries again in irregular steps, and shows
  each of them once, in order."""
  with far_away(stage) as (cable, node, report, watch):
    nos = report(1)
    watch.until(nos[0])
    pull(cable)
    missed = report(2)  # the server still holds the connection for good
    pauses = re.findall(AGAIN, watch.until(r"没有任何消息.*秒后重连", "stderr"))
    until(lambda: "SILENT" in node.log(), 60, "the server's noticing")
    missed += report(2)  # and here it has given it up
    if said:
      pauses = re.findall(AGAIN, watch.until(said + r".*秒后重连", "stderr"))
    mend(cable)
    nos += missed + report(1)
    watch.until(nos[-1])
    watch.until("已恢复，补收", "stderr")
    assert shown(watch) == nos, f"shown {shown(watch)}, reported {nos}"
    # Between the half and the whole of 1 s, then of 2 s: terminals that lost their network together don't come back together.
    for pause, whole in zip(pauses, (1, 2)):
      assert whole / 2 <= float(pause) <= whole, pauses
    assert len(pauses) >= (2 if said else 1), pauses
