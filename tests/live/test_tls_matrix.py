"""What TLS is spoken with whom, cell by cell, by OpenSSL's own client; and what a scanner finds.

testssl.sh is no part of it: it can neither show a client certificate (before its 3.2) nor offer a protocol of ours, and to whoever does
neither the server says nothing but an alert, which is what sslscan sees, too."""
import contextlib
import os
import select
import shutil
import subprocess

from peer.peer import VERSION, frame, pb
from support.runner import Skip, case

LEGACY = ("-cipher", "ALL:COMPLEMENTOFALL@SECLEVEL=0")
VERSIONS = (("tls1_0", ("-tls1", *LEGACY)), ("tls1_1", ("-tls1_1", *LEGACY)), ("tls1_2", ("-tls1_2", *LEGACY)))
SUITES = (("aes128_gcm", "TLS_AES_128_GCM_SHA256", True), ("aes256_gcm", "TLS_AES_256_GCM_SHA384", True),
          ("chacha20", "TLS_CHACHA20_POLY1305_SHA256", True), ("ccm", "TLS_AES_128_CCM_SHA256", False), ("ccm_8", "TLS_AES_128_CCM_8_SHA256", False))
GROUPS = (("x25519", "X25519", True), ("p256", "P-256", True), ("p384", "P-384", False), ("x448", "X448", False), ("ffdhe2048", "ffdhe2048", False))
PROTOCOLS = (("ours", "liandong/1", True), ("web", "h2,http/1.1", False), ("none", None, False))
CERTIFICATES = (("device", "ytp-duty", True), ("nobody", None, False))


def cells():
  """Name, words of s_client, protocol, certificate, and whether a hello is served."""
  for certificate_name, certificate, with_it in CERTIFICATES:
    for protocol_name, protocol, ours in PROTOCOLS:
      where = f"{certificate_name}_{protocol_name}"
      for name, words in VERSIONS:
        yield f"{where}_{name}", words, protocol, certificate, False
      for suite_name, suite, good_suite in SUITES:
        for group_name, group, good_group in GROUPS:
          yield (f"{where}_{suite_name}_{group_name}", ("-tls1_3", "-ciphersuites", suite, "-groups", group), protocol, certificate,
                 with_it and ours and good_suite and good_group)


def hello():
  message = pb.ToServer(call=1, hello={"version_min": VERSION, "version_max": VERSION, "client": "s_client", "locale": "zh_CN"})
  return frame(message.SerializeToString())


@contextlib.contextmanager
def s_client(stage, words, protocol, certificate):
  line = ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{stage.a.port}", "-servername", "localhost", "-CAfile", stage.authority.ca, *words]
  line += ["-alpn", protocol] if protocol else []
  if certificate:
    path = stage.certificates[certificate]
    line += ["-cert", path + ".pem", "-key", path + ".key"]
  process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
  try:
    yield process
  finally:
    process.kill()
    process.communicate()


def served(stage, words, protocol, certificate):
  """Whether the server answers a hello sent over this connection. Nothing is waited for but bytes or the end."""
  with s_client(stage, words, protocol, certificate) as process:
    with contextlib.suppress(BrokenPipeError):
      process.stdin.write(hello())
      process.stdin.flush()
    assert select.select([process.stdout], [], [], 15)[0], "neither an answer nor an end"
    return len(os.read(process.stdout.fileno(), 4)) > 0


@case
def each_cell_is_as_it_is_said(stage):
  """168 connections: versions, suites, groups, protocols, with and without a certificate."""
  wrong, count, good = [], 0, 0
  for name, words, protocol, certificate, wanted in cells():
    count += 1
    good += wanted
    if served(stage, words, protocol, certificate) != wanted:
      wrong.append(f"{name}: {'refused' if wanted else 'served'}")
  print(f"# tls_cells={count} served={good} wrong={len(wrong)}")
  assert count == 168 and good == 6 and not wrong, wrong


@case
def no_session_is_taken_up_again(stage):
  """No ticket is given, so that each connection shows its certificate anew; one that was revoked can't come back without it, nor early."""
  kept = os.path.join(stage.folder, "session.pem")
  with s_client(stage, ("-tls1_3", "-sess_out", kept, "-msg"), "liandong/1", "ytp-duty") as process:
    process.stdin.write(hello())
    process.stdin.flush()
    told = b""
    while b"liandong" not in told and b"ApplicationData" not in told and select.select([process.stdout], [], [], 15)[0]:
      more = os.read(process.stdout.fileno(), 65536)
      if not more:
        break
      told += more
    assert b"Finished" in told and b"NewSessionTicket" not in told, told
  assert not os.path.exists(kept), "a session was given out"


@case
def a_scanner_finds_nothing_to_talk_to(stage):
  if not shutil.which("sslscan"):
    raise Skip("sslscan is not installed")
  path = stage.certificates["ytp-duty"]
  done = subprocess.run(["sslscan", "--no-colour", f"--certs={path}.pem", f"--pk={path}.key", f"localhost:{stage.a.port}"], capture_output=True, text=True,
                        timeout=60, check=True)
  found = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if line.startswith(("SSLv", "TLSv")) and len(line.split()) == 2}
  assert found == dict.fromkeys(("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"), "disabled"), done.stdout  # 1.3: without our ALPN
  assert "Session renegotiation not supported" in done.stdout and "vulnerable" not in done.stdout.replace("not vulnerable", ""), done.stdout
  assert "Accepted" not in done.stdout and "Preferred" not in done.stdout, done.stdout
