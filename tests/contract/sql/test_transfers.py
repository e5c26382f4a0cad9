"""Transfers: from office to office, whoever is paired with whom, leg by leg; what each leg opens, and to whom it stays closed."""
from clock_desk import look, pass_time
from support.runner import case

NOTHING = ("show_transfer", "list_transfers", "sign_transfer")


def opened(desk, **fields):
  return desk.ask("open_dispute", type=2, title="邻里漏水", **fields)[0]["no"]


def sent(desk, about, to_office="j2", **fields):
  answer = desk.ask("send_transfer", about=about, to_office=to_office, reason="当事人居住在你辖区", **fields)[0]
  assert answer["outcome"] == "done", answer
  return answer["no"]


def turn(desk, name, no, **fields):
  answer = desk.ask(name, transfer=no, **fields)[0]
  return answer["reason"] or answer["outcome"], answer["state"]


def sees(desk, no):
  return desk.ask("show_dispute" if no.startswith("JF") else "show_incident", dispute=no, incident=no)[0]["reason"] is None


@case
def leg_by_leg(ground):
  """The whole way; the receiver reads from the start, acts once it has accepted, and everybody else is told nothing."""
  with ground.district() as d:
    p, j, third = d.desk("p1"), d.desk("j2", "head"), d.desk("p2", "chief")
    about = opened(p)
    assert not sees(j, about)
    no = sent(p, about, mode=2, doc_no="岳公移〔2026〕3号")
    assert no == "YS-2026-000001" and sees(j, about) and not sees(third, about)
    assert third.ask("show_transfer", transfer=no)[0]["reason"] == "NOT_FOUND" == turn(third, "sign_transfer", no)[0]
    assert third.ask("list_transfers", limit=50) == []
    note = lambda: j.ask("note_dispute", dispute=about, note="已联系双方")[0]["reason"]  # noqa: E731
    assert note() == "NOT_YOURS", "to read, so far"
    assert turn(j, "accept_transfer", no) == ("ILLEGAL_TRANSITION", 1)
    assert turn(p, "sign_transfer", no)[0] == "NOT_YOURS"
    assert turn(j, "deliver_transfer", no) == ("done", 2)
    assert (delivered := j.ask("show_transfer", transfer=no)[0])["updated_by"] == "系统", delivered
    assert turn(j, "sign_transfer", no) == ("done", 3)
    signed = d.sql("select kind, f.office, officer from feed f where no = $1 order by seq", no)[1:]
    assert signed == [("deliver_transfer", "j2", "系统"), ("sign_transfer", "j2", "j2-head")], "nobody's act, but the terminal's"
    assert turn(p, "recall_transfer", no, reason="送错") == ("ILLEGAL_TRANSITION", 3)
    assert turn(j, "accept_transfer", no, note="由李某承办") == ("done", 4) and note() is None
    assert turn(j, "feedback_transfer", no) == ("REQUIRED", None)
    assert turn(j, "feedback_transfer", no, feedback="达成书面协议") == ("done", 6)
    assert turn(j, "confirm_transfer", no)[0] == "NOT_YOURS"
    assert turn(p, "confirm_transfer", no) == ("done", 7)
    row = p.ask("show_transfer", transfer=no)[0]
    assert (row["about"], row["from_office"], row["to_office"], row["signed_by"], row["feedback"]) == (about, "p1", "j2", "j2-head", "达成书面协议"), row
    assert all(row[leg] is not None and row[leg] >= 0 for leg in ("delivery_ms", "signing_ms", "decision_ms", "feedback_ms", "confirmation_ms")), row
    assert d.sql("select intact from feed_verify()") == [("t",)]


@case
def who_hears(ground):
  """The receiving office is told by the transfer's first event, and of the record by a grant; nobody learns of it who sees neither."""
  with ground.district() as d:
    no = sent(d.desk("p1"), about := opened(d.desk("p1")))
    told = d.sql("select no, kind, array(select o.code from office o where o.id = any (feed.audience) order by o.code) from feed where kind <> 'open_dispute' order by seq")
    assert told == [(no, "send_transfer", "{j1,j2,jb,p1,pb}"), (about, "grant_access", "{j1,j2,jb,p1,pb}")], told
    named = d.sql("select kind, subject, $1::int8 = any (named) from feed_told where kind <> 'open_dispute' order by seq", -int(d.ids["j2"]))
    assert named == [("send_transfer", None, "t"), ("grant_access", "-" + d.ids["j2"], "t")], named


@case
def closed_again(ground):
  """Returned or recalled: the record is hidden from that office as before, the transfer is not, for it is what they did."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j2", "head")
    for about in (opened(p), d.report(p)["no"]):
      first = sent(p, about)
      assert turn(j, "sign_transfer", first) == ("done", 3) and sees(j, about)
      assert turn(j, "return_transfer", first) == ("REASON_REQUIRED", None)
      assert turn(j, "return_transfer", first, reason="双方均不在本辖区") == ("done", 5) and not sees(j, about)
      assert j.ask("show_transfer", transfer=first)[0]["returned_reason"] == "双方均不在本辖区"
      second = sent(p, about)
      assert sees(j, about) and turn(p, "recall_transfer", second, reason="送错单位") == ("done", 8) and not sees(j, about)
      kinds = [k for k, in d.sql("select kind from feed where no = $1 and kind like '%access' order by seq", about)]
      assert kinds == ["grant_access", "withdraw_access"] * 2, kinds


@case
def taken_over(ground):
  """The lead moves when it is accepted; the sender goes on seeing it, and whoever does not lead can't hand the lead on."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j2", "head")
    no = sent(p, about := opened(p), mode=3)
    assert turn(j, "sign_transfer", no) == ("done", 3)
    assert p.ask("show_dispute", dispute=about)[0]["lead_office"] is None
    assert turn(j, "accept_transfer", no) == ("done", 4)
    assert p.ask("show_dispute", dispute=about)[0]["lead_office"] == "j2"
    assert d.sql("select changed, new_values from feed where no = $1 and kind = 'accept_transfer'", about) == [("{lead_office}", "{j2}")]
    answer = p.ask("send_transfer", about=about, to_office="j3", mode=3, reason="x")[0]
    assert (answer["reason"], answer["field"]) == ("NOT_YOURS", "mode")
    assert p.ask("send_transfer", about=about, to_office="j3", mode=1, reason="x")[0]["outcome"] == "done"


@case
def crossing(ground):
  """Two transfers of one record against each other, or two that both take it over: the second is refused and names the first."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j1", "head")
    about = opened(p)
    first = sent(p, about, "j1", mode=3)
    for desk, to_office, mode in ((j, "p1", 1), (p, "j1", 1), (j, "j3", 3)):
      answer = desk.ask("send_transfer", about=about, to_office=to_office, mode=mode, reason="x")[0]
      assert (answer["outcome"], answer["reason"], answer["field"], answer["conflict_theirs"]) == ("refused", "TRANSFER_OPEN", "about", [first]), answer
    assert j.ask("send_transfer", about=about, to_office="j3", mode=2, reason="x")[0]["outcome"] == "done", "beside it: somebody else helps"
    assert turn(p, "recall_transfer", first, reason="改由你方移出") == ("done", 8)
    assert j.ask("send_transfer", about=about, to_office="p1", mode=1, reason="x")[0]["outcome"] == "done"


@case
def refused(ground):
  with ground.district() as d:
    p, other = d.desk("p1"), d.desk("p2")
    about = opened(p)
    ask = lambda desk, **fields: (lambda a: (a["reason"], a["field"]))(desk.ask("send_transfer", **{"about": about, "to_office": "j2", "reason": "x", **fields})[0])  # noqa: E731
    assert ask(other) == ("NOT_FOUND", "about") and ask(p, about=None) == ("REQUIRED", "about")
    assert ask(p, to_office="nowhere") == ("UNKNOWN_VALUE", "to_office") == ask(p, to_office="p1") == ask(p, to_office="pb")
    assert ask(p, to_office=None) == ("REQUIRED", "to_office") and ask(p, reason=None) == ("REASON_REQUIRED", "reason")
    no = sent(p, about)
    assert ask(p, about=no) == ("UNKNOWN_VALUE", "about"), "a transfer is not transferred"
    assert ask(d.desk("j2", "head"), to_office="j3") == ("NOT_YOURS", "about"), "what is open for reading is not handed on"
    d.sql("update dispute set sensitivity = 3")
    assert ask(d.desk("p1", "officer"), to_office="j3") == ("NOT_FOUND", "about")
    d.sql("update right_rule set sensitivity_most = 3 where role = 2 and relation = 'OWN'; select rights_work_out()")
    assert ask(p, to_office="j3") == ("ROLE_NOT_ALLOWED", "about") and ask(d.desk("p1", "chief"), to_office="j3") == (None, None)
    assert not sees(d.desk("j3"), about) and sees(d.desk("j3", "head"), about), "a record of that level is for the head of the receiving office"


@case
def lists(ground):
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j2", "head")
    first, second = opened(p), opened(p)
    a, b, c = sent(p, first), sent(p, second), sent(p, first, "j3")
    nos = lambda desk, **fields: [r["no"] for r in desk.ask("list_transfers", limit=50, **fields)]  # noqa: E731
    assert nos(p) == [c, b, a] == nos(p, from_me=True) and nos(p, to_me=True) == [] and nos(j) == [b, a] == nos(j, to_me=True)
    assert turn(p, "recall_transfer", b, reason="送错") == ("done", 8)
    assert nos(j, open=True) == [a] and nos(p, about=first) == [c, a] and nos(p, states=[8]) == [b]
    assert p.ask("list_transfers", about="JF-2020-000001")[0]["reason"] == "NOT_FOUND about"
    page = p.ask("list_transfers", limit=2)
    assert [r["no"] for r in page] == [c, b] and [r["no"] for r in p.ask("list_transfers", limit=2, page=page[0]["next"])] == [a]


def clocks(d):
  return d.sql("select c.rule, o.code, c.stopped_at is not null from clock c join office o on o.id = c.owner where c.type = 3 order by c.id")


@case
def by_when(ground):
  """Four hours to sign, three working days to decide; both are the receiving office's, which is told before and after."""
  with ground.district() as d:
    p, j = d.desk("p1"), d.desk("j2", "head")
    no = sent(p, opened(p))
    assert clocks(d) == [("sign", "j2", "f")]
    assert d.sql("select due_at - started_at from clock") == [("04:00:00",)]
    pass_time(d, 4 * 3600 + 1)
    assert look(d)[0] == 1
    told = d.sql("select kind, note, $1::int4 = any (audience) from feed where no = $2 order by seq desc limit 1", d.ids["j2"], no)
    assert told == [("deadline_breached", "移送签收", "t")], told
    raised = [(r["kind"], r["about"], r["title"]) for r in p.ask("list_alerts", limit=9)]
    assert raised == [(15, no, f"超过时限（移送签收） {no}：请签收或退回。邻里漏水（j2）")], raised
    assert d.sql("select o.code from alert_office a join office o on o.id = a.office order by 1") == [("j2",), ("p1",)], "who should sign and who sent it; the paired office is neither"
    assert turn(j, "sign_transfer", no) == ("done", 3) and clocks(d) == [("sign", "j2", "t"), ("decide", "j2", "f")]
    assert turn(j, "return_transfer", no, reason="双方均不在本辖区") == ("done", 5) and clocks(d)[1][2] == "t"
    assert turn(p, "recall_transfer", sent(p, opened(p)), reason="送错") == ("done", 8) and [c[2] for c in clocks(d)] == ["t"] * 3
