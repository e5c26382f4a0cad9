-- What an alert says that comes by itself, and what it asks of whoever reads it: server/functions/alert.sql, alert_title.
alter table alert_rule add says text, add ask text;
update alert_rule r set says = t.says, ask = t.ask
from (values
  ('MASS_EVENT', '群体性事件警情', '请会同到场处置'), ('MAJOR_INCIDENT', '重大警情', '请会同处置'), ('EXTREME_THREAT', '扬言极端警情', '请会同到场稳控'),
  ('REPEAT_ALARM', '反复报警', '请会商调处'), ('COLOR_RAISED', '预警升级', '请会商稳控'), ('DEADLINE_NEAR', '时限将至', '请按期办理'),
  ('DEADLINE_BREACH', '超过时限', '请立即办理'), ('TRANSFER_UNSIGNED', '超过时限', '请签收或退回'), ('DUP_SUSPECT', '疑似同一件事', '请核对后关联或并案'),
  ('IGNITE', '可能激化', '请派警稳控，会同调解'), ('DV_RELAPSE', '家暴再次发生', '请上门核查，会同处置')) t(rule, says, ask)
where r.rule = t.rule;
alter table alert_rule alter says set not null, alter ask set not null;
alter table alert_incident drop column title;
