-- A second step at sign-in, and people whom an OpenID provider knows.

-- The codes of a person's authenticator app. Its secret is not here: it is made of this salt and of a key beside the
-- history.
CREATE TABLE authenticators (
    person    TEXT PRIMARY KEY REFERENCES people (name) ON DELETE CASCADE,
    salt      BLOB NOT NULL CHECK (length(salt) = 16),
    is_on     INTEGER NOT NULL DEFAULT 0 CHECK (is_on IN (0, 1)), -- 1 once a code of it was seen
    last_step INTEGER NOT NULL DEFAULT 0 -- no code of this step, or of one before it, is taken again
) STRICT;

-- Somebody whose password was right, and whose code has not come yet.
CREATE TABLE half_sessions (
    digest  BLOB PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256 of what the cookie holds
    person  TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    ends_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Issuer and subject at the provider; NULL for people who have a password.
ALTER TABLE people ADD COLUMN subject TEXT;

CREATE UNIQUE INDEX people_by_subject ON people (subject) WHERE subject IS NOT NULL;
