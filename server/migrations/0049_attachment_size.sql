-- The same SHA-256 announced with another size is another upload, and one of the two never ends; it must not stand in the way of the other.
drop index attachment_one;
create unique index attachment_one on attachment(num, attachment_mark(sha256), size);
