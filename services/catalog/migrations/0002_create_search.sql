-- What search reads: one row for each product and language, made anew from the product's row when
-- its events pass. It holds nothing that the product's row does not. There are two copies, so that
-- one can be filled beside the one that is served.
--
-- It has no policy, because the operators of search cannot use an index under one. Whoever reads it
-- names the tenant and joins `products`, which is forced: a foreign row finds nothing there.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE product_search (
    copy smallint NOT NULL,
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    locale text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    locales text[] NOT NULL,
    visible boolean NOT NULL,
    state text NOT NULL,
    title text COLLATE "C" NOT NULL,
    brand text NOT NULL,
    category_ids uuid[] NOT NULL,
    currencies text[] NOT NULL,
    prices_minor bigint[] NOT NULL,
    availability text NOT NULL,
    is_variant boolean NOT NULL,
    attributes text[] NOT NULL,
    published_at timestamptz,
    words text NOT NULL,
    document tsvector NOT NULL,
    PRIMARY KEY (copy, tenant_id, product_id, locale),
    CONSTRAINT product_search_version_from_one CHECK (version >= 1),
    CONSTRAINT product_search_prices_pair
        CHECK (cardinality(currencies) = cardinality(prices_minor))
) WITH (fillfactor = 80);

CREATE INDEX product_search_documents ON product_search USING gin (tenant_id, document);
CREATE INDEX product_search_words ON product_search USING gin (tenant_id, words gin_trgm_ops);
CREATE INDEX product_search_categories ON product_search USING gin (tenant_id, category_ids);
CREATE INDEX product_search_titles ON product_search (copy, tenant_id, title, product_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON product_search TO retail_service;
