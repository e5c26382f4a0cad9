"""Server processes: liandongd run on free ports, waited for by /readyz, ended by pid."""
import http.client
import os
import random
import signal
import socket
import subprocess

from .waiting import until


def free_port():
  """Below those that the kernel gives to outgoing connections: one of them might take it before the server does."""
  while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as s:
      try:
        s.bind(("127.0.0.1", port))
        return port
      except OSError:
        pass


def clean_environment():
  return {k: v for k, v in os.environ.items() if not k.startswith("LIANDONG_")}


class Node:
  """One liandongd. Settings are written to a file, so that a reload can change them."""

  def __init__(self, program, folder, name, **settings):
    self.program, self.folder, self.name = program, folder, name
    self.port = settings.pop("port", None) or free_port()
    self.http_port = free_port()
    self.log_path = os.path.join(folder, f"{name}.log")
    self.file = os.path.join(folder, f"{name}.ini")
    self.settings = {"listen": f"127.0.0.1:{self.port}", "metrics_listen": f"127.0.0.1:{self.http_port}",
                     "log_file": self.log_path, "node": name, **settings}
    self.process = None
    self.write()

  address = property(lambda self: ("127.0.0.1", self.port))

  def write(self, text=None):
    with open(self.file, "w", encoding="utf-8") as f:
      f.write(text if text is not None else "".join(f"{k} = {v}\n" for k, v in self.settings.items() if v is not None))

  def spawn(self):
    with open(os.path.join(self.folder, f"{self.name}.out"), "ab") as out:
      self.process = subprocess.Popen([self.program, "run", "--settings", self.file], stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=out, cwd="/", env=clean_environment(), start_new_session=True)
    return self

  def start(self):
    self.spawn()
    self.wait_ready()
    return self

  def run(self, verb, *arguments, timeout=60):
    """Another verb of the program with the same settings: (exit code, all it printed)."""
    done = subprocess.run([self.program, verb, *arguments, "--settings", self.file], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", env=clean_environment(),
                          timeout=timeout)
    return done.returncode, done.stdout

  def memory(self):
    """Bytes resident."""
    with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
      return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

  def http(self, path, method="GET"):
    """(status, body), or (0, why) where nobody answers."""
    link = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
    try:
      link.request(method, path)
      answer = link.getresponse()
      return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as e:
      return 0, str(e)
    finally:
      link.close()

  def metric(self, name):
    for line in self.http("/metrics")[1].splitlines():
      if line.startswith(name + " "):
        return float(line.split()[1])
    return None

  def wait_ready(self, timeout=20):
    def ready():
      assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}: {self.output()[-2000:]}"
      return self.http("/readyz")[0] == 200
    until(ready, timeout, f"{self.name} being ready")

  def read(self, path):
    try:
      with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()
    except FileNotFoundError:
      return ""

  def log(self):
    return self.read(self.log_path)

  def output(self):
    return self.read(os.path.join(self.folder, f"{self.name}.out")) + self.log()

  def signal(self, number):
    self.process.send_signal(number)

  def kill(self):
    self.process.kill()
    self.process.wait()

  def stop(self, timeout=40):
    """A planned stop; returns the exit code."""
    if self.process is None or self.process.poll() is not None:
      return self.process and self.process.returncode
    self.signal(signal.SIGTERM)
    try:
      return self.process.wait(timeout)
    except subprocess.TimeoutExpired:
      self.kill()
      raise
