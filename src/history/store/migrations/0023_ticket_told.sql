-- The reason of an open item, and a line each its commands, as the last text on its ticket named them.
-- NULL where a version that did not note it wrote that text.
ALTER TABLE tickets ADD COLUMN told TEXT;
