//! More writes than can be done: the rest is refused in types, and nothing that was granted is
//! lost.

use std::time::Duration;

use contracts::catalog as pb;
use sqlx::{Connection, PgConnection, Row};
use testbed::eventually;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::{Code, Request, Status};

use crate::SOON;
use crate::bed::*;
use crate::verified::verify;

/// The flood: so many waves of so many creates, each as soon as the one before was sent.
const WAVES: usize = 24;
const WAVE: usize = 250;
const GAP: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_in_types_with_a_hint_and_what_is_granted_is_there() {
    let bed = Bed::new().await;
    let mut calls = JoinSet::new();
    for wave in 0..WAVES {
        for number in 0..WAVE {
            let mut client = bed.staff();
            let sku = format!("F-{wave}-{number}");
            calls.spawn(async move { patient(&mut client, &sku).await });
        }
        sleep(GAP).await;
    }
    let answers = calls.join_all().await;
    let refused: Vec<_> = answers.iter().filter_map(|it| it.as_ref().err()).collect();
    let granted = answers.len() - refused.len();
    assert!(granted > 0 && !refused.is_empty(), "{granted} granted");
    for status in &refused {
        let view = view(status);
        assert_eq!(
            (status.code(), view.reason.as_str()),
            (Code::ResourceExhausted, "OVERLOADED"),
            "{status:?}"
        );
        assert!(view.retry_after.is_some_and(|it| !it.is_zero()));
    }
    let mut client = bed.staff();
    let calm = async || patient(&mut client, &fresh()).await.is_ok();
    eventually(SOON, "a write is granted again", calm)
        .await
        .unwrap();
    for _ in 0..20 {
        patient(&mut bed.staff(), &fresh()).await.unwrap();
    }
    // Nothing was created but what was granted.
    let mut admin = PgConnection::connect(&bed.database.admin_url())
        .await
        .unwrap();
    let count = sqlx::query("SELECT count(*) FROM products");
    let count: i64 = count.fetch_one(&mut admin).await.unwrap().get(0);
    assert_eq!(count, i64::try_from(granted + 21).unwrap());
    verify(&bed).await;
}

/// Creates a product, and has time.
async fn patient(client: &mut Client, sku: &str) -> Result<(), Status> {
    let mut request = Request::new(pb::CreateProductRequest {
        product: Some(product(sku)),
        request_id: String::new(),
    });
    request.set_timeout(SOON);
    client.create_product(request).await.map(drop)
}
