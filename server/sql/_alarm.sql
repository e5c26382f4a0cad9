-- Of _alert_notices what the running commit group tells of: read by its own connection before it commits, it is at hand when it has; see _pen.sql.
select t.*
from (select distinct f.num from feed f where f.seq > current_setting('liandong.pen')::int8 and record_type_of(f.num) = 4) g join alert_notice t on t.record_num = g.num
order by record_num, to_office
