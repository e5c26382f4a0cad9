"""Whoever loses a right between two chunks of an attachment gets no further one; nothing of it is left that looks whole, and the client says why."""
import contextlib
import os
import re
import socket
import subprocess
import threading

from scene import check_status, refusal
from support.runner import case
from support.waiting import until
from test_attachments import begin, content, download, put, upload
from test_client import ok, words
from test_privacy import named, open_to, person

CHUNK = 131072


class Gate:
  """A way to a server that lets `most` bytes of one direction pass, and then waits until it is opened."""

  def __init__(self, server, direction, most):
    self.server, self.direction, self.most = server, direction, most
    self.waiting, self.open = threading.Event(), threading.Event()
    self.door = socket.create_server(("127.0.0.1", 0))
    self.port = self.door.getsockname()[1]
    threading.Thread(target=self.serve, daemon=True).start()

  def serve(self):
    with contextlib.suppress(OSError):
      while True:
        near = self.door.accept()[0]
        far = socket.create_connection(self.server, 10)
        for direction, source, target in (("request", near, far), ("reply", far, near)):
          threading.Thread(target=self.pump, args=(direction, source, target), daemon=True).start()

  def pump(self, direction, source, target):
    passed = 0
    with contextlib.suppress(OSError):
      while data := source.recv(16384):
        passed += len(data)
        if direction == self.direction and passed > self.most:
          self.waiting.set()
          self.open.wait(80)
        target.sendall(data)
    for s in (source, target):
      with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_RDWR)

  def close(self):
    self.open.set()
    self.door.close()


def held_up(stage, node, direction, device, *command, lose):
  """The command over a line that stops after some chunks, meanwhile lose(): (exit code, what it said)."""
  gate = Gate(node.address, direction, CHUNK * 3)
  with contextlib.closing(gate):
    line, environment = words(stage, *command, device=device, server=f"localhost:{gate.port}")
    with subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
      until(gate.waiting.is_set, 60, "the line being full")
      lose()
      gate.open.set()
      said = running.communicate(timeout=60)[0]
  return running.returncode, said


def by_grade(ask):
  no = ask("ytp-duty", "report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "有附件的"}).no
  return no, "yts-mediator", lambda: ask("ytp-chief", "grade_incident", incident=no, sensitivity=3, reason="涉及未成年人")


def by_recall(ask):
  no = ask("ytp-duty", "open_dispute", type="DISPUTE_TYPE_NEIGHBOR", title="有附件的").no
  transfer = ask("ytp-duty", "send_transfer", about=no, to_office="xcs", mode="TRANSFER_MODE_CO_HANDLE", reason="双方居住在你辖区").no
  ask("xcs-mediator", "deliver_transfer", transfer=transfer)
  return no, "xcs-mediator", lambda: ask("ytp-duty", "recall_transfer", transfer=transfer, reason="送错单位")


def in_an_area(ask):
  ask("admin", "open_area", area="fj", name="附件网格", office="ytp")
  ask("admin", "assign_area", area="fj", office="xcs")
  return ask("ytp-duty", "report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "有附件的", "area": "fj"}).no


def by_area(ask):
  no = in_an_area(ask)
  return no, "xcs-mediator", lambda: ask("ytp-duty", "correct_incident", incident=no, area="")


def by_area_office(ask):
  no = in_an_area(ask)
  return no, "xcs-mediator", lambda: ask("admin", "unassign_area", area="fj", office="xcs", reason="重新划分")


WAYS = (("graded", by_grade), ("recalled", by_recall), ("moved", by_area), ("area_taken", by_area_office))


def files(folder):
  return sorted(os.listdir(folder))


@case.table(WAYS)
def while_downloading(stage, way):
  data = content(CHUNK * 40)
  with stage.alone() as node, contextlib.ExitStack() as all_:
    peers = {}

    def ask(device, name, /, **fields):
      if device not in peers:
        peers[device] = all_.enter_context(stage.peer(node, device))
      return peers[device].ask(name, **fields)
    no, reader, lose = way(ask)
    number = upload(peers["ytp-duty"], no, data).attachment
    folder = os.path.join(stage.folder, f"lost-{node.name}")
    os.makedirs(folder)
    out = os.path.join(folder, "材料.bin")
    server = f"localhost:{node.port}"
    ok(stage, "attach", "get", str(number), "--out", out, device=reader, server=server)
    os.unlink(out)
    code, said = held_up(stage, node, "reply", reader, "attach", "get", str(number), "--out", out, lose=lose)
    assert code == 3 and "不再对您开放" in said, (code, said)
    assert files(folder) == [], "what came of it is gone as well"
    check_status(refusal(lambda: ask(reader, "get_chunk", attachment=number, offset=0)), "NOT_FOUND")
    check_status(refusal(lambda: ask(reader, "get_attachment", attachment=number)), "NOT_FOUND")


@case
def while_uploading(stage):
  """The next chunk is refused, the client says so and offers no going on; nothing is attached, and whoever may still goes on where it was left."""
  data = content(CHUNK * 40)
  path = os.path.join(stage.folder, "上传.bin")
  with open(path, "wb") as f:
    f.write(data)
  with stage.alone() as node, stage.peer(node, "ytp-duty") as duty, stage.peer(node, "ytp-chief") as chief:
    no = duty.ask("report_incident", **{"class": "INCIDENT_CLASS_DISPUTE", "content": "有附件的"}).no
    code, said = held_up(stage, node, "request", "yts-mediator", "attach", "add", no, path,
                         lose=lambda: chief.ask("grade_incident", incident=no, sensitivity=3, reason="涉及未成年人"))
    assert code == 3 and "附件没有添加" in said and "下一步：再执行" not in said, (code, said)
    shown = chief.ask("list_attachments", record=no).attachments
    assert [a.complete for a in shown] == [False] and "attached" not in [e.kind for e in chief.ask("show_history", incident=no).entries], shown
    receipt = begin(chief, no, data, name="上传.bin")
    assert 0 < receipt.offset == shown[0].received
    while not receipt.complete:
      receipt = put(chief, receipt, data)
    assert download(chief, receipt.attachment)[1] == data


@case
def a_grant_withdrawn(stage):
  """By name: both ways stop at the next chunk; with a new one the download begins anew, for what was begun by the old one counts no more."""
  data = content(CHUNK * 3)
  with stage.alone() as node, contextlib.ExitStack() as all_:
    no, chief, mediator = named(stage, node, all_)
    number = upload(chief, no, data).attachment
    open_to(stage, node, chief, no, 600)
    record = mediator.ask("get_attachment", attachment=number)
    assert mediator.ask("get_chunk", attachment=number, offset=0).bytes == data[:CHUNK]
    mine = content(CHUNK * 3 + 1)
    half = put(mediator, begin(mediator, no, mine), mine)
    chief.ask("withdraw_access", incident=no, account="s0001", reason="办结")
    for offset in (CHUNK, 0):
      check_status(refusal(lambda offset=offset: mediator.ask("get_chunk", attachment=number, offset=offset)), "NOT_FOUND")
    check_status(refusal(lambda: put(mediator, half, mine)), "NOT_FOUND")
    with person(stage, node, "s0001", "yts-desk", code=False) as again:
      check_status(refusal(lambda: again.ask("get_attachment", attachment=number)), "NOT_FOUND")
    open_to(stage, node, chief, no, 600)
    assert download(mediator, record.attachment)[1] == data
    assert re.fullmatch(r"[0-9a-f]{64}", record.sha256)
