-- What an operator was answered is remembered where every answer is: the role that does their work
-- keeps it in the commit of that work, for the tenant that it announced, and reads no other's.
CREATE POLICY idempotency_of_operators ON idempotency TO retail_log
    USING (tenant_id = ANY ((
        SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',')::uuid[]
    )::uuid[]));
GRANT SELECT, INSERT ON idempotency TO retail_log;
