-- An answer is for what was shown.

-- accept: how far a step may go, where more than the one that was shown is covered.
ALTER TABLE decisions ADD COLUMN within TEXT;

-- Accepted steps that an accepted export no longer asked for, with the first run that drew on it.
CREATE TABLE lapsed_answers (
    decision INTEGER PRIMARY KEY REFERENCES decisions (decision),
    run      INTEGER NOT NULL REFERENCES runs (run)
) STRICT;
