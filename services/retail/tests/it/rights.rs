//! What a service may do in Postgres and at NATS, and what it may not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, Row};

use crate::bed::Bed;

struct Secrets(serde_json::Value);

impl Secrets {
    fn of(bed: &Bed) -> Self {
        let text = std::fs::read_to_string(bed.home().join("secrets.json")).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    fn url(&self, bed: &Bed, role: &str, database: &str) -> String {
        let password = self.0["postgres"][role].as_str().unwrap();
        let port = bed.port(32);
        format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }
}

#[tokio::test]
async fn a_service_reaches_its_own_database_with_its_own_limits_and_no_other() {
    let bed = Bed::fresh();
    bed.up();
    let secrets = Secrets::of(&bed);
    let own = secrets.url(&bed, "catalog_service", "catalog");
    let mut own = PgConnection::connect(&own).await.unwrap();
    for (name, value) in [
        ("statement_timeout", "2s"),
        ("lock_timeout", "500ms"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("fsync", "on"),
        ("log_parameter_max_length", "0"),
        ("data_checksums", "on"),
    ] {
        let row = sqlx::query("SELECT current_setting($1)").bind(name);
        let row = row.fetch_one(&mut own).await.unwrap();
        assert_eq!(row.get::<String, _>(0), value, "{name}");
    }
    let may = "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole,
                      pg_has_role(current_user, 'retail_service', 'usage'),
                      pg_has_role(current_user, 'retail_log', 'usage')
               FROM pg_roles WHERE rolname = current_user";
    let row = own.fetch_one(may).await.unwrap();
    let may: [bool; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!(may, [false, true, false]);
    assert!(own.execute("CREATE TABLE mine (a int)").await.is_err());
    own.close().await.unwrap();
    for (role, database) in [
        ("catalog_service", "order"),
        ("catalog_owner", "inventory"),
        ("catalog_log", "postgres"),
    ] {
        let foreign = secrets.url(&bed, role, database);
        let refused = PgConnection::connect(&foreign).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{role}: {refused}"
        );
    }
    let owner = secrets.url(&bed, "catalog_owner", "catalog");
    let mut owner = PgConnection::connect(&owner).await.unwrap();
    owner.execute("CREATE TABLE mine (a int)").await.unwrap();
    owner.close().await.unwrap();
    let wrong = format!(
        "postgres://catalog_service:wrong@127.0.0.1:{}/catalog",
        bed.port(32)
    );
    assert!(PgConnection::connect(&wrong).await.is_err());
}

/// Says whether the broker lets a user publish on a subject.
fn may_publish(bed: &Bed, user: &str, subject: &str) -> bool {
    let secrets = Secrets::of(bed);
    let password = secrets.0["nats"][user].as_str().unwrap();
    let mut broker = TcpStream::connect(("127.0.0.1", bed.port(22))).unwrap();
    broker
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let who = serde_json::json!({"user": user, "pass": password, "verbose": false});
    // The answer to PING comes behind whatever the broker has to say to what went before.
    let words = format!("CONNECT {who}\r\nPUB {subject} 0\r\n\r\nPING\r\n");
    broker.write_all(words.as_bytes()).unwrap();
    let (mut heard, mut buffer) = (String::new(), [0; 4096]);
    while !heard.contains("PONG") {
        let count = broker.read(&mut buffer).unwrap();
        assert!(count > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    assert!(!heard.contains("Authorization Violation"), "{heard}");
    !heard.contains("Permissions Violation")
}

const OF_CATALOG: &str = "retail.v1.ten_01h455vb4pex5vsknk084sn02q.catalog.product_created.prd_1";
const OF_ORDER: &str = "retail.v1.ten_01h455vb4pex5vsknk084sn02q.order.order_created.ord_1";

/// Who may publish on what.
const RIGHTS: &[(&str, &str, bool)] = &[
    ("catalog", OF_CATALOG, true),
    ("catalog", OF_ORDER, false),
    ("catalog", "$JS.API.STREAM.INFO.RETAIL_CATALOG", true),
    ("catalog", "$JS.API.STREAM.INFO.RETAIL_ORDER", false),
    ("catalog", "$JS.API.STREAM.CREATE.RETAIL_CATALOG", false),
    ("catalog", "$JS.API.STREAM.UPDATE.RETAIL_CATALOG", false),
    ("catalog", "$JS.API.STREAM.DELETE.RETAIL_CATALOG", false),
    (
        "catalog",
        "$JS.API.CONSUMER.CREATE.RETAIL_INVENTORY.catalog",
        true,
    ),
    (
        "catalog",
        "$JS.API.CONSUMER.CREATE.RETAIL_INVENTORY.order",
        false,
    ),
    ("catalog", "$JS.ACK.RETAIL_INVENTORY.order.1.1.1.1.0", false),
    (
        "inventory",
        "$JS.ACK.RETAIL_STORE.inventory-store.1.1.1.1.0",
        true,
    ),
    ("provisioner", "$JS.API.STREAM.CREATE.RETAIL_CATALOG", true),
    ("provisioner", OF_CATALOG, false),
];

#[test]
fn a_service_publishes_its_own_events_and_nothing_else() {
    let bed = Bed::fresh();
    bed.up();
    for (user, subject, expected) in RIGHTS {
        let may = may_publish(&bed, user, subject);
        assert_eq!(may, *expected, "{user} on {subject}");
    }
}
