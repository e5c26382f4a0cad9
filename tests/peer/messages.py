"""The messages, generated from proto/ into the build tree at test time: nothing generated is committed."""
import fcntl
import glob
import importlib
import os
import subprocess
import sys

TOPICS = tuple(sorted(os.path.basename(path)[:-6] for path in glob.glob(os.path.join(os.path.dirname(__file__), "..", "..", "proto", "*.proto"))))


class Messages:
  """Everything the .proto files name, as attributes: Messages().ToServer, .INCIDENT_CLASS_DISPUTE, …"""

  def __getattr__(self, name):
    for topic in TOPICS:
      module = sys.modules.get(topic + "_pb2")
      if module is not None and hasattr(module, name):
        return getattr(module, name)
    raise AttributeError(name)


pb = Messages()


def load(proto, out):
  """Generates into `out` and imports from there; one process at a time, for none may read what another has half written."""
  os.makedirs(out, exist_ok=True)
  sources = [os.path.join(proto, topic + ".proto") for topic in TOPICS]
  sys.path.insert(0, out)
  with open(os.path.join(out, "lock"), "w", encoding="ascii") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    subprocess.run(["protoc", "--proto_path=" + proto, "--python_out=" + out, *sources], check=True)
    for topic in TOPICS:
      importlib.import_module(topic + "_pb2")


def writes():
  """Names of the requests that change something: those whose answer can be a replay."""
  return {f.name for f in pb.ToClient.DESCRIPTOR.fields
          if f.message_type is not None and "replay" in f.message_type.fields_by_name}
