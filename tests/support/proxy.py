"""A TCP proxy that cuts a connection after an exact number of bytes, in either direction, with FIN or with RST."""
import selectors
import socket
import struct
import threading


def abort(connection):
  """Closes with RST: the other side loses what it has not read yet."""
  connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
  connection.close()


class Cut:
  """One connection through the proxy. arm() starts counting; `passed` are the bytes forwarded since then."""

  def __init__(self, server, hard=False):
    self.near, self.mine = socket.socketpair()  # the peer's end, our end
    self.far = socket.create_connection(server, 10)
    self.far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.hard = hard
    self.lock = threading.Lock()
    self.left = {"request": None, "reply": None}
    self.passed = {"request": 0, "reply": 0}
    self.thread = threading.Thread(target=self.run, daemon=True)
    self.thread.start()

  def arm(self, direction=None, after=0):
    """From now on `after` more bytes pass in `direction`, then the connection is cut on both sides."""
    with self.lock:
      self.passed = {"request": 0, "reply": 0}
      if direction:
        self.left[direction] = after

  def forward(self, direction, source, target):
    """False where the connection is over."""
    data = source.recv(65536)
    with self.lock:
      left = self.left[direction]
      cut = left is not None and len(data) >= left
      if left is not None:
        data = data[:left]
        self.left[direction] = left - len(data)
      self.passed[direction] += len(data)
    if data:
      target.sendall(data)
    return bool(data) and not cut

  def run(self):
    ways = {self.mine: ("request", self.far), self.far: ("reply", self.mine)}
    with selectors.DefaultSelector() as selector:
      for source in ways:
        selector.register(source, selectors.EVENT_READ)
      try:
        going = True
        while going:
          for key, _ in selector.select(10):
            direction, target = ways[key.fileobj]
            going = going and self.forward(direction, key.fileobj, target)
      except OSError:
        pass
    if self.hard:
      abort(self.far)
    self.far.close()
    self.mine.close()

  def wait(self):
    """Until the connection is over on both sides."""
    self.thread.join(10)
    assert not self.thread.is_alive(), "the proxy did not end"
