-- What an answer that is ready holds is counted before it goes out: functions/reading.sql.
select rows_read(:request::text, :rows::text::int4, :purpose::text, :from::text::int8, :until::text::int8, :sensitive::text) as reason
