-- Every version of a file that is edited on the desk or by a command, and who made it; compressed.
CREATE TABLE file_versions (
    version INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX file_versions_of ON file_versions (file, version);

-- Answers that were given while a run held the lock: stored when it ends, or refused if the item has moved.
CREATE TABLE queued_answers (
    answer INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    verb TEXT NOT NULL,
    handle TEXT NOT NULL,
    shown TEXT,
    until TEXT,
    note TEXT NOT NULL
) STRICT;
