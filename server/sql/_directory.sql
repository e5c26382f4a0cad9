-- Every office with every device of it that may connect; one without a device has a row all the same, for its code is known. A device
-- that is not unattended has role 0: nobody, until somebody logs in. Those of a closed office connect no more.
select d.key, d.id as device, d.name, coalesce(d.officer, d.name) as officer, case when d.unattended then d.role else 0::int2 end as role,
  d.revoked or coalesce(o.closed_on <= today(), false) as revoked, o.id as office, o.code, o.name as office_name, o.system, o.kind
from office o left join device d on d.office = o.id
order by d.id, o.id
