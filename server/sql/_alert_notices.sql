-- The alerts that wait for somebody, with each office that they are addressed to: see call/notices.h.
select * from alert_told order by record_num, to_office
