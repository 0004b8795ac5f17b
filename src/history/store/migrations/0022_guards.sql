-- What each guard of a plan measured, as JSON: [[code, words, whether it stops the plan], ...].
-- NULL where no guard was asked, and in runs of a version that did not note it.
ALTER TABLE runs ADD COLUMN guards TEXT;
