-- Answers to operators stand among all others (see the journal's migrations): one rule for what a
-- repetition hears, one job that forgets.
DROP TABLE operator_answers;
