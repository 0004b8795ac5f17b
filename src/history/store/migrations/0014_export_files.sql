-- The files of an export that is several: JSON, [[name, bytes, SHA-256 in hex], ...]; NULL where it is one file.
ALTER TABLE runs ADD COLUMN export_files TEXT;
