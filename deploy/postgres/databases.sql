-- The statements that give each service a database of its own, for whoever runs this to run next:
-- none of them may stand in a transaction. In psql: end the query with \gexec instead of `;`.
WITH services (name) AS (
    SELECT unnest(ARRAY[
        'auth', 'catalog', 'inventory', 'store', 'order', 'payment', 'notification', 'planning'
    ])
),
statements (name, step, statement) AS (
    SELECT name, 1, format('CREATE DATABASE %I OWNER %I TEMPLATE template0', name, name || '_owner')
    FROM services
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
    UNION ALL
    SELECT name, 2, format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name)
    FROM services
    UNION ALL
    SELECT
        name,
        3,
        format(
            'GRANT CONNECT ON DATABASE %I TO %I, %I, %I, %I',
            name, name || '_owner', name || '_service', name || '_log', name || '_scan'
        )
    FROM services
    UNION ALL
    SELECT '', 4, 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
)
SELECT statement
FROM statements
ORDER BY name, step;
