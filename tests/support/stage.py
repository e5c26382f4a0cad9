"""Everything together: build tree, PostgreSQL, certificates, a migrated template database with the district in it."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from peer import messages
from peer.peer import Peer, tls_context

from . import district
from .cluster import Cluster, MissingTool, binary
from .node import Node
from .pki import Authority

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEMPLATE = "liandong_template"


def build_folder():
  return os.path.abspath(os.environ.get("LIANDONG_BUILD") or os.path.join(ROOT, ".build", "release"))


def program(name):
  """A binary of the build tree, wherever its floor puts it."""
  for part in ("server", "client", "bin", "."):
    path = os.path.join(build_folder(), part, name)
    if os.access(path, os.X_OK) and os.path.isfile(path):
      return path
  raise MissingTool(f"{name} is not built in {build_folder()}")


class Stage:
  def __init__(self, **cluster_settings):
    if not shutil.which("protoc"):
      raise MissingTool("protoc is not installed")
    binary("initdb")
    self.server = program("liandongd")
    messages.load(os.path.join(ROOT, "proto"), os.path.join(build_folder(), "tests", "peer"))
    self.folder = tempfile.mkdtemp(prefix="liandong-live-")
    os.chmod(self.folder, 0o755)
    self.nodes, self.databases = [], 0
    self.authority = Authority(os.path.join(self.folder, "pki"))
    self.certificates = district.certificates(self.authority)
    self.seal_key = os.path.join(self.folder, "seal.key")
    subprocess.run([self.server, "seal-key", self.seal_key], check=True, stdout=subprocess.DEVNULL)
    self.audit_key = os.path.join(self.folder, "audit.key")
    subprocess.run([self.server, "audit-key", self.audit_key], check=True, stdout=subprocess.DEVNULL)
    self.cluster = Cluster(**cluster_settings)
    try:
      self.make_template()
    except BaseException:
      self.close()
      raise

  def make_template(self):
    with self.cluster.session() as s:
      s.rows("create role liandong_owner login")
      s.rows("create role liandong_app login")
      s.rows(f"create database {TEMPLATE} owner liandong_owner")
    node = self.node("template", TEMPLATE)
    self.nodes.remove(node)
    file = os.path.join(self.folder, "directory.ini")
    with open(file, "w", encoding="utf-8") as f:
      f.write(district.directory(self.certificates))
    for verb in (("migrate",), ("directory", file)):
      code, text = node.run(*verb)
      if code:
        raise RuntimeError(f"liandongd {verb[0]}: exit {code}: {text}")
    with self.cluster.session(TEMPLATE) as s:
      s.rows("set search_path to liandong")
      s.rows("update proposal_rule set ended_on = '2020-01-02'")  # no events that a case did not cause: see proposing

  @contextlib.contextmanager
  def proposing(self, database):
    """Repeated alarms propose disputes there, as they do where nobody changed the rules."""
    for ended_on in (None, "2020-01-02"):
      with self.cluster.session(database) as s:
        s.rows("set search_path to liandong")
        s.rows("update proposal_rule set ended_on = $1", ended_on)
      if ended_on is None:
        yield

  def database(self, name=None):
    """A fresh database with schema and district."""
    self.databases += 1
    name = name or f"live{self.databases}"
    self.cluster.copy(name, TEMPLATE)
    return name

  def node(self, name, data, **settings):
    """A server on the database `data`, not started yet; settings over the usual ones, None leaves one out."""
    certificate = self.certificates["server"]
    settings = {"database": self.cluster.conninfo(data, "liandong_app"),
                "migrate_database": self.cluster.conninfo(data, "liandong_owner"),
                "tls_certificate": certificate + ".pem", "tls_key": certificate + ".key", "tls_ca": self.authority.ca,
                "seal_key_file": self.seal_key, "audit_key": self.audit_key,
                "enrol_ca_certificate": self.authority.ca, "enrol_ca_key": self.authority.key,
                "heartbeat": "2s", "silence_limit": "30s", "drain": "10s", **settings}
    node = Node(self.server, self.folder, name, **settings)
    self.nodes.append(node)
    return node

  def context(self, device):
    path = self.certificates[device]
    return tls_context(self.authority.ca, path + ".pem", path + ".key")

  def peer(self, node, device="ytp-duty", **options):
    return Peer(node.address, self.context(device), **options)

  def close(self):
    for node in self.nodes:
      if node.process and node.process.poll() is None:
        node.kill()
    self.cluster.stop()
    if not os.environ.get("LIANDONG_KEEP"):
      shutil.rmtree(self.folder, ignore_errors=True)
