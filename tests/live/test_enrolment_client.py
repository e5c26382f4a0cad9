"""Enrolment and renewal with the real client: what a person at a new desk sees and types."""
import contextlib
import hashlib
import os
import re
import socket
import subprocess
import threading
import time

from support.node import clean_environment
from support.pki import Authority
from support.runner import case
from support.stage import program
from support.waiting import until
from test_enrolment import enrol, hello, invite, openssl


class Computer:
  """One with a home of its own, on which nothing is set."""

  def __init__(self, stage, name):
    self.home = os.path.join(stage.folder, f"computer-{name}-{time.monotonic_ns()}")
    os.makedirs(self.home)
    self.config = os.path.join(self.home, "config", "liandong")

  def run(self, *arguments, give="", env=None, **options):
    environment = {**clean_environment(), "HOME": self.home, "LC_ALL": "C", "TERM": "dumb", "XDG_CONFIG_HOME": self.home + "/config",
                   "XDG_STATE_HOME": self.home + "/state", **(env or {})}
    done = subprocess.run([program("liandong"), *arguments], env=environment, input=give, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=40, **options)
    return done.returncode, done.stdout, done.stderr

  def setting(self, key, profile="default"):
    with open(os.path.join(self.config, profile + ".ini"), encoding="utf-8") as f:
      return re.search(rf"^{key} = (.*)$", f.read(), re.M).group(1)

  def files(self, profile="default"):
    folder = os.path.join(self.config, profile)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def administrators(stage):
  """An administrator's settings for the client."""
  path = stage.certificates["admin"]
  return {"LIANDONG_SERVER": f"localhost:{stage.a.port}", "LIANDONG_CA": stage.authority.ca, "LIANDONG_CERT": path + ".pem", "LIANDONG_KEY": path + ".key"}


def invite_by_client(stage, *arguments):
  """The words after "liandong" of the line that it prints."""
  code, data, talk = Computer(stage, "admin").run("device", "invite", *arguments, env=administrators(stage))
  assert code == 0, data + talk
  line = re.search(r"^  liandong (enrol .*)$", talk, re.M)
  assert line, talk
  assert line.group(1).split()[-1] in data
  return line.group(1).split()


@case
def from_an_invitation_to_the_first_report(stage):
  """What the administrator's client prints is typed on a bare computer; then it works, without any setting by hand."""
  computer = Computer(stage, "new")
  line = invite_by_client(stage, "ytp-front", "--office", "ytp", "--role", "duty")
  code, data, talk = computer.run(*line)
  assert code == 0 and "本终端已登记：ytp-front，岳塘派出所" in talk and "下一步：liandong status" in talk, data + talk
  names = computer.files()
  assert len(names) == 3 and "enrolling.key" not in names, names
  for name in names:
    assert os.stat(os.path.join(computer.config, "default", name)).st_mode & 0o777 == 0o600
  with open(computer.setting("ca"), encoding="ascii") as kept, open(stage.authority.ca, encoding="ascii") as true:
    assert kept.read() == true.read()[true.seek(0):]
  code, data, talk = computer.run("incident", "report", "--class", "dispute", "-o", "id", "登记之后的第一条")
  assert code == 0 and data.startswith("JQ-"), data + talk
  code, _, talk = computer.run(*line)
  assert code == 2 and "已经有证书" in talk, talk
  code, _, talk = computer.run(*line, "--yes")
  assert code == 5 and "TOKEN_USED" in talk, talk
  assert computer.run("status")[0] == 0, "a refused second try broke what was there"
  # replaced by a new invitation: the old key is out, its files are gone
  before = computer.setting("key")
  line = invite_by_client(stage, "ytp-front", "--office", "ytp", "--role", "duty")
  code, _, talk = computer.run(*line, "--yes")
  assert code == 0, talk
  assert computer.setting("key") != before and not os.path.exists(before)
  assert len(computer.files()) == 3, computer.files()


@case
def a_desk_where_people_log_in(stage):
  computer = Computer(stage, "desk")
  code, _, talk = computer.run(*invite_by_client(stage, "ytp-came2", "--office", "ytp"))
  assert code == 0 and "下一步：liandong login" in talk, talk
  code, _, talk = computer.run("incident", "list")
  assert code == 4 and "LOGIN_REQUIRED" in talk, talk


@case
def tokens_as_they_are_typed(stage):
  """Small letters, a slip, a descriptor, nothing at all; a profile of its own."""
  computer = Computer(stage, "typing")
  line = invite_by_client(stage, "ytp-typed", "--office", "ytp", "--role", "viewer")
  token, server = line[-1], line[:-2]
  slip = ("B" if token[5] == "A" else "A").join((token[:5], token[6:]))
  for bad in (slip, token[:-5], "hello", ""):
    code, _, talk = computer.run(*server, "--token", bad)
    assert code == 2 and "输错" in talk, talk
  code, _, talk = computer.run(*server)
  assert code == 2 and "没有给出登记令牌" in talk, talk
  assert computer.files() == [], computer.files()
  read, write = os.pipe()
  os.write(write, token.lower().encode() + b"\n")
  os.close(write)
  code, _, talk = computer.run(*server, "-p", "night", "--token-fd", str(read), pass_fds=(read,))
  os.close(read)
  assert code == 0, talk
  assert computer.run("status", "-p", "night")[0] == 0 and computer.files() == []


@case
def somebody_in_between(stage):
  """A server with another authority, of the same name and address: the client sends nothing that is secret, and says so."""
  other = Authority(os.path.join(stage.folder, f"between-{time.monotonic_ns()}"))
  path = other.issue("server", "server")
  name = stage.database()
  node = stage.node("between", name, tls_certificate=path + ".pem", tls_key=path + ".key", tls_ca=other.ca, enrol_ca_certificate=other.ca,
                    enrol_ca_key=other.key, log_level="debug").start()
  try:
    computer = Computer(stage, "between")
    line = invite_by_client(stage, "ytp-between", "--office", "ytp", "--role", "duty")
    line[line.index("--server") + 1] = f"localhost:{node.port}"
    code, _, talk = computer.run(*line)
    assert code == 4 and "令牌没有发出" in talk, talk
    assert "enrol_device" not in node.log() and '"hello"' not in node.log()
    assert computer.files() == ["enrolling.key"], computer.files()
    line[line.index("--server") + 1] = f"localhost:{stage.a.port}"
    assert computer.run(*line)[0] == 0, "the token was used up"
  finally:
    node.stop()
    stage.nodes.remove(node)


class Gag:
  """Carries connections to a server, and cuts each before the first bytes that the server says once `silent()` is true."""

  def __init__(self, server, silent):
    self.server, self.silent = server, silent
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.port = self.listener.getsockname()[1]
    threading.Thread(target=self.accept, daemon=True).start()

  def close(self):
    self.listener.close()

  def accept(self):
    with contextlib.suppress(OSError):
      while True:
        near = self.listener.accept()[0]
        far = socket.create_connection(self.server, 10)
        threading.Thread(target=self.carry, args=(near, far, None), daemon=True).start()
        threading.Thread(target=self.carry, args=(far, near, self.silent), daemon=True).start()

  @staticmethod
  def carry(source, target, silent):
    with contextlib.suppress(OSError):
      while data := source.recv(65536):
        if silent and silent():
          break
        target.sendall(data)
    for s in (source, target):
      with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_RDWR)


@case
def the_answer_is_lost(stage):
  """The server has enrolled, the computer heard nothing and was cut off: the same command again completes it."""
  computer = Computer(stage, "lost")
  line = invite_by_client(stage, "ytp-lost", "--office", "ytp", "--role", "duty")
  direct = line.copy()
  used = lambda: stage.sql("select count(*) from invitation where device = 'ytp-lost' and used_by is not null") == [("1",)]  # noqa: E731
  with contextlib.closing(Gag(stage.a.address, used)) as gag:
    line[line.index("--server") + 1] = f"localhost:{gag.port}"
    code, _, talk = computer.run(*line, "--timeout", "2s")
    assert code == 75 and "只会办理一次" in talk, talk
  until(lambda: stage.sql("select count(*) from device where name = 'ytp-lost'") == [("1",)], 60, "the device in the directory")
  assert computer.files() == ["enrolling.key"]
  code, _, talk = computer.run(*direct)
  assert code == 0, talk
  assert computer.run("status")[0] == 0


def aged(stage, computer, start, end):
  """Puts a certificate of these days in place of the computer's, for the same key."""
  path = os.path.join(stage.folder, f"aged-{time.monotonic_ns()}")
  openssl("req", "-new", "-key", computer.setting("key"), "-subj", "/CN=aged", "-out", path + ".csr")
  days = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + d * 86400)) for d in (start, end)]
  stage.authority.sign(path, "device", *days, name="ytp-aging")
  os.replace(path + ".pem", computer.setting("cert"))


@case
def renews_by_itself(stage):
  """From two thirds of its life on, after any command; never in the way; by hand at any time; too late it says what to do."""
  computer = Computer(stage, "aging")
  assert computer.run(*invite_by_client(stage, "ytp-aging", "--office", "ytp", "--role", "duty"))[0] == 0
  aged(stage, computer, -19, 10.5)
  code, data, talk = computer.run("incident", "list", "-o", "json")
  assert code == 0 and "续期" not in talk.replace("liandong enrol", "") and "证书将于" in talk and "liandong enrol --renew" in talk, talk
  aged(stage, computer, -21, 9)
  with open(computer.setting("cert"), "rb") as f:
    before = f.read()
  with stage.alone(enrol_ca_certificate=None, enrol_ca_key=None) as node:  # an outside authority certifies: no word of it
    stage.sql("insert into liandong.device(name, key, office, officer, role, unattended) select 'ytp-aging', $1, id, 'x', 2, true from liandong.office where code = 'ytp'",
              "\\x" + hashlib.sha256(openssl("pkey", "-in", computer.setting("key"), "-pubout", "-outform", "DER")).hexdigest(), database=node.name)
    elsewhere = {"LIANDONG_SERVER": f"localhost:{node.port}"}
    until(lambda: computer.run("incident", "list", env=elsewhere)[0] == 0, 60, "the device being served")
    code, _, talk = computer.run("incident", "list", env=elsewhere)
    assert code == 0 and "没有续上" not in talk, talk
    code, _, talk = computer.run("enrol", "--renew", env=elsewhere)
    assert code != 0 and "外部 CA" in talk, talk
  folder = os.path.dirname(computer.setting("cert"))
  with open(computer.setting("cert"), "rb") as f:
    assert f.read() == before
  code, data, talk = computer.run("incident", "list", "-o", "json")
  assert code == 0 and "证书已续期" in talk and data.strip().startswith(("{", "[")), talk
  with open(computer.setting("cert"), "rb") as f:
    assert f.read() != before
  code, _, talk = computer.run("incident", "list")
  assert code == 0 and "续期" not in talk and "证书将于" not in talk, talk
  code, _, talk = computer.run("enrol", "--renew")
  assert code == 0 and "证书已续期" in talk, talk
  aged(stage, computer, -30, -1)
  code, _, talk = computer.run("incident", "list")
  assert code == 4 and "过期" in talk and "liandong device invite" in talk, talk
  assert os.path.isdir(folder)


@case
def thrown_out_by_the_client(stage):
  computer, admin = Computer(stage, "thrown"), Computer(stage, "admin")
  assert computer.run(*invite_by_client(stage, "ytp-thrown", "--office", "ytp", "--role", "duty"))[0] == 0
  code, data, talk = admin.run("device", "revoke", "ytp-thrown", "电脑被盗", "--yes", env=administrators(stage))
  assert code == 0, data + talk
  until(lambda: computer.run("status")[0] == 4, 60, "the device being out")
  assert "UNKNOWN_DEVICE" in computer.run("status")[2]


@case
def the_operators_first_token(stage):
  """`liandongd enrol-token` on the server's machine, before there is any administrator."""
  code, text = stage.a.run("enrol-token", "--office", "ytp", "--device", "ytp-first", "--role", "duty", "--server", f"localhost:{stage.a.port}")
  line = re.search(r"^  liandong (enrol .*)$", text, re.M)
  assert code == 0 and line and "只能用一次" in text, text
  computer = Computer(stage, "first")
  code, _, talk = computer.run(*line.group(1).split())
  assert code == 0, talk
  for arguments, word in ((("--office", "nowhere", "--device", "x"), "没有这个单位"), (("--office", "ytp"), "--device"),
                          (("--office", "ytp", "--device", "终端"), "小写字母"), (("--office", "ytp", "--device", "xcp-duty"), "同名终端"),
                          (("--office", "ytp", "--device", "x", "--role", "admin"), "--role")):
    code, text = stage.a.run("enrol-token", *arguments)
    assert code != 0 and word in text and "enrol --server" not in text, text
