//! Refusals as their callers see them: who holds too little, reaches too far, or comes too late.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::issue_token_request::Grant;
use prost_types::FieldMask;
use vocab::{LocationId, RoleId};

use crate::bed::*;
use crate::people::custom;

/// A permission that nobody here holds but the admin.
const DEAR: &str = "price.write";
/// What the keeper of accounts may do.
const KEEPER: [&str; 17] = [
    "user.create",
    "user.update",
    "user.disable",
    "user.enable",
    "user.erase",
    "user.set_password",
    "user.set_locations",
    "role.create",
    "role.update",
    "role.grant",
    "role.revoke",
    "api_key.create",
    "api_key.rotate",
    "service_account.create",
    "service_account.update",
    "service_account.rotate",
    "service_account.enable",
];

fn location() -> String {
    LocationId::at(1, [7; 10]).to_string()
}

fn mask(path: &str) -> Option<FieldMask> {
    let paths = vec![path.to_owned()];
    Some(FieldMask { paths })
}

/// A member of the staff with a role, signed in; bound to a location if said.
async fn member(bed: &Bed, email: &str, role: &str, bound: bool) -> Clients {
    let (mut admin, _) = bed.role("admin").await;
    let user = create(&admin, email).await.unwrap();
    grant(&admin, &user.user_id, role).await.unwrap();
    if bound {
        let request = pb::SetUserLocationsRequest {
            user_id: user.user_id,
            location_ids: vec![location()],
            ..pb::SetUserLocationsRequest::default()
        };
        admin.users.set_user_locations(request).await.unwrap();
    }
    let change = Grant::PasswordChange(pb::PasswordChangeGrant {
        tenant_code: CODE.to_owned(),
        email: email.to_owned(),
        password: "a first password".to_owned(),
        new_password: PASSWORD.to_owned(),
    });
    let issued = issue(&bed.clients(""), change).await.unwrap();
    bed.clients(&issued.access_token)
}

/// Whoever may do everything, but at one location only.
async fn bound(bed: &Bed) -> Clients {
    let (admin, _) = bed.role("admin").await;
    let role = role_id(&admin, "admin").await;
    member(bed, "bound@demo.example", &role, true).await
}

/// Whoever keeps accounts and holds little besides.
async fn keeper(bed: &Bed) -> Clients {
    let (admin, _) = bed.role("admin").await;
    let role = custom(&admin, "keeper", &KEEPER).await.unwrap();
    member(bed, "keeper@demo.example", &role.role_id, false).await
}

/// Tries everything on a user but to disable or erase them, and says how each was refused.
async fn changed(by: &Clients, user: &str, role: &str) -> Vec<String> {
    let (mut users, user_id) = (by.users.clone(), user.to_owned());
    let update = pb::UpdateUserRequest {
        user: Some(pb::User {
            user_id: user_id.clone(),
            display_name: "Other".to_owned(),
            ..pb::User::default()
        }),
        update_mask: mask("display_name"),
        request_id: String::new(),
    };
    let enable = pb::EnableUserRequest {
        user_id: user_id.clone(),
        ..pb::EnableUserRequest::default()
    };
    let password = pb::SetPasswordRequest {
        user_id,
        new_password: "yet another one 9".to_owned(),
        request_id: fresh(),
        ..pb::SetPasswordRequest::default()
    };
    let mut all = vec![
        reason(users.update_user(update).await),
        reason(users.enable_user(enable).await),
        reason(users.set_password(password).await),
        reason(disable(by, user).await),
    ];
    all.extend(given(by, user, role).await);
    all
}

/// Tries to give and take rights.
async fn given(by: &Clients, user: &str, role: &str) -> Vec<String> {
    let (mut users, user_id) = (by.users.clone(), user.to_owned());
    let revoke = pb::RevokeRoleRequest {
        user_id: user_id.clone(),
        role_id: role.to_owned(),
        ..pb::RevokeRoleRequest::default()
    };
    let bind = pb::SetUserLocationsRequest {
        user_id,
        location_ids: vec![location()],
        ..pb::SetUserLocationsRequest::default()
    };
    vec![
        reason(grant(by, user, role).await),
        reason(users.revoke_role(revoke).await),
        reason(users.set_user_locations(bind).await),
    ]
}

async fn erase(by: &Clients, user: &str) -> Result<(), tonic::Status> {
    let request = pb::EraseUserRequest {
        user_id: user.to_owned(),
        reason: "ASKED".to_owned(),
        etag: String::new(),
        request_id: fresh(),
    };
    by.users.clone().erase_user(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_changed_by_those_alone_who_hold_and_reach_what_they_do() {
    let bed = Bed::new().await;
    let (admin, boss) = bed.role("admin").await;
    let staff = role_id(&admin, "staff").await;
    for (by, why) in [
        (keeper(&bed).await, "PERMISSION_NOT_HELD"),
        (bound(&bed).await, "LOCATION_NOT_HELD"),
    ] {
        let mut all = changed(&by, &boss.user_id, &staff).await;
        all.push(reason(erase(&by, &boss.user_id).await));
        assert!(all.iter().all(|it| it == why), "{why}: {all:?}");
    }
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_stays_so_and_shoppers_and_the_last_admin_are_left_alone() {
    let bed = Bed::new().await;
    let (mut admin, boss) = bed.role("admin").await;
    let staff = role_id(&admin, "staff").await;
    let gone = create(&admin, "gone@demo.example").await.unwrap().user_id;
    erase(&admin, &gone).await.unwrap();
    let all = changed(&admin, &gone, &staff).await;
    assert!(all.iter().all(|it| it == "USER_ERASED"), "{all:?}");
    let (_, shopper) = bed.role("shopper").await;
    let all = given(&admin, &shopper.user_id, &staff).await;
    assert!(all.iter().all(|it| it == "USER_IS_CUSTOMER"), "{all:?}");
    assert_eq!(reason(erase(&admin, &boss.user_id).await), "LAST_ADMIN");
    let bind = pb::SetUserLocationsRequest {
        user_id: boss.user_id.clone(),
        location_ids: vec![location()],
        ..pb::SetUserLocationsRequest::default()
    };
    let refused = admin.users.set_user_locations(bind).await;
    assert_eq!(reason(refused), "LAST_ADMIN");
    let nobodys = RoleId::at(1, [3; 10]).to_string();
    let refused = grant(&admin, &boss.user_id, &nobodys).await;
    assert_eq!(reason(refused), "ROLE_UNKNOWN");
    let mut contact = tonic::Request::new(pb::GetUserContactRequest { user_id: gone });
    let tenant = boss.tenant_id.parse().unwrap();
    contact.metadata_mut().insert("x-tenant-id", tenant);
    let mut notification = bed.as_service("notification").await;
    let refused = notification.users.get_user_contact(contact).await;
    assert_eq!(reason(refused), "USER_ERASED");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_and_passwords_are_judged() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let taken = create(&admin, "staff@demo.example").await;
    assert_eq!(reason(taken), "EMAIL_EXISTS");
    let user = create(&admin, "new@demo.example").await.unwrap();
    let weak = pb::SetPasswordRequest {
        user_id: user.user_id.clone(),
        new_password: "password1234".to_owned(),
        request_id: fresh(),
        ..pb::SetPasswordRequest::default()
    };
    let refused = admin.users.set_password(weak.clone()).await;
    assert_eq!(told(&refused, "rule"), "COMMON");
    let resend = pb::ResendInvitationRequest {
        user_id: user.user_id.clone(),
        ..pb::ResendInvitationRequest::default()
    };
    let refused = admin.users.resend_invitation(resend).await;
    assert_eq!(told(&refused, "state"), "ACTIVE");
    let update = pb::UpdateUserRequest {
        user: Some(pb::User {
            email: "staff@demo.example".to_owned(),
            ..user
        }),
        update_mask: mask("email"),
        request_id: String::new(),
    };
    let refused = admin.users.update_user(update).await;
    assert_eq!(reason(refused), "EMAIL_EXISTS");
    let mut invited = pb::CreateUserRequest {
        user: Some(pb::User {
            email: "invited@demo.example".to_owned(),
            display_name: "Somebody".to_owned(),
            ..pb::User::default()
        }),
        initial_password: "password1234".to_owned(),
        request_id: String::new(),
    };
    let refused = admin.users.create_user(invited.clone()).await;
    assert_eq!(reason(refused), "PASSWORD_TOO_WEAK");
    invited.initial_password.clear();
    let made = admin.users.create_user(invited).await.unwrap().into_inner();
    let early = pb::SetPasswordRequest {
        user_id: made.user.unwrap().user_id,
        new_password: PASSWORD.to_owned(),
        request_id: fresh(),
        ..weak
    };
    let refused = admin.users.set_password(early).await;
    assert_eq!(reason(refused), "USER_INVITED");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_is_judged_and_not_tried_for_ever() {
    let bed = Bed::new().await;
    let (mut own, _) = bed.role("staff").await;
    let change = |current: &str, new: &str| pb::ChangePasswordRequest {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
        request_id: fresh(),
    };
    let weak = own
        .own
        .change_password(change(PASSWORD, "password1234"))
        .await;
    assert_eq!(told(&weak, "rule"), "COMMON");
    let mut last = String::new();
    for _ in 0..6 {
        let tried = change("not the password", "yet another one 9");
        last = reason(own.own.change_password(tried).await);
    }
    assert_eq!(last, "LOGIN_THROTTLED");
    let mut nobody = bed.clients("");
    let request = pb::AcceptInvitationRequest {
        invitation_token: "nothing".to_owned(),
        password: PASSWORD.to_owned(),
        display_name: String::new(),
    };
    let refused = nobody.own.accept_invitation(request).await;
    assert_eq!(reason(refused), "CREDENTIALS_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_of_the_system_stay_and_others_say_what_there_is() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let staff = role_id(&admin, "staff").await;
    let update = |id: &str, act: &str| pb::UpdateRoleRequest {
        role: Some(pb::Role {
            role_id: id.to_owned(),
            permissions: vec![act.to_owned()],
            ..pb::Role::default()
        }),
        update_mask: mask("permissions"),
        request_id: String::new(),
    };
    let refused = admin.roles.update_role(update(&staff, DEAR)).await;
    assert_eq!(reason(refused), "SYSTEM_ROLE_IMMUTABLE");
    let delete = pb::DeleteRoleRequest {
        role_id: staff,
        ..pb::DeleteRoleRequest::default()
    };
    let refused = admin.roles.delete_role(delete).await;
    assert_eq!(reason(refused), "SYSTEM_ROLE_IMMUTABLE");
    let dear = custom(&admin, "dear", &[DEAR]).await.unwrap().role_id;
    let refused = admin.roles.update_role(update(&dear, "goat.milk")).await;
    assert_eq!(reason(refused), "PERMISSION_UNKNOWN");
    let mut keeper = keeper(&bed).await;
    let refused = keeper.roles.update_role(update(&dear, "user.create")).await;
    assert_eq!(told(&refused, "permission"), DEAR);
}

fn key(acts: &[&str]) -> pb::CreateApiKeyRequest {
    pb::CreateApiKeyRequest {
        api_key: Some(pb::ApiKey {
            display_name: "Till".to_owned(),
            permissions: acts.iter().map(|it| (*it).to_owned()).collect(),
            ..pb::ApiKey::default()
        }),
        request_id: fresh(),
    }
}

fn rotate(id: &str) -> pb::RotateApiKeyRequest {
    pb::RotateApiKeyRequest {
        api_key_id: id.to_owned(),
        request_id: fresh(),
        ..pb::RotateApiKeyRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_of_what_their_maker_holds_and_end() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let (mut bound, mut keeper) = (bound(&bed).await, keeper(&bed).await);
    let refused = admin.tokens.create_api_key(key(&["goat.milk"])).await;
    assert_eq!(reason(refused), "PERMISSION_UNKNOWN");
    let refused = keeper.tokens.create_api_key(key(&[DEAR])).await;
    assert_eq!(reason(refused), "PERMISSION_NOT_HELD");
    let refused = bound.tokens.create_api_key(key(&[DEAR])).await;
    assert_eq!(reason(refused), "LOCATION_NOT_HELD");
    let mut request = key(&[DEAR]);
    let soon = vocab::Clock::system().now().plus(Duration::from_secs(2));
    let expires = contracts::convert::timestamp(soon.unwrap());
    request.api_key.as_mut().unwrap().expire_time = Some(expires);
    let made = admin.tokens.create_api_key(request).await.unwrap();
    let made = made.into_inner();
    let id = made.api_key.unwrap().api_key_id;
    let refused = keeper.tokens.rotate_api_key(rotate(&id)).await;
    assert_eq!(reason(refused), "PERMISSION_NOT_HELD");
    let refused = bound.tokens.rotate_api_key(rotate(&id)).await;
    assert_eq!(reason(refused), "LOCATION_NOT_HELD");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let refused = admin.tokens.rotate_api_key(rotate(&id)).await;
    assert_eq!(reason(refused), "API_KEY_ENDED");
    let late = Grant::ApiKey(pb::ApiKeyGrant {
        api_key: made.secret,
    });
    assert_eq!(reason(issue(&bed.clients(""), late).await), "TOKEN_EXPIRED");
}

fn account(id: &str, role: &str) -> pb::ServiceAccount {
    pb::ServiceAccount {
        service_account_id: id.to_owned(),
        display_name: "Forecasting".to_owned(),
        role_ids: vec![role.to_owned()],
        ..pb::ServiceAccount::default()
    }
}

/// Tries everything with an account and a new one, and says how each was refused.
async fn tried(by: &Clients, id: &str, role: &str) -> Vec<String> {
    let mut accounts = by.accounts.clone();
    let create = pb::CreateServiceAccountRequest {
        service_account: Some(account("", role)),
        request_id: fresh(),
    };
    let update = pb::UpdateServiceAccountRequest {
        service_account: Some(account(id, role)),
        update_mask: mask("display_name"),
        request_id: String::new(),
    };
    let rotate = pb::RotateServiceAccountSecretRequest {
        service_account_id: id.to_owned(),
        request_id: fresh(),
        ..pb::RotateServiceAccountSecretRequest::default()
    };
    let enable = pb::EnableServiceAccountRequest {
        service_account_id: id.to_owned(),
        ..pb::EnableServiceAccountRequest::default()
    };
    vec![
        reason(accounts.create_service_account(create).await),
        reason(accounts.update_service_account(update).await),
        reason(accounts.rotate_service_account_secret(rotate).await),
        reason(accounts.enable_service_account(enable).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_changed_by_those_alone_who_hold_and_reach_what_they_do() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let role = role_id(&admin, "admin").await;
    let create = pb::CreateServiceAccountRequest {
        service_account: Some(account("", &role)),
        request_id: fresh(),
    };
    let made = admin.accounts.create_service_account(create).await;
    let made = made.unwrap().into_inner().service_account.unwrap();
    let id = made.service_account_id;
    for (by, why) in [
        (keeper(&bed).await, "PERMISSION_NOT_HELD"),
        (bound(&bed).await, "LOCATION_NOT_HELD"),
    ] {
        let all = tried(&by, &id, &role).await;
        assert!(all.iter().all(|it| it == why), "{why}: {all:?}");
    }
    let nobodys = RoleId::at(1, [3; 10]).to_string();
    let update = pb::UpdateServiceAccountRequest {
        service_account: Some(account(&id, &nobodys)),
        update_mask: mask("role_ids"),
        request_id: String::new(),
    };
    let refused = admin.accounts.update_service_account(update).await;
    assert_eq!(reason(refused), "ROLE_UNKNOWN");
    bed.verify().await;
}
