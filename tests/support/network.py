"""Networks of the tests' own, with a cable between two of them that can be pulled: network namespaces and a veth pair.

A namespace has no name here and lives as long as somebody holds it open, so that nothing has to be tidied away: whatever
becomes of the tests, the kernel takes the namespaces, and the cable with them, when their processes are gone."""
import contextlib
import ctypes
import os
import shutil
import subprocess

from .runner import Skip

NEW_NETWORK = 0x40000000  # CLONE_NEWNET; Python has neither call before 3.12
SERVER, CLIENT = "192.0.2.1", "192.0.2.2"  # TEST-NET-1: nobody's. The server's certificate names the first (pki.py)
NOBODY = "02:00:00:00:00:ff"  # an address of no card


def call(name, *arguments):
  libc = ctypes.CDLL(None, use_errno=True)
  if getattr(libc, name)(*arguments) != 0:
    number = ctypes.get_errno()
    raise OSError(number, f"{name}: {os.strerror(number)}")


class Network:
  """A network that is this process's own for as long as it is inside; sockets and processes stay where they were made."""

  def __init__(self):
    before = self.current()
    try:
      call("unshare", NEW_NETWORK)
      self.handle = self.current()
      call("setns", before, NEW_NETWORK)
    finally:
      os.close(before)

  @staticmethod
  def current():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

  @contextlib.contextmanager
  def inside(self):
    before = self.current()
    try:
      call("setns", self.handle, NEW_NETWORK)
      yield self
    finally:
      call("setns", before, NEW_NETWORK)
      os.close(before)

  def ip(self, *words):
    with self.inside():
      done = subprocess.run(["ip", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=10, check=False)
    if done.returncode:
      raise RuntimeError(f"ip {' '.join(words)}: {done.stdout.strip()}")

  def close(self):
    os.close(self.handle)


class Cable:
  """`server` and `client`, two networks, and what joins them. Everything is pulled at the client's end."""

  def __init__(self):
    if os.geteuid() != 0:
      raise Skip("a network of its own needs root")
    for tool in ("ip", "nsenter"):
      if not shutil.which(tool):
        raise Skip(f"{tool} is not installed")
    try:
      self.server = Network()
    except OSError as e:
      raise Skip(f"no network of its own is permitted here: {e.strerror}") from e
    self.client = Network()
    try:
      self.lay()
    except BaseException:
      self.close()
      raise

  def lay(self):
    try:
      self.server.ip("link", "add", "near", "type", "veth", "peer", "name", "far")
    except RuntimeError as e:
      raise Skip(f"no veth pair here: {e}") from e
    with self.client.inside():  # the other end goes where this process is, told by its number
      subprocess.run(["nsenter", f"--net=/proc/{os.getpid()}/fd/{self.server.handle}", "ip", "link", "set", "far", "netns", str(os.getpid())],
                     stdin=subprocess.DEVNULL, timeout=10, check=True)
    for network, link, address in ((self.server, "near", SERVER), (self.client, "far", CLIENT)):
      network.ip("address", "add", f"{address}/24", "dev", link)
      network.ip("link", "set", "lo", "up")
      network.ip("link", "set", link, "up")

  def down(self):
    """The card is off: no route, no address that works, and the kernel says so to whoever connects."""
    self.client.ip("link", "set", "far", "down")

  def up(self):
    self.client.ip("link", "set", "far", "up")

  def without_address(self):
    """A lease that ran out."""
    self.client.ip("address", "del", f"{CLIENT}/24", "dev", "far")

  def with_address(self):
    self.client.ip("address", "add", f"{CLIENT}/24", "dev", "far")

  def swallow(self):
    """Half-open: both ends send on to a card that nobody has. No packet arrives and nobody is told."""
    self.server.ip("neigh", "replace", CLIENT, "lladdr", NOBODY, "dev", "near", "nud", "permanent")
    self.client.ip("neigh", "replace", SERVER, "lladdr", NOBODY, "dev", "far", "nud", "permanent")

  def pass_on(self):
    self.server.ip("neigh", "del", CLIENT, "dev", "near")
    self.client.ip("neigh", "del", SERVER, "dev", "far")

  def close(self):
    self.client.close()
    self.server.close()
