-- SHA-256 of what the export said, in hex: of all counts, whatever the file around them is. NULL for runs of versions before.
ALTER TABLE runs ADD COLUMN export_counts TEXT;
