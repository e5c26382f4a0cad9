-- Every office with every device of it that may connect; one without a device has a row all the same, for its code is known.
select d.key, d.id as device, d.name, d.officer, d.role, d.revoked, o.id as office, o.code, o.name as office_name, o.system, o.kind
from office o left join device d on d.office = o.id
order by d.id, o.id
