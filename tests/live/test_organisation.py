"""Positions and rosters, partners and stationed people, and that nobody locks out the last one: through the real client."""
import json
import time

from support.runner import case
from test_login import PASSWORD, admin, code_for, run, with_password


def boss(stage, *arguments, device="ytga-desk"):
  code, data, talk = run(stage, *arguments, device=device)
  assert code == 0, (arguments, code, data, talk)
  return data


def refused(stage, word, exit_code, *arguments, device="ytga-desk"):
  code, data, talk = run(stage, *arguments, device=device)
  assert code == exit_code and word in talk, (arguments, code, data, talk)


def administrators(stage):
  for account, device in (("ytga-admin", "ytga-desk"), ("ytsf-admin", "ytsf-desk")):
    admin(stage, account, device).close()
    code, _, talk = run(stage, "login", account, secrets=(PASSWORD,), device=device)
    assert code == 0, talk


def sits(stage, account, device, *arguments):
  with_password(stage, account, device)
  code, _, talk = run(stage, "login", account, *arguments, secrets=(PASSWORD,), device=device)
  assert code == 0, talk


def clock(hours):
  return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 8 * 3600 + hours * 3600))


def rows(data, name):
  return json.loads(data).get(name, [])


@case
def whom_to_call_now(stage):
  administrators(stage)
  boss(stage, "position", "open", "ytp-c", "岳塘警司联动中心", "--office", "ytp", "--kind", "centre", "--place", "岳塘路1号", "--phone", "58512345")
  boss(stage, "position", "open", "ytp-s1", "东门站点", "--office", "ytp", "--kind", "站点", "--place", "东门广场")
  refused(stage, "中心", 1, "position", "open", "ytp-c2", "又一中心", "--office", "ytp", "--kind", "centre", "--place", "别处")
  refused(stage, "代码", 6, "position", "open", "ytp-s1", "重名站点", "--office", "ytp", "--kind", "outpost", "--place", "别处")
  refused(stage, "", 5, "position", "open", "yts-x", "越权", "--office", "yts", "--kind", "outpost", "--place", "别处")
  refused(stage, "", 2, "position", "open", "Bad Code", "坏代码", "--office", "ytp", "--kind", "outpost", "--place", "别处")
  boss(stage, "position", "change", "ytp-c", "--phone", "58512346")
  boss(stage, "duty", "set", "ytp-c", "013527", clock(-1), clock(2))
  boss(stage, "duty", "set", "ytp-s1", "s0001", clock(-1), clock(2))  # of the paired office
  boss(stage, "duty", "set", "ytp-c", "013527", clock(4), clock(6))
  refused(stage, "值班", 1, "duty", "set", "ytp-s1", "013527", clock(1), clock(3))
  refused(stage, "", 2, "duty", "set", "ytp-s1", "no-such", clock(1), clock(3))
  refused(stage, "结对", 1, "duty", "set", "ytp-s1", "ytga-admin", clock(1), clock(3))
  refused(stage, "", 2, "duty", "set", "ytp-s1", "013527", clock(9), clock(8))
  for account, device in (("013001", "ytp-desk"), ("s0001", "yts-desk")):  # the office's own desk, and the paired one's
    sits(stage, account, device)
    code, data, talk = run(stage, "duty", "now", "-o", "json", device=device)
    assert code == 0, talk
    found = {(r["position"], r["account"], r.get("phone")) for r in rows(data, "duties")}
    assert found == {("ytp-c", "013527", "58512346"), ("ytp-s1", "s0001", None)}, data
    code, data, talk = run(stage, "duty", "list", "-o", "json", device=device)
    assert code == 0 and len(rows(data, "duties")) == 3, data
    code, data, talk = run(stage, "position", "list", device=device)
    assert code == 0 and "岳塘警司联动中心" in data and "东门站点" in data, data
    refused(stage, "", 5, "position", "close", "ytp-c", "不归我管", "--yes", device=device)
  for line in (("duty", "list"), ("position", "list")):  # another side's administrator
    data = boss(stage, *line, "-o", "json", device="ytsf-desk")
    assert not rows(data, "duties") and not rows(data, "positions"), data
  refused(stage, "", 3, "position", "close", "ytp-c", "越权", "--yes", device="ytsf-desk")
  boss(stage, "duty", "remove", "ytp-c", "013527", clock(0), "病假")
  refused(stage, "", 3, "duty", "remove", "ytp-c", "013527", clock(0), "再次")
  data = boss(stage, "duty", "now", "-o", "json")
  assert [r["account"] for r in rows(data, "duties")] == ["s0001"], data
  code, data, talk = run(stage, "duty", "now", device="ytp-desk")
  assert code == 0 and "刘芳" in data and "现在无人值班：岳塘派出所，岳塘警司联动中心（ytp-c）" in talk and "东门站点" not in talk, (data, talk)
  assert "系统管理员排班：liandong duty set ytp-c <" in talk and time.strftime("%Y-", time.gmtime()) in talk, talk
  boss(stage, "position", "close", "ytp-s1", "撤点", "--yes")
  assert not rows(boss(stage, "duty", "now", "-o", "json"), "duties")
  data = boss(stage, "office", "changes", "--limit", "100")
  for word in ("开设阵地", "修改阵地", "撤销阵地", "排班", "取消排班", "病假", "58512346"):
    assert word in data, (word, data)


@case
def roster_ends_with_the_pairing(stage):
  administrators(stage)
  boss(stage, "position", "open", "ytp-p", "结对站点", "--office", "ytp", "--kind", "outpost", "--place", "西门")
  boss(stage, "duty", "set", "ytp-p", "013001", clock(-1), clock(2))
  sits(stage, "s0001", "yts-desk")
  code, data, talk = run(stage, "duty", "now", "-o", "json", device="yts-desk")
  assert code == 0 and rows(data, "duties"), talk
  yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 - 86400))
  boss(stage, "office", "part", "ytp", "yts", "试用结束", "--until", yesterday, "--yes")
  code, data, talk = run(stage, "duty", "now", "-o", "json", device="yts-desk")
  assert code == 0 and not rows(data, "duties"), data
  boss(stage, "office", "pair", "ytp", "yts")  # as it was, for whoever comes next
  boss(stage, "office", "pair", "ytp", "yts", device="ytsf-desk")
  code, data, talk = run(stage, "duty", "now", "-o", "json", device="yts-desk")
  assert code == 0 and rows(data, "duties"), data


@case
def last_one_stays_whatever_the_way(stage):
  """Lock, unassign, an heir whose time ends sooner, oneself, one's own terminal: each through the client."""
  administrators(stage)
  refused(stage, "最后一位", 1, "account", "lock", "ytga-admin", "锁自己")
  refused(stage, "最后一位", 1, "account", "unassign", "ytga-admin", "ytga", "admin", "免自己")
  boss(stage, "office", "open", "lastp", "新所", "--system", "police", "--kind", "station", "--parent", "ytga")
  boss(stage, "account", "add", "lastp-chief", "新所长", "--office", "lastp", "--role", "chief")
  refused(stage, "最后一位", 1, "account", "lock", "lastp-chief", "唯一的所长")
  code, _, talk = run(stage, "device", "revoke", "ytga-desk", "自己的终端", "--yes", device="ytga-desk")
  assert code == 1, talk
  boss(stage, "account", "add", "heir", "接任人", "--office", "ytp", "--role", "officer")
  tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 + 86400))
  boss(stage, "account", "assign", "heir", "ytga", "admin", "--until", tomorrow)
  with_password(stage, "heir", "ytp-desk")
  refused(stage, "最后一位", 1, "account", "lock", "ytga-admin", "接任的后天就没有岗位了")
  refused(stage, "最后一位", 1, "account", "unassign", "ytga-admin", "ytga", "admin", "同上")
  boss(stage, "account", "unassign", "heir", "ytga", "admin", "改为长期")
  boss(stage, "account", "assign", "heir", "ytga", "admin", "--since", tomorrow)
  refused(stage, "最后一位", 1, "account", "lock", "ytga-admin", "接任的明天才上任")


@case
def partner_sees_nothing_by_default(stage):
  administrators(stage)
  boss(stage, "office", "open", "sq1", "东门社区", "--system", "police", "--kind", "partner", "--partner-kind", "社区", "--parent", "ytga")
  boss(stage, "account", "add", "sq-li", "李社区", "--office", "sq1", "--role", "officer")
  no = stage.report(content="社区不该看到的纠纷").no
  boss(stage, "account", "assign", "sq-li", "ytga", "viewer", "--reason", "只为登录")
  with_password(stage, "sq-li", "ytga-desk2" if "ytga-desk2" in stage.certificates else "ytga-desk")
  code, _, talk = run(stage, "login", "sq-li", "--office", "sq1", secrets=(PASSWORD,), device="ytga-desk")
  assert code == 0, talk
  code, data, talk = run(stage, "incident", "list", "-o", "json", device="ytga-desk")
  assert code == 0 and not rows(data, "incidents"), data
  code, data, talk = run(stage, "incident", "show", no, device="ytga-desk")
  assert code == 3 and "纠纷" not in data + talk, data + talk
  for line, name in ((("duty", "list"), "duties"), (("position", "list"), "positions")):
    code, data, talk = run(stage, *line, "-o", "json", device="ytga-desk")
    assert code == 0 and not rows(data, name), data


@case
def partners_told_apart(stage):
  """What kinds there are is a table: chosen by name or code, told in the reader's language, in the history; a kind that has ended is none."""
  administrators(stage)
  partner = ("--system", "partner", "--kind", "partner", "--parent", "ytga")
  refused(stage, "liandong office kinds", 2, "office", "open", "pk1", "某医院", *partner)
  refused(stage, "liandong office kinds", 2, "office", "open", "pk1", "某医院", *partner, "--partner-kind", "飞船")
  refused(stage, "liandong office kinds", 2, "office", "open", "pk1", "某所", "--system", "police", "--kind", "station", "--parent", "ytga", "--partner-kind", "医院")
  boss(stage, "office", "open", "pk1", "某医院", *partner, "--partner-kind", "医院")
  boss(stage, "office", "change", "pk1", "--partner-kind", "school")
  seen = lambda *words: boss(stage, *words)  # noqa: E731
  assert "学校" in seen("office", "list", "--office", "pk1") and "school" in seen("--lang", "en", "office", "list", "--office", "pk1")
  assert [(o.partner_kind, o.partner_kind_name) for o in stage.ask("admin", "list_offices", office="pk1").offices] == [("school", "学校")]
  told = seen("office", "changes", "--limit", "2")
  assert "医院" in told and "学校" in told and "school" not in told, told
  kinds = seen("office", "kinds")
  assert all(word in kinds for word in ("社区", "街道", "律师", "医院", "学校")) and "sub-district" in seen("--lang", "en", "office", "kinds")
  stage.sql("update partner_kind set ended_on = today() where code = 'prison'")
  refused(stage, "liandong office kinds", 2, "office", "change", "pk1", "--partner-kind", "监狱")


@case
def areas_are_managed_from_the_client(stage):
  """Opened, assigned with days, renamed, taken away, ended: each in the history; whoever does not look after one can't touch it."""
  administrators(stage)
  listed = lambda **terms: [(a.area, a.name, a.office, a.assigned_to, a.HasField("until")) for a in stage.ask("admin", "list_areas", **terms).areas]  # noqa: E731
  boss(stage, "area", "open", "dm-1", "东门网格", "--office", "ytp")
  refused(stage, "代码", 6, "area", "open", "dm-1", "重名", "--office", "ytp")
  refused(stage, "", 5, "area", "open", "dm-2", "越权", "--office", "yts")
  refused(stage, "", 5, "area", "assign", "dm-1", "yts", device="ytsf-desk")
  tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 + 86400))
  boss(stage, "area", "assign", "dm-1", "yts")
  refused(stage, "NO_CHANGE", 1, "area", "assign", "dm-1", "yts")
  refused(stage, "", 2, "area", "assign", "dm-1", "nowhere")
  boss(stage, "area", "assign", "dm-1", "yts", "--until", tomorrow)
  boss(stage, "area", "change", "dm-1", "--name", "东门第一网格")
  assert listed(office="ytp") == [("dm-1", "东门第一网格", "ytp", "yts", True)] == listed(office="yts")
  boss(stage, "area", "assign", "dm-1", "ytga", "--since", tomorrow)
  assert len(listed(office="ytp")) == 2
  for office in ("yts", "ytga"):
    boss(stage, "area", "unassign", "dm-1", office, "划给别人")
  refused(stage, "", 3, "area", "unassign", "dm-1", "yts", "再收一次")
  assert listed(office="ytp") == [("dm-1", "东门第一网格", "ytp", "", False)] and not listed(office="yts")
  boss(stage, "area", "close", "dm-1", "重新划分", "--yes")
  refused(stage, "", 3, "area", "assign", "dm-1", "yts")
  assert not listed(office="ytp")
  told = boss(stage, "office", "changes", "--limit", "8")
  assert all(word in told for word in ("设立辖区", "分配辖区", "变更辖区", "收回辖区", "撤销辖区", "东门第一网格", tomorrow)), told


@case
def stationed_at_another_office(stage):
  """前置到派出所: the same person acts for the station or for the own office, as the login says."""
  administrators(stage)
  no = stage.report(content="前置人员看得到的纠纷").no
  boss(stage, "account", "assign", "s0001", "ytp", "officer", "--reason", "前置到派出所")
  one_use = code_for(stage, "s0001")
  code, _, talk = run(stage, "login", "s0001", "--with-code", "--office", "ytp", secrets=(one_use, PASSWORD), device="ytp-desk")
  assert code == 0, talk
  code, data, talk = run(stage, "incident", "show", no, device="ytp-desk")
  assert code == 0 and "前置人员" in data, talk
  code, data, talk = run(stage, "status", "-o", "json", device="ytp-desk")
  assert code == 0 and "ytp" in data, data
  code, _, talk = run(stage, "login", "s0001", "--office", "yts", secrets=(PASSWORD,), device="ytp-desk")
  assert code == 0, talk
  code, data, talk = run(stage, "status", "-o", "json", device="ytp-desk")
  assert code == 0 and "yts" in data, data
  boss(stage, "account", "unassign", "s0001", "ytp", "officer", "已回原单位")
  code, _, talk = run(stage, "login", "s0001", "--office", "ytp", secrets=(PASSWORD,), device="ytp-desk")
  assert code != 0, talk
