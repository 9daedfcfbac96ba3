-- Who there is and what they may do. Tenants, roles, users, API keys, accounts, ended sessions
-- and the signing keys are aggregates: their rows follow from their facts, and `content` is their
-- compact form.

-- Which tenant has a code; of no tenant, so under the nil one.
CREATE TABLE tenant_codes (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    owner uuid NOT NULL,
    PRIMARY KEY (tenant_id, code),
    CONSTRAINT tenant_codes_code_is_a_key CHECK (code ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    CONSTRAINT tenant_codes_are_of_no_tenant
        CHECK (tenant_id = '00000000-0000-0000-0000-000000000000')
) WITH (fillfactor = 80);

-- Tries to sign in, by the digest of an account or an address; of no tenant.
CREATE TABLE sign_in_tries (
    tenant_id uuid NOT NULL,
    digest text NOT NULL,
    tries bigint NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    CONSTRAINT sign_in_tries_not_negative CHECK (tries >= 0)
) WITH (fillfactor = 80);

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    code text NOT NULL,
    suspended boolean NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT tenants_are_one CHECK (name = 'self')
) WITH (fillfactor = 80);

CREATE TABLE counters (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT counters_not_negative CHECK (amount >= 0)
) WITH (fillfactor = 80);

-- The keys that sign, their private halves sealed. One set, of the operator's tenant.
CREATE TABLE signing_keys (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, name),
    CONSTRAINT signing_keys_are_one_set CHECK (name = 'signing-keys')
) WITH (fillfactor = 80);

CREATE TABLE roles (
    tenant_id uuid NOT NULL,
    role_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    key text COLLATE "C" NOT NULL,
    system boolean NOT NULL,
    content bytea NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, role_id),
    CONSTRAINT roles_of_the_system_stay CHECK (NOT system OR deleted_at IS NULL)
) WITH (fillfactor = 80);

CREATE TABLE role_members (
    tenant_id uuid NOT NULL,
    role_id uuid NOT NULL,
    users bigint NOT NULL,
    accounts bigint NOT NULL,
    PRIMARY KEY (tenant_id, role_id),
    CONSTRAINT role_members_not_negative CHECK (users >= 0 AND accounts >= 0)
) WITH (fillfactor = 80);

-- `content` holds what is personal sealed with the key in `subject_keys`.
CREATE TABLE users (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    state text NOT NULL,
    customer_id uuid,
    roles text NOT NULL,
    locations text NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT users_state_is_known CHECK (state IN ('ACTIVE', 'DISABLED', 'INVITED', 'ERASED'))
) WITH (fillfactor = 80);

CREATE TABLE user_access (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash text NOT NULL,
    sessions_from timestamptz NOT NULL,
    begun bigint NOT NULL,
    last_at timestamptz,
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT user_access_hash_is_argon2id CHECK (hash = '' OR hash LIKE '$argon2id$%')
) WITH (fillfactor = 80);

-- Keys of personal data, wrapped; an empty one was destroyed.
CREATE TABLE subject_keys (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) WITH (fillfactor = 80);

CREATE TABLE user_links (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used boolean NOT NULL,
    PRIMARY KEY (tenant_id, user_id, kind),
    CONSTRAINT user_links_kind_is_known CHECK (kind IN ('INVITATION')),
    CONSTRAINT user_links_digest_is_one CHECK (length(digest) = 32)
) WITH (fillfactor = 80);

-- What is unique in a tenant, and who has it; nobody any more, where absent.
CREATE TABLE claims (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    value text COLLATE "C" NOT NULL,
    holder uuid,
    PRIMARY KEY (tenant_id, kind, value),
    CONSTRAINT claims_kind_is_known CHECK (kind IN ('email', 'role_key'))
) WITH (fillfactor = 80);

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    permissions text NOT NULL,
    revoked boolean NOT NULL,
    expires_at timestamptz,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, api_key_id)
) WITH (fillfactor = 80);

CREATE TABLE service_accounts (
    tenant_id uuid NOT NULL,
    service_account_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    roles text NOT NULL,
    disabled boolean NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, service_account_id)
) WITH (fillfactor = 80);

CREATE TABLE machine_uses (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    machine_id uuid NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, machine_id),
    CONSTRAINT machine_uses_kind_is_known CHECK (kind IN ('api_key', 'service_account'))
) WITH (fillfactor = 80);

-- `seed` and `agent` are sealed; refresh tokens are made from the seed and kept nowhere.
CREATE TABLE sessions (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid,
    customer_id uuid,
    seed bytea NOT NULL,
    agent bytea NOT NULL,
    generation bigint NOT NULL,
    begun_at timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT sessions_generation_from_zero CHECK (generation >= 0),
    CONSTRAINT sessions_are_somebodys CHECK (user_id IS NOT NULL OR customer_id IS NOT NULL),
    CONSTRAINT sessions_times_in_sequence
        CHECK (begun_at <= refreshed_at AND begun_at <= ended_at)
) WITH (fillfactor = 80);

CREATE TABLE ended_sessions (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, session_id)
) WITH (fillfactor = 80);

-- Acts; never changed, never removed.
CREATE TABLE audit_entries (
    tenant_id uuid NOT NULL,
    audit_id uuid NOT NULL,
    actor_type smallint NOT NULL,
    actor_id text NOT NULL,
    method text NOT NULL,
    outcome smallint NOT NULL,
    reason text NOT NULL,
    permission text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    aggregate_version bigint NOT NULL,
    event_id uuid,
    event_type text NOT NULL,
    correlation_id text NOT NULL,
    request_id text NOT NULL,
    trace_id text NOT NULL,
    session text NOT NULL,
    acted_at timestamptz NOT NULL,
    noted_at timestamptz NOT NULL,
    -- By it a watch tells what became visible since it looked.
    noted_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, audit_id),
    CONSTRAINT audit_entries_outcome_is_known CHECK (outcome IN (1, 2, 3))
);

CREATE INDEX users_by_creation ON users (tenant_id, created_at, user_id);
CREATE INDEX users_who_are_customers ON users (tenant_id, customer_id)
    WHERE customer_id IS NOT NULL;
-- Who has a role is asked by the role that reads the log.
CREATE INDEX users_by_role ON users USING gin (string_to_array(btrim(roles), ' '));
CREATE INDEX service_accounts_by_role ON service_accounts
    USING gin (string_to_array(btrim(roles), ' '));
CREATE INDEX roles_by_key ON roles (tenant_id, key) WHERE deleted_at IS NULL;
CREATE INDEX api_keys_by_creation ON api_keys (tenant_id, created_at, api_key_id);
CREATE INDEX api_keys_by_id ON api_keys (api_key_id);
CREATE INDEX service_accounts_by_creation
    ON service_accounts (tenant_id, created_at, service_account_id);
CREATE INDEX service_accounts_by_id ON service_accounts (service_account_id);
CREATE INDEX sessions_of_users ON sessions (tenant_id, user_id, refreshed_at)
    WHERE ended_at IS NULL;
CREATE INDEX sessions_of_customers ON sessions (tenant_id, customer_id, refreshed_at)
    WHERE ended_at IS NULL;
CREATE INDEX sessions_by_use ON sessions (refreshed_at);
CREATE INDEX sign_in_tries_forgotten ON sign_in_tries (forgotten_at);
CREATE INDEX audit_entries_by_act ON audit_entries (tenant_id, acted_at, audit_id);
CREATE INDEX audit_entries_by_note ON audit_entries (tenant_id, noted_in, audit_id);
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor_id, acted_at);
CREATE INDEX audit_entries_by_thing ON audit_entries (tenant_id, aggregate_id, acted_at);
CREATE INDEX audit_entries_by_chain ON audit_entries (tenant_id, correlation_id);

ALTER TABLE tenant_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_codes FORCE ROW LEVEL SECURITY;
ALTER TABLE sign_in_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_tries FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE counters FORCE ROW LEVEL SECURITY;
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE roles FORCE ROW LEVEL SECURITY;
ALTER TABLE role_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE role_members FORCE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE user_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_access FORCE ROW LEVEL SECURITY;
ALTER TABLE subject_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE user_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_links FORCE ROW LEVEL SECURITY;
ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE service_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE machine_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE machine_uses FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE ended_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ended_sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;

-- The announced tenants are read once a statement (see the journal's own migration).
CREATE POLICY tenant_codes_of_announced_tenants ON tenant_codes TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY sign_in_tries_of_announced_tenants ON sign_in_tries TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY tenants_of_announced_tenants ON tenants TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY counters_of_announced_tenants ON counters TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY signing_keys_of_announced_tenants ON signing_keys TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY roles_of_announced_tenants ON roles TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY role_members_of_announced_tenants ON role_members TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY users_of_announced_tenants ON users TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY user_access_of_announced_tenants ON user_access TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY subject_keys_of_announced_tenants ON subject_keys TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY user_links_of_announced_tenants ON user_links TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY claims_of_announced_tenants ON claims TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY api_keys_of_announced_tenants ON api_keys TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY service_accounts_of_announced_tenants ON service_accounts TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY machine_uses_of_announced_tenants ON machine_uses TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY sessions_of_announced_tenants ON sessions TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY ended_sessions_of_announced_tenants ON ended_sessions TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
CREATE POLICY audit_entries_of_announced_tenants ON audit_entries TO retail_service
    USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));

CREATE POLICY tenant_codes_for_readers_of_the_log ON tenant_codes
    FOR SELECT TO retail_log USING (true);
CREATE POLICY sign_in_tries_for_readers_of_the_log ON sign_in_tries
    FOR SELECT TO retail_log USING (true);
CREATE POLICY tenants_for_readers_of_the_log ON tenants
    FOR SELECT TO retail_log USING (true);
CREATE POLICY counters_for_readers_of_the_log ON counters
    FOR SELECT TO retail_log USING (true);
CREATE POLICY signing_keys_for_readers_of_the_log ON signing_keys
    FOR SELECT TO retail_log USING (true);
CREATE POLICY roles_for_readers_of_the_log ON roles
    FOR SELECT TO retail_log USING (true);
CREATE POLICY role_members_for_readers_of_the_log ON role_members
    FOR SELECT TO retail_log USING (true);
CREATE POLICY users_for_readers_of_the_log ON users
    FOR SELECT TO retail_log USING (true);
CREATE POLICY user_access_for_readers_of_the_log ON user_access
    FOR SELECT TO retail_log USING (true);
CREATE POLICY subject_keys_for_readers_of_the_log ON subject_keys
    FOR SELECT TO retail_log USING (true);
CREATE POLICY user_links_for_readers_of_the_log ON user_links
    FOR SELECT TO retail_log USING (true);
CREATE POLICY claims_for_readers_of_the_log ON claims
    FOR SELECT TO retail_log USING (true);
CREATE POLICY api_keys_for_readers_of_the_log ON api_keys
    FOR SELECT TO retail_log USING (true);
CREATE POLICY service_accounts_for_readers_of_the_log ON service_accounts
    FOR SELECT TO retail_log USING (true);
CREATE POLICY machine_uses_for_readers_of_the_log ON machine_uses
    FOR SELECT TO retail_log USING (true);
CREATE POLICY sessions_for_readers_of_the_log ON sessions
    FOR SELECT TO retail_log USING (true);
CREATE POLICY ended_sessions_for_readers_of_the_log ON ended_sessions
    FOR SELECT TO retail_log USING (true);
CREATE POLICY audit_entries_for_readers_of_the_log ON audit_entries
    FOR SELECT TO retail_log USING (true);

-- Whose a key or an account is, is found without a tenant, as is what had its time; nothing but ids
-- and times is seen.
CREATE POLICY api_keys_for_finders ON api_keys FOR SELECT TO retail_scan USING (true);
CREATE POLICY service_accounts_for_finders ON service_accounts
    FOR SELECT TO retail_scan USING (true);
CREATE POLICY tries_for_finders ON sign_in_tries FOR SELECT TO retail_scan USING (true);
CREATE POLICY tries_are_forgotten ON sign_in_tries FOR DELETE TO retail_scan
    USING (forgotten_at < now());
CREATE POLICY sessions_for_finders ON sessions FOR SELECT TO retail_scan USING (true);
CREATE POLICY sessions_are_forgotten ON sessions FOR DELETE TO retail_scan
    USING (refreshed_at < now() - interval '31 days');

-- Nobody of the service is granted DELETE, and no key or tenant of a row can change.
REVOKE ALL ON tenant_codes, sign_in_tries, tenants, counters, signing_keys, roles, role_members,
    users, user_access, subject_keys, user_links, claims, api_keys, service_accounts,
    machine_uses, sessions, ended_sessions, audit_entries FROM retail_service;
GRANT SELECT, INSERT ON tenant_codes, sign_in_tries, tenants, counters, signing_keys, roles,
    role_members, users, user_access, subject_keys, user_links, claims, api_keys,
    service_accounts, machine_uses, sessions, ended_sessions, audit_entries TO retail_service;
GRANT UPDATE (owner) ON tenant_codes TO retail_service;
GRANT UPDATE (tries, last_at, blocked_until, forgotten_at) ON sign_in_tries TO retail_service;
GRANT UPDATE (version, recorded_at, code, suspended, content) ON tenants TO retail_service;
GRANT UPDATE (amount) ON counters TO retail_service;
GRANT UPDATE (version, recorded_at, content) ON signing_keys TO retail_service;
GRANT UPDATE (version, recorded_at, key, system, content, deleted_at) ON roles TO retail_service;
GRANT UPDATE (users, accounts) ON role_members TO retail_service;
GRANT UPDATE (version, recorded_at, state, customer_id, roles, locations, content, created_at)
    ON users TO retail_service;
GRANT UPDATE (hash, sessions_from, begun, last_at) ON user_access TO retail_service;
GRANT UPDATE (wrapped) ON subject_keys TO retail_service;
GRANT UPDATE (digest, expires_at, used) ON user_links TO retail_service;
GRANT UPDATE (holder) ON claims TO retail_service;
GRANT UPDATE (version, recorded_at, permissions, revoked, expires_at, content, created_at)
    ON api_keys TO retail_service;
GRANT UPDATE (version, recorded_at, roles, disabled, content, created_at)
    ON service_accounts TO retail_service;
GRANT UPDATE (used_at) ON machine_uses TO retail_service;
GRANT UPDATE (user_id, customer_id, seed, agent, generation, begun_at, refreshed_at, ended_at)
    ON sessions TO retail_service;
GRANT UPDATE (version, recorded_at, content) ON ended_sessions TO retail_service;
-- What may be locked must be one that could be changed; the journal never changes it.
GRANT UPDATE (noted_at) ON audit_entries TO retail_service;
GRANT SELECT ON tenant_codes, sign_in_tries, tenants, counters, signing_keys, roles, role_members,
    users, user_access, subject_keys, user_links, claims, api_keys, service_accounts,
    machine_uses, sessions, ended_sessions, audit_entries TO retail_log;
GRANT SELECT (tenant_id, api_key_id) ON api_keys TO retail_scan;
GRANT SELECT (tenant_id, service_account_id) ON service_accounts TO retail_scan;
GRANT SELECT (tenant_id, digest, forgotten_at), DELETE ON sign_in_tries TO retail_scan;
GRANT SELECT (tenant_id, session_id, refreshed_at), DELETE ON sessions TO retail_scan;
