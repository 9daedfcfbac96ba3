-- Transfers and the rules of allocation are aggregates. What was told, what a position began with
-- and how far an import has come are plain rows.

CREATE TABLE transfers (
    tenant_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    facts bigint NOT NULL,
    source_id uuid NOT NULL,
    destination_id uuid NOT NULL,
    state text NOT NULL,
    reservation_id uuid NOT NULL,
    products text NOT NULL,
    shipped bigint NOT NULL,
    awaited bigint NOT NULL,
    varies boolean NOT NULL,
    body bytea NOT NULL,
    expected_at timestamptz,
    shipped_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id),
    CONSTRAINT transfers_count_their_facts CHECK (facts = version),
    CONSTRAINT transfers_state_is_known CHECK (state IN (
        'OPEN', 'IN_TRANSIT', 'COMPLETED', 'CANCELLED')),
    CONSTRAINT transfers_go_somewhere CHECK (source_id <> destination_id),
    CONSTRAINT transfers_numbers_not_negative CHECK (shipped >= 0 AND awaited >= 0),
    CONSTRAINT transfers_await_on_the_way_only CHECK (state = 'IN_TRANSIT' OR awaited = 0),
    CONSTRAINT transfers_open_have_shipped_nothing CHECK (state <> 'OPEN' OR shipped = 0),
    CONSTRAINT transfers_vary_when_over CHECK (state = 'COMPLETED' OR NOT varies),
    CONSTRAINT transfers_on_the_way_have_left
        CHECK (state NOT IN ('IN_TRANSIT', 'COMPLETED') OR shipped_at IS NOT NULL),
    CONSTRAINT transfers_end_once
        CHECK ((state IN ('COMPLETED', 'CANCELLED')) = (ended_at IS NOT NULL)),
    CONSTRAINT transfers_times_in_sequence CHECK (created_at <= updated_at)
) WITH (fillfactor = 80);

CREATE INDEX transfers_by_creation ON transfers (tenant_id, created_at DESC, transfer_id DESC);
CREATE INDEX transfers_on_their_way ON transfers (tenant_id, destination_id)
    WHERE state = 'IN_TRANSIT';

CREATE TABLE allocation_policies (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    facts bigint NOT NULL,
    body bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT allocation_policies_count_their_facts CHECK (facts = version),
    CONSTRAINT allocation_policies_are_one CHECK (name = 'policy')
);

-- A fact that was told is remembered for ever under its document and key.
CREATE TABLE told_facts (
    tenant_id uuid NOT NULL,
    told_id uuid NOT NULL,
    content uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    entry_version bigint NOT NULL,
    PRIMARY KEY (tenant_id, told_id),
    CONSTRAINT told_facts_have_an_entry CHECK (entry_version >= 1)
);

-- Which import a position began with, and how many of its entries are of it.
CREATE TABLE openings (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    import_id uuid NOT NULL,
    entries bigint NOT NULL,
    PRIMARY KEY (tenant_id, product_id, location_id),
    CONSTRAINT openings_have_entries CHECK (entries >= 1)
);

CREATE TABLE stock_imports (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    request_id uuid NOT NULL,
    ended boolean NOT NULL,
    last_sequence bigint NOT NULL,
    applied bigint NOT NULL,
    failed bigint NOT NULL,
    failures bytea NOT NULL,
    actor_type int NOT NULL,
    actor_id text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, import_id),
    CONSTRAINT stock_imports_count_from_none CHECK (
        last_sequence >= 0 AND applied >= 0 AND failed >= 0),
    CONSTRAINT stock_imports_handle_a_row_once CHECK (applied + failed <= last_sequence),
    CONSTRAINT stock_imports_times_in_sequence CHECK (created_at <= updated_at)
);

CREATE INDEX stock_imports_by_creation
    ON stock_imports (tenant_id, created_at DESC, import_id DESC);

ALTER TABLE transfers ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfers FORCE ROW LEVEL SECURITY;
ALTER TABLE allocation_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE allocation_policies FORCE ROW LEVEL SECURITY;
ALTER TABLE told_facts ENABLE ROW LEVEL SECURITY;
ALTER TABLE told_facts FORCE ROW LEVEL SECURITY;
ALTER TABLE openings ENABLE ROW LEVEL SECURITY;
ALTER TABLE openings FORCE ROW LEVEL SECURITY;
ALTER TABLE stock_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE stock_imports FORCE ROW LEVEL SECURITY;

CREATE POLICY transfers_of_announced_tenants ON transfers TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY allocation_policies_of_announced_tenants ON allocation_policies TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY told_facts_of_announced_tenants ON told_facts TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY openings_of_announced_tenants ON openings TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY stock_imports_of_announced_tenants ON stock_imports TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));

CREATE POLICY transfers_for_readers_of_the_log ON transfers
    FOR SELECT TO retail_log USING (true);
CREATE POLICY allocation_policies_for_readers_of_the_log ON allocation_policies
    FOR SELECT TO retail_log USING (true);
CREATE POLICY told_facts_for_readers_of_the_log ON told_facts
    FOR SELECT TO retail_log USING (true);
CREATE POLICY openings_for_readers_of_the_log ON openings
    FOR SELECT TO retail_log USING (true);
CREATE POLICY stock_imports_for_readers_of_the_log ON stock_imports
    FOR SELECT TO retail_log USING (true);

REVOKE ALL ON transfers, allocation_policies, told_facts, openings, stock_imports
    FROM retail_service;
GRANT SELECT, INSERT ON transfers, allocation_policies, told_facts, openings, stock_imports
    TO retail_service;
GRANT UPDATE (version, recorded_at, facts, source_id, destination_id, state, reservation_id,
    products, shipped, awaited, varies, body, expected_at, shipped_at, ended_at, created_at,
    updated_at) ON transfers TO retail_service;
GRANT UPDATE (version, recorded_at, facts, body, updated_at) ON allocation_policies
    TO retail_service;
GRANT UPDATE (content, product_id, location_id, entry_version) ON told_facts TO retail_service;
GRANT UPDATE (import_id, entries) ON openings TO retail_service;
GRANT UPDATE (request_id, ended, last_sequence, applied, failed, failures, actor_type, actor_id,
    created_at, updated_at) ON stock_imports TO retail_service;
GRANT SELECT ON transfers, allocation_policies, told_facts, openings, stock_imports
    TO retail_log;
