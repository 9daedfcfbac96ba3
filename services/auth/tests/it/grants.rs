//! The ways in, and how long what they give is worth something.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::issue_token_request::Grant;
use contracts::auth::revoke_token_request::Token;
use testbed::eventually;
use tokio::task::JoinSet;
use tonic::Code;

use crate::SOON;
use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_role_signs_in_and_gets_what_it_allows() {
    let bed = Bed::new().await;
    for (role, may, may_not) in [
        ("admin", "user.disable", "tenant.create"),
        ("manager", "price.write", "user.disable"),
        ("staff", "product.read", "price.write"),
        ("warehouse", "stock.receive", "price.write"),
        ("shopper", "order.place", "order.ship"),
    ] {
        let (clients, issued) = bed.role(role).await;
        let has = |act: &str| issued.permissions.iter().any(|it| it == act);
        assert!(has(may) && !has(may_not) && has("profile.read"), "{role}");
        let me = me(&clients).await.unwrap();
        assert_eq!(me.user.unwrap().email, format!("{role}@demo.example"));
        assert_eq!(me.customer_id.is_empty(), role != "shopper");
        assert_eq!(me.tenant_id, issued.tenant_id);
    }
    let (staff, _) = bed.role("staff").await;
    let refused = create(&staff, "new@demo.example").await;
    assert_eq!(told(&refused, "permission"), "user.create");
    assert_eq!(reason(refused), "PERMISSION_MISSING");
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_has_no_case_and_nobody_learns_who_is_there() {
    let bed = Bed::new().await;
    let nobody = bed.clients("");
    let right = sign_in(&nobody, CODE, "Admin@Demo.Example", PASSWORD).await;
    assert!(right.is_ok());
    for (code, email, password) in [
        (CODE, "admin@demo.example", "not the password"),
        (CODE, "stranger@demo.example", PASSWORD),
        ("nowhere", "admin@demo.example", PASSWORD),
    ] {
        let refused = sign_in(&nobody, code, email, password).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        let message = refused.message().to_owned();
        assert_eq!(message, "the credentials do not belong together");
        assert_eq!(reason::<()>(Err(refused)), "CREDENTIALS_INVALID");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_the_second_use_ends_the_session() {
    let bed = Bed::new().await;
    let nobody = bed.clients("");
    let (clients, first) = bed.role("staff").await;
    let second = refresh(&nobody, &first.refresh_token).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_eq!(first.session_id, second.session_id);
    let again = refresh(&nobody, &first.refresh_token).await.unwrap();
    assert_eq!(again, second, "a lost answer is given once more");
    let third = refresh(&nobody, &second.refresh_token).await.unwrap();
    assert_eq!(
        reason(refresh(&nobody, &first.refresh_token).await),
        "TOKEN_REUSED"
    );
    assert_eq!(
        reason(refresh(&nobody, &third.refresh_token).await),
        "TOKEN_REVOKED"
    );
    let refused = async || match me(&clients).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "the access token is refused", refused)
        .await
        .unwrap();
    let forged = format!("{}A", &third.refresh_token[..third.refresh_token.len() - 1]);
    assert_eq!(
        reason(refresh(&nobody, &forged).await),
        "CREDENTIALS_INVALID"
    );
    bed.verify().await;
}

/// Refreshes, and comes again where there was no room.
async fn refreshed(nobody: &Clients, token: &str) -> pb::IssueTokenResponse {
    loop {
        match refresh(nobody, token).await {
            Ok(issued) => return issued,
            refused => assert_eq!(reason(refused), "OVERLOADED"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refreshes_at_once_have_one_successor() {
    let bed = Bed::new().await;
    let (_, first) = bed.role("staff").await;
    let mut racing = JoinSet::new();
    for _ in 0..50 {
        let (nobody, token) = (bed.clients(""), first.refresh_token.clone());
        racing.spawn(async move { refreshed(&nobody, &token).await });
    }
    let all = racing.join_all().await;
    assert!(all.iter().all(|it| it == &all[0]));
    refresh(&bed.clients(""), &all[0].refresh_token)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_is_out_with_either_token() {
    let bed = Bed::new().await;
    let mut nobody = bed.clients("");
    for refreshing in [true, false] {
        let (_, issued) = bed.role("staff").await;
        let token = match refreshing {
            true => Token::RefreshToken(issued.refresh_token.clone()),
            false => Token::AccessToken(issued.access_token.clone()),
        };
        let request = pb::RevokeTokenRequest { token: Some(token) };
        nobody.tokens.revoke_token(request.clone()).await.unwrap();
        nobody.tokens.revoke_token(request).await.unwrap();
        let refused = refresh(&nobody, &issued.refresh_token).await;
        assert_eq!(reason(refused), "TOKEN_REVOKED");
    }
    let token = Some(Token::AccessToken("no.token.at.all".to_owned()));
    let request = pb::RevokeTokenRequest { token };
    nobody.tokens.revoke_token(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_shops_until_the_tenant_says_no() {
    let bed = Bed::new().await;
    let nobody = bed.clients("");
    let guest = || {
        Grant::Anonymous(pb::AnonymousGrant {
            tenant_code: CODE.to_owned(),
        })
    };
    let issued = issue(&nobody, guest()).await.unwrap();
    assert!(issued.user_id.is_empty() && !issued.customer_id.is_empty());
    assert!(issued.permissions.iter().any(|it| it == "order.place"));
    assert!(
        !issued
            .permissions
            .iter()
            .any(|it| it == "profile.change_password")
    );
    let next = refresh(&nobody, &issued.refresh_token).await.unwrap();
    assert_eq!(next.customer_id, issued.customer_id);
    let me = me(&bed.clients(&issued.access_token)).await.unwrap();
    assert_eq!((me.user, me.customer_id), (None, issued.customer_id));
    let (mut admin, _) = bed.role("admin").await;
    let tenant = pb::Tenant {
        tenant_id: issued.tenant_id,
        settings: Some(pb::TenantSettings {
            guests_refused: true,
            ..pb::TenantSettings::default()
        }),
        ..pb::Tenant::default()
    };
    let request = pb::UpdateTenantRequest {
        tenant: Some(tenant),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["settings.guests_refused".to_owned()],
        }),
        request_id: String::new(),
    };
    admin.tenants.update_tenant(request).await.unwrap();
    assert_eq!(reason(issue(&nobody, guest()).await), "GRANT_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_allows_no_more_than_it_was_narrowed_to() {
    let bed = Bed::new().await;
    let mut nobody = bed.clients("");
    let (_, issued) = bed.role("manager").await;
    let narrowed = |acts: &[&str]| pb::IssueTokenRequest {
        grant: Some(Grant::Refresh(pb::RefreshGrant {
            refresh_token: issued.refresh_token.clone(),
        })),
        permissions: acts.iter().map(|it| (*it).to_owned()).collect(),
    };
    let more = nobody.tokens.issue_token(narrowed(&["user.disable"])).await;
    assert_eq!(told(&more, "permission"), "user.disable");
    assert_eq!(reason(more), "PERMISSION_NOT_HELD");
    let less = nobody.tokens.issue_token(narrowed(&["product.read"])).await;
    assert_eq!(less.unwrap().into_inner().permissions, ["product.read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_is_worth_is_told_to_its_own_tenant() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let (_, issued) = bed.role("shopper").await;
    let ask = |token: &str| pb::IntrospectTokenRequest {
        access_token: token.to_owned(),
    };
    let worth = admin
        .tokens
        .introspect_token(ask(&issued.access_token))
        .await;
    let worth = worth.unwrap().into_inner();
    assert!(worth.active && worth.customer_id == issued.customer_id);
    assert_eq!(worth.session_id, issued.session_id);
    let forged = admin.tokens.introspect_token(ask("a.b.c")).await.unwrap();
    assert!(!forged.into_inner().active);
    let mut operator = bed.operator().await;
    let foreign = operator
        .tokens
        .introspect_token(ask(&issued.access_token))
        .await;
    assert!(!foreign.unwrap().into_inner().active);
    disable(&admin, &issued.user_id).await.unwrap();
    let gone = async || {
        let asked = admin
            .clone()
            .tokens
            .introspect_token(ask(&issued.access_token))
            .await;
        match asked.unwrap().into_inner().active {
            false => Ok(()),
            true => Err("still active".to_owned()),
        }
    };
    eventually(Duration::from_secs(5), "it is worth nothing", gone)
        .await
        .unwrap();
}
