-- An answer is for what was shown.

-- accept: how far a step may go, where more than the one that was shown is covered.
ALTER TABLE decisions ADD COLUMN within TEXT;

-- Accepted steps that an accepted export no longer asked for, with the first run that drew on it.
CREATE TABLE lapsed_answers (
    decision INTEGER PRIMARY KEY REFERENCES decisions (decision),
    run      INTEGER NOT NULL REFERENCES runs (run)
) STRICT;

-- Which ConnectWise the history of an integration is of; the first that an older one meets.
CREATE TABLE connectwise_of (
    integration TEXT PRIMARY KEY,
    site        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What each line's addition held when an accepted run last looked at it: another quantity since is somebody's.
CREATE TABLE seen_quantities (
    integration TEXT NOT NULL,
    addition    INTEGER NOT NULL,
    quantity    TEXT NOT NULL,
    run         INTEGER NOT NULL REFERENCES runs (run),
    PRIMARY KEY (integration, addition)
) STRICT, WITHOUT ROWID;
