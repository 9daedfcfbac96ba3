-- What every owner keeps beside its own tables: the facts, and what was answered to whom.
--
-- `events` is the history, the outbox and the truth. It is append-only: nobody is granted UPDATE or
-- DELETE. A row is found by its stream; readers of the whole log find it by the transaction that
-- wrote it (`xid`), because positions become visible out of order.
CREATE TABLE events (
    position bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tenant_id uuid NOT NULL,
    stream_kind text NOT NULL,
    stream_id text NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    actor_type smallint NOT NULL,
    actor_id text NOT NULL,
    method text NOT NULL,
    request_id uuid,
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    reason text NOT NULL,
    traceparent text NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT events_version_from_one CHECK (version >= 1)
);

CREATE UNIQUE INDEX events_of_a_stream ON events (tenant_id, stream_id, version);
CREATE INDEX events_of_a_transaction ON events (xid);
CREATE INDEX events_of_a_time ON events USING brin (recorded_at);

-- The first answer to a request, replayed to its repetitions until it expires. A refusal is kept
-- for callers that must hear it again (`refused`), else only answers are.
CREATE TABLE idempotency (
    tenant_id uuid NOT NULL,
    principal text NOT NULL,
    method text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    refused boolean NOT NULL,
    answer bytea NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, principal, method, request_id)
);

CREATE INDEX idempotency_expiring ON idempotency USING brin (expires_at);

-- Which of its lives this database is in: raised by whoever restores it to an earlier point.
CREATE TABLE history (
    only_one boolean PRIMARY KEY DEFAULT true,
    number bigint NOT NULL DEFAULT 1,
    CONSTRAINT history_is_one_row CHECK (only_one)
);
INSERT INTO history DEFAULT VALUES;

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;

-- A setting that was never made is NULL, one that has ended is empty: neither shows a row. The
-- scalar subquery is evaluated once a statement; parsed for each row it costs two thirds of the
-- speed of a batch.
CREATE POLICY events_of_announced_tenants ON events TO retail_service
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
CREATE POLICY idempotency_of_announced_tenants ON idempotency TO retail_service
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
CREATE POLICY events_for_readers_of_the_log ON events FOR SELECT TO retail_log USING (true);
-- What has expired is removed by a job that sees no answers, only when they expire.
CREATE POLICY idempotency_expired ON idempotency FOR SELECT TO retail_scan USING (true);
CREATE POLICY idempotency_expires ON idempotency FOR DELETE TO retail_scan
    USING (expires_at < now());

GRANT SELECT, INSERT ON events, idempotency TO retail_service;
GRANT SELECT ON history TO retail_service, retail_log;
GRANT SELECT ON events TO retail_log;
GRANT SELECT (tenant_id, principal, method, request_id, expires_at), DELETE ON idempotency
    TO retail_scan;
