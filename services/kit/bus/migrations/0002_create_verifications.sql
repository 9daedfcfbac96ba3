-- Runs that refold every stream, what they found, and what operators were answered. None of it
-- belongs to one tenant: a run goes over all of them.

-- A run lasts as long as the session that holds its lock: one that is running without it broke off.
CREATE TABLE verifications (
    verification_id uuid PRIMARY KEY DEFAULT uuidv7(),
    state text NOT NULL DEFAULT 'running',
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    stream_count bigint NOT NULL DEFAULT 0,
    event_count bigint NOT NULL DEFAULT 0,
    difference_count bigint NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    actor_type smallint NOT NULL,
    actor_id text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    CONSTRAINT verifications_state
        CHECK (state IN ('running', 'clean', 'different', 'failed', 'cancelled')),
    CONSTRAINT verifications_end CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX verifications_one_at_a_time ON verifications (state) WHERE state = 'running';
CREATE INDEX verifications_by_start ON verifications (started_at, verification_id);

-- The first differences of a run, in the order in which they were found.
CREATE TABLE verification_differences (
    verification_id uuid NOT NULL REFERENCES verifications,
    number integer NOT NULL,
    kind integer NOT NULL,
    tenant_id uuid NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    version bigint NOT NULL,
    field text NOT NULL,
    stored_value text NOT NULL,
    folded_value text NOT NULL,
    PRIMARY KEY (verification_id, number)
);

-- The first answer to a request of an operator, written in one commit with what it began.
CREATE TABLE operator_answers (
    tenant_id uuid NOT NULL,
    principal text NOT NULL,
    method text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, principal, method, request_id)
);
CREATE INDEX operator_answers_expiring ON operator_answers (expires_at);

ALTER TABLE verification_differences ENABLE ROW LEVEL SECURITY;
ALTER TABLE verification_differences FORCE ROW LEVEL SECURITY;
ALTER TABLE operator_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_answers FORCE ROW LEVEL SECURITY;

CREATE POLICY verification_differences_of_all ON verification_differences TO retail_log
    USING (true);
CREATE POLICY operator_answers_of_all ON operator_answers TO retail_log USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON verifications TO retail_log;
GRANT SELECT, INSERT, DELETE ON verification_differences, operator_answers TO retail_log;

-- Letters that ended are listed for 30 days, then removed by a job that sees no event.
CREATE INDEX dead_letters_ended ON dead_letters (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE POLICY dead_letters_expire ON dead_letters FOR DELETE TO retail_scan
    USING (resolved_at < now() - interval '30 days');
GRANT SELECT (resolved_at), DELETE ON dead_letters TO retail_scan;
