-- The stock of the benchmark: what a reserving service keeps, under the policies of a real one.
CREATE TABLE position (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    PRIMARY KEY (tenant_id, product_id, location_id),
    CONSTRAINT position_reserved_within_on_hand CHECK (reserved BETWEEN 0 AND on_hand)
) WITH (fillfactor = 50);

-- `lines` holds 40 bytes a line: product, location, quantity.
CREATE TABLE reservation (
    tenant_id uuid NOT NULL,
    reservation_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    lines bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, reservation_id)
);

ALTER TABLE position ENABLE ROW LEVEL SECURITY;
ALTER TABLE position FORCE ROW LEVEL SECURITY;
ALTER TABLE reservation ENABLE ROW LEVEL SECURITY;
ALTER TABLE reservation FORCE ROW LEVEL SECURITY;

CREATE POLICY position_of_announced_tenants ON position TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY reservation_of_announced_tenants ON reservation TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY position_for_readers_of_the_log ON position FOR SELECT TO retail_log USING (true);
CREATE POLICY reservation_for_readers_of_the_log ON reservation FOR SELECT TO retail_log
    USING (true);

GRANT SELECT, INSERT ON position, reservation TO retail_service;
GRANT UPDATE (version, recorded_at, on_hand, reserved) ON position TO retail_service;
GRANT UPDATE (version, recorded_at, lines, expires_at) ON reservation TO retail_service;
GRANT SELECT ON position, reservation TO retail_log;

-- The usual service has tables without policies: its life is made as easy as it can be.
CREATE TABLE usual_position (
    product_id uuid PRIMARY KEY,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE usual_reservation (
    reservation_id uuid PRIMARY KEY,
    lines bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE usual_request (
    request_id uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL
);
CREATE TABLE usual_event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id uuid NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE ON usual_position, usual_reservation, usual_request, usual_event
    TO retail_service;

-- One tiny row a commit: the ceiling of every service that commits each call alone.
CREATE TABLE tiny (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value bigint NOT NULL);
GRANT SELECT, INSERT ON tiny TO retail_service;
