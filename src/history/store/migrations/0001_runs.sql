-- Quantities are decimal numbers as normalised text; times are RFC 3339 in UTC with nine decimals, so that they sort.
-- Words that only ever grow (commands, reasons, finding codes) are plain text; closed sets are checked.

CREATE TABLE runs (
    run                INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
    integration        TEXT NOT NULL,
    command            TEXT NOT NULL,
    mode               TEXT NOT NULL CHECK (mode IN ('off', 'observe', 'apply')),
    recount_version    TEXT NOT NULL,
    started_at         TEXT NOT NULL,
    -- The plan; NULL until there is one.
    fingerprint        TEXT,
    accepted           INTEGER CHECK (accepted IN (0, 1)),
    export_path        TEXT,
    export_sha256      TEXT,
    export_rows        INTEGER,
    export_customers   INTEGER,
    export_units       TEXT,
    export_modified_at TEXT,
    export_open_end    INTEGER CHECK (export_open_end IN (0, 1)), -- no line break ends it
    approved           INTEGER NOT NULL DEFAULT 0 CHECK (approved IN (0, 1)), -- by its fingerprint
    thinned            INTEGER NOT NULL DEFAULT 0 CHECK (thinned IN (0, 1)),  -- unchanged lines are gone
    -- The end; NULL while the run lasts, and for ever if its process died and nobody closed it.
    finished_at        TEXT,
    verdict            TEXT CHECK (verdict IN ('ok', 'decide', 'partial', 'held', 'refused', 'unreachable', 'denied',
                                               'failed', 'interrupted')),
    exit_code          INTEGER CHECK (exit_code BETWEEN 0 AND 255),
    to_decide          INTEGER,
    changed            INTEGER,
    would_change       INTEGER,
    failed             INTEGER,
    unknown            INTEGER,
    lines              INTEGER,
    explained          INTEGER,
    requests_sent      INTEGER,
    requests_retried   INTEGER,
    throttled_ms       INTEGER,
    CHECK ((fingerprint IS NULL) = (accepted IS NULL)),
    CHECK ((fingerprint IS NULL) = (export_sha256 IS NULL)),
    CHECK ((finished_at IS NULL) = (verdict IS NULL)),
    CHECK ((finished_at IS NULL) = (exit_code IS NULL))
) STRICT;

CREATE INDEX runs_by_integration ON runs (integration, run);

CREATE TABLE lines (
    run       INTEGER NOT NULL REFERENCES runs (run),
    position  INTEGER NOT NULL, -- in the plan
    handle    TEXT NOT NULL,
    company   INTEGER,
    agreement INTEGER,
    addition  INTEGER,
    product   TEXT,
    sources   TEXT NOT NULL, -- JSON: [[customer, service, count or null, [lines of the export]], ...]
    was       TEXT,
    wanted    TEXT,
    now       TEXT,
    outcome   TEXT NOT NULL CHECK (outcome IN ('unchanged', 'would-update', 'would-create', 'updated', 'created', 'held',
                                               'skipped', 'conflict', 'failed', 'unknown')),
    reason    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    -- Stored in the order of handles, and looked up run by run: an index over the handles of all runs would nearly
    -- double the time that a large plan takes to be stored.
    PRIMARY KEY (run, handle)
) STRICT, WITHOUT ROWID;

CREATE TABLE findings (
    run      INTEGER NOT NULL REFERENCES runs (run),
    position INTEGER NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('decide', 'warning', 'info')),
    code     TEXT NOT NULL,
    customer TEXT,
    service  TEXT,
    handle   TEXT,
    message  TEXT NOT NULL,
    fix      TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- What the guards compare the next export with. Kept apart from the lines, so that thinning those cannot disarm them.
CREATE TABLE baselines (
    run       INTEGER PRIMARY KEY REFERENCES runs (run),
    customers TEXT NOT NULL, -- JSON: the customers that the export names
    missing   TEXT NOT NULL, -- JSON: the customers that were expected, and that it does not name
    lines     TEXT NOT NULL  -- JSON: [[agreement, product, live addition], ...]
) STRICT;

-- Lines that recount saw live and that a person ended. They are not created anew.
CREATE TABLE ended_lines (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    addition    INTEGER NOT NULL,
    PRIMARY KEY (integration, agreement, product)
) STRICT, WITHOUT ROWID;

-- Lines that the exports have wanted at zero ever since, with the first export that did.
CREATE TABLE zero_since (
    integration TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    product     TEXT NOT NULL,
    run         INTEGER NOT NULL REFERENCES runs (run),
    sha256      TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    PRIMARY KEY (integration, agreement, product)
) STRICT, WITHOUT ROWID;

-- Nights that the daemon has begun.
CREATE TABLE slots (
    slot       TEXT PRIMARY KEY,
    claimed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
