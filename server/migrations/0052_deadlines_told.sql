-- Whoever changes a record is told which of its deadlines run, and until when.
alter type record_answer add attribute deadlines text[], add attribute deadlines_at timestamptz[];
