"""`liandong directory import`: a district from one file, with a verdict for each row; again and again changes nothing."""
import json
import os
import signal

from support.runner import case
from test_client import Running, client, ok

HEAD = "类别,office,name,system,kind,parent,account,role,station,judicial,position,place,phone"


def row(what, **fields):
  names = HEAD.split(",")
  return ",".join([what] + [str(fields.get(name, "")) for name in names[1:]])


FILE = [  # people above their office, on purpose
  row("人员", account="dr-0001", name="李明", office="dr-p1", role="民警"),
  row("人员", account="dr-0001", name="李明", office="dr-p2", role="民警"),  # stationed there, too
  row("person", account="dr-0002", name="王芳", office="dr-j1", role="mediator"),
  row("单位", office="dr-p1", name="导入派出所", system="police", kind="station", parent="ytga"),
  row("单位", office="dr-p2", name="导入二所", system="police", kind="station", parent="ytga"),
  row("office", office="dr-j1", name="导入司法所", system="judicial", kind="judicial-office", parent="ytga"),
  row("阵地", position="dr-centre", office="dr-p1", name="联动中心", kind="centre", place="一楼"),
]
BAD = [
  row("车辆", office="dr-p1", name="警车"),
  row("单位", office="dr-p9", name="缺系统"),
  row("单位", office="DR P9", name="坏编号", system="police", kind="station"),
  row("人员", account="dr-0003", name="赵六", office="nowhere", role="民警"), row("单位", office="dr-p7", name="无上级", system="police", kind="station", parent="nowhere"),
  row("人员", account="dr-0001", name="李四", office="dr-p1", role="民警"),  # another person's number
  row("结对", station="dr-p1", judicial="dr-j1", phone="1"),
  '单位,"没有结束',
]


def written(stage, name, rows, encoding="utf-8"):
  path = os.path.join(stage.folder, name)
  with open(path, "w", encoding=encoding) as f:
    f.write("\r\n".join([HEAD, *rows]) + "\r\n")
  return path


def verdicts(stage, *words, code=0, **options):
  got, data, talk = client(stage, "directory", "import", *words, "-o", "ndjson", device="admin", **options)
  assert got == code, (got, data, talk)
  return [(line["verdict"], line.get("no")) for line in map(json.loads, data.splitlines())], talk


@case
def a_district_comes_from_one_file(stage):
  """Offices first, whatever the order; the second run finds all there; an edited file changes what it says."""
  path = written(stage, "district.csv", FILE)
  first, _ = verdicts(stage, path)
  assert sorted(first) == sorted([("created", "dr-p1"), ("created", "dr-p2"), ("created", "dr-j1"), ("created", "dr-0001"), ("created", "dr-0001"),
                                  ("created", "dr-0002"), ("created", "dr-centre")]), first
  changes = stage.sql("select count(*) from feed")[0][0]
  again, _ = verdicts(stage, path)
  assert {verdict for verdict, _ in again} == {"replayed"} and len(again) == 7, again
  assert stage.sql("select count(*) from feed")[0][0] == changes, "nothing happened"
  capacities = stage.ask("admin", "list_accounts", account="dr-0001").accounts
  assert {(a.office, a.name) for a in capacities} == {("dr-p1", "李明"), ("dr-p2", "李明")}
  edited = written(stage, "district.csv", [r.replace("导入派出所", "新名派出所").replace("一楼", "二楼") for r in FILE], "gb18030")
  told, _ = verdicts(stage, path, "--encoding", "gb18030")
  assert sorted(v for v in told if v[0] != "replayed") == [("changed", "dr-centre"), ("changed", "dr-p1")], told
  assert [o.name for o in stage.ask("admin", "list_offices", office="dr-p1").offices] == ["新名派出所"]
  back, _ = verdicts(stage, written(stage, "district.csv", FILE))
  assert sorted(v for v in back if v[0] != "replayed") == [("changed", "dr-centre"), ("changed", "dr-p1")], "the file's last word holds"
  assert edited == path


@case
def a_bad_row_stops_nothing(stage):
  path = written(stage, "bad.csv", BAD[:3] + [row("单位", office="dr-p3", name="好的一行", system="police", kind="station", parent="ytga")] + BAD[3:])
  verdicts(stage, written(stage, "before.csv", FILE))
  code, data, talk = client(stage, "directory", "import", path, device="admin")
  assert code == 1 and "新建 1" in data and "退回 8" in data, (code, data, talk)
  for said in ("“车辆”不是行的类别", "没有“phone”这一项", "是 李明；导入不改这一项", "引号", "parent: ", "system: ", "office: "):
    assert said in data, (said, data)
  with open(path + ".rejected.csv", encoding="utf-8") as f:
    rejects = f.read()
  assert rejects.count("#rejected: ") == 8 and "好的一行" not in rejects and rejects.startswith(HEAD), rejects
  mended = rejects.replace("nowhere", "dr-p1")
  with open(path, "w", encoding="utf-8") as f:
    f.write(mended)
  told, _ = verdicts(stage, path, code=1)
  assert ("created", "dr-0003") in told, told


@case
def nothing_is_sent_by_a_trial(stage):
  before = stage.sql("select count(*) from office")[0][0]
  path = written(stage, "trial.csv", [row("单位", office="dr-p8", name="试", system="police", kind="station", parent="ytga")])
  assert verdicts(stage, path, "--dry-run")[0] == [("valid", "dr-p8")]
  assert stage.sql("select count(*) from office")[0][0] == before


@case
def whoever_is_no_administrator_is_told_once(stage):
  path = written(stage, "notme.csv", FILE)
  code, data, talk = client(stage, "directory", "import", path, device="ytp-duty")
  assert code == 5 and "管理员" in talk and "第 5 行" in talk and talk.count("管理员") <= 2, (code, data, talk)
  path = os.path.join(stage.folder, "nohead.csv")
  with open(path, "w", encoding="utf-8") as f:
    f.write("类别,office,nmae\n单位,x,y\n")
  code, data, talk = client(stage, "directory", "import", path, device="admin")
  assert code == 2 and "nmae" in talk, (code, talk)
  assert "directory import" in ok(stage, "directory", "import", "--help")


@case
def history_speaks_the_readers_language(stage):
  """Kinds that history keeps as words of the protocol are told by their labels."""
  verdicts(stage, written(stage, "spoken.csv", FILE))
  of_position = next(line for line in ok(stage, "office", "changes", "--limit", "200", device="admin").splitlines() if "dr-centre" in line and "种类" in line)
  assert of_position.split()[-1] == "联动中心", of_position


@case
def areas_and_partners_come_from_it_too(stage):
  """A partner with its kind, an area and whom it is assigned to; the second run changes nothing, an edited name is brought up to date."""
  path = os.path.join(stage.folder, "areas.csv")
  lines = ["类别,area,office,name,system,kind,partner_kind,parent", "辖区分配,ai-1,ai-sq,,,,,", "辖区,ai-1,ytp,东门网格,,,,",
           "单位,,ai-sq,东门社区,partner,partner,community,ytga"]
  with open(path, "w", encoding="utf-8") as f:
    f.write("\n".join(lines) + "\n")
  assert sorted(verdicts(stage, path)[0]) == [("created", "ai-1"), ("created", "ai-1"), ("created", "ai-sq")]
  assert {verdict for verdict, _ in verdicts(stage, path)[0]} == {"replayed"}
  with open(path, "w", encoding="utf-8") as f:
    f.write("\n".join(lines).replace("东门网格", "东门一网格") + "\n")
  assert sorted(verdict for verdict, _ in verdicts(stage, path)[0]) == ["changed", "replayed", "replayed"]
  assert [(a.area, a.name, a.office, a.assigned_to) for a in stage.ask("admin", "list_areas", office="ai-sq").areas] == [("ai-1", "东门一网格", "ytp", "ai-sq")]


HOSTILE = (  # a row, what is said of it
  (row("单位", office="hx-p1", name="好\0坏", system="police", kind="station", parent="ytga"), "空字节"),
  (row("单位", office="hx-p2", name="甲" * 400000, system="police", kind="station", parent="ytga"), "太长"),
  (row("单位", office="hx-p4", name="好\u202e坏", system="police", kind="station", parent="ytga"), "方向控制符"),
  (row("单位", office="HX-P5", name="大写", system="police", kind="station", parent="ytga"), "HX-P5"),
  (row("单位", office="hx-p7", name="a\x1b[31mb", system="police", kind="station", parent="ytga"), "控制字符"),
  (row("人员", account="hx-1", name="我", office="xcs", role="管理员"), "office"),  # the other bureau's
  (row("人员", account="ytga-admin", name="吴管", office="ytsf", role="管理员"), "office"),
  (row("单位", office="hx-p9", name="别人的", system="judicial", kind="judicial-office", parent="ytsf"), "parent"),
  (row("单位", office="xcs", name="霞城司法所", system="judicial", kind="judicial-office", parent="ytga"), "office"),  # taken over
  ("单位,hx-p8,断", "system"),  # cut in the middle
)


@case
def a_hostile_file(stage):
  """Each row is refused by itself and said so, on a screen and in the file of rejects; nothing of it comes in, and no office changes hands."""
  what = lambda: stage.sql("select code, name, parent from office order by code") + stage.sql("select account, office, role from assignment order by id")  # noqa: E731
  before = what()
  path = written(stage, "hostile.csv", [r for r, _ in HOSTILE])
  with open(path + ".rejected.csv", "w", encoding="utf-8"):
    os.chmod(path + ".rejected.csv", 0o644)  # of an earlier run
  code, data, talk = client(stage, "directory", "import", path, device="admin")
  assert code == 1 and f"退回 {len(HOSTILE)}" in data, (code, data[:3000], talk)
  lines = {int(line.split()[1]): line for line in data.splitlines() if line.startswith("第 ")}
  for n, (_, said) in enumerate(HOSTILE):
    assert said in lines[n + 2], (n, said, lines[n + 2])
  assert "\u202e" not in data and what() == before
  assert os.stat(path + ".rejected.csv").st_mode & 0o077 == 0


@case
def stopped_in_the_middle(stage):
  """By Ctrl-C: what was told is there, and the same file again does the rest and nothing twice."""
  path = written(stage, "many.csv", [row("人员", account=f"many-{n}", name="众", office="ytp", role="民警") for n in range(1500)])
  with Running(stage, "directory", "import", path, "-o", "ndjson", device="admin") as running:
    running.until('"created"')
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) not in (0, None)
  done = int(stage.sql("select count(*) from account where code like 'many-%'")[0][0])
  assert 0 < done < 1500, done
  told, _ = verdicts(stage, path)
  assert len(told) == 1500 and sum(v == "replayed" for v, _ in told) == done, done
  assert stage.sql("select count(*), count(distinct account) from assignment a join account c on c.id = a.account where c.code like 'many-%'") == [("1500", "1500")]
