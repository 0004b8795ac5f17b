-- What of each count was accepted last. A count whose line is held keeps the value of the night before, so this is not
-- what the last export said.
CREATE TABLE accepted_counts (
    integration TEXT NOT NULL,
    customer    TEXT NOT NULL,
    service     TEXT NOT NULL,
    units       TEXT NOT NULL,
    rows        INTEGER NOT NULL,
    PRIMARY KEY (integration, customer, service)
) STRICT, WITHOUT ROWID;

-- The sum of them after a run; NULL where it accepted none, and for runs of versions before.
ALTER TABLE runs ADD COLUMN accepted_units TEXT;
