-- What was done on the desk, and what was refused there. Rows are only ever added.

CREATE TABLE desk_events (
    event   INTEGER PRIMARY KEY, -- 1, 2, 3, ... without a gap
    at      TEXT NOT NULL,
    person  TEXT NOT NULL, -- as signed in; at a sign-in as typed
    address TEXT NOT NULL,
    deed    TEXT NOT NULL, -- what was asked for, in a word
    about   TEXT NOT NULL,
    refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
    said    TEXT NOT NULL -- the note of an answer; why it was refused
) STRICT;

CREATE TRIGGER desk_events_no_update BEFORE UPDATE ON desk_events
BEGIN
    SELECT RAISE(ABORT, 'the events of the desk are append-only');
END;

CREATE TRIGGER desk_events_no_delete BEFORE DELETE ON desk_events
BEGIN
    SELECT RAISE(ABORT, 'the events of the desk are append-only');
END;

-- INSERT OR REPLACE would delete without firing the trigger above.
CREATE TRIGGER desk_events_append BEFORE INSERT ON desk_events
WHEN new.event IS NOT (SELECT coalesce(max(event), 0) + 1 FROM desk_events)
BEGIN
    SELECT RAISE(ABORT, 'the events of the desk are append-only');
END;
