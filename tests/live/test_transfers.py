"""Transfers between offices that are paired with others: what each side's watch tells on another node, and that the third office's tells nothing."""
import json
import re

from scene import CLASS, check_status, refusal
from support.runner import case
from support.waiting import until
from test_client import Running, client, ok, report


def handed(stage, about, **fields):
  return stage.ask("ytp-duty", "send_transfer", about=about, to_office="xcs", reason="双方居住在你辖区", **fields).no


def dispute(stage):
  return stage.ask("ytp-duty", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title=stage.word()).no


def doors(stage, device, about, no):
  """What of both a device can open."""
  found = set()
  for name, field, number in (("show_dispute", "dispute", about), ("show_transfer", "transfer", no)):
    try:
      stage.ask(device, name, **{field: number})
      found.add(name)
    except Exception as e:  # pylint: disable=broad-except
      check_status(e.status, "NOT_FOUND", "NOT_FOUND")
  return found


BOTH = {"show_dispute", "show_transfer"}


@case
def there_and_back(stage):
  """Sent: an event of the transfer and a grant of the record. Recalled: an event and a retract."""
  about = dispute(stage)
  with stage.watch("xcs-mediator", stage.b) as watch, stage.watch("xcp-duty", stage.b) as third:
    no = handed(stage, about)
    event = watch.event()
    assert (event.kind, event.no, event.transfer_state) == ("send_transfer", no, 1), event
    assert not watch.event().kind and watch.delivery.grant.no == about, watch.delivery
    assert doors(stage, "xcs-mediator", about, no) == BOTH and doors(stage, "xcp-duty", about, no) == set()
    stage.ask("ytp-duty", "note_dispute", dispute=about, note="补充材料")
    assert (watch.event().kind, watch.delivery.event.no) == ("note_dispute", about)
    stage.ask("ytp-duty", "recall_transfer", transfer=no, reason="送错单位")
    assert (watch.event().kind, watch.delivery.event.transfer_state) == ("recall_transfer", 8)
    assert not watch.event().kind and watch.delivery.retract.no == about, watch.delivery
    assert doors(stage, "xcs-mediator", about, no) == {"show_transfer"}
    stage.ask("ytp-duty", "note_dispute", dispute=about, note="另行处理")
    mine = stage.ask("xcp-duty", "report_incident", **{"class": CLASS, "content": stage.word()}).no
    assert watch.event().no == mine == third.event().no, "the third office was told of nothing before its own"


@case
def to_the_end(stage):
  """Signed, accepted, answered, confirmed; the office that took it over leads it and writes into it, and the sender hears of every leg."""
  about = dispute(stage)
  with stage.watch("ytp-duty", stage.b, records=["RECORD_TYPE_TRANSFER"]) as watch:
    no = handed(stage, about, mode="TRANSFER_MODE_TAKE_OVER")
    check_status(refusal(lambda: stage.ask("xcs-mediator", "note_dispute", dispute=about, note="x")), "NOT_YOURS", "PERMISSION_DENIED")
    for name, fields in (("deliver_transfer", {}), ("sign_transfer", {}), ("accept_transfer", {"note": "由孙丽承办"}), ("feedback_transfer", {"feedback": "已达成协议"})):
      stage.ask("xcs-mediator", name, transfer=no, **fields)
    assert stage.ask("ytp-duty", "show_dispute", dispute=about).lead_office == "xcs"
    stage.ask("xcs-mediator", "note_dispute", dispute=about, note="首次调解")
    stage.ask("ytp-duty", "confirm_transfer", transfer=no)
    told = [(watch.event().kind, watch.delivery.event.transfer_state) for _ in range(6)]
    assert told == [("send_transfer", 1), ("deliver_transfer", 2), ("sign_transfer", 3), ("accept_transfer", 4), ("feedback_transfer", 6), ("confirm_transfer", 7)], told
  whole = stage.ask("xcs-mediator", "show_transfer", transfer=no)
  assert whole.signed_by == "孙丽" and whole.HasField("decision_ms") and whole.feedback == "已达成协议", whole


@case
def crossing(stage):
  """The refusal names the one that stands in the way, and says what to do."""
  about = dispute(stage)
  first = handed(stage, about)
  status = refusal(lambda: handed(stage, about))
  check_status(status, "TRANSFER_OPEN", "FAILED_PRECONDITION", "send_transfer.about")
  assert [(c.field, c.theirs) for c in status.conflicts] == [("about", first)], status


@case
def delivered_by_itself(stage):
  """A watching terminal of the receiving office confirms by itself that the transfer arrived, one of another office does not; its watch goes on."""
  about = dispute(stage)
  state = lambda no: stage.ask("ytp-duty", "show_transfer", transfer=no)  # noqa: E731
  with Running(stage, "feed", "watch", device="xcs-mediator") as watch, Running(stage, "feed", "watch", device="yts-head") as other:
    for w in (watch, other):
      w.until("已追上", "stderr")
    no = handed(stage, about)
    whole = until(lambda: (lambda t: t if t.state == 2 else None)(state(no)), what="the word that it was delivered")
    assert whole.HasField("delivered_at") and whole.updated_by == "系统" and whole.HasField("delivery_ms"), whole
    watch.until(no + ".*\n(.*\n)*.*" + no)
    stage.ask("ytp-duty", "recall_transfer", transfer=no, reason="送错单位")
    watch.until("(" + no + "(.*\n)*.*){3}")


@case
def offices_by_name(stage):
  """A name, or a part that one office alone has, wherever an office is taken; several are told, and none; read by name as well."""
  about = dispute(stage)
  no = ok(stage, "transfer", "send", about, "霞城司法所", "--mode", "co-handle", "--reason", "请调解", "-o", "id").strip()
  assert json.loads(ok(stage, "transfer", "show", no, "-o", "json"))["to_office"] == "xcs"
  code, said, talk = client(stage, "task", "add", "走访", "--about", about, "--to-office", "霞城司")
  assert code == 0 and "霞城司法所（xcs）" in talk, said + talk
  for word, told in (("司法所", ("岳塘司法所（yts）", "霞城司法所（xcs）")), ("市公安局", ("市公安局", "office list"))):
    code, said, talk = client(stage, "task", "add", "走访", "--about", about, "--to-office", word)
    assert code == 2 and all(t in talk for t in told) and not said, said + talk
  alarm = report(stage, "楼道堆物")
  assert alarm in ok(stage, "incident", "list", "--office", "岳塘派出所") and alarm not in ok(stage, "incident", "list", "--office", "霞城派出所")
  assert about in ok(stage, "feed", "watch", "--office", "岳塘派出所", "--from-start", "--no-follow", "--cursor-file", f"{stage.folder}/by-name.cursor")
  assert client(stage, "feed", "watch", "--office", "司法所", "--no-follow")[0] == 2
  told = ok(stage, "dispute", "history", about)
  assert re.search(r"开放给 +霞城司法所", told) and "xcs" not in told, told
  assert "岳塘公安分局" in ok(stage, "office", "list", "--fields", "office,parent") and "ytga" in ok(stage, "office", "list", "--fields", "office")
  path = f"{stage.folder}/by-name.csv"
  with open(path, "w", encoding="utf-8") as f:
    f.write("类别,office,name,system,kind,parent,account,role\n单位,by-name,按名二所,公安,派出所,岳塘公安分局,,\n人员,按名二所,钱七,,,,by-0001,民警\n")
  ok(stage, "directory", "import", path, device="admin")
  assert "按名二所" in ok(stage, "account", "list", "--office", "按名二所", device="admin")
