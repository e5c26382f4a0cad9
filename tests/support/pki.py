"""Certificates for the tests, by the openssl program: a CA, servers, devices, and the wrong ones."""
import datetime
import os
import shutil
import subprocess

from .cluster import MissingTool

CONFIG = """
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = here
[here]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
private_key = {folder}/ca.key
certificate = {folder}/ca.pem
default_md = sha256
policy = any
default_crl_days = 30
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1,IP:192.0.2.1
[list]
authorityKeyIdentifier = keyid:always
[device]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = URI:liandong:device:{name}
"""


class Authority:
  """One CA in one folder; every certificate is FOLDER/NAME.pem with FOLDER/NAME.key."""

  def __init__(self, folder, name="liandong test CA"):
    if not shutil.which("openssl"):
      raise MissingTool("openssl is not installed")
    os.makedirs(folder)
    self.folder = folder
    self.ca = os.path.join(folder, "ca.pem")
    self.key = os.path.join(folder, "ca.key")
    for path, text in (("index", ""), ("serial", "1000\n")):
      self.write(path, text)
    self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256",
                 "-keyout", os.path.join(folder, "ca.key"), "-out", self.ca, "-days", "30", "-subj", f"/CN={name}",
                 "-config", self.config("ca"), "-extensions", "authority")

  def write(self, path, text):
    path = os.path.join(self.folder, path)
    with open(path, "w", encoding="utf-8") as f:
      f.write(text)
    return path

  def config(self, name):
    return self.write(f"{name}.cnf", CONFIG.format(folder=self.folder, name=name))

  def openssl(self, *arguments):
    done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
      raise RuntimeError(f"openssl {arguments[0]}: {done.stdout}")

  def issue(self, name, kind="device", start=None, end=None, subject=None):
    """Path without ending. Times as YYYYMMDDHHMMSSZ; without: valid now."""
    path = os.path.join(self.folder, name)
    config = self.config(name)
    self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
                 "-out", path + ".csr", "-subj", f"/CN={subject or name}", "-config", config)
    os.chmod(path + ".key", 0o600)
    self.sign(path, kind, start, end)
    return path

  def sign(self, path, kind="device", start=None, end=None, name=None):
    """PATH.pem of PATH.csr, once more where there is one."""
    config = self.config(name or os.path.basename(path))
    dates = ["-startdate", start, "-enddate", end] if start else ["-days", "20"]
    self.openssl("ca", "-batch", "-notext", "-config", config, "-extensions", kind, "-in", path + ".csr",
                 "-out", path + ".pem", *dates)

  def revocation_list(self, name, revoked=(), ended=False, aged=False):
    """FOLDER/NAME.crl with these certificate files in it; ended: no longer in force; aged: of the day before yesterday."""
    index = "".join(f"R\t491231235959Z\t200101000000Z\t{self.serial_of(path)}\tunknown\t/CN=x\n" for path in revoked)
    path = os.path.join(self.folder, name + ".crl")
    config = self.write(f"{name}.list.cnf", CONFIG.format(folder=self.folder, name=name).replace(
      f"database = {self.folder}/index", f"database = {self.write(name + '.index', index)}"))
    dates = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"] if ended else ["-crldays", "20"]
    if aged:
      dates = ["-crl_lastupdate", (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).strftime("%Y%m%d%H%M%SZ"), "-crldays", "20"]
    self.openssl("ca", "-gencrl", "-config", config, "-crlexts", "list", "-out", path, *dates)
    return path

  def serial_of(self, path):
    done = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", path], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().partition("=")[2]
