"""Officers who log in at the beginning of a shift, all at once: what scrypt leaves of a core."""
import hashlib
import os
import threading
import time

from peer import messages
from peer.peer import Peer, tls_context

from .ground import ACCOUNTS, ROOT, STATION
from .machine import LOAD_CORE, SERVER_CORE, pinned, wait_for_quiet

PASSWORD = "correct horse 警司联动"
SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}  # as common/secret.h


def connect(ground, server):
  folder = ground.certificates
  return Peer(("127.0.0.1", server.port), tls_context(f"{folder}/ca.pem", f"{folder}/{STATION}.pem", f"{folder}/{STATION}.key"))


def open_accounts(ground, server):
  """Their first logins, each with the one-use code that the server's machine gave out."""
  for account in ACCOUNTS:
    code, text = server.node.run("code", account)
    if code:
      raise RuntimeError(f"liandongd code: exit {code}: {text}")
    peer = connect(ground, server)
    peer.ask("login", account=account, code=text.split()[0], new_password=PASSWORD)
    peer.close()


def logins_per_s(ground, server, seconds):
  """Each officer logs in again and again for so long."""
  messages.load(os.path.join(ROOT, "proto"), ground.path("proto"))
  open_accounts(ground, server)
  done, faults = [], []

  def officer(account, until):
    try:
      peer = connect(ground, server)
      while time.monotonic() < until:
        peer.ask("login", account=account, password=PASSWORD)
        done.append(time.monotonic())
      peer.close()
    except Exception as e:  # pylint: disable=broad-except
      faults.append(f"{account}: {e}")

  wait_for_quiet()
  with pinned(LOAD_CORE):
    begun = time.monotonic()
    threads = [threading.Thread(target=officer, args=(account, begun + seconds)) for account in ACCOUNTS]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
  if faults:
    raise RuntimeError(faults[0])
  return len(done) / (max(done) - begun)


def scrypts_per_s(seconds):
  """The password's own cost, on the server's core, with nothing around it."""
  wait_for_quiet()
  with pinned(SERVER_CORE):
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
      hashlib.scrypt(PASSWORD.encode(), salt=os.urandom(16), **SCRYPT)
      count += 1
    return count / (time.monotonic() - begun)
