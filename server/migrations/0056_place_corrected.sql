-- A session whose place was corrected says so in the event: the place itself is sealed for the session.
insert into record_field(type, field) values (2, 'place_corrected');
