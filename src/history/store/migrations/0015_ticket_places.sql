-- Several tables of tickets: each ticket is tended by the one of its board.

ALTER TABLE tickets ADD COLUMN place TEXT; -- `CONNECTWISE/board` in lower case; the first part empty for the integration's own
