-- What a tenant sells. Products and categories are aggregates: their rows follow from their facts.
-- The other tables hold plain states that are saved in the same commits.

CREATE TABLE category_trees (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT category_trees_revision_from_zero CHECK (revision >= 0)
) WITH (fillfactor = 70);

CREATE TABLE categories (
    tenant_id uuid NOT NULL,
    category_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    facts bigint NOT NULL,
    parent_category_id uuid,
    slug text NOT NULL,
    display_name text NOT NULL,
    description text NOT NULL,
    place int NOT NULL,
    schema_id uuid,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, category_id),
    CONSTRAINT categories_count_their_facts CHECK (facts = version),
    CONSTRAINT categories_are_not_below_themselves CHECK (parent_category_id <> category_id),
    CONSTRAINT categories_place_in_bounds CHECK (place BETWEEN 0 AND 1000000),
    CONSTRAINT categories_slug_is_a_key CHECK (slug ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    CONSTRAINT categories_times_in_sequence CHECK (created_at <= updated_at)
) WITH (fillfactor = 80);

CREATE INDEX categories_below ON categories (tenant_id, parent_category_id, place, slug)
    WHERE deleted_at IS NULL;
CREATE INDEX categories_by_slug ON categories (tenant_id, slug) WHERE deleted_at IS NULL;

-- What lies directly in a category. A closed one is gone and takes nothing in.
CREATE TABLE category_occupancies (
    tenant_id uuid NOT NULL,
    category_id uuid NOT NULL,
    categories bigint NOT NULL,
    products bigint NOT NULL,
    closed boolean NOT NULL,
    PRIMARY KEY (tenant_id, category_id),
    CONSTRAINT category_occupancies_not_negative CHECK (categories >= 0 AND products >= 0),
    CONSTRAINT category_occupancies_closed_empty
        CHECK (NOT closed OR (categories = 0 AND products = 0))
) WITH (fillfactor = 70);

-- `content` and `prices` are compact forms of what no condition asks for.
CREATE TABLE products (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    facts bigint NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    brand text NOT NULL,
    unit text NOT NULL,
    state text NOT NULL,
    variant_of uuid,
    main_currency text NOT NULL,
    price_minor bigint NOT NULL,
    compare_at_minor bigint,
    next_price_at timestamptz,
    content bytea NOT NULL,
    prices bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, product_id),
    CONSTRAINT products_count_their_facts CHECK (facts = version),
    CONSTRAINT products_sku_is_a_code CHECK (sku ~ '^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$'),
    CONSTRAINT products_title_is_there CHECK (title <> ''),
    CONSTRAINT products_unit_is_known
        CHECK (unit IN ('EACH', 'GRAM', 'MILLILITRE', 'MILLIMETRE')),
    CONSTRAINT products_state_is_known CHECK (state IN ('DRAFT', 'ACTIVE', 'ARCHIVED')),
    CONSTRAINT products_active_were_published CHECK (state <> 'ACTIVE' OR published_at IS NOT NULL),
    CONSTRAINT products_currency_is_a_code CHECK (main_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT products_prices_not_negative CHECK (price_minor >= 0 AND compare_at_minor >= 0),
    CONSTRAINT products_are_not_their_own_family CHECK (variant_of <> product_id),
    CONSTRAINT products_times_in_sequence CHECK (created_at <= updated_at)
) WITH (fillfactor = 80);

CREATE INDEX products_by_creation ON products (tenant_id, created_at, product_id);
CREATE INDEX products_by_update ON products (tenant_id, updated_at, product_id);
CREATE INDEX products_by_sku ON products (tenant_id, sku COLLATE "C", product_id);
CREATE INDEX products_by_title ON products (tenant_id, (left(title, 100)) COLLATE "C", product_id);
CREATE INDEX products_of_a_family ON products (tenant_id, variant_of) WHERE variant_of IS NOT NULL;
CREATE INDEX products_of_a_brand ON products (tenant_id, brand) WHERE brand <> '';
CREATE INDEX products_with_due_prices ON products (next_price_at) WHERE next_price_at IS NOT NULL;

CREATE TABLE product_variants (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    variants bigint NOT NULL,
    PRIMARY KEY (tenant_id, product_id),
    CONSTRAINT product_variants_not_negative CHECK (variants >= 0)
) WITH (fillfactor = 70);

-- Which products stand in which categories, deleted products included.
CREATE TABLE product_placements (
    tenant_id uuid NOT NULL,
    category_id uuid NOT NULL,
    product_id uuid NOT NULL,
    stands boolean NOT NULL,
    PRIMARY KEY (tenant_id, category_id, product_id)
);

-- What is unique in a tenant, and who has it; nobody any more, where both are absent.
CREATE TABLE claims (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    value text COLLATE "C" NOT NULL,
    product_id uuid,
    category_id uuid,
    PRIMARY KEY (tenant_id, kind, value),
    CONSTRAINT claims_kind_is_known CHECK (kind IN ('sku', 'barcode', 'slug', 'combination')),
    CONSTRAINT claims_slugs_are_of_categories CHECK (kind <> 'slug' OR product_id IS NULL),
    CONSTRAINT claims_numbers_are_of_products CHECK (kind = 'slug' OR category_id IS NULL)
);

CREATE TABLE product_prices (
    tenant_id uuid NOT NULL,
    price_id uuid NOT NULL,
    product_id uuid NOT NULL,
    currency text NOT NULL,
    price_minor bigint NOT NULL,
    compare_at_minor bigint,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    state text NOT NULL,
    actor_type smallint NOT NULL,
    actor_id text NOT NULL,
    created_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    PRIMARY KEY (tenant_id, price_id),
    CONSTRAINT product_prices_not_negative CHECK (price_minor >= 0 AND compare_at_minor >= 0),
    CONSTRAINT product_prices_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT product_prices_state_is_known
        CHECK (state IN ('SCHEDULED', 'CURRENT', 'PAST', 'CANCELLED')),
    CONSTRAINT product_prices_end_when_past CHECK ((state = 'PAST') = (ends_at IS NOT NULL)),
    CONSTRAINT product_prices_cancelled_have_a_time
        CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL)),
    CONSTRAINT product_prices_end_after_they_start CHECK (ends_at >= starts_at)
) WITH (fillfactor = 80);

CREATE INDEX product_prices_history
    ON product_prices (tenant_id, product_id, starts_at DESC, price_id DESC);

ALTER TABLE category_trees ENABLE ROW LEVEL SECURITY;
ALTER TABLE category_trees FORCE ROW LEVEL SECURITY;
ALTER TABLE categories ENABLE ROW LEVEL SECURITY;
ALTER TABLE categories FORCE ROW LEVEL SECURITY;
ALTER TABLE category_occupancies ENABLE ROW LEVEL SECURITY;
ALTER TABLE category_occupancies FORCE ROW LEVEL SECURITY;
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
ALTER TABLE products FORCE ROW LEVEL SECURITY;
ALTER TABLE product_variants ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_variants FORCE ROW LEVEL SECURITY;
ALTER TABLE product_placements ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_placements FORCE ROW LEVEL SECURITY;
ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
ALTER TABLE product_prices ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_prices FORCE ROW LEVEL SECURITY;

-- The announced tenants are read once a statement (see the journal's own migration).
CREATE POLICY category_trees_of_announced_tenants ON category_trees TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY categories_of_announced_tenants ON categories TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY category_occupancies_of_announced_tenants ON category_occupancies TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY products_of_announced_tenants ON products TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY product_variants_of_announced_tenants ON product_variants TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY product_placements_of_announced_tenants ON product_placements TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY claims_of_announced_tenants ON claims TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY product_prices_of_announced_tenants ON product_prices TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));

CREATE POLICY category_trees_for_readers_of_the_log ON category_trees
    FOR SELECT TO retail_log USING (true);
CREATE POLICY categories_for_readers_of_the_log ON categories
    FOR SELECT TO retail_log USING (true);
CREATE POLICY category_occupancies_for_readers_of_the_log ON category_occupancies
    FOR SELECT TO retail_log USING (true);
CREATE POLICY products_for_readers_of_the_log ON products
    FOR SELECT TO retail_log USING (true);
CREATE POLICY product_variants_for_readers_of_the_log ON product_variants
    FOR SELECT TO retail_log USING (true);
CREATE POLICY product_placements_for_readers_of_the_log ON product_placements
    FOR SELECT TO retail_log USING (true);
CREATE POLICY claims_for_readers_of_the_log ON claims
    FOR SELECT TO retail_log USING (true);
CREATE POLICY product_prices_for_readers_of_the_log ON product_prices
    FOR SELECT TO retail_log USING (true);
-- Due prices are found without a tenant; nothing but ids and times is seen.
CREATE POLICY products_for_finders_of_work ON products
    FOR SELECT TO retail_scan USING (true);

-- Nobody is granted DELETE, and no key or tenant of a row can change, whatever the defaults of the
-- owner.
REVOKE ALL ON category_trees, categories, category_occupancies, products, product_variants,
    product_placements, claims, product_prices FROM retail_service;
GRANT SELECT, INSERT ON category_trees, categories, category_occupancies, products,
    product_variants, product_placements, claims, product_prices TO retail_service;
GRANT UPDATE (revision) ON category_trees TO retail_service;
GRANT UPDATE (version, recorded_at, facts, parent_category_id, slug, display_name, description,
    place, schema_id, content, created_at, updated_at, deleted_at)
    ON categories TO retail_service;
GRANT UPDATE (categories, products, closed) ON category_occupancies TO retail_service;
GRANT UPDATE (version, recorded_at, facts, sku, title, brand, unit, state, variant_of,
    main_currency, price_minor, compare_at_minor, next_price_at, content, prices, created_at,
    updated_at, published_at, deleted_at) ON products TO retail_service;
GRANT UPDATE (variants) ON product_variants TO retail_service;
GRANT UPDATE (stands) ON product_placements TO retail_service;
GRANT UPDATE (product_id, category_id) ON claims TO retail_service;
GRANT UPDATE (product_id, currency, price_minor, compare_at_minor, starts_at, ends_at, state,
    actor_type, actor_id, created_at, cancelled_at) ON product_prices TO retail_service;
GRANT SELECT ON category_trees, categories, category_occupancies, products, product_variants,
    product_placements, claims, product_prices TO retail_log;
GRANT SELECT (tenant_id, product_id, next_price_at) ON products TO retail_scan;
