//! From nothing to a running stack and back, each step twice.

use std::os::unix::fs::PermissionsExt;

use sqlx::{Connection, Executor, PgConnection, Row};

use crate::bed::{Bed, is_alive};

#[tokio::test]
async fn a_stack_comes_up_calmly_twice_goes_down_twice_and_keeps_its_data() {
    let bed = Bed::fresh();
    let up = bed.up();
    assert!(up.output.contains("not for production"), "{up:?}");
    let pids = ["supervisor", "postgres", "nats"].map(|it| bed.pid(it));
    let url = bed.endpoints()["postgres"].as_str().unwrap().to_owned();
    let mut database = PgConnection::connect(&url).await.unwrap();
    database
        .execute("CREATE TABLE kept AS SELECT 7 AS number")
        .await
        .unwrap();
    database.close().await.unwrap();

    let again = bed.up();
    assert!(again.output.contains("already running"), "{again:?}");
    assert_eq!(
        ["supervisor", "postgres", "nats"].map(|it| bed.pid(it)),
        pids
    );
    assert_eq!(bed.run(&["ps"]).code, 0);

    let down = bed.run(&["down"]);
    assert_eq!(down.code, 0, "{down:?}");
    assert!(pids.iter().all(|it| !is_alive(*it)), "{down:?}");
    let twice = bed.run(&["down"]);
    assert_eq!((twice.code, twice.output.trim()), (0, "nothing runs here"));
    assert_eq!(bed.run(&["ps"]).code, 3);

    bed.up();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let row = database.fetch_one("SELECT number FROM kept").await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 7);
    database.close().await.unwrap();
}

#[test]
fn what_holds_a_secret_is_read_by_its_owner_alone() {
    let bed = Bed::fresh();
    bed.up();
    let files = [
        "secrets.json",
        "accounts.json",
        "key-encryption.key",
        "service-catalog.pem",
        "endpoints.json",
        "endpoints.env",
        "token",
        "nats/nats.conf",
        "logs/postgres.log",
    ];
    for file in files {
        let mode = bed
            .home()
            .join(file)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let secrets = std::fs::read_to_string(bed.home().join("secrets.json")).unwrap();
    let secrets: serde_json::Value = serde_json::from_str(&secrets).unwrap();
    let password = secrets["postgres"]["postgres"].as_str().unwrap();
    let told = [bed.run(&["ps"]), bed.run(&["up"]), bed.run(&["logs"])];
    for told in told {
        assert!(!told.output.contains(password) && !told.errors.contains(password));
    }
}

#[test]
fn a_restart_that_is_asked_for_counts_as_no_death() {
    let bed = Bed::fresh();
    bed.up();
    let (nats, postgres) = (bed.pid("nats"), bed.pid("postgres"));
    let restart = bed.run(&["restart", "nats"]);
    assert_eq!(restart.code, 0, "{restart:?}");
    let part = bed.part("nats");
    assert_ne!(bed.pid("nats"), nats);
    assert_eq!(
        (&part["restarts"], &part["condition"]),
        (&0.into(), &"ready".into())
    );
    assert_eq!(bed.pid("postgres"), postgres);
    assert_eq!(bed.run(&["restart", "shop"]).code, 1);
}

#[test]
fn lines_of_all_parts_come_in_the_order_of_their_times() {
    let bed = Bed::fresh();
    bed.up();
    let logs = bed.run(&["logs"]);
    let lines: Vec<&str> = logs.output.lines().collect();
    assert!(
        lines
            .iter()
            .any(|it| it.starts_with("postgres ") && it.contains("ready to accept"))
    );
    assert!(
        lines
            .iter()
            .any(|it| it.starts_with("nats ") && it.contains("Server is ready"))
    );
    let nats = bed.run(&["logs", "nats"]);
    assert!(
        nats.output.lines().all(|it| it.starts_with("nats ")),
        "{nats:?}"
    );
    let none = bed.run(&["logs", "--trace", "0123456789abcdef0123456789abcdef"]);
    assert_eq!((none.code, none.output.as_str()), (0, ""));
    assert_eq!(bed.run(&["logs", "shop"]).code, 1);
}

#[test]
fn a_token_is_asked_of_auth_and_is_alone_on_its_line() {
    let bed = Bed::fresh();
    bed.up();
    let token = bed.run(&["token", "--role", "shopper", "--tenant", "demo"]);
    assert_eq!(
        (token.code, token.output.lines().count()),
        (0, 1),
        "{token:?}"
    );
    assert_eq!(token.output.trim().split('.').count(), 3);
    let nobody = bed.run(&["token", "--tenant", "nowhere"]);
    assert_eq!((nobody.code, nobody.output.as_str()), (1, ""));
    assert_eq!(bed.run(&["token", "--role", "king"]).code, 2);
}
