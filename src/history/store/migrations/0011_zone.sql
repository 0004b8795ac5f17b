-- How far the clocks of the integration's zone were from UTC when the run began, in seconds to the east. Its days, and the
-- month of what it changed, are those of the zone. Earlier runs counted in UTC.
ALTER TABLE runs ADD COLUMN utc_offset INTEGER NOT NULL DEFAULT 0;
