//! The usual way to sell stock, kept to show that the checker can tell: read what is there,
//! decide, write the new number. It oversells, and the checker says so.

use futures_util::future::join_all;
use sqlx::{Connection, PgConnection};

use crate::bed::*;

/// Units there are, and buyers who want one.
const UNITS: i64 = 50;
const BUYERS: usize = 400;
const CONNECTIONS: usize = 16;

/// What is sold is what is gone, and no more than there was.
pub fn sold_is_what_there_was(units: i64, sold: i64, left: i64) -> Result<(), String> {
    if left < 0 || sold + left != units {
        return Err(format!(
            "of {units} units {sold} were sold, and {left} are left"
        ));
    }
    Ok(())
}

async fn buy(connection: &mut PgConnection) -> bool {
    let read = sqlx::query_scalar("SELECT available FROM shelf");
    let available: i64 = read.fetch_one(&mut *connection).await.unwrap();
    if available < 1 {
        return false;
    }
    let written = sqlx::query("UPDATE shelf SET available = $1").bind(available - 1);
    written.execute(&mut *connection).await.unwrap();
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_way_oversells_and_the_checker_tells() {
    let bed = Bed::new().await;
    let mut admin = bed.admin().await;
    for set_up in [
        "CREATE TABLE shelf (available bigint)",
        "INSERT INTO shelf VALUES (50)",
    ] {
        sqlx::query(set_up).execute(&mut admin).await.unwrap();
    }
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let url = bed.database.admin_url();
        connections.push(PgConnection::connect(&url).await.unwrap());
    }
    let buyers = connections.iter_mut().map(async |connection| {
        let mut sold = 0;
        for _ in 0..BUYERS / CONNECTIONS {
            sold += i64::from(buy(connection).await);
        }
        sold
    });
    let sold: i64 = join_all(buyers).await.into_iter().sum();
    let read = sqlx::query_scalar("SELECT available FROM shelf");
    let left: i64 = read.fetch_one(&mut admin).await.unwrap();
    sold_is_what_there_was(UNITS, sold, left).unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sale_by_holds_passes_the_same_checker() {
    let bed = Bed::new().await;
    receive(&mut bed.staff(), &[(1, UNITS)], 1).await.unwrap();
    let buyers = (0..CONNECTIONS).map(async |_| {
        let mut buyer = bed.staff();
        let mut sold = 0;
        for _ in 0..BUYERS / CONNECTIONS {
            if let Ok(hold) = reserve(&mut buyer, &[(1, 1)]).await {
                commit(&mut buyer, &hold, vec![]).await.unwrap();
                sold += 1;
            }
        }
        sold
    });
    let sold: i64 = join_all(buyers).await.into_iter().sum();
    let (left, reserved, short) = levels(&bed, 1, 1).await;
    sold_is_what_there_was(UNITS, sold, left).unwrap();
    assert_eq!((sold, reserved, short), (UNITS, 0, 0));
}
