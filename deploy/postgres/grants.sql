-- What every database of a service allows before its first migration; run in each of them.
-- The owner makes schemas and tables, the groups see the schema, and migrations grant the rest.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO retail_service, retail_log, retail_scan;
DO $owner$
BEGIN
    EXECUTE format('GRANT ALL ON SCHEMA public TO %I', current_database() || '_owner');
END
$owner$;
