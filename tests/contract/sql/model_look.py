"""What stands in the database, and what each caller sees of it, against what model.py has: carried out now and then by test_model.py."""
from model import text

TOLD = {  # fields whose changes are compared; moments are the database's
  "dispute": "state type title people_count warning complexity track joint_required lead_office consent outcome outcome_note closed_police closed_judicial causes "
             "lowered_to lowered_office police_result extension_consent reopened_n rounds failed_rounds round session_mode session_result note_open ignite agreement_no "
             "agreement_form court confirmed performance visit_no performed relapse subtype area merged_into linked "
             "absorbed released",
  "incident": "state class level content area linked",
  "transfer": "state about from_office to_office mode title doc_no why returned_reason feedback signed_by",
  "alert": "state kind title about supersedes superseded_by acked_by acked_office outcome escalation plan planned_by asked review lessons "
           "reviewed_by",
  "task": "state about to_office to_account title content by_proxy result answered_by rechecked_by"}
LISTED_ONLY = {"by_proxy"}
TOLD = {kind: frozenset(names.split()) for kind, names in TOLD.items()}
# What holds of every database, whatever happened: each finds no row.
NEVER = (
  ("a request in the feed twice", "select request_id from feed group by request_id having count(*) > 1"),
  ("versions with a gap", "select num from feed where num > 0 group by num having array_agg(version order by seq) <> array_agg(version order by version) or max(version) <> count(distinct version)"),
  ("a clock that waits for an alert that was acknowledged", "select a.num from alert a join clock c using (num) where a.state <> 1 and c.rule <> 'ACT' and c.stopped_at is null"),
  ("a clock of an alert that is over", "select a.num from alert a join clock c using (num) where a.state > 3 and c.stopped_at is null"),
  ("a clock of a transfer or a task that is over", "select c.num from clock c join any_record r using (num) where c.stopped_at is null and (r.tableoid = 'transfer'::regclass"
   " and r.state not in (1, 2, 3) or r.tableoid = 'task'::regclass and r.state not in (1, 2))"),
  ("a clock that runs of a dispute that is closed or merged", "select d.num from dispute d join clock c using (num) where c.stopped_at is null and (d.state in (4, 20, 21, 24)"
   " and c.rule not like 'VISIT\\_DV%' and (d.state in (4, 24) or c.rule not in ('VISIT_30', 'VISIT_90')) or d.state = 23)"),
  ("visits of a mark without it", "select d.num from dispute d join clock c using (num) where c.stopped_at is null and c.rule like 'VISIT\\_DV%' and d.subtype is distinct from '家暴'"),
  ("a clock paused by a suspension that is over", "select d.num from dispute d join clock c using (num) where c.stopped_at is null and c.paused_at is not null and d.state <> 7"),
  ("legs of a transfer in another order", "select num from transfer where array(select x from unnest(array[sent_at, delivered_at, signed_at, coalesce(accepted_at, returned_at), feedback_at,"
   " confirmed_at]) x where x is not null) <> array(select x from unnest(array[sent_at, delivered_at, signed_at, coalesce(accepted_at, returned_at), feedback_at, confirmed_at]) x"
   " where x is not null order by x)"),
  ("rounds that are not the sessions", "select d.num from dispute d where (d.rounds, d.failed_rounds) <> (select count(*) filter (where s.result is distinct from 5), count(*) filter (where s.result = 3) from mediation_session s"
   " where s.num = d.num)"),
  ("a merged dispute that stands for none", "select d.num from dispute d where (d.state = 23) <> (d.merged_into is not null) or (d.state = 23) <> exists (select from dispute_merge m"
   " where m.dispute = d.num and m.undone_at is null)"),
  ("a joint dispute counted twice", "select num from joint_span where until = 'infinity' group by num, station, judicial having count(*) > 1"))
ENDED = {"dispute": (4, 20, 21, 23, 24), "transfer": (5, 7, 8), "alert": (4, 5, 6, 7), "task": (3, 4, 5, 6)}  # a watch that starts anew is not told of them


def said(value):
  return None if value == "" else value


class Looks:
  def look(self):
    d, world = self.d, self.world
    rows = d.sql("select seq, no, kind, version, state, changed from feed where seq > $1 order by seq", self.seen)
    for n, (row, event) in enumerate(zip(rows, world.feed[self.seen:]), self.seen + 1):
      if event.no is None:  # the directory's
        assert row[0] == str(n) and row[2] == event.kind, f"{self.where}: event {row}, expected {n} {event}"
        continue
      told = TOLD[world.records[event.no].kind] - LISTED_ONLY
      changed = set((row[5] or "{}")[1:-1].split(",")) & told
      assert (*row[:5], changed) == (str(n), event.no, event.kind, str(event.version), str(event.state), event.changed & told), \
        self.story(f"event {row}, expected {n} {event}", {"record": event.no})
    assert self.seen + len(rows) == len(world.feed), (self.where, len(rows), world.feed[self.seen + len(rows):][:3])
    self.seen = len(world.feed)
    assert d.sql("select intact, checked from feed_verify()") == [("t", str(self.seen))], self.where
    assert d.sql("select checked, broken, first_broken from records_verify()") == [(str(len(world.records)), "0", None)], (
      self.where, d.sql("select * from records_verify()"))
    clocks = {}
    for no, *row in d.sql("select record_no(num), rule, stopped_at is not null, paused_at is not null, near_fired_at is not null, fired_at is not null from clock order by id"):
      clocks.setdefault(no, []).append((row[0], *(v == "t" for v in row[1:])))
    for record in world.records.values():
      assert clocks.get(record.no, []) == [c.row() for c in record.clocks], self.story(f"clocks {clocks.get(record.no)}, expected {[c.row() for c in record.clocks]}", {"record": record.no})
    assert d.sql("select count(*), count(distinct num) from any_record") == [(str(len(world.records)),) * 2], self.where
    links = d.sql("select record_no(dispute), record_no(incident), external_no, external_office, undone_at is null from record_link order by id")
    assert links == [(*row[:4], "f" if row in world.unlinked else "t") for row in world.links], (self.where, links)
    for what, found in NEVER:
      assert d.sql(found) == [], f"{self.where}: {what}: {d.sql(found)}"
    for who, desk in self.desks.items():
      self.sees(who, desk)

  def sees(self, who, desk):
    seen = [r for r in self.world.records.values() if self.world.sees(who, r)]
    numbers = {r.no for r in seen}
    listed = {}
    for kind in TOLD:
      listed.update((row["no"], row) for row in self.pages(desk, f"list_{kind}s", 200))
    assert set(listed) == numbers, (self.where, who, set(listed) ^ numbers)
    for record in seen:
      row = listed[record.no]
      assert (row["version"], row["state"], row["sensitivity"]) == (record.version, record.state, record.sensitivity), (self.where, row)
      for field in TOLD[record.kind] & set(row) - {"state", "acked_by", "why"}:
        assert text(row[field]) == text(record.fields.get(field)), self.story(f"{field} is {row[field]}", {"record": record.no})
    for record in self.r.sample(list(self.world.records.values()), min(12, len(self.world.records))):
      row = desk.ask(f"show_{record.kind}", **{record.kind: record.no})[0]
      assert row.pop("reason") == (None if record.no in numbers else "NOT_FOUND"), (self.where, who, record.no)
      if record.no in numbers:
        row.pop("allowed", None)  # a list says nothing of what could be done
        assert row == {name: listed[record.no][name] for name in row}, (self.where, who, row, listed[record.no])
      if record.kind == "dispute":
        self.held(who, desk, record, record.no in numbers)
      elif record.kind == "alert":
        self.answered(desk, record, record.no in numbers)
        self.planned(who, desk, record)
    wanted = [(n, e.no) for n, e in enumerate(self.world.feed, 1) if e.no in numbers]
    for page in ("_feed_page", "_feed_stretch"):
      told = self.told(who, desk, page)
      assert told == wanted, (self.where, who, page, sorted(set(told) ^ set(wanted))[:5])
    clocks = sorted((row["no"], row["rule"], row["state"] == 4) for row in self.pages(desk, "list_deadlines", 200) if row["no"])
    assert clocks == sorted((r.no, c.rule, c.paused) for r in seen for c in r.clocks if not c.stopped), (self.where, who, clocks)
    for kind, ended in ENDED.items():
      got = {row["no"] for row in self.pages(desk, f"_snapshot_{kind}s", 200)}
      assert got == {r.no for r in seen if r.kind == kind and r.state not in ended}, (self.where, who, kind)

  @staticmethod
  def pages(desk, name, limit):
    """A list to its end."""
    rows, page = [], None
    while more := desk.ask(name, limit=limit, page=page):
      rows += more
      page = more[0]["next"]
      if not page:
        break
    return rows

  def told(self, who, desk, page):
    """The events that a page of the feed tells, each once and in their order."""
    after, told = 0, []
    while rows := desk.ask(page, after=after, until=self.seen, limit=1000):
      seqs = [row["seq"] for row in rows]
      assert seqs[0] > after and seqs == sorted(set(seqs)), (self.where, who, page)
      told += [(row["seq"], row["no"]) for row in rows if row["version"] is not None and row["num"]]
      after = seqs[-1]
    return told

  def held(self, who, desk, record, seen):
    """What was done on a dispute; of a session's private note only that there is one, but for mediators."""
    for name, rows, fields in (("list_sessions", record.sessions, ("session_mode", "session_result", "note_open", "officer", "session_version")),
                               ("list_agreements", record.agreements, ("agreement_form", "terms", "court", "confirmed", "performance")),
                               ("list_visits", record.visits, ("performed", "officer"))):
      got = desk.ask(name, dispute=record.no)
      if not seen:
        assert [row["reason"] for row in got] == ["NOT_FOUND"], (self.where, who, name, got)
        continue
      assert [[row[f] for f in fields] for row in got] == [[said(row.get(f)) for f in fields] for row in rows], self.story(f"{name} {got}, expected {rows}", {"record": record.no})
      if name == "list_sessions":
        assert [(row["private_noted"], row["ignite"]) for row in got] == [(bool(row.get("note_private")), bool(row.get("ignite"))) for row in rows], (self.where, got)
    n = self.r.randint(1, len(record.sessions) + 1)
    row = desk.ask("show_session", dispute=record.no, round=n)[0]
    assert "note_private" not in str(desk.ask("list_sessions", dispute=record.no)), self.where
    wanted = "NOT_FOUND" if not seen else "ROLE_NOT_ALLOWED" if who.role not in (4, 5) else "NOT_YOURS" if self.world.only_reads(who, record) else "NO_SUCH_ROUND round" if n > len(record.sessions) else None
    assert row["reason"] == wanted, (self.where, who, record.no, row)
    assert row["note_private"] == (said(record.sessions[n - 1].get("note_private")) if wanted is None else None), (self.where, who, row)

  def planned(self, who, desk, record):
    """The plan of an alert, and the tasks that go with it, as far as the caller sees those."""
    world, rows = self.world, desk.ask("show_plan", alert=record.no)
    meant = world.records.get(world.alert_named(who, record.no) or "")
    reason = "NOT_FOUND" if meant is None or not world.sees(who, meant) else None if meant.fields.get("planned_by") else "NO_PLAN alert"
    assert {row["reason"] for row in rows} == {reason}, (self.where, who, record.no, rows)
    if reason is None:
      kin = world.family(meant.no, who)
      wanted = sorted(r.no for r in world.records.values() if r.kind == "task" and r.fields["about"] in kin and world.sees(who, r))
      assert (rows[0]["alert"], [row["no"] for row in rows if row["no"]]) == (meant.no, wanted), (self.where, who, record.no, rows)

  def answered(self, desk, record, seen):
    """Whom an alert went to, and who of them acknowledged."""
    rows = desk.ask("list_receipts", alert=record.no)
    if not seen:
      assert [row["reason"] for row in rows] == ["NOT_FOUND"], (self.where, rows)
      return
    assert {row["office"] for row in rows} == record.addressed, self.story(f"to {rows}, expected {record.addressed}", {"record": record.no})
    assert {row["office"] for row in rows if row["acked_at"]} == record.acked & record.addressed, self.story(f"by {rows}, expected {record.acked}", {"record": record.no})
