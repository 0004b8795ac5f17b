-- What a run waited for, in milliseconds. 0 in runs of a version that did not measure it.
ALTER TABLE runs ADD COLUMN pace_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN read_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN look_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN write_ms INTEGER NOT NULL DEFAULT 0;
