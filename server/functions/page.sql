-- Turning pages.

-- A page begins after (received_at, num) of the last row of the page before. The client holds it as 16 bytes; what is no such
-- thing leads to an empty page.
create or replace function page_token(at timestamptz, num int8) returns bytea stable strict parallel safe language sql as $$
  select timestamptz_send(at) || int8send(num)
$$;

create or replace function page_int8(page bytea, from_byte int4) returns int8 immutable strict parallel safe language sql as $$
  select ('x' || encode(substr(page, from_byte, 8), 'hex'))::bit(64)::int8
$$;

create or replace function page_at(page bytea) returns timestamptz immutable parallel safe language sql as $$
  select case when page is null then 'infinity'
              when length(page) = 16 and page_int8(page, 1) between -63e15 and 253e15  -- microseconds from 2000: years 4 to 9999
              then '2000-01-01 00:00:00+00'::timestamptz + page_int8(page, 1) * interval '1 microsecond'
              else '-infinity' end
$$;

create or replace function page_num(page bytea) returns int8 immutable parallel safe language sql as $$
  select case when length(page) = 16 then page_int8(page, 9) else 9223372036854775807 end
$$;

create or replace function page_size(wanted int4) returns int4 immutable parallel safe language sql as $$
  select least(greatest(coalesce(wanted, 50), 1), 500)
$$;

grant execute on function page_token(timestamptz, int8), page_int8(bytea, int4), page_at(bytea), page_num(bytea), page_size(int4) to liandong_app;
