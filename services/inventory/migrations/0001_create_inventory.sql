-- The stock of a tenant. Positions and holds are aggregates: their rows follow from their facts.
-- The rules that decisions keep are written a second time, as constraints.

CREATE TABLE reservations (
    tenant_id uuid NOT NULL,
    reservation_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    facts bigint NOT NULL,
    reference_kind int NOT NULL,
    reference_id text NOT NULL,
    state text NOT NULL,
    held bigint NOT NULL,
    expires_at timestamptz,
    epoch bigint NOT NULL,
    ordinal int NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, reservation_id),
    CONSTRAINT reservations_count_their_facts CHECK (facts = version),
    CONSTRAINT reservations_state_is_known CHECK (state IN (
        'ACTIVE', 'COMMITTED', 'RELEASED', 'EXPIRED', 'ADOPTED', 'REFUSED', 'REVOKED')),
    CONSTRAINT reservations_hold_while_active CHECK ((state = 'ACTIVE') = (held > 0)),
    CONSTRAINT reservations_held_not_negative CHECK (held >= 0),
    CONSTRAINT reservations_timed_have_a_fence CHECK ((expires_at IS NOT NULL) = (epoch > 0)),
    CONSTRAINT reservations_timed_are_never_refused
        CHECK (state <> 'REFUSED' OR expires_at IS NULL),
    CONSTRAINT reservations_firm_never_expire
        CHECK (state NOT IN ('EXPIRED', 'ADOPTED') OR expires_at IS NOT NULL),
    CONSTRAINT reservations_ordinal_not_negative CHECK (ordinal >= 0),
    CONSTRAINT reservations_times_in_sequence CHECK (created_at <= updated_at)
) WITH (fillfactor = 80);

CREATE INDEX reservations_ending ON reservations (expires_at)
    WHERE state = 'ACTIVE' AND expires_at IS NOT NULL;
CREATE INDEX reservations_of_a_document ON reservations (tenant_id, reference_id);
CREATE INDEX reservations_by_creation
    ON reservations (tenant_id, created_at DESC, reservation_id DESC);

-- What a shortfall may touch: few of all holds are live.
CREATE INDEX reservations_live ON reservations (tenant_id, created_at DESC)
    WHERE state = 'ACTIVE';

CREATE TABLE positions (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    damaged bigint NOT NULL,
    quarantined bigint NOT NULL,
    on_order bigint NOT NULL,
    in_transit bigint NOT NULL,
    backordered bigint NOT NULL,
    open_shortfall bigint NOT NULL,
    discrepancy bigint NOT NULL,
    shortfall_id uuid,
    shortfall_peak bigint NOT NULL,
    low_stock_threshold bigint,
    safety_stock bigint NOT NULL,
    backorder_cap bigint NOT NULL,
    preorder_from date,
    preorder_limit bigint NOT NULL,
    policy_revision bigint NOT NULL,
    policy_updated_at timestamptz,
    PRIMARY KEY (tenant_id, product_id, location_id),
    CONSTRAINT positions_on_hand_not_negative CHECK (on_hand >= 0),
    CONSTRAINT positions_reserved_not_negative CHECK (reserved >= 0),
    CONSTRAINT positions_conditions_not_negative CHECK (damaged >= 0 AND quarantined >= 0),
    CONSTRAINT positions_conditions_are_on_hand CHECK (damaged + quarantined <= on_hand),
    CONSTRAINT positions_inbound_not_negative CHECK (on_order >= 0 AND in_transit >= 0),
    CONSTRAINT positions_beyond_not_negative CHECK (backordered >= 0 AND open_shortfall >= 0),
    CONSTRAINT positions_promise_what_is_there CHECK (
        backordered + open_shortfall
            = greatest(0, reserved - (on_hand - damaged - quarantined))),
    CONSTRAINT positions_discrepancy_not_negative CHECK (discrepancy >= 0),
    CONSTRAINT positions_name_their_shortfall
        CHECK ((open_shortfall > 0) = (shortfall_id IS NOT NULL)),
    CONSTRAINT positions_shortfall_has_a_peak CHECK (shortfall_peak >= open_shortfall),
    CONSTRAINT positions_rules_not_negative CHECK (
        safety_stock >= 0 AND backorder_cap >= 0 AND preorder_limit >= 0
        AND coalesce(low_stock_threshold, 0) >= 0),
    CONSTRAINT positions_rules_have_a_time
        CHECK ((policy_revision > 0) = (policy_updated_at IS NOT NULL))
) WITH (fillfactor = 70);

CREATE INDEX positions_of_a_location ON positions (tenant_id, location_id, product_id);

-- What catalog and store have told of products and locations.
CREATE TABLE known_products (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    unit int NOT NULL,
    bundle boolean NOT NULL,
    told_version bigint NOT NULL,
    PRIMARY KEY (tenant_id, product_id),
    CONSTRAINT known_products_unit_is_a_number CHECK (unit >= 0)
);

CREATE TABLE known_locations (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    code text NOT NULL,
    time_zone text NOT NULL,
    open boolean NOT NULL,
    priority int NOT NULL,
    told_version bigint NOT NULL,
    PRIMARY KEY (tenant_id, location_id),
    CONSTRAINT known_locations_priority_not_negative CHECK (priority >= 0)
);

-- Views of the ledger: what it says of promises that were broken and of records that were wrong.
CREATE TABLE shortfalls (
    copy smallint NOT NULL,
    tenant_id uuid NOT NULL,
    shortfall_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    version bigint NOT NULL,
    open_quantity bigint NOT NULL,
    peak_quantity bigint NOT NULL,
    opening_id uuid NOT NULL,
    closing_id uuid,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (copy, tenant_id, shortfall_id),
    CONSTRAINT shortfalls_open_not_negative CHECK (open_quantity >= 0),
    CONSTRAINT shortfalls_close_when_nothing_is_open CHECK (
        (open_quantity = 0) = (closing_id IS NOT NULL)
        AND (closing_id IS NULL) = (closed_at IS NULL))
);
CREATE INDEX shortfalls_by_opening
    ON shortfalls (copy, tenant_id, opened_at DESC, shortfall_id DESC);

CREATE TABLE discrepancies (
    copy smallint NOT NULL,
    tenant_id uuid NOT NULL,
    discrepancy_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    quantity bigint NOT NULL,
    opening_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (copy, tenant_id, discrepancy_id),
    CONSTRAINT discrepancies_are_of_something CHECK (quantity > 0)
);
CREATE INDEX discrepancies_by_opening
    ON discrepancies (copy, tenant_id, opened_at DESC, discrepancy_id DESC);

ALTER TABLE shortfalls ENABLE ROW LEVEL SECURITY;
ALTER TABLE shortfalls FORCE ROW LEVEL SECURITY;
ALTER TABLE discrepancies ENABLE ROW LEVEL SECURITY;
ALTER TABLE discrepancies FORCE ROW LEVEL SECURITY;
CREATE POLICY shortfalls_of_announced_tenants ON shortfalls TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY discrepancies_of_announced_tenants ON discrepancies TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
REVOKE ALL ON shortfalls, discrepancies FROM retail_service;
GRANT SELECT, INSERT, DELETE ON shortfalls, discrepancies TO retail_service;
GRANT UPDATE (version, open_quantity, peak_quantity, closing_id, closed_at) ON shortfalls
    TO retail_service;

ALTER TABLE reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE reservations FORCE ROW LEVEL SECURITY;
ALTER TABLE positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE positions FORCE ROW LEVEL SECURITY;
ALTER TABLE known_products ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_products FORCE ROW LEVEL SECURITY;
ALTER TABLE known_locations ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_locations FORCE ROW LEVEL SECURITY;

-- The announced tenants are read once a statement (see the journal's own migration).
CREATE POLICY reservations_of_announced_tenants ON reservations TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY positions_of_announced_tenants ON positions TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY known_products_of_announced_tenants ON known_products TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY known_locations_of_announced_tenants ON known_locations TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));

CREATE POLICY reservations_for_readers_of_the_log ON reservations
    FOR SELECT TO retail_log USING (true);
CREATE POLICY positions_for_readers_of_the_log ON positions
    FOR SELECT TO retail_log USING (true);
CREATE POLICY known_products_for_readers_of_the_log ON known_products
    FOR SELECT TO retail_log USING (true);
CREATE POLICY known_locations_for_readers_of_the_log ON known_locations
    FOR SELECT TO retail_log USING (true);
-- Holds whose time is over are found without a tenant; nothing but ids and times is seen.
CREATE POLICY reservations_for_finders_of_work ON reservations
    FOR SELECT TO retail_scan USING (true);

-- Nobody is granted DELETE, and no key or tenant of a row can change, whatever the defaults of the
-- owner.
REVOKE ALL ON reservations, positions, known_products, known_locations FROM retail_service;
GRANT SELECT, INSERT ON reservations, positions, known_products, known_locations
    TO retail_service;
GRANT UPDATE (version, recorded_at, facts, reference_kind, reference_id, state, held, expires_at,
    epoch, ordinal, body, created_at, updated_at) ON reservations TO retail_service;
GRANT UPDATE (version, recorded_at, on_hand, reserved, damaged, quarantined, on_order, in_transit,
    backordered, open_shortfall, discrepancy, shortfall_id, shortfall_peak, low_stock_threshold,
    safety_stock, backorder_cap, preorder_from, preorder_limit, policy_revision,
    policy_updated_at) ON positions TO retail_service;
GRANT UPDATE (sku, title, unit, bundle, told_version) ON known_products TO retail_service;
GRANT UPDATE (code, time_zone, open, priority, told_version) ON known_locations
    TO retail_service;
GRANT SELECT ON reservations, positions, known_products, known_locations TO retail_log;
GRANT SELECT (tenant_id, reservation_id, expires_at, state) ON reservations TO retail_scan;
