"""The authority's revocation list (tls_crl): whatever is wrong with it opens nothing, and a newer one is taken as a whole."""
import contextlib
import os
import signal
import socket
import ssl
import time

from peer.peer import VERSION, frame, pb
from scene import Closed, Peer, Refused
from support.pki import Authority
from support.runner import case
from support.waiting import until

DEVICE = "yts-mediator"


def is_served(stage, node, device="ytp-duty"):
  try:
    with Peer(node.address, stage.context(device), timeout=5):
      return True
  except (OSError, Closed, Refused):
    return False


def write(path, data):
  """As an administrator should: beside, then in its place."""
  with open(path + ".new", "wb") as f:
    f.write(data)
  os.replace(path + ".new", path)


def read(path):
  with open(path, "rb") as f:
    return f.read()


def reload(node):
  """What the log says of it."""
  mark = len(node.log())
  node.signal(signal.SIGHUP)
  until(lambda: "reload." in node.log()[mark:], 60, "the reload in the log")
  return node.log()[mark:]


def foreign(stage, good, name):
  """A well-made list of an authority that isn't ours, though it may say so."""
  del good
  return read(Authority(os.path.join(stage.folder, f"list-of-{len(name)}"), name).revocation_list("foreign"))


BROKEN = (  # name, what stands in the file (None: no file), word that the log must hold
  ("missing", lambda stage, good: None, "打不开"),
  ("empty", lambda stage, good: b"", "没有完好的"),
  ("cut", lambda stage, good: good[:len(good) // 2], "没有完好的"),
  ("cut_in_the_second", lambda stage, good: good + good[:len(good) // 2], "没有完好的"),
  ("no_list", lambda stage, good: os.urandom(4000), "没有完好的"),
  ("a_certificate", lambda stage, good: read(stage.authority.ca), "没有完好的"),
  ("expired", lambda stage, good: read(stage.authority.revocation_list("late", ended=True)), "到期"),
  ("other_authority", lambda stage, good: foreign(stage, good, "somebody else"), "不是"),
  ("same_name_other_key", lambda stage, good: foreign(stage, good, "liandong test CA"), "不是"),
)


@case.table(BROKEN)
def broken_list_keeps_the_old(stage, content, word):
  """At SIGHUP: refused with the reason; who was revoked stays out, the others are served, open connections too."""
  path = stage.authority.revocation_list("reloaded", revoked=(stage.certificates[DEVICE] + ".pem",))
  good = read(path)
  broken = content(stage, good)
  with stage.alone(tls_crl=path) as node, stage.peer(node) as open_one:
    assert not is_served(stage, node, DEVICE), "a revoked certificate was let in"
    if broken is None:
      os.remove(path)
    else:
      write(path, broken)
    text = reload(node)
    assert "reload.refused" in text and word in text, text
    assert not is_served(stage, node, DEVICE), "a broken list let a revoked certificate in"
    assert is_served(stage, node)
    open_one.ask("list_incidents")
    write(path, good)
    assert "reload.done" in reload(node)
    assert is_served(stage, node) and not is_served(stage, node, DEVICE)


@case
def a_cut_settings_file_keeps_the_list(stage):
  path = stage.authority.revocation_list("cut-settings", revoked=(stage.certificates[DEVICE] + ".pem",))
  with stage.alone(tls_crl=path) as node:
    node.settings.update(tls_crl=None)
    node.write()
    text = reload(node)
    assert "reload.refused" in text and "tls_crl" in text, text
    assert is_served(stage, node) and not is_served(stage, node, DEVICE)


@case
def newer_list_is_taken(stage):
  """Revoked by the authority while the directory still knows the device: new connections of it end, and the log says why."""
  path = stage.authority.revocation_list("newer")
  with stage.alone(tls_crl=path) as node:
    assert is_served(stage, node, DEVICE)
    write(path, read(stage.authority.revocation_list("newest", revoked=(stage.certificates[DEVICE] + ".pem",))))
    mark = len(node.log())
    assert "reload.done" in reload(node)
    assert not is_served(stage, node, DEVICE)
    until(lambda: "CERTIFICATE_REVOKED" in node.log()[mark:], 60, "the reason in the log")
    assert is_served(stage, node)


@case
def an_older_list_is_not_taken(stage):
  """Whoever puts last month's list back would let in whom this month's names: at SIGHUP and when the file is looked at."""
  old = read(stage.authority.revocation_list("long-ago", aged=True))
  path = stage.authority.revocation_list("of-today", revoked=(stage.certificates[DEVICE] + ".pem",))
  good = read(path)
  with stage.alone(tls_crl=path) as node:
    mark = len(node.log())
    write(path, old)
    until(lambda: "reload.refused" in node.log()[mark:], 60, "the look at the file")
    assert "旧" in node.log()[mark:] and "重启" in node.log()[mark:], node.log()[mark:]
    assert is_served(stage, node) and not is_served(stage, node, DEVICE)
    text = reload(node)
    assert "reload.refused" in text and "旧" in text, text
    assert is_served(stage, node) and not is_served(stage, node, DEVICE)
    write(path, good)
    assert "reload.done" in reload(node), "the same list again is no older one"


@contextlib.contextmanager
def half_open(stage, node, device):
  """A handshake of which the server has said its part; yields a function that says the rest and whether a hello is answered."""
  context, incoming, outgoing = stage.context(device), ssl.MemoryBIO(), ssl.MemoryBIO()
  tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
  with socket.create_connection(node.address, timeout=10) as wire:
    with contextlib.suppress(ssl.SSLWantReadError):
      tls.do_handshake()
    wire.sendall(outgoing.read())
    while not outgoing.pending:  # what is there to be said then is the certificate and Finished
      incoming.write(wire.recv(65536))
      with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()

    def finish():
      message = pb.ToServer(call=1, hello={"version_min": VERSION, "version_max": VERSION, "client": "slow", "locale": "zh_CN"})
      tls.write(frame(message.SerializeToString()))
      wire.sendall(outgoing.read())
      while True:
        try:
          return len(tls.read(4)) > 0
        except ssl.SSLWantReadError:
          more = wire.recv(65536)
          if not more:
            return False
          incoming.write(more)
        except (ssl.SSLError, ConnectionResetError):
          return False
    yield finish


@case
def a_handshake_begun_before_the_list(stage):
  """Verified with the list of when it began, finished under the one that names it: it is not let in."""
  path = stage.authority.revocation_list("slow")
  with stage.alone(tls_crl=path) as node:
    with half_open(stage, node, DEVICE) as finish:
      assert finish(), "this client is not let in even without a new list, which proves nothing"
    with half_open(stage, node, DEVICE) as revoked, half_open(stage, node, "ytp-duty") as other:
      mark = len(node.log())
      write(path, read(stage.authority.revocation_list("slow-newer", revoked=(stage.certificates[DEVICE] + ".pem",))))
      until(lambda: "revocation_list.read" in node.log()[mark:], 60, "the new list in force")
      mark = len(node.log())
      assert not revoked(), "a certificate revoked during its handshake was let in"
      until(lambda: "CERTIFICATE_REVOKED" in node.log()[mark:], 60, "the reason in the log")
      assert other(), "a handshake of somebody who isn't revoked was lost"


@case
def a_newer_list_cuts_on_every_node(stage):
  """Nobody says anything to the server: the file is replaced, and the revoked terminal's open connections are gone."""
  path, slowest = stage.authority.revocation_list("by-itself"), 0.0
  with stage.alone(tls_crl=path) as one:
    two = stage.node(one.name + "-two", one.name, tls_crl=path).start()
    try:
      for trial in range(3):
        with stage.peer(one) as other, stage.peer(one, DEVICE) as first, stage.peer(two, DEVICE) as second:
          begun = time.monotonic()
          write(path, read(stage.authority.revocation_list(f"cut-{trial}", revoked=(stage.certificates[DEVICE] + ".pem",))))
          for peer in (first, second):
            with contextlib.suppress(Closed, Refused, OSError):
              peer.receive(timeout=60)
              raise AssertionError("it said something")
          slowest = max(slowest, time.monotonic() - begun)
          other.ask("list_incidents")
        assert not is_served(stage, one, DEVICE) and not is_served(stage, two, DEVICE)
        write(path, read(stage.authority.revocation_list(f"mended-{trial}")))
        until(lambda: is_served(stage, one, DEVICE) and is_served(stage, two, DEVICE), 60, "a list without it")
    finally:
      two.stop()
      stage.nodes.remove(two)
  print(f"# cut by the list: slowest {slowest:.2f} s", flush=True)


@case
def certificates_and_list_as_a_whole(stage):
  """A good new certificate beside a broken list: neither is taken."""
  path = stage.authority.revocation_list("whole")
  with stage.alone(tls_crl=path) as node:
    def shown():
      with stage.peer(node) as peer:
        return peer.wire.socket.getpeercert(True)
    before, fresh = shown(), stage.authority.issue("server-beside-broken-list", "server")
    node.settings.update(tls_certificate=fresh + ".pem", tls_key=fresh + ".key")
    node.write()
    good = read(path)
    write(path, b"")
    assert "reload.refused" in reload(node)
    assert shown() == before, "half of a refused reload was taken"
    write(path, good)
    assert "reload.done" in reload(node)
    assert shown() != before
