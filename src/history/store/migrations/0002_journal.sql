-- The journal of writes: an intent before each, an outcome after it. Rows are only ever added, and each one's hash
-- covers the hash of the row before it.

CREATE TABLE journal (
    seq           INTEGER PRIMARY KEY, -- 1, 2, 3, ... without a gap
    event         TEXT NOT NULL CHECK (event IN ('set', 'create', 'applied', 'refused', 'unknown', 'superseded')),
    run           INTEGER NOT NULL REFERENCES runs (run), -- of the intent
    write         INTEGER NOT NULL, -- seq of the intent; its own for an intent
    at            TEXT NOT NULL,
    agreement     INTEGER, -- intents
    product       TEXT,    -- intents
    addition      INTEGER, -- set, applied
    from_quantity TEXT,    -- set
    quantity      TEXT,    -- set, create, applied
    catalog_item  INTEGER, -- create
    effective_on  TEXT,    -- create
    before        TEXT,    -- create: JSON, the additions of that product that were there already
    why           TEXT,    -- refused, unknown, superseded
    hash          BLOB NOT NULL CHECK (length(hash) = 32),
    CHECK ((event IN ('set', 'create')) = (write = seq)),
    CHECK ((event IN ('set', 'create')) = (agreement IS NOT NULL AND product IS NOT NULL)),
    CHECK ((event IN ('set', 'applied')) = (addition IS NOT NULL)),
    CHECK ((event = 'set') = (from_quantity IS NOT NULL)),
    CHECK ((event IN ('set', 'create', 'applied')) = (quantity IS NOT NULL)),
    CHECK ((event = 'create') = (catalog_item IS NOT NULL AND effective_on IS NOT NULL AND before IS NOT NULL)),
    CHECK ((event IN ('refused', 'unknown', 'superseded')) = (why IS NOT NULL))
) STRICT;

CREATE INDEX journal_by_write ON journal (write, seq);
CREATE INDEX journal_by_run ON journal (run);
CREATE INDEX journal_by_agreement ON journal (agreement) WHERE agreement IS NOT NULL;

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- INSERT OR REPLACE would delete without firing the trigger above.
CREATE TRIGGER journal_append BEFORE INSERT ON journal
WHEN new.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Each write with its last outcome.
CREATE VIEW writes AS
SELECT i.seq AS write, i.run, r.integration, i.event AS kind, i.at, i.agreement, i.product, i.addition,
       i.from_quantity, i.quantity, i.catalog_item, i.effective_on, i.before,
       o.event AS outcome, o.addition AS applied_addition, o.quantity AS applied_quantity, o.why
FROM journal AS i
JOIN runs AS r ON r.run = i.run
LEFT JOIN journal AS o ON o.seq = (SELECT max(seq) FROM journal WHERE write = i.seq AND seq > i.seq)
WHERE i.write = i.seq;
