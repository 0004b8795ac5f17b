-- What became of the alerts of each run: one row for each alert and run. Without a row nobody was told, because the
-- process ended between the record and the alert; the next run says so.
CREATE TABLE alerts (
    alert   TEXT NOT NULL,
    run     INTEGER NOT NULL REFERENCES runs (run),
    digest  INTEGER NOT NULL CHECK (digest IN (0, 1)), -- of a week, not of the run
    at      TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'failed', 'not-due')),
    detail  TEXT NOT NULL, -- why it failed; never a secret
    PRIMARY KEY (alert, run, digest)
) STRICT, WITHOUT ROWID;
