-- Places are sealed like names and telephone numbers (0016_sealed.sql): who has the database without the servers' key file reads no address.
--
-- Rows of before stay as they are, and are found by their text as before; their blind index the server works out.
alter table incident
  add column place_index bytea,  -- equal places have equal ones: HMAC-SHA-256 of a normal form, 16 bytes
  add column place_pairs bytea;  -- what a part of it is found by: sealed pairs of characters, 4 bytes each (common/seal.h)
create index incident_place_index on incident(place_index, received_at) where place_index is not null;
create index incident_place_behind on incident(num) where place_index is null and place is not null;
drop index incident_place;

alter table incident_search add column place_pairs int4[];
create index incident_search_places on incident_search using gin(place_pairs);
