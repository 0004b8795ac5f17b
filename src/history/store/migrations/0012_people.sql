-- Who may come to the desk, and how. Nothing here lets anybody in by itself: of passwords, links and sessions only
-- hashes are kept.

CREATE TABLE people (
    name     TEXT PRIMARY KEY, -- lower case
    role     TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password TEXT, -- argon2id, as a PHC string; NULL until one is chosen
    locked   INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    added_at TEXT NOT NULL
) STRICT;

-- A link that is good once. A person has one at most.
CREATE TABLE invitations (
    person  TEXT PRIMARY KEY REFERENCES people (name) ON DELETE CASCADE,
    digest  BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of what the link holds
    ends_at TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256 of what the cookie holds
    person   TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    began_at TEXT NOT NULL,
    ends_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_person ON sessions (person);

-- Wrong passwords in a row, of an account and of an address; forgotten after a success or a day.
CREATE TABLE attempts (
    subject TEXT PRIMARY KEY, -- `account NAME`, `address IP`
    failed  INTEGER NOT NULL,
    last_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
