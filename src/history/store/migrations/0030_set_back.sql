-- Days of which the counts are not known, because an older copy was put back and what stood there could not be read.
CREATE TABLE unknown_days (
    integration TEXT NOT NULL,
    first       TEXT NOT NULL,
    last        TEXT NOT NULL,
    PRIMARY KEY (integration, first)
) STRICT, WITHOUT ROWID;

-- What a run replaced of `accepted_counts`: it is accepted again while the run is set back.
CREATE TABLE replaced_counts (
    integration TEXT NOT NULL,
    run         INTEGER NOT NULL,
    customer    TEXT NOT NULL,
    service     TEXT NOT NULL,
    units       TEXT, -- NULL where there was none
    rows        INTEGER,
    PRIMARY KEY (integration, run, customer, service)
) STRICT, WITHOUT ROWID;
