"""X.509 certificates byte by byte: whatever openssl would refuse to write. Only the signature is openssl's.

A Certificate is described by a Wish; each field left out is what a good device certificate has."""
import os
import subprocess

HASHES = {"sha256": "sha256", "sha1": "sha1", "md5": "md5"}
SIGNATURES = {("ec", "sha256"): "1.2.840.10045.4.3.2", ("ec", "sha1"): "1.2.840.10045.4.1", ("rsa", "sha256"): "1.2.840.113549.1.1.11",
              ("rsa", "sha1"): "1.2.840.113549.1.1.5", ("rsa", "md5"): "1.2.840.113549.1.1.4"}
CLIENT, SERVER, ANY, MAIL = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0", "1.3.6.1.5.5.7.3.4"


def tlv(tag, *parts):
  body = b"".join(parts)
  size = len(body)
  if size < 0x80:
    return bytes([tag, size]) + body
  length = size.to_bytes((size.bit_length() + 7) // 8, "big")
  return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts):
  return tlv(0x30, *parts)


def oid(text):
  first, second, *rest = map(int, text.split("."))
  out = bytearray([40 * first + second])
  for value in rest:
    digits = [value & 0x7f]
    while value := value >> 7:
      digits.append(value & 0x7f | 0x80)
    out += bytes(reversed(digits))
  return tlv(0x06, bytes(out))


def integer(value):
  return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def name(common, tag=0x0c):
  return sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(tag, common if isinstance(common, bytes) else common.encode()))))


def extension(number, value, critical=False):
  return sequence(oid(number), tlv(0x01, b"\xff") if critical else b"", tlv(0x04, value))


def uri(text):
  return tlv(0x86, text if isinstance(text, bytes) else text.encode())


def dns(text):
  return tlv(0x82, text if isinstance(text, bytes) else text.encode())


def mail(text):
  return tlv(0x81, text.encode())


def other(text):
  """otherName: a type of nobody's with a text."""
  return tlv(0xa0, oid("1.3.6.1.4.1.99999.1"), tlv(0xa0, tlv(0x0c, text.encode())))


def names(*entries):
  return extension("2.5.29.17", sequence(*entries))


def basic(ca=False, depth=None, critical=True):
  return extension("2.5.29.19", sequence(tlv(0x01, b"\xff") if ca else b"", integer(depth) if depth is not None else b""), critical)


def usage(bits, critical=True):
  """Bits of the first byte: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign, 0x20 keyEncipherment."""
  return extension("2.5.29.15", tlv(0x03, b"\0", bytes([bits])), critical)


def purposes(*numbers, critical=False):
  return extension("2.5.29.37", sequence(*map(oid, numbers)), critical)


def pem(kind, data):
  import base64
  text = base64.encodebytes(data).decode().replace("\n", "")
  return f"-----BEGIN {kind}-----\n" + "\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + f"\n-----END {kind}-----\n"


def unpem(path):
  import base64
  with open(path, encoding="ascii") as f:
    lines = f.read().split("-----END")[0].splitlines()
  return base64.b64decode("".join(line for line in lines if not line.startswith("-----")))


def openssl(*arguments, data=None):
  done = subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
  if done.returncode:
    raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode(errors='replace')}")
  return done.stdout


class Key:
  """A key pair in PATH (PEM, 0600). kind: "ec" (P-256) or "rsa" with bits."""

  def __init__(self, path, kind="ec", bits=None, make=True):
    self.path, self.kind = path, kind
    if make:
      option = ("-pkeyopt", "ec_paramgen_curve:P-256") if kind == "ec" else ("-pkeyopt", f"rsa_keygen_bits:{bits}")
      openssl("genpkey", "-algorithm", kind.upper(), *option, "-out", path)
      os.chmod(path, 0o600)
    self.public = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")

  def identifier(self):
    """What issuer and subject call it: the public key's own bytes, hashed."""
    import hashlib
    return hashlib.sha1(self.public).digest()

  def algorithm(self, digest):
    return sequence(oid(SIGNATURES[self.kind, digest]), b"" if self.kind == "ec" else tlv(0x05))

  def sign(self, data, digest):
    return openssl("dgst", "-" + HASHES[digest], "-sign", self.path, data=data)


class Issuer:
  """A subject with its key: signs certificates."""

  def __init__(self, key, subject, certificate=None, identifier=None):
    self.key, self.subject, self.certificate = key, subject, certificate
    self.identifier = identifier or key.identifier()

  def issue(self, key, subject, extensions, dates=("20200101000000Z", "20400101000000Z"), digest="sha256", serial=None,
            version=2, twist=lambda signature: signature):
    """DER. `extensions`: bytes, beside the key identifiers, which are always there."""
    algorithm = self.key.algorithm(digest)
    every = (extension("2.5.29.14", tlv(0x04, key.identifier())), extension("2.5.29.35", sequence(tlv(0x80, self.identifier))), *extensions)
    body = sequence(
      tlv(0xa0, integer(version)) if version else b"", integer(serial if serial is not None else int.from_bytes(os.urandom(12), "big") | 1 << 95),
      algorithm, self.subject, sequence(*(tlv(0x18 if date > "205" else 0x17, date[0 if date > "205" else 2:].encode()) for date in dates)),
      subject, key.public, tlv(0xa3, sequence(*every)) if version == 2 else b"")
    return sequence(body, algorithm, tlv(0x03, b"\0", twist(self.key.sign(body, digest))))


def skip(data, at):
  """Where the element at `at` has its body, and where it ends."""
  size, start = data[at + 1], at + 2
  if size & 0x80:
    start += size & 0x7f
    size = int.from_bytes(data[at + 2:start], "big")
  return start, start + size


def subject_of(certificate):
  """The subject's bytes of a DER certificate."""
  at = skip(certificate, skip(certificate, 0)[0])[0]
  for _ in range(5):  # version, serial, algorithm, issuer, validity
    at = skip(certificate, at)[1]
  return certificate[at:skip(certificate, at)[1]]


def authority_key_identifier(certificate):
  """The 20 bytes that the certificate calls its own key."""
  at = certificate.index(oid("2.5.29.14"))
  start = skip(certificate, skip(certificate, at)[1])[0]
  return certificate[skip(certificate, start)[0]:skip(certificate, start)[1]]
