//! API keys, service accounts and services of the mesh.

use chassis::token::Signer;
use contracts::auth as pb;
use contracts::auth::client_credentials_grant::Client;
use contracts::auth::issue_token_request::Grant;
use testbed::eventually;
use tonic::Code;

use crate::SOON;
use crate::bed::*;

fn by_key(secret: &str) -> Grant {
    Grant::ApiKey(pb::ApiKeyGrant {
        api_key: secret.to_owned(),
    })
}

/// A key that lets users be read, asked for twice.
async fn made_key(admin: &mut Clients) -> pb::CreateApiKeyResponse {
    let request = pb::CreateApiKeyRequest {
        api_key: Some(pb::ApiKey {
            display_name: "Till".to_owned(),
            permissions: vec!["user.read".to_owned()],
            ..pb::ApiKey::default()
        }),
        request_id: fresh(),
    };
    let made = admin.tokens.create_api_key(request.clone()).await;
    let made = made.unwrap().into_inner();
    let again = admin.tokens.create_api_key(request).await;
    let again = again.unwrap().into_inner();
    assert_eq!(again.api_key, made.api_key);
    assert!(again.secret.is_empty(), "a secret is shown once");
    made
}

/// The new secret of a key; the one before works on for a while.
async fn rotated_key(admin: &mut Clients, id: &str) -> String {
    let request = pb::RotateApiKeyRequest {
        api_key_id: id.to_owned(),
        overlap: Some(prost_types::Duration {
            seconds: 600,
            nanos: 0,
        }),
        request_id: fresh(),
        ..pb::RotateApiKeyRequest::default()
    };
    let rotated = admin.tokens.rotate_api_key(request).await;
    rotated.unwrap().into_inner().secret
}

async fn ended_key(admin: &mut Clients, id: &str) -> pb::ApiKey {
    let request = pb::RevokeApiKeyRequest {
        api_key_id: id.to_owned(),
        ..pb::RevokeApiKeyRequest::default()
    };
    let revoked = admin.tokens.revoke_api_key(request).await;
    revoked.unwrap().into_inner().api_key.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_opens_what_it_says_until_it_is_ended() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let made = made_key(&mut admin).await;
    let nobody = bed.clients("");
    let issued = issue(&nobody, by_key(&made.secret)).await.unwrap();
    assert_eq!(issued.permissions, ["profile.read", "user.read"]);
    assert!(issued.refresh_token.is_empty());
    let machine = bed.clients(&issued.access_token);
    assert!(me(&machine).await.unwrap().user.is_none());
    assert!(role_ids(&machine).await.is_err());
    let id = made.api_key.unwrap().api_key_id;
    let wrong = format!("{id}.{}", "A".repeat(43));
    assert_eq!(
        reason(issue(&nobody, by_key(&wrong)).await),
        "CREDENTIALS_INVALID"
    );
    let newer = rotated_key(&mut admin, &id).await;
    for secret in [&made.secret, &newer] {
        let both = issue(&nobody, by_key(secret)).await;
        assert!(both.is_ok(), "both work for a while");
    }
    let ended = ended_key(&mut admin, &id).await;
    assert_eq!(ended.state(), pb::ApiKeyState::Revoked);
    assert_eq!(
        reason(issue(&nobody, by_key(&newer)).await),
        "TOKEN_REVOKED"
    );
    let out = async || match me(&machine).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "its tokens are refused", out)
        .await
        .unwrap();
    bed.verify().await;
}

async fn role_ids(clients: &Clients) -> Result<usize, tonic::Status> {
    let mut roles = clients.roles.clone();
    let listed = roles.list_roles(pb::ListRolesRequest::default()).await?;
    Ok(listed.into_inner().roles.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_has_roles_and_is_barred_at_once() {
    let bed = Bed::new().await;
    let (mut admin, _) = bed.role("admin").await;
    let request = pb::CreateServiceAccountRequest {
        service_account: Some(pb::ServiceAccount {
            display_name: "Forecasting".to_owned(),
            role_ids: vec![role_id(&admin, "staff").await],
            ..pb::ServiceAccount::default()
        }),
        request_id: fresh(),
    };
    let made = admin
        .accounts
        .create_service_account(request)
        .await
        .unwrap()
        .into_inner();
    let account = made.service_account.unwrap();
    let grant = |secret: &str| {
        Grant::ClientCredentials(pb::ClientCredentialsGrant {
            client: Some(Client::ServiceAccountId(account.service_account_id.clone())),
            client_secret: secret.to_owned(),
        })
    };
    let nobody = bed.clients("");
    let issued = issue(&nobody, grant(&made.client_secret)).await.unwrap();
    assert!(issued.permissions.iter().any(|it| it == "product.read"));
    assert_eq!(
        reason(issue(&nobody, grant("wrong")).await),
        "CREDENTIALS_INVALID"
    );
    let disable = pb::DisableServiceAccountRequest {
        service_account_id: account.service_account_id.clone(),
        reason: "LEAKED".to_owned(),
        ..pb::DisableServiceAccountRequest::default()
    };
    admin
        .accounts
        .disable_service_account(disable)
        .await
        .unwrap();
    let refused = issue(&nobody, grant(&made.client_secret)).await;
    assert_eq!(reason(refused), "SERVICE_ACCOUNT_DISABLED");
    let machine = bed.clients(&issued.access_token);
    let out = async || match me(&machine).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(SOON, "its tokens are refused", out)
        .await
        .unwrap();
    bed.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_proves_itself_with_its_own_key_and_no_other() {
    let bed = Bed::new().await;
    let service = bed.service().await;
    let me = me(&service).await.unwrap();
    assert_eq!(me.actor.unwrap().actor_id, "catalog");
    let nobody = bed.clients("");
    let stranger = Signer::for_development().unwrap();
    let refused = exchange(&nobody, &stranger, "catalog").await;
    assert_eq!(reason(refused), "GRANT_NOT_ALLOWED");
    let pem = std::fs::read_to_string(&bed.files.catalog).unwrap();
    let catalog = Signer::of_development_pem(&pem).unwrap();
    let refused = exchange(&nobody, &catalog, "order").await;
    assert_eq!(reason(refused), "GRANT_NOT_ALLOWED");
}
