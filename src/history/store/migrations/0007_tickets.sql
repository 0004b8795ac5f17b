-- Service tickets: one row before each is asked for, and what became of it. A matter has one live row at most.

CREATE TABLE tickets (
    number      INTEGER PRIMARY KEY, -- ours
    integration TEXT NOT NULL,
    kind        TEXT NOT NULL,
    handle      TEXT NOT NULL, -- empty for a matter of the whole night
    occurrence  INTEGER NOT NULL, -- how often the matter came up, from 1
    reference   TEXT NOT NULL, -- ConnectWise's externalXRef
    run         INTEGER NOT NULL REFERENCES runs (run), -- that asked for it
    about       TEXT NOT NULL, -- the ticket's summary
    state       TEXT NOT NULL CHECK (state IN ('intended', 'open', 'dismissed', 'closed', 'left', 'dropped')),
    ticket      INTEGER, -- ConnectWise's number, once it is known
    intended_at TEXT NOT NULL,
    noted_at    TEXT NOT NULL, -- the last text that was put on it, before it was sent
    settled_run INTEGER REFERENCES runs (run), -- that found the matter settled
    ended_at    TEXT,
    why         TEXT,
    CHECK ((state IN ('open', 'dismissed')) <= (ticket IS NOT NULL)),
    CHECK ((state IN ('closed', 'left', 'dropped')) = (ended_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX tickets_live ON tickets (integration, kind, handle)
WHERE state IN ('intended', 'open', 'dismissed');
CREATE INDEX tickets_by_matter ON tickets (integration, kind, handle, occurrence);

-- What a run did about tickets, and what went wrong with them.
CREATE TABLE ticket_events (
    run      INTEGER NOT NULL REFERENCES runs (run),
    position INTEGER NOT NULL,
    event    TEXT NOT NULL CHECK (event IN ('opened', 'found', 'noted', 'closed', 'left', 'trouble')),
    ticket   INTEGER,
    said     TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
