-- What operators answered to what was held. Rows are only ever added: an answer is taken back by another row.

CREATE TABLE decisions (
    decision    INTEGER PRIMARY KEY, -- 1, 2, 3, ... without a gap; the last one of a matter counts
    integration TEXT NOT NULL,
    -- The matter.
    kind        TEXT NOT NULL CHECK (kind IN ('line', 'customer', 'service', 'product', 'duplicate', 'nameless')),
    agreement   INTEGER, -- line
    product     TEXT,    -- line, product; folded
    customer    TEXT,    -- customer, duplicate
    service     TEXT,    -- service, duplicate
    -- The answer.
    handle      TEXT NOT NULL,
    verb        TEXT NOT NULL CHECK (verb IN ('accept', 'keep', 'ignore', 'reopen')),
    until       TEXT, -- the last day on which it holds
    note        TEXT NOT NULL,
    who         TEXT NOT NULL,
    at          TEXT NOT NULL,
    -- What was seen.
    run         INTEGER NOT NULL REFERENCES runs (run),
    reason      TEXT NOT NULL,
    addition    INTEGER, -- line
    was         TEXT,    -- line
    wanted      TEXT,    -- line
    journal     INTEGER NOT NULL, -- rows of the journal by then: a write behind them spends an accepted step
    CHECK ((kind = 'line') = (agreement IS NOT NULL)),
    CHECK ((kind IN ('line', 'product')) = (product IS NOT NULL)),
    CHECK ((kind IN ('customer', 'duplicate')) = (customer IS NOT NULL)),
    CHECK ((kind IN ('service', 'duplicate')) = (service IS NOT NULL)),
    CHECK (verb <> 'accept' OR (kind = 'line' AND wanted IS NOT NULL AND until IS NULL))
) STRICT;

CREATE INDEX decisions_by_integration ON decisions (integration);

CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are append-only');
END;

CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are append-only');
END;

-- INSERT OR REPLACE would delete without firing the trigger above.
CREATE TRIGGER decisions_append BEFORE INSERT ON decisions
WHEN new.decision IS NOT (SELECT coalesce(max(decision), 0) + 1 FROM decisions)
BEGIN
    SELECT RAISE(ABORT, 'decisions are append-only');
END;

-- The run that a run sets back, or plans to.
ALTER TABLE runs ADD COLUMN undoes INTEGER REFERENCES runs (run);
-- The hash of the journal's last row when the run ended, in hex; NULL for runs of versions that did not note it.
ALTER TABLE runs ADD COLUMN head TEXT;
