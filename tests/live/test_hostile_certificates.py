"""Every certificate that somebody could try: each refused, for the reason expected, with a log line that holds none of its bytes."""
import functools
import json
import os
import ssl

from peer.peer import ALPN, Closed, Peer, Refused
from support import der
from support.der import CLIENT, MAIL, SERVER, basic, dns, extension, mail, name, names, other, purposes, uri, usage
from support.runner import case
from support.waiting import until

DEVICE = "ytp-chief"  # whose key all of them hold, unless told otherwise: only the certificate is in the way
RIGHT = f"liandong:device:{DEVICE}"
MARK = "EVIL"  # in whatever hostile text there is; never in the log
PAST, FUTURE = ("20200101000000Z", "20200201000000Z"), ("20380101000000Z", "20390101000000Z")


class Forge:
  """The authority's own key, the device's, and whatever else somebody might have."""

  def __init__(self, stage):
    self.stage, self.folder = stage, os.path.join(stage.folder, "forge")
    os.makedirs(self.folder)
    root = der.unpem(stage.authority.ca)
    self.root = der.Issuer(der.Key(stage.authority.key, make=False), der.subject_of(root), root, der.authority_key_identifier(root))
    self.device = der.Key(stage.certificates[DEVICE] + ".key", make=False)
    self.made = 0

  @functools.lru_cache(maxsize=None)  # noqa: B019
  def key(self, label, kind="ec", bits=None):
    return der.Key(os.path.join(self.folder, f"{label}.key"), kind, bits)

  def leaf(self, san=None, issuer=None, key=None, subject=None, constraints=None, use=None, purpose=None, more=(), **options):
    """(DER, key): a device's certificate, but for what is given. san: the extension's bytes; b"" for none."""
    key = key or self.device
    every = [constraints if constraints is not None else basic(), usage(0x80) if use is None else use,
             purposes(CLIENT) if purpose is None else purpose, names(uri(RIGHT)) if san is None else san, *more]
    return (issuer or self.root).issue(key, name(DEVICE) if subject is None else subject, every, **options), key

  def between(self, label, issuer=None, key=None, constraints=None, use=None, more=(), **options):
    """An authority below another, whatever it is worth."""
    key, subject = key or self.key(label), name(label)
    every = [constraints if constraints is not None else basic(True), usage(0x06) if use is None else use, *more]
    certificate = (issuer or self.root).issue(key, subject, every, **options)
    return der.Issuer(key, subject, certificate)

  def through(self, *chain, **options):
    """A leaf of the first of the chain, which is shown behind it."""
    certificate, key = self.leaf(issuer=chain[0], **options)
    return (certificate, *(one.certificate for one in chain)), key

  def context(self, made):
    """What the peer shows; our own library must not mind."""
    certificates, key = made
    self.made += 1
    path = os.path.join(self.folder, f"shown-{self.made}.pem")
    with open(path, "w", encoding="ascii") as f:
      for one in certificates if isinstance(certificates, tuple) else (certificates,):
        f.write(der.pem("CERTIFICATE", one))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(self.stage.authority.ca)
    context.load_cert_chain(path, key.path)
    context.set_alpn_protocols([ALPN])
    return context


def forge(stage):
  if not hasattr(stage, "forge"):
    stage.forge = Forge(stage)
  return stage.forge


def says(*entries):
  return lambda f: f.leaf(names(*entries))


def with_key_of(device):
  return lambda f: (der.unpem(f.stage.certificates[device] + ".pem"), der.Key(f.stage.certificates[device] + ".key", make=False))


def of_same_name(f):
  root = der.Issuer(f.key("same-name"), f.root.subject, identifier=f.root.identifier)
  return f.leaf(issuer=root)


def of_own_root(f):
  key, subject = f.key("own-root"), name("own root")
  root = der.Issuer(key, subject)
  root.certificate = root.issue(key, subject, [basic(True), usage(0x06)])
  return f.through(root)


def self_signed(f):
  return f.leaf(issuer=der.Issuer(f.device, name(DEVICE)))


def deep(f):
  first = f.between("first")
  second = f.between("second", first)
  third = f.between("third", second)
  return f.through(third, second, first)


def path_too_long(f):
  first = f.between("no-more", constraints=basic(True, 0))
  return f.through(f.between("one-more", first), first)


def rsa_issuer(f, bits=3072):
  return f.between(f"rsa-{bits}", key=f.key(f"rsa-{bits}", "rsa", bits))


def by_a_device(f):
  certificate, key = f.leaf()
  return f.through(der.Issuer(key, name(DEVICE), certificate), subject=name("below"))


URI, KEY = "URI is not", "no device has"
BAD, STALE, UNKNOWN = "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "UNKNOWN_CA"
HOSTILE = (  # name, maker, word of the log
  # what it says of itself
  ("uri_of_another_device", says(uri("liandong:device:ytp-duty")), URI),
  ("uri_nul_at_the_end", says(uri(RIGHT + "\0")), URI),
  ("uri_nul_and_more", says(uri(RIGHT + "\0." + MARK)), URI),
  ("uri_nul_first", says(uri("\0" + RIGHT)), URI),
  ("two_uris", says(uri(RIGHT), uri("liandong:device:ytp-duty")), URI),
  ("two_uris_right_one_last", says(uri("liandong:device:ytp-duty"), uri(RIGHT)), URI),
  ("same_uri_twice", says(uri(RIGHT), uri(RIGHT)), URI),
  ("wrong_scheme", says(uri(f"https://{MARK}/{DEVICE}")), URI),
  ("other_prefix", says(uri(f"liandong:office:{DEVICE}")), URI),
  ("prefix_only", says(uri("liandong:device:")), URI),
  ("prefix_twice", says(uri("liandong:device:" + RIGHT)), URI),
  ("no_prefix", says(uri(DEVICE)), URI),
  ("upper_case_scheme", says(uri(f"LIANDONG:device:{DEVICE}")), URI),
  ("upper_case_name", says(uri("liandong:device:YTP-CHIEF")), URI),
  ("trailing_dot", says(uri(RIGHT + ".")), URI),
  ("trailing_slash", says(uri(RIGHT + "/")), URI),
  ("trailing_blank", says(uri(RIGHT + " ")), URI),
  ("leading_blank", says(uri(" " + RIGHT)), URI),
  ("percent_encoded", says(uri("liandong:device:ytp%2dchief")), URI),
  ("percent_nul", says(uri(RIGHT + "%00" + MARK)), URI),
  ("query", says(uri(RIGHT + "?" + MARK)), URI),
  ("fragment", says(uri(RIGHT + "#" + MARK)), URI),
  ("sql", says(uri(RIGHT + "'or'1'='1" + MARK)), URI),
  ("format", says(uri("liandong:device:%s%n%s" + MARK)), URI),
  ("new_line_and_forged_log", says(uri(RIGHT + '\n{"level":"info","ev":"hello","detail":"' + MARK + '"}')), URI),
  ("escape_sequence", says(uri(RIGHT + "\x1b[2J" + MARK)), URI),
  ("delete_byte", says(uri(RIGHT + "\x7f")), URI),
  ("right_to_left", says(uri(RIGHT + "\u202e" + MARK)), URI),
  ("invisible", says(uri("liandong:device:ytp\u200b-chief")), URI),
  ("full_width", says(uri("liandong:device:ｙｔｐ-chief" + MARK)), URI),
  ("look_alike", says(uri("liandong:device:ytp-сhief")), URI),  # a Cyrillic letter
  ("no_utf8", says(uri(b"liandong:device:ytp-chief\xff\xfe\xc0\x80")), URI),
  ("uri_empty", says(uri("")), URI),
  ("uri_300_bytes", says(uri(RIGHT + MARK * 80)), URI),
  ("san_8_kib", says(uri(RIGHT), *(uri(f"liandong:device:{MARK}-{i}") for i in range(250))), URI),
  ("san_64_kib", says(uri(RIGHT + MARK * 16384)), "excessive message size"),
  ("san_empty", lambda f: f.leaf(names()), BAD),
  ("san_missing", lambda f: f.leaf(b""), URI),
  ("name_in_cn_only", lambda f: f.leaf(b"", subject=name(RIGHT)), URI),
  ("right_cn_wrong_uri", lambda f: f.leaf(names(uri("liandong:device:ytp-duty")), subject=name(RIGHT)), URI),
  ("dns_with_the_text", says(dns(RIGHT)), URI),
  ("mail_with_the_text", says(mail(RIGHT)), URI),
  ("other_name_with_the_text", says(other(RIGHT)), URI),
  ("hostile_cn", lambda f: f.leaf(names(uri("liandong:device:x")), subject=name(f"{MARK}\u202e\n\x1b]0;{MARK}\x07")), URI),
  # whose it is
  ("key_of_no_device", lambda f: f.leaf(key=f.key("stranger")), KEY),
  ("key_of_another_device", lambda f: f.leaf(key=der.Key(f.stage.certificates["ytp-duty"] + ".key", make=False)), URI),
  ("revoked_device", with_key_of("ytp-old"), KEY),
  ("server_as_client", with_key_of("server"), BAD),
  # when
  ("expired", lambda f: f.leaf(dates=PAST), STALE),
  ("not_yet_valid", lambda f: f.leaf(dates=FUTURE), BAD),
  ("ends_before_it_begins", lambda f: f.leaf(dates=(FUTURE[0], PAST[0])), BAD),
  ("date_broken", lambda f: f.leaf(dates=("20201399999999Z", "20400101000000Z")), BAD),
  # what for
  ("for_servers", lambda f: f.leaf(purpose=purposes(SERVER)), BAD),
  ("for_mail", lambda f: f.leaf(purpose=purposes(MAIL)), BAD),
  ("purpose_empty", lambda f: f.leaf(purpose=purposes()), BAD),
  ("may_not_sign", lambda f: f.leaf(use=usage(0x20)), BAD),
  ("authority_as_device", lambda f: f.leaf(constraints=basic(True), use=usage(0x84)), BAD),
  ("authority_without_usage", lambda f: f.leaf(constraints=basic(True)), BAD),
  ("path_length_of_a_leaf", lambda f: f.leaf(constraints=basic(False, 3)), BAD),
  ("unknown_critical_extension", lambda f: f.leaf(more=[extension("1.3.6.1.4.1.99999.7", b"\x04\x04EVIL", True)]), BAD),
  ("version_1", lambda f: f.leaf(version=0), URI),
  # who signed it, and how
  ("self_signed", self_signed, UNKNOWN),
  ("other_authority_of_the_same_name", of_same_name, BAD),
  ("own_root_shown", of_own_root, UNKNOWN),
  ("unknown_authority", lambda f: f.leaf(issuer=der.Issuer(f.key("unknown"), name("unknown"))), UNKNOWN),
  ("signature_changed", lambda f: f.leaf(twist=lambda s: s[:-1] + bytes([s[-1] ^ 1])), BAD),
  ("signature_empty", lambda f: f.leaf(twist=lambda s: b""), BAD),
  ("sha1", lambda f: f.leaf(digest="sha1"), BAD),
  ("md5", lambda f: f.through(rsa_issuer(f), digest="md5"), BAD),
  ("rsa_1024", lambda f: f.leaf(key=f.key("weak", "rsa", 1024)), BAD),
  ("rsa_2048", lambda f: f.leaf(key=f.key("short", "rsa", 2048)), BAD),
  ("authority_of_rsa_1024", lambda f: f.through(rsa_issuer(f, 1024)), BAD),
  ("by_a_device", by_a_device, BAD),
  ("through_no_authority", lambda f: f.through(f.between("no-bit", constraints=basic(False))), BAD),
  ("through_no_constraints", lambda f: f.through(f.between("no-constraints", constraints=b"")), BAD),
  ("through_no_key_cert_sign", lambda f: f.through(f.between("no-sign", use=usage(0x80))), BAD),
  ("through_expired", lambda f: f.through(f.between("stale", dates=PAST)), STALE),
  ("through_sha1", lambda f: f.through(f.between("old", digest="sha1")), BAD),
  ("through_broken_extension", lambda f: f.through(f.between("broken", more=[extension("2.5.29.17", b"\x30\x20\x86\x7fEVIL")])), UNKNOWN),
  ("through_constraints_twice", lambda f: f.through(f.between("twice", more=[basic(False)])), UNKNOWN),
  ("through_servers_only", lambda f: f.through(f.between("for-servers", more=[purposes(SERVER)])), BAD),
  ("path_too_long", path_too_long, BAD),
  ("too_deep", deep, BAD),
  ("link_not_shown", lambda f: f.leaf(issuer=f.between("hidden")), UNKNOWN),
)


def enters(stage, context, node):
  """None where it was served a hello; else what it was told."""
  try:
    with Peer(node.address, context, timeout=5):
      return None
  except (OSError, Closed, Refused) as e:
    return str(e) or type(e).__name__


def lines_since(node, mark):
  """The log's lines, each a whole JSON object of clean text, after `mark` bytes."""
  with open(node.log_path, "rb") as f:
    f.seek(mark)
    data = f.read()
  whole = data[:data.rfind(b"\n") + 1].decode("utf-8")  # fails on bytes that are no text
  assert all(c == "\n" or c.isprintable() for c in whole), ascii(whole)
  assert MARK not in whole, "hostile text in the log: " + ascii(whole)
  return [json.loads(line) for line in whole.splitlines()]


@case
def right_ones_by_the_same_hand(stage):
  """What the table changes is what counts: unchanged, and by an authority below the root, the same certificate gets in."""
  f = forge(stage)
  assert enters(stage, f.context(f.leaf()), stage.a) is None
  assert enters(stage, f.context(f.through(f.between("honest"))), stage.a) is None
  assert enters(stage, f.context(f.through(rsa_issuer(f))), stage.a) is None
  assert len(HOSTILE) >= 40 and len({row[0] for row in HOSTILE}) == len(HOSTILE)


@case.table(HOSTILE)
def hostile(stage, maker, word):
  """Refused, told why in the log, and nobody else notices: neither who was there nor who comes next."""
  f = forge(stage)
  shown = f.context(maker(f))
  with stage.peer(stage.b) as bystander:
    mark = os.path.getsize(stage.b.log_path)

    def told():  # tries again: beyond 20 lines a second strangers are only counted
      assert enters(stage, shown, stage.b) is not None, "was let in"
      return next((e for e in lines_since(stage.b, mark) if e["ev"] in ("conn.handshake_failed", "hello.stranger")), None)
    line = until(told, 60, "a line of the log")
    assert word in json.dumps(line), f"{line}, expected {word}"
    bystander.ask("ping", token=1)
  assert enters(stage, stage.context(DEVICE), stage.b) is None, "the right one is no longer let in"
