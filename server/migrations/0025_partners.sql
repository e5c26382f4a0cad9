-- What kind of partner an office of the kind 'partner' is. The list is data: a new row, or a last day, changes it, and nothing else.
create table partner_kind(
  code text primary key check (code ~ '^[a-z_]{1,32}$'),
  name text not null unique check (btrim(name) <> ''),
  english text not null unique check (btrim(english) <> ''),
  started_on date not null default '2020-01-01',
  ended_on date,                                   -- the first day on which no office becomes one; those that are stay
  check (ended_on > started_on));
insert into partner_kind(code, name, english) values
  ('community', '社区', 'community'), ('street', '街道', 'sub-district'), ('governance', '综治中心', 'governance centre'),
  ('lawyer', '律师', 'lawyers'), ('hospital', '医院', 'hospital'), ('school', '学校', 'school'), ('prison', '监狱', 'prison'),
  ('other', '其他', 'other');
grant select on partner_kind to liandong_app;

-- Of offices entered before it may be NULL: nobody has said.
alter table office add column partner_kind text references partner_kind(code) check (partner_kind is null or kind = 'partner');
