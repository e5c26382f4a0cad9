"""The servers that are measured: ours, the bare reference, and the peers that may be missing."""
import os
import pwd
import shutil

from support.node import Node, free_port

from .ground import TEMPLATE, program
from .machine import Program, SERVER_CORE, need, pinned

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SETTINGS = {  # all the load comes from one address, which no real district does
  "max_handshakes": "4096", "handshakes_per_address": "4096", "max_connections": "20000", "log_level": "warn",
}


class Liandong:
  """liandongd on a database of its own; or, with `database`, on one that stays."""
  protocol = "liandong"

  def __init__(self, ground, database=None, **settings):
    self.ground, self.own = ground, database is None
    self.database = database or ground.database()
    self.node = make_node(ground, self.database, **settings)
    with pinned(SERVER_CORE):
      self.node.spawn()
    try:
      self.node.wait_ready()
    except BaseException:
      self.stop()
      raise

  port = property(lambda self: self.node.port)
  pids = property(lambda self: str(self.node.process.pid))
  other_pids = property(lambda self: self.ground.postmaster)

  def stop(self):
    if self.node.process and self.node.process.poll() is None:
      self.node.kill()  # nothing is in flight, and 20,000 goodbyes take their time
    if self.own:
      self.ground.drop(self.database)

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.stop()


def make_node(ground, database, **settings):
  certificates = ground.certificates
  return Node(program("server", "liandongd"), ground.folder, "server", **{
    "database": ground.conninfo(database, "liandong_app"), "migrate_database": ground.conninfo(database, "liandong_owner"),
    "tls_certificate": f"{certificates}/server.pem", "tls_key": f"{certificates}/server.key", "tls_ca": f"{certificates}/ca.pem",
    "seal_key_file": ground.path("seal.key"),
    **SETTINGS, **settings})


def prepare_template(ground):
  """Schema and district, once."""
  node = make_node(ground, TEMPLATE)
  for verb in (("migrate",), ("directory", ground.path("directory.ini"))):
    code, text = node.run(*verb)
    if code:
      raise RuntimeError(f"liandongd {verb[0]}: exit {code}: {text}")
  with ground.cluster.session(TEMPLATE) as session:  # one office raises here what a whole district does
    session.rows("delete from liandong.record_limit where what = 'alert_minute'")


class Reference(Program):
  """The bare fan-out, in front of PostgreSQL where `durable`; or writing the whole record (record.sql), planned as the server plans."""
  protocol = "raw"

  def __init__(self, ground, durable=False, record=False):
    self.ground, self.database = ground, ground.database() if record else None
    port = free_port()
    command = [program("tests", "load", "fanout_reference"), str(port), ground.certificates]
    if record:
      settings = "-csearch_path=liandong -cplan_cache_mode=force_generic_plan -cenable_seqscan=off"
      command += [f"{ground.conninfo(self.database)} options='{settings}'", os.path.join(HERE, "reference", "record.sql")]
    elif durable:
      command += [ground.conninfo("reference")]
    super().__init__(command, port, ground.path("reference.log"))

  def stop(self):
    super().stop()
    if self.database:
      self.ground.drop(self.database)

  other_pids = property(lambda self: self.ground.postmaster)


class Nats(Program):
  """nats-server. Core: a subject, nothing stored. JetStream: a file store, synced every two minutes: not durable."""

  def __init__(self, ground, jetstream=False):
    path, port, c = need("nats-server"), free_port(), ground.certificates
    self.protocol = "jetstream" if jetstream else "nats"
    self.store = ground.path("jetstream")
    config = ground.path("nats.conf")
    with open(config, "w", encoding="utf-8") as f:
      f.write(f'listen: 127.0.0.1:{port}\njetstream {{ store_dir: "{self.store}" }}\nmax_connections: 20000\n'
              f'tls {{ cert_file: "{c}/server.pem", key_file: "{c}/server.key", ca_file: "{c}/ca.pem", verify: true,\n'
              f'timeout: 60 }}\n')  # a storm of a thousand handshakes on one core takes longer than the 2 s that NATS gives each
    super().__init__([path, "-c", config], port, ground.path("nats.log"))

  def stop(self):
    super().stop()
    shutil.rmtree(self.store, ignore_errors=True)


class Mosquitto(Program):
  """QoS 1 with persistent sessions; saved every 30 minutes: not durable."""
  protocol = "mqtt"

  def __init__(self, ground):
    path, port, c = need("mosquitto"), free_port(), ground.certificates
    self.store = ground.path("mosquitto")
    os.makedirs(self.store, exist_ok=True)
    config = ground.path("mosquitto.conf")
    with open(config, "w", encoding="utf-8") as f:
      f.write(f"user {pwd.getpwuid(os.getuid()).pw_name}\nlistener {port} 127.0.0.1\ncafile {c}/ca.pem\ncertfile {c}/server.pem\n"
              f"keyfile {c}/server.key\nrequire_certificate true\ntls_version tlsv1.3\nallow_anonymous true\npersistence true\n"
              f"persistence_location {self.store}/\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n")
    super().__init__([path, "-c", config], port, ground.path("mosquitto.log"))

  def stop(self):
    super().stop()
    shutil.rmtree(self.store, ignore_errors=True)
