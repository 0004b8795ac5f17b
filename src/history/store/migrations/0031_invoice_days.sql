-- The days on which the agreements of a plan's lines are invoiced next, earliest first: JSON, [[day, agreements], ...]. NULL where no
-- agreement says so, and in plans of a version that did not note it.
ALTER TABLE runs ADD COLUMN invoice_days TEXT;
