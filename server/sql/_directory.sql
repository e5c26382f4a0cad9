-- Every device that may connect, with its office.
select d.key, d.id as device, d.name, d.officer, d.role, d.revoked, o.id as office, o.code, o.name as office_name, o.system, o.kind
from device d join office o on o.id = d.office
order by d.id
