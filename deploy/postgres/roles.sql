-- Who there is in Postgres. May run again at any time: it makes what is missing and sets the rest.
--
-- Three group roles carry the rights that migrations grant. Each service has an owner, which runs
-- migrations and serves nobody, and a login for each group. Passwords are set by whoever runs this.
DO $roles$
DECLARE
    bounds constant text := 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
    service text;
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['retail_service', 'retail_log', 'retail_scan'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
        EXECUTE format('ALTER ROLE %I NOLOGIN ' || bounds, role);
    END LOOP;

    FOREACH service IN ARRAY ARRAY[
        'auth', 'catalog', 'inventory', 'store', 'order', 'payment', 'notification', 'planning'
    ] LOOP
        FOREACH role IN ARRAY ARRAY[
            service || '_owner', service || '_service', service || '_log', service || '_scan'
        ] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I', role);
            END IF;
            EXECUTE format('ALTER ROLE %I LOGIN ' || bounds, role);
            EXECUTE format('ALTER ROLE %I SET search_path = public', role);
        END LOOP;
        EXECUTE format('GRANT retail_service TO %I', service || '_service');
        EXECUTE format('GRANT retail_log TO %I', service || '_log');
        EXECUTE format('GRANT retail_scan TO %I', service || '_scan');

        -- What serves callers gives up before they do.
        FOREACH role IN ARRAY ARRAY[service || '_service', service || '_scan'] LOOP
            EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', role, '2s');
            EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', role, '500ms');
            EXECUTE format(
                'ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', role, '5s'
            );
        END LOOP;
        -- A reader of the log holds one cursor over a long pass; it locks no row of others.
        role := service || '_log';
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', role, '30s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', role, '500ms');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', role, '60s');
        -- A migration waits for no service, and no service for it.
        role := service || '_owner';
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', role, '5s');
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', role, '10min');
    END LOOP;
END
$roles$;
