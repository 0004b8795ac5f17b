-- When ConnectWise's records of what a held line asks about were changed last, by ConnectWise's clock: what is changed after that
-- was not shown. NULL of a line that asks nothing, where nobody says so, and in plans of a version that did not note it.
ALTER TABLE lines ADD COLUMN changed_at TEXT;
