-- What relay, projectors and consumers remember. None of it is truth: a cursor that is lost or old
-- makes its owner repeat, and every reader ignores repetitions.
--
-- A cursor is a snapshot, never a position: positions become visible out of order.

-- How far the one relay of this database has published, and what the broker looked like then.
CREATE TABLE relay_cursor (
    only_one boolean PRIMARY KEY DEFAULT true,
    epoch bigint NOT NULL DEFAULT 0,
    leader text NOT NULL DEFAULT '',
    led_at timestamptz,
    snapshot pg_snapshot NOT NULL DEFAULT '1:1:',
    position bigint NOT NULL DEFAULT 0,
    cluster text NOT NULL DEFAULT '',
    history bigint NOT NULL DEFAULT 0,
    stream_created_ns bigint,
    acknowledged_sequence bigint NOT NULL DEFAULT 0,
    acknowledged_at timestamptz,
    replaying boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'waiting',
    stream_state text NOT NULL DEFAULT 'missing',
    stream_first_sequence bigint NOT NULL DEFAULT 0,
    stream_last_sequence bigint NOT NULL DEFAULT 0,
    stream_bytes bigint NOT NULL DEFAULT 0,
    stream_bytes_max bigint NOT NULL DEFAULT 0,
    observed_at timestamptz,
    rewind_count bigint NOT NULL DEFAULT 0,
    rewind_cause text NOT NULL DEFAULT '',
    rewind_began_at timestamptz,
    rewind_ended_at timestamptz,
    rewind_found_sequence bigint NOT NULL DEFAULT 0,
    rewind_acknowledged_sequence bigint NOT NULL DEFAULT 0,
    rewind_event_count bigint NOT NULL DEFAULT 0,
    CONSTRAINT relay_cursor_is_one_row CHECK (only_one),
    CONSTRAINT relay_cursor_state CHECK (state IN ('publishing', 'rewinding', 'waiting')),
    CONSTRAINT relay_cursor_stream_state
        CHECK (stream_state IN ('healthy', 'filling', 'went_back', 'missing', 'unreachable'))
);
INSERT INTO relay_cursor DEFAULT VALUES;

-- Where a stream that went back can be taken up again: everything that the snapshot shows was
-- stored at or below the sequence.
CREATE TABLE relay_checkpoints (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_created_ns bigint NOT NULL,
    sequence bigint NOT NULL,
    snapshot pg_snapshot NOT NULL,
    position bigint NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX relay_checkpoints_of_a_sequence ON relay_checkpoints (stream_created_ns, sequence);

-- How far a projection is applied, and how far its second copy is while one is built: everything
-- that the snapshot shows, and of what the target shows beyond it all that lies up to the position.
CREATE TABLE projection_cursors (
    name text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    leader text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'live',
    projector_version integer NOT NULL,
    served_copy smallint NOT NULL DEFAULT 0,
    snapshot pg_snapshot NOT NULL DEFAULT '1:1:',
    target pg_snapshot,
    position bigint NOT NULL DEFAULT 0,
    applied_at timestamptz,
    built_at timestamptz,
    failed_event uuid,
    failure text NOT NULL DEFAULT '',
    rebuild_version integer,
    rebuild_snapshot pg_snapshot,
    rebuild_target pg_snapshot,
    rebuild_position bigint NOT NULL DEFAULT 0,
    rebuild_end_position bigint NOT NULL DEFAULT 0,
    rebuild_began_at timestamptz,
    rebuild_actor_type smallint NOT NULL DEFAULT 0,
    rebuild_actor_id text NOT NULL DEFAULT '',
    CONSTRAINT projection_cursors_state CHECK (state IN ('live', 'failed')),
    CONSTRAINT projection_cursors_served_copy CHECK (served_copy IN (0, 1))
);

-- Where events are found by other things than their stream; a projection of the log in two copies.
CREATE TABLE event_index (
    copy smallint NOT NULL,
    tenant_id uuid NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    stream_kind text NOT NULL,
    stream_id text NOT NULL,
    version bigint NOT NULL,
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    actor_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (copy, tenant_id, position)
);
CREATE INDEX event_index_by_id ON event_index (copy, tenant_id, event_id);
CREATE INDEX event_index_by_correlation ON event_index (copy, tenant_id, correlation_id, position);

-- Who reads a durable, and how far it had come when it was last looked at.
CREATE TABLE consumer_cursors (
    name text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    leader text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'live',
    build text NOT NULL DEFAULT '',
    acknowledged_sequence bigint NOT NULL DEFAULT 0,
    lag bigint NOT NULL DEFAULT 0,
    pending bigint NOT NULL DEFAULT 0,
    source_history bigint NOT NULL DEFAULT 0,
    stream_created_ns bigint,
    applied_at timestamptz,
    observed_at timestamptz,
    CONSTRAINT consumer_cursors_state CHECK (state IN ('live', 'resyncing', 'reconnecting'))
);

-- Up to which version a consumer has applied a stream of another service.
CREATE TABLE inbox (
    tenant_id uuid NOT NULL,
    consumer text NOT NULL,
    stream_id text NOT NULL,
    history bigint NOT NULL,
    applied_version bigint NOT NULL,
    part integer NOT NULL,
    parts integer NOT NULL,
    parked boolean NOT NULL,
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, consumer, stream_id)
);

-- Streams that stand still at a consumer. One that stands still again gets a new id in its row.
CREATE TABLE dead_letters (
    tenant_id uuid NOT NULL,
    consumer text NOT NULL,
    stream_id text NOT NULL,
    dead_letter_id uuid NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    stream_kind text NOT NULL,
    history bigint NOT NULL,
    parked_version bigint NOT NULL,
    highest_version bigint NOT NULL,
    deliveries bigint NOT NULL,
    attempts bigint NOT NULL,
    error_reason text NOT NULL,
    trace_id text NOT NULL,
    subject text NOT NULL,
    event_type text NOT NULL,
    payload bytea NOT NULL,
    build text NOT NULL,
    actor_type smallint NOT NULL,
    actor_id text NOT NULL,
    resync_reason text NOT NULL,
    parked_at timestamptz NOT NULL,
    attempted_at timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (tenant_id, consumer, stream_id),
    CONSTRAINT dead_letters_state
        CHECK (state IN ('parked', 'redriving', 'resyncing', 'resolved', 'resynced')),
    CONSTRAINT dead_letters_reason
        CHECK (reason IN ('unreadable', 'kind_unknown', 'refused', 'gap', 'defect'))
);
-- A stream that was resynced without ever standing still has a row without an id.
CREATE UNIQUE INDEX dead_letters_by_id ON dead_letters (tenant_id, dead_letter_id)
    WHERE dead_letter_id <> '00000000-0000-0000-0000-000000000000';
CREATE INDEX dead_letters_open ON dead_letters (consumer, parked_at)
    WHERE state IN ('parked', 'redriving', 'resyncing');

ALTER TABLE event_index ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_index FORCE ROW LEVEL SECURITY;
ALTER TABLE inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox FORCE ROW LEVEL SECURITY;
ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letters FORCE ROW LEVEL SECURITY;

CREATE POLICY event_index_of_announced_tenants ON event_index TO retail_service
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
CREATE POLICY inbox_of_announced_tenants ON inbox TO retail_service
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
CREATE POLICY dead_letters_of_announced_tenants ON dead_letters TO retail_service
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
-- Redrives that were begun are found and resumed whoever's they are, and counted for operators.
CREATE POLICY inbox_for_scans ON inbox FOR SELECT TO retail_scan USING (true);
CREATE POLICY dead_letters_for_scans ON dead_letters FOR SELECT TO retail_scan USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON inbox, dead_letters TO retail_service;
GRANT SELECT, INSERT, DELETE ON event_index TO retail_service;
GRANT SELECT ON relay_cursor TO retail_service;
GRANT SELECT, INSERT, UPDATE ON projection_cursors, consumer_cursors TO retail_service;
GRANT SELECT, UPDATE ON relay_cursor TO retail_log;
GRANT SELECT, INSERT, DELETE ON relay_checkpoints TO retail_log;
GRANT SELECT, INSERT, UPDATE ON projection_cursors TO retail_log;
GRANT SELECT (tenant_id, consumer, stream_id, history, applied_version, parked)
    ON inbox TO retail_scan;
GRANT SELECT (
    tenant_id, consumer, stream_id, dead_letter_id, state, reason, source, stream_kind, history,
    parked_version, highest_version, build, parked_at
) ON dead_letters TO retail_scan;
