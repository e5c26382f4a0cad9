"""The district the tests play in: two pairs of offices that must not see each other, and the bureaus above both."""
import os

OFFICES = (  # code, name, system, kind, parent
  ("ytga", "岳塘公安分局", "police", "bureau", None),
  ("ytsf", "岳塘区司法局", "judicial", "bureau", None),
  ("ytp", "岳塘派出所", "police", "station", "ytga"),
  ("yts", "岳塘司法所", "judicial", "judicial_office", "ytsf"),
  ("xcp", "霞城派出所", "police", "station", "ytga"),
  ("xcs", "霞城司法所", "judicial", "judicial_office", "ytsf"),
)
PAIRINGS = (("ytp", "yts"), ("xcp", "xcs"))
DEVICES = (  # name, office, officer, role
  ("ytp-officer", "ytp", "李明", "officer"),
  ("ytp-duty", "ytp", "张建国", "duty"),
  ("ytp-duty2", "ytp", "陈志强", "duty"),
  ("ytp-chief", "ytp", "王海", "chief"),
  ("yts-mediator", "yts", "刘芳", "mediator"),
  ("yts-head", "yts", "周敏", "office_head"),
  ("xcp-duty", "xcp", "赵刚", "duty"),
  ("xcs-mediator", "xcs", "孙丽", "mediator"),
  ("ytga-viewer", "ytga", "钱进", "viewer"),
  ("admin", "ytga", "管理员", "admin"),
  ("auditor", "ytsf", "审计员", "auditor"),
  ("ytp-old", "ytp", "旧终端", "officer"),
  ("ytp-expired", "ytp", "过期终端", "officer"),
  # nobody's until somebody logs in
  ("ytp-desk", "ytp", None, None),
  ("ytp-desk2", "ytp", None, None),
  ("yts-desk", "yts", None, None),
  ("ytga-desk", "ytga", None, None),
  ("ytsf-desk", "ytsf", None, None),
)
ACCOUNTS = (  # code, name, office, role; without a password until a test gives one
  ("013001", "王海", "ytp", "chief"),
  ("013527", "张建国", "ytp", "duty"),
  ("s0001", "刘芳", "yts", "mediator"),
  ("ytga-admin", "吴管", "ytga", "admin"),
  ("ytsf-admin", "郑管", "ytsf", "admin"),
)
REVOKED = ("ytp-old",)
EXPIRED = ("ytp-expired",)
PAST = ("20200101000000Z", "20200201000000Z")


def certificates(authority):
  """Device name -> path without ending; also "server" and "stranger", a device that no directory names."""
  paths = {"server": authority.issue("server", "server"), "stranger": authority.issue("stranger")}
  for name, *_ in DEVICES:
    paths[name] = authority.issue(name, "device", *(PAST if name in EXPIRED else ()))
  return paths


def directory(paths, revoked=REVOKED):
  """The text of a directory file."""
  lines = []
  for code, name, system, kind, parent in OFFICES:
    lines += [f"[office {code}]", f"name = {name}", f"system = {system}", f"kind = {kind}"]
    lines += [f"parent = {parent}"] if parent else []
  for station, judicial in PAIRINGS:
    lines += [f"[pairing {station} {judicial}]", "since = 2019-08-01"]
  for name, office, officer, role in DEVICES:
    lines += [f"[device {name}]", f"office = {office}", *([f"officer = {officer}", f"role = {role}"] if role else []),
              f"certificate = {os.path.abspath(paths[name])}.pem", f"revoked = {'yes' if name in revoked else 'no'}"]
  for code, name, office, role in ACCOUNTS:
    lines += [f"[account {code}]", f"name = {name}", f"office = {office}", f"role = {role}"]
  return "\n".join(lines) + "\n"
