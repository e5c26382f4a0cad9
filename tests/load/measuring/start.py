"""How long a second `server/run` takes until it serves."""
import os
import select
import signal
import subprocess
import time

from support.node import clean_environment, free_port

from .ground import ROOT

READY = "服务器就绪"
START_SECONDS = 300  # the first one may have to build


def start_and_stop(state):
  """Seconds from the command to the line that says it serves."""
  begun = time.monotonic()
  process = subprocess.Popen([os.path.join(ROOT, "server", "run"), "--no-install", "--port", str(free_port()), "--state-dir", state,
                              "--", "--metrics-listen", f"127.0.0.1:{free_port()}"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean_environment(), start_new_session=True)
  said = b""
  try:
    while READY.encode() not in said:
      readable, _, _ = select.select([process.stdout], [], [], max(0.0, begun + START_SECONDS - time.monotonic()))
      some = os.read(process.stdout.fileno(), 65536) if readable else b""
      if not some:
        raise RuntimeError(f"server/run did not come up: {said.decode(errors='replace')[-1000:]}")
      said += some
    return time.monotonic() - begun
  finally:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def second_start(ground):
  state = ground.path("state")
  start_and_stop(state)
  return start_and_stop(state)
