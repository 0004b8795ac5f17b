-- Who changed ConnectWise's record of a line last, and when, where it held another quantity than recount knew:
-- JSON ["jdoe", "2026-11-22T09:12:00Z"]; NULL in plans of versions before.
ALTER TABLE lines ADD COLUMN edited TEXT;
