-- Once a second; a day that has begun is worked out first, and seen at the next look.
select version from directory_head where directory_day() is not null
