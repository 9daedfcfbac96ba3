//! Tenants: opened by the operator, closed, and blind for each other.

use std::time::Duration;

use contracts::auth as pb;
use sqlx::{Connection, PgConnection};
use testbed::eventually;
use tonic::Code;

use crate::SOON;
use crate::bed::*;

fn opening(code: &str) -> pb::CreateTenantRequest {
    pb::CreateTenantRequest {
        tenant: Some(pb::Tenant {
            code: code.to_owned(),
            display_name: "Other shop".to_owned(),
            default_currency_code: "EUR".to_owned(),
            ..pb::Tenant::default()
        }),
        admin_email: "boss@other.example".to_owned(),
        admin_display_name: "Boss".to_owned(),
        request_id: fresh(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_opened_and_its_first_user_gets_in_by_invitation() {
    let bed = Bed::new().await;
    let mut operator = bed.operator().await;
    let request = opening("other");
    let made = operator
        .tenants
        .create_tenant(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = operator
        .tenants
        .create_tenant(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, made, "a repetition opens nothing");
    assert_eq!(
        reason(operator.tenants.create_tenant(opening("other")).await),
        "CODE_EXISTS"
    );
    let (mut admin, _) = bed.role("admin").await;
    let refused = admin.tenants.create_tenant(opening("third")).await;
    assert_eq!(reason(refused), "PERMISSION_MISSING");
    let tenant = made.tenant.unwrap().tenant_id;
    let boss = made.admin.unwrap();
    assert_eq!(boss.state(), pb::UserState::Invited);
    let token = invitation(&bed, &tenant).await;
    let request = pb::AcceptInvitationRequest {
        invitation_token: token,
        password: PASSWORD.to_owned(),
        display_name: "The Boss".to_owned(),
    };
    let mut nobody = bed.clients("");
    let weak = pb::AcceptInvitationRequest {
        password: "password1234".to_owned(),
        ..request.clone()
    };
    let weak = nobody.own.accept_invitation(weak).await;
    assert_eq!(reason(weak), "PASSWORD_TOO_WEAK");
    nobody.own.accept_invitation(request.clone()).await.unwrap();
    assert_eq!(
        reason(nobody.own.accept_invitation(request).await),
        "TOKEN_REVOKED"
    );
    assert_eq!(reason(link(&bed, &tenant).await), "LINK_ENDED");
    let issued = sign_in(&nobody, "other", "boss@other.example", PASSWORD)
        .await
        .unwrap();
    assert!(issued.permissions.iter().any(|it| it == "user.disable"));
    let me = me(&bed.clients(&issued.access_token)).await.unwrap();
    assert_eq!(me.user.unwrap().display_name, "The Boss");
    bed.verify().await;
}

/// The invitation that was sent last in a tenant, as the service that mails it gets it.
async fn invitation(bed: &Bed, tenant: &str) -> String {
    let found = async || link(bed, tenant).await.map_err(|it| it.to_string());
    let link = eventually(SOON, "the event is indexed", found).await;
    link.unwrap().token
}

/// Asks for the link of the last invitation.
async fn link(bed: &Bed, tenant: &str) -> Result<pb::OneTimeLink, tonic::Status> {
    let url = bed.database.admin_url();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT event_id FROM events WHERE kind = 'user_invited' ORDER BY position DESC";
    let event: uuid::Uuid = sqlx::query_scalar(sql)
        .fetch_one(&mut database)
        .await
        .unwrap();
    let event_id = vocab::EventId::from_uuid(event).to_string();
    let mut request = tonic::Request::new(pb::GetOneTimeLinkRequest { event_id });
    let metadata = request.metadata_mut();
    metadata.insert("x-tenant-id", tenant.parse().unwrap());
    let mut notification = bed.as_service("notification").await;
    let link = notification.users.get_one_time_link(request).await?;
    Ok(link.into_inner().link.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_is_closed_in_seconds_and_opens_anew() {
    let bed = Bed::new().await;
    let mut operator = bed.operator().await;
    let (staff, issued) = bed.role("staff").await;
    let request = pb::SuspendTenantRequest {
        tenant_id: issued.tenant_id.clone(),
        reason: "UNPAID".to_owned(),
        ..pb::SuspendTenantRequest::default()
    };
    operator.tenants.suspend_tenant(request).await.unwrap();
    let out = async || match me(&staff).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(Duration::from_secs(5), "the tenant is closed", out)
        .await
        .unwrap();
    let nobody = bed.clients("");
    let refused = sign_in(&nobody, CODE, "staff@demo.example", PASSWORD).await;
    assert_eq!(reason(refused), "TENANT_SUSPENDED");
    let request = pb::ResumeTenantRequest {
        tenant_id: issued.tenant_id,
        ..pb::ResumeTenantRequest::default()
    };
    operator.tenants.resume_tenant(request).await.unwrap();
    let again = sign_in(&nobody, CODE, "staff@demo.example", PASSWORD)
        .await
        .unwrap();
    assert!(me(&bed.clients(&again.access_token)).await.is_ok());
    assert!(
        me(&staff).await.is_err(),
        "what was issued before stays refused"
    );
    let own = me(&operator).await.unwrap().tenant_id;
    let request = pb::SuspendTenantRequest {
        tenant_id: own,
        reason: "MISTAKE".to_owned(),
        ..pb::SuspendTenantRequest::default()
    };
    assert_eq!(
        reason(operator.tenants.suspend_tenant(request).await),
        "OPERATOR_TENANT"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_do_not_see_each_other() {
    let bed = Bed::new().await;
    let mut operator = bed.operator().await;
    let made = operator
        .tenants
        .create_tenant(opening("other"))
        .await
        .unwrap()
        .into_inner();
    let (foreign, boss) = (made.tenant.unwrap().tenant_id, made.admin.unwrap().user_id);
    let (mut admin, _) = bed.role("admin").await;
    let request = pb::GetTenantRequest { tenant_id: foreign };
    assert_eq!(
        reason(admin.tenants.get_tenant(request).await),
        "RESOURCE_MISSING"
    );
    assert_eq!(reason(disable(&admin, &boss).await), "RESOURCE_MISSING");
    let request = pb::GetUserRequest { user_id: boss };
    assert_eq!(
        reason(admin.users.get_user(request).await),
        "RESOURCE_MISSING"
    );
    let listed = operator.tenants.list_tenants(pb::ListTenantsRequest {
        page_size: 2,
        ..pb::ListTenantsRequest::default()
    });
    let listed = listed.await.unwrap().into_inner();
    let codes: Vec<String> = listed.tenants.into_iter().map(|it| it.code).collect();
    assert_eq!(codes, ["demo", "operator"]);
    assert!(!listed.next_page_token.is_empty());
}
