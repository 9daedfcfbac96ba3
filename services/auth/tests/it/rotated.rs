//! Keys that sign: exchanged while calls go on, and withdrawn when they may be known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use contracts::auth as pb;
use testbed::eventually;
use tokio::task::JoinSet;
use tonic::Code;

use crate::bed::*;

async fn rotate(operator: &mut Clients, withdraw_old: bool) -> String {
    let request = pb::RotateSigningKeyRequest {
        withdraw_old,
        request_id: fresh(),
    };
    let rotated = operator.tokens.rotate_signing_key(request).await.unwrap();
    rotated.into_inner().key.unwrap().kid
}

async fn kids(clients: &Clients) -> Vec<String> {
    let mut tokens = clients.tokens.clone();
    let keys = tokens.get_jwks(pb::GetJwksRequest {}).await.unwrap();
    keys.into_inner()
        .keys
        .into_iter()
        .map(|it| it.kid)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_refused_while_another_key_begins_to_sign() {
    let bed = Bed::new().await;
    let replica = bed.replica().await;
    let mut operator = bed.operator().await;
    let (_, issued) = bed.role("staff").await;
    let ended = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for number in 0..8 {
        let running = if number % 2 == 0 {
            &bed.running
        } else {
            &replica
        };
        let old = clients(running, &issued.access_token);
        let nobody = clients(running, "");
        let edge = running.edge("auth").unwrap();
        let (ended, calls) = (ended.clone(), calls.clone());
        callers.spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                me(&old).await.unwrap();
                let grant = pb::AnonymousGrant {
                    tenant_code: CODE.to_owned(),
                };
                let grant = contracts::auth::issue_token_request::Grant::Anonymous(grant);
                let fresh = issue(&nobody, grant).await.unwrap();
                let mut own =
                    contracts::auth::user_service_client::UserServiceClient::with_interceptor(
                        edge.clone(),
                        Bearer::of(&fresh.access_token),
                    );
                own.get_current_user(pb::GetCurrentUserRequest {})
                    .await
                    .unwrap();
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = kids(&bed.clients("")).await;
    let signing = rotate(&mut operator, false).await;
    assert!(
        before.contains(&signing),
        "a key is published before it signs"
    );
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    ended.store(true, Ordering::Relaxed);
    callers.join_all().await;
    assert!(calls.load(Ordering::Relaxed) > 20);
    let after = kids(&bed.clients("")).await;
    assert_eq!((before.len(), after.len()), (4, 5));
    assert!(
        before.iter().all(|it| after.contains(it)),
        "the old key still verifies"
    );
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_close_together_sign_with_keys_that_everybody_has() {
    let bed = Bed::new().await;
    let mut operator = bed.operator().await;
    let known = kids(&bed.clients("")).await;
    let (_, before) = bed.role("staff").await;
    for _ in 0..3 {
        let signing = rotate(&mut operator, false).await;
        assert!(
            known.contains(&signing),
            "it was published from the beginning"
        );
        let (staff, _) = bed.role("staff").await;
        me(&staff).await.unwrap();
    }
    me(&bed.clients(&before.access_token)).await.unwrap();
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_key_takes_all_its_tokens_with_it() {
    let bed = Bed::new().await;
    let mut operator = bed.operator().await;
    let (staff, issued) = bed.role("staff").await;
    rotate(&mut operator, true).await;
    let out = async || match me(&staff).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(Duration::from_secs(5), "the token is refused", out)
        .await
        .unwrap();
    let next = refresh(&bed.clients(""), &issued.refresh_token)
        .await
        .unwrap();
    assert!(
        me(&bed.clients(&next.access_token)).await.is_ok(),
        "sessions go on"
    );
}
