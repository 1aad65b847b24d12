-- A record that is written again is looked for among those of its call: an attempt may have tens of thousands of others.
CREATE INDEX journal_by_call ON journal (workflow, stage, attempt, n);
DROP INDEX journal_by_attempt;
