"""What cases about disputes have in common: a dispute is opened, accepted, asked something of."""


def opened(desk, **fields):
  got = desk.ask("open_dispute", **{"type": 2, "title": "楼上漏水", "warning": 2, **fields})[0]
  assert got["outcome"] == "done", got
  return got["no"]


def ask(desk, kind, no, /, **fields):
  return desk.ask(kind, dispute=no, **fields)[0]


def done(desk, kind, no, /, **fields):
  got = ask(desk, kind, no, **fields)
  assert got["outcome"] == "done", (kind, got)
  return got


def refused(desk, kind, no, /, **fields):
  got = ask(desk, kind, no, **fields)
  assert got["outcome"] == "refused", (kind, got)
  return got["reason"], got["field"]


def pages(desk, kind, no, limit, **fields):
  """All rows of a list, page by page; how many each page had."""
  rows, sizes, page = [], [], None
  while True:
    got = desk.ask(kind, dispute=no, limit=limit, page=page, **fields)
    rows += got
    sizes.append(len(got))
    page = got[0]["next"] if got else None
    if page is None:
      return rows, sizes


def show(desk, no):
  return desk.ask("show_dispute", dispute=no)[0]


def visited(d):
  d.sql("insert into visit(id, num, seq, visited_at, office, officer, entered_at) select gen_random_uuid(), num, 1, now(), origin, '某', now() from dispute")


def accepted(d, **fields):
  """A dispute that j1 leads, from now on."""
  no = opened(d.desk("p1"))
  done(d.desk("p1"), "assess_dispute", no, warning=2)
  done(d.desk("j1", "head"), "accept_dispute", no, consent="双方签字", **fields)
  return no
