"""A dispute's life between two real clients: what one side does the other reads, and what takes both takes both."""
import re
from concurrent.futures import ThreadPoolExecutor

from support.runner import case
from test_client import client, report


def J(stage, *words):
  return client(stage, *words, device="yts-head")


def P(stage, *words):
  return client(stage, *words, device="ytp-chief")


def good(answer):
  code, said, talk = answer
  assert code == 0, (said, talk)
  return said


@case
def a_noisy_neighbour(stage):
  """From the register to the file: 橙色, so both heads close it."""
  said = good(P(stage, "dispute", "open", "--type", "邻里", "--warning", "橙色·可能激化", "楼上装修噪音"))
  no = re.search(r"JF-\d{4}-\d{6}", said)[0]
  code, _, talk = J(stage, "dispute", "accept", no, "双方签字")
  assert code != 0 and "liandong dispute assess" in talk, talk
  good(J(stage, "dispute", "assess", no, "--warning", "橙色·可能激化", "--complexity", "疑难复杂"))
  code, _, talk = J(stage, "dispute", "accept", no, "")
  assert code != 0 and "consent" in talk, talk
  good(J(stage, "dispute", "accept", no, "双方签字"))
  assert "期限" in good(P(stage, "dispute", "show", no)) or "司法所" in good(P(stage, "dispute", "show", no))
  secret = "甲方怕他哥哥动手"
  said = good(J(stage, "mediation", "hold", no, "背靠背", "分别听了两家", "--risk", "中风险", "--note-private", secret))
  assert re.search(r"轮次 +1\n", said) and re.search(r"方式 +背靠背", said), said
  assert re.search(r"时限 +人民调解期限 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", said), said
  seen = good(P(stage, "mediation", "list", no))
  assert "背靠背" in seen and "中风险" in seen and secret not in seen, seen
  assert secret in good(J(stage, "mediation", "private", no, "1"))
  good(J(stage, "mediation", "correct", no, "1", "--session-version", "1", "--place", "三号调解室"))
  told = good(P(stage, "dispute", "history", no))
  assert "调解地点（已更正）" in told and "见调解记录" in told and "三号调解室" not in told, told
  assert "三号调解室" in good(P(stage, "mediation", "list", no, "-o", "csv"))
  code, said, talk = P(stage, "mediation", "private", no, "1")
  assert code != 0 and secret not in said + talk, talk
  told = good(P(stage, "dispute", "history", no))
  assert "调解" in told and secret not in told, told
  assert secret not in stage.a.output()
  good(J(stage, "agreement", "make", no, "书面", "晚八点后不施工"))
  good(J(stage, "agreement", "perform", no, "已履行完"))
  code, _, talk = J(stage, "dispute", "close", no)
  assert code != 0 and "dispute visit" in talk, talk
  good(J(stage, "dispute", "visit", no, "双方满意", "--performed", "--satisfaction", "满意"))
  assert "派出所负责人" in good(J(stage, "dispute", "close", no))
  code, _, talk = J(stage, "dispute", "close", no)
  assert code != 0 and "对方" in talk, talk
  assert "已结案" in good(P(stage, "dispute", "close", no)) or "结案" in good(P(stage, "dispute", "show", no))
  code, _, talk = J(stage, "dispute", "archive", no, "--items", "申请登记材料")
  assert code != 0 and "调解笔录" in talk and "回访记录" in talk and "FILE_ITEM" not in talk, talk
  good(J(stage, "dispute", "archive", no, "--items", "申请登记材料,当事人同意,调查记录,调解笔录,调解协议书,回访记录"))


@case
def out_of_an_incident(stage):
  """The place is sealed anew for the dispute, by the one request; the other side reads it there, and both records name each other."""
  place = "建设路" + stage.word()
  alarm = report(stage, "楼上漏水", "--place", place, "--mass-count", "4")
  said = good(J(stage, "dispute", "open", "--type", "邻里", "--from", alarm, "楼上漏水"))
  no = re.search(r"JF-\d{4}-\d{6}", said)[0]
  for shown in (good(J(stage, "dispute", "show", no)), good(P(stage, "dispute", "show", no))):
    assert place in shown and re.search(r"涉及人数 +4", shown), shown
  assert no in good(P(stage, "incident", "history", alarm)) and alarm in good(J(stage, "dispute", "history", no))
  assert alarm in good(J(stage, "dispute", "timeline", no))
  with stage.cluster.session(stage.base) as s:
    s.rows("set search_path to liandong")
    assert s.rows("select count(*) from dispute where place like '%' || $1 || '%'", place) == [("0",)]
    assert s.rows("select count(distinct place) from (select d.place from dispute d where record_no(num) = $1 union all select i.place from incident i where incident_no(num) = $2) x",
                  no, alarm) == [("2",)], "a token of its own"
  own = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "--from", alarm, "--place", "另一处", "楼下渗水")))[0]
  assert "另一处" in good(P(stage, "dispute", "show", own)) and place not in good(P(stage, "dispute", "show", own))
  bare = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "--from", report(stage, "不知何处"), "不知何处漏水")))[0]
  assert "地点" not in good(P(stage, "dispute", "show", bare))
  code, said, talk = client(stage, "dispute", "open", "--type", "邻里", "--from", alarm, "看不到的", device="xcp-duty")
  assert code == 3 and "--from" in talk and "incident list" in talk and "dispute list" not in talk and not said, (code, said, talk)
  request = "018f0000-0000-7000-8000-0000000000f1"
  once = good(P(stage, "dispute", "open", "--type", "邻里", "--from", alarm, "只办一次", "--request-id", request))
  good(P(stage, "incident", "correct", alarm, "--place", "改过的地点"))
  assert re.search(r"JF-\d{4}-\d{6}", once)[0] in good(P(stage, "dispute", "open", "--type", "邻里", "--from", alarm, "只办一次", "--request-id", request)), "the same request"


@case
def amounts_in_yuan(stage):
  """Typed and read in yuan wherever an amount is; fen for programs, under the name that says so."""
  no = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "借贷", "--amount", "３０００．５", "借款未还")))[0]
  assert re.search(r"涉及金额（元） +3000\.50\n", good(P(stage, "dispute", "show", no)))
  assert '"amount_fen": "300050"' in good(P(stage, "dispute", "show", no, "-o", "json"))
  listed = good(P(stage, "dispute", "list", "--fields", "no,amount_fen", "-o", "csv"))
  assert "涉及金额（元）" in listed and re.search(rf"{no}\W+3000\.50", listed), listed
  base = good(P(stage, "dispute", "show", no, "--fields", "version", "-o", "csv")).split()[-1]
  good(P(stage, "dispute", "correct", no, "--amount", "2800"))
  code, _, talk = J(stage, "dispute", "correct", no, "--base-version", base, "--amount", "2500.25")
  assert code != 0 and "2800" in talk and "2500.25" in talk and "280000" not in talk, talk
  told = good(P(stage, "dispute", "history", no))
  assert re.search(r"涉及金额（元） +3000\.50 +2800", told) and "280000" not in told, told
  for word in ("3,000", "1.234", "-5", "很多"):
    code, _, talk = P(stage, "dispute", "correct", no, f"--amount={word}")
    assert code == 2 and word in talk and "3000.50" in talk, talk
  code, _, talk = P(stage, "dispute", "correct", no, "--amount-fen", "300000")
  assert code == 2 and "--amount" in talk, talk


@case
def two_edit_at_once(stage):
  no = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "漏水")))[0]
  good(J(stage, "dispute", "correct", no, "--people-count", "4", "--base-version", "1"))
  good(P(stage, "dispute", "correct", no, "--police-result", "口头警告", "--base-version", "1"))
  code, _, talk = P(stage, "dispute", "correct", no, "--people-count", "6", "--base-version", "1")
  assert code != 0 and "4" in talk and "6" in talk, talk
  code, _, talk = P(stage, "dispute", "correct", no, "--track", "联合调解")
  assert code != 0 and "另一方" in talk, talk
  assert "口头警告" in good(J(stage, "dispute", "show", no))


@case
def two_correct_one_session(stage):
  """Two clients at the same moment, on the version that both read. Different fields: both stand. The same one: one stands, the other is shown both
  values, what is sealed and what has words of its own as well, and with the version that he is told he goes on."""
  no = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "漏水")))[0]
  good(J(stage, "dispute", "assess", no, "黄"))
  good(J(stage, "dispute", "accept", no, "双方签字"))
  good(J(stage, "mediation", "hold", no, "面对面", "谈了一次", "--place", "所里"))

  def at_once(version, *edits):
    both = [("yts-head", edits[0]), ("yts-mediator", edits[1])]
    with ThreadPoolExecutor(2) as pool:
      return list(pool.map(lambda who: client(stage, "mediation", "correct", no, "1", "--session-version", str(version), *who[1], device=who[0]), both))
  for answer in at_once(1, ("--participants", "社区老李"), ("--mediators", "刘芳")):
    good(answer)
  listed = good(P(stage, "mediation", "list", no, "-o", "json"))
  assert "社区老李" in listed and "刘芳" in listed and '"session_version": 3' in listed, listed
  edits = ("--place", "建设路社区", "--session-result", "未达成"), ("--place", "书院路社区", "--session-result", "接近达成")
  answers = at_once(3, *edits)
  assert sorted(code == 0 for code, *_ in answers) == [False, True], answers
  lost = [code == 0 for code, *_ in answers].index(False)
  talk = answers[lost][2]
  assert all(word in talk for word in ("建设路社区", "书院路社区", edits[0][3], edits[1][3])) and "4" in talk, talk
  stands, wanted = edits[1 - lost][1], edits[lost][1]
  places = lambda: re.findall("(?:建设|书院)路社区", good(P(stage, "mediation", "list", no, "-o", "json")))  # noqa: E731
  assert places() == [stands]
  good(J(stage, "mediation", "correct", no, "1", "--session-version", "4", "--place", wanted))
  assert places() == [wanted]


@case
def places_and_lists_are_corrected(stage):
  """What is sealed for its record comes back to both sides; lists are emptied, and told in words wherever they are told."""
  no = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "--place", "建设路 1 号", "漏水")))[0]
  good(J(stage, "dispute", "assess", no, "黄", "--causes", "结伙斗殴,寻衅滋事"))
  good(J(stage, "dispute", "correct", no, "--place", "书院路 2 号"))
  shown, history = good(P(stage, "dispute", "show", no)), good(P(stage, "dispute", "history", no))
  assert "书院路 2 号" in shown and "建设路 1 号" in history and "书院路 2 号" in history, history
  assert "结伙斗殴、寻衅滋事" in history, history
  code, _, talk = P(stage, "dispute", "correct", no, "--causes", "雇凶", "--base-version", "1")
  assert code != 0 and "结伙斗殴、寻衅滋事" in talk and "雇凶" in talk, talk
  good(J(stage, "dispute", "correct", no, "--no-causes"))
  assert "结伙斗殴" not in good(P(stage, "dispute", "show", no))
  good(J(stage, "party", "add", no, "张三", "--role", "victim", "--phone", "13807320077"))
  history = good(J(stage, "dispute", "history", no))
  assert "受害人" in history and "role,name" not in history, history
  good(J(stage, "dispute", "accept", no, "双方签字"))
  good(J(stage, "mediation", "hold", no, "面对面", "谈了一次", "--place", "所里", "--present", "a,b"))
  good(J(stage, "mediation", "correct", no, "1", "--session-version", "1", "--place", "建设路社区", "--no-present"))
  timeline = good(P(stage, "dispute", "timeline", no))
  assert "谈了一次" in timeline and "双方签字" in timeline, timeline
  sessions = good(P(stage, "mediation", "list", no, "-o", "json"))
  assert "建设路社区" in sessions and "所里" not in sessions and "PARTY_A" not in sessions, sessions
  code, _, talk = J(stage, "mediation", "correct", no, "7", "--session-version", "1", "--place", "别处")
  assert code != 0 and "mediation list" in talk, talk
  code, _, talk = J(stage, "dispute", "archive", no, "--items", "申请登记材料")
  assert code != 0 and "FILE_ITEM" not in talk, talk


@case
def the_longest_lists(stage):
  """So many of the longest rows as may be asked for fit one frame, and the client goes on from page to page."""
  no = re.search(r"JF-\d{4}-\d{6}", good(P(stage, "dispute", "open", "--type", "邻里", "多轮调解")))[0]
  long, longer = "长" * 1333, "长" * 2666
  with stage.cluster.session(stage.base) as s:
    s.rows("set search_path to liandong")
    for table, columns, values in (("mediation_session", "mode, held_at, ignite, participants, note_open", f"1, now(), false, '{long}', '{longer}'"),
                                   ("agreement", "form, terms, effective_at, confirm_by", f"1, '{longer}', now(), now()"),
                                   ("visit", "visited_at, note", f"now(), '{long}'")):
      s.rows(f"insert into {table}(id, num, seq, {columns}, office, officer, entered_at) select gen_random_uuid(), num, n, {values}, origin, '某', now()"
             " from dispute, generate_series(1, 210) n where record_no(num) = $1", no)
  for verb, most in (("mediation list", 60), ("agreement list", 100), ("dispute visits", 200)):
    assert good(P(stage, *verb.split(), no, "--limit", str(most), "-o", "csv")).count("\n") == most + 1, verb
    code, _, talk = P(stage, *verb.split(), no, "--limit", str(most + 1))
    assert code == 2 and str(most) in talk, talk
  seen, more = [], ["mediation", "list", no, "--limit", "60", "--fields", "round", "-o", "csv"]
  while more:
    code, said, talk = P(stage, *more)
    assert code == 0, talk
    seen += [int(n) for n in said.split()[1:]]
    found = re.search(r"liandong (mediation list .*)", talk)
    more = found[1].split() if found else None
  assert seen == list(range(1, 211)), seen
