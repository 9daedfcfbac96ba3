//! Users and roles: who may change whom, and what is left of those who are gone.

use std::time::Duration;

use contracts::auth as pb;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tonic::Code;

use crate::SOON;
use crate::bed::*;

pub async fn custom(
    clients: &Clients,
    key: &str,
    acts: &[&str],
) -> Result<pb::Role, tonic::Status> {
    let request = pb::CreateRoleRequest {
        role: Some(pb::Role {
            key: key.to_owned(),
            display_name: key.to_owned(),
            permissions: acts.iter().map(|it| (*it).to_owned()).collect(),
            ..pb::Role::default()
        }),
        request_id: String::new(),
    };
    let mut roles = clients.roles.clone();
    Ok(roles.create_role(request).await?.into_inner().role.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_what_they_do_not_hold() {
    let bed = Bed::new().await;
    let (admin, _) = bed.role("admin").await;
    let acts = [
        "role.create",
        "role.read",
        "role.grant",
        "user.create",
        "user.disable",
    ];
    let keeper = custom(&admin, "keeper", &acts).await.unwrap();
    let user = create(&admin, "keeper@demo.example").await.unwrap();
    grant(&admin, &user.user_id, &keeper.role_id).await.unwrap();
    let change = pb::PasswordChangeGrant {
        tenant_code: CODE.to_owned(),
        email: "keeper@demo.example".to_owned(),
        password: "a first password".to_owned(),
        new_password: PASSWORD.to_owned(),
    };
    let grant_it = contracts::auth::issue_token_request::Grant::PasswordChange(change);
    let issued = issue(&bed.clients(""), grant_it).await.unwrap();
    let keeper_client = bed.clients(&issued.access_token);
    let more = custom(&keeper_client, "more", &["user.create", "price.write"]).await;
    assert_eq!(told(&more, "permission"), "price.write");
    assert_eq!(reason(more), "PERMISSION_NOT_HELD");
    custom(&keeper_client, "less", &["user.create"])
        .await
        .unwrap();
    let unknown = custom(&admin, "unknown", &["goat.milk"]).await;
    assert_eq!(reason(unknown), "PERMISSION_UNKNOWN");
    let twice = custom(&admin, "less", &["user.create"]).await;
    assert_eq!(reason(twice), "ROLE_KEY_EXISTS");
    let admin_role = role_id(&admin, "admin").await;
    let upwards = grant(&keeper_client, &user.user_id, &admin_role).await;
    assert_eq!(reason(upwards), "PERMISSION_NOT_HELD");
    let (_, boss) = bed.role("admin").await;
    let against = disable(&keeper_client, &boss.user_id).await;
    assert_eq!(reason(against), "PERMISSION_NOT_HELD");
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_disabled_is_out_in_seconds_without_any_broker() {
    let bed = Bed::new().await;
    let (admin, _) = bed.role("admin").await;
    let (staff, issued) = bed.role("staff").await;
    let replica = bed.replica().await;
    let elsewhere = clients(&replica, &issued.access_token);
    assert!(me(&elsewhere).await.is_ok());
    let gone = disable(&admin, &issued.user_id).await.unwrap();
    assert_eq!(gone.state(), pb::UserState::Disabled);
    for there in [&staff, &elsewhere] {
        let out = async || match me(there).await {
            Err(status) if status.code() == Code::Unauthenticated => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually(Duration::from_secs(5), "the token is refused", out)
            .await
            .unwrap();
    }
    let nobody = bed.clients("");
    assert_eq!(
        reason(refresh(&nobody, &issued.refresh_token).await),
        "USER_DISABLED"
    );
    let right = sign_in(&nobody, CODE, "staff@demo.example", PASSWORD).await;
    assert_eq!(reason(right), "USER_DISABLED");
    let wrong = sign_in(&nobody, CODE, "staff@demo.example", "not it at all").await;
    assert_eq!(reason(wrong), "CREDENTIALS_INVALID");
    let request = pb::EnableUserRequest {
        user_id: issued.user_id,
        ..pb::EnableUserRequest::default()
    };
    admin.clone().users.enable_user(request).await.unwrap();
    assert!(
        sign_in(&nobody, CODE, "staff@demo.example", PASSWORD)
            .await
            .is_ok()
    );
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_who_opens_every_door_stays() {
    let bed = Bed::new().await;
    let (admin, issued) = bed.role("admin").await;
    let refused = disable(&admin, &issued.user_id).await;
    assert_eq!(reason(refused), "LAST_ADMIN");
    let request = pb::RevokeRoleRequest {
        user_id: issued.user_id.clone(),
        role_id: role_id(&admin, "admin").await,
        ..pb::RevokeRoleRequest::default()
    };
    let refused = admin.clone().users.revoke_role(request).await;
    assert_eq!(reason(refused), "LAST_ADMIN");
    let (_, manager) = bed.role("manager").await;
    let admin_role = role_id(&admin, "admin").await;
    grant(&admin, &manager.user_id, &admin_role).await.unwrap();
    disable(&admin, &issued.user_id).await.unwrap();
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_is_nowhere_in_clear_and_gone_when_erased() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let email = "canary-4711@demo.example";
    let user = create(&admin, email).await.unwrap();
    let mut database = PgConnection::connect(&bed.database.admin_url())
        .await
        .unwrap();
    for (table, column) in [
        ("users", "content"),
        ("events", "payload"),
        ("idempotency", "answer"),
    ] {
        let sql = format!(
            "SELECT count(*) FROM {table} WHERE position('canary-4711'::bytea in {column}) > 0"
        );
        let found = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        let found: i64 = found.fetch_one(&mut database).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
    let request = pb::EraseUserRequest {
        user_id: user.user_id.clone(),
        reason: "ASKED".to_owned(),
        etag: String::new(),
        request_id: fresh(),
    };
    let erased = admin.users.erase_user(request.clone()).await.unwrap();
    let erased = erased.into_inner().user.unwrap();
    assert_eq!(
        (erased.state(), erased.email.as_str()),
        (pb::UserState::Erased, "")
    );
    let again = admin
        .users
        .erase_user(request)
        .await
        .unwrap()
        .into_inner()
        .user;
    assert_eq!(again.unwrap().state(), pb::UserState::Erased);
    let key = "SELECT count(*) FROM subject_keys WHERE length(wrapped) = 0";
    let destroyed: i64 = sqlx::query_scalar(key)
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(destroyed, 1);
    create(&admin, email).await.unwrap();
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_rights_are_felt_and_sessions_go_on() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let (staff, issued) = bed.role("staff").await;
    let role = custom(&admin, "pricing", &["price.write", "role.read"])
        .await
        .unwrap();
    grant(&admin, &issued.user_id, &role.role_id).await.unwrap();
    let nobody = bed.clients("");
    let more = refresh(&nobody, &issued.refresh_token).await.unwrap();
    assert!(more.permissions.iter().any(|it| it == "price.write"));
    let in_use = pb::DeleteRoleRequest {
        role_id: role.role_id.clone(),
        ..pb::DeleteRoleRequest::default()
    };
    let refused = admin.roles.delete_role(in_use).await;
    assert_eq!(told(&refused, "users"), "1");
    assert_eq!(reason(refused), "ROLE_IN_USE");
    let request = pb::RevokeRoleRequest {
        user_id: issued.user_id.clone(),
        role_id: role.role_id,
        ..pb::RevokeRoleRequest::default()
    };
    admin.users.revoke_role(request).await.unwrap();
    let out = async || match me(&staff).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "the token is refused", out).await.unwrap();
    let less = refresh(&nobody, &more.refresh_token).await.unwrap();
    assert!(!less.permissions.iter().any(|it| it == "price.write"));
    assert!(me(&bed.clients(&less.access_token)).await.is_ok());
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_allows_less_is_felt_by_those_who_have_it_alone() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let (_, has) = bed.role("staff").await;
    let (other, _) = bed.role("manager").await;
    let acts = ["price.write", "role.read"];
    let role = custom(&admin, "pricing", &acts).await.unwrap();
    grant(&admin, &has.user_id, &role.role_id).await.unwrap();
    let nobody = bed.clients("");
    let with = refresh(&nobody, &has.refresh_token).await.unwrap();
    let holder = bed.clients(&with.access_token);
    assert!(me(&holder).await.is_ok());
    let request = pb::UpdateRoleRequest {
        role: Some(pb::Role {
            permissions: vec!["role.read".to_owned()],
            ..role
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["permissions".to_owned()],
        }),
        request_id: String::new(),
    };
    admin.roles.update_role(request).await.unwrap();
    let out = async || match me(&holder).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "the token is refused", out).await.unwrap();
    assert!(me(&other).await.is_ok() && me(&admin).await.is_ok());
    let less = refresh(&nobody, &with.refresh_token).await.unwrap();
    assert!(!less.permissions.iter().any(|it| it == "price.write"));
    assert!(me(&bed.clients(&less.access_token)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_page_by_page_and_by_their_whole_email() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let mut request = pb::ListUsersRequest {
        page_size: 2,
        ..pb::ListUsersRequest::default()
    };
    let mut emails = Vec::new();
    loop {
        let page = admin
            .users
            .list_users(request.clone())
            .await
            .unwrap()
            .into_inner();
        emails.extend(page.users.into_iter().map(|it| it.email));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    emails.sort();
    let all = ["admin", "manager", "shopper", "staff", "warehouse"];
    assert_eq!(emails, all.map(|it| format!("{it}@demo.example")));
    let request = pb::ListUsersRequest {
        email: "STAFF@demo.example".to_owned(),
        ..pb::ListUsersRequest::default()
    };
    let found = admin
        .users
        .list_users(request)
        .await
        .unwrap()
        .into_inner()
        .users;
    assert_eq!(found.len(), 1);
    let request = pb::ListUsersRequest {
        role_id: role_id(&admin, "staff").await,
        ..pb::ListUsersRequest::default()
    };
    let found = admin
        .users
        .list_users(request)
        .await
        .unwrap()
        .into_inner()
        .users;
    assert_eq!(found.len(), 1);
}
