-- The other additions that a held line asks about, and that an answer was for, as JSON: [[addition, units or null], ...].
-- NULL where nobody noted them: then an answer is for whatever the line asks, as it was before.
ALTER TABLE lines ADD COLUMN named TEXT;
ALTER TABLE decisions ADD COLUMN named TEXT;
