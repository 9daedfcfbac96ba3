//! The audit trail: acts, refusals, sign-ins; and withdrawn tokens as services hear of them.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::watch_audit_entries_response::Update as Entry;
use contracts::auth::watch_revocations_response::Update;
use testbed::eventually;
use tokio::time::timeout;

use crate::SOON;
use crate::bed::*;

async fn entries(admin: &Clients, list: pb::ListAuditEntriesRequest) -> Vec<pb::AuditEntry> {
    let mut audit = admin.audit.clone();
    let listed = audit.list_audit_entries(list).await.unwrap();
    listed.into_inner().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_refusals_and_sign_ins_are_remembered() {
    let bed = Bed::new().await;
    let (admin, boss) = bed.role("admin").await;
    let (staff, issued) = bed.role("staff").await;
    let refused = create(&staff, "new@demo.example").await;
    assert_eq!(reason(refused), "PERMISSION_MISSING");
    let made = create(&admin, "new@demo.example").await.unwrap();
    let nobody = bed.clients("");
    sign_in(&nobody, CODE, "staff@demo.example", "not it at all")
        .await
        .unwrap_err();
    let by = |actor: &str, reason: &str| pb::ListAuditEntriesRequest {
        actor_id: actor.to_owned(),
        reason: reason.to_owned(),
        ..pb::ListAuditEntriesRequest::default()
    };
    let on = pb::ListAuditEntriesRequest {
        aggregate_id: made.user_id.clone(),
        outcomes: vec![pb::AuditOutcome::Allowed.into()],
        ..pb::ListAuditEntriesRequest::default()
    };
    let told = async || {
        let denied = entries(&admin, by(&issued.user_id, "PERMISSION_MISSING")).await;
        let strangers = entries(&admin, by("system", "CREDENTIALS_INVALID")).await;
        let created = entries(&admin, on.clone()).await;
        let found = (denied.len(), strangers.len(), created.len());
        match found {
            (1, 1, 1) => Ok((denied, created)),
            found => Err(format!("{found:?}")),
        }
    };
    let (denied, created) = eventually(SOON, "all is remembered", told).await.unwrap();
    assert_eq!(denied[0].permission, "user.create");
    assert_eq!(denied[0].outcome(), pb::AuditOutcome::Denied);
    assert_eq!(created[0].event_type, "retail.auth.v1.UserCreated");
    assert_eq!(created[0].actor.as_ref().unwrap().actor_id, boss.user_id);
    let request = pb::GetAuditEntryRequest {
        audit_id: created[0].audit_id.clone(),
    };
    let one = admin.clone().audit.get_audit_entry(request).await.unwrap();
    assert_eq!(one.into_inner().entry.unwrap(), created[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_report_once_and_watchers_hear_of_it() {
    let bed = Bed::new().await;
    let (mut admin, issued) = bed.role("admin").await;
    let watching = admin
        .audit
        .watch_audit_entries(pb::WatchAuditEntriesRequest::default());
    let mut watching = watching.await.unwrap().into_inner();
    let first = timeout(SOON, watching.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(matches!(first.update, Some(Entry::Bookmark(_))));
    let service = bed.service().await;
    let record = pb::AuditRecord {
        audit_id: vocab::AuditId::at(1, [1; 10]).to_string(),
        actor: Some(contracts::common::Actor {
            r#type: contracts::common::ActorType::User.into(),
            actor_id: issued.user_id.clone(),
        }),
        method: "retail.catalog.v1.CatalogService/DeleteProduct".to_owned(),
        outcome: pb::AuditOutcome::Denied.into(),
        reason: "PERMISSION_MISSING".to_owned(),
        correlation_id: "chain".to_owned(),
        act_time: Some(contracts::convert::timestamp(vocab::Clock::system().now())),
        ..pb::AuditRecord::default()
    };
    for recorded in [1, 0] {
        let mut request = tonic::Request::new(pb::RecordAuditEntriesRequest {
            records: vec![record.clone()],
            request_id: fresh(),
        });
        let tenant = issued.tenant_id.parse().unwrap();
        request.metadata_mut().insert("x-tenant-id", tenant);
        let mut audit = service.audit.clone();
        let answer = audit.record_audit_entries(request).await.unwrap();
        assert_eq!(answer.into_inner().recorded_count, recorded);
    }
    let heard = async {
        loop {
            let message = watching.message().await.unwrap().unwrap();
            if let Some(Entry::Entry(entry)) = message.update
                && entry.method.ends_with("DeleteProduct")
            {
                return entry;
            }
        }
    };
    let heard = timeout(SOON, heard).await.expect("nothing was heard");
    assert_eq!(heard.audit_id, record.audit_id);
    let stranger = admin
        .audit
        .record_audit_entries(pb::RecordAuditEntriesRequest {
            records: vec![record],
            request_id: fresh(),
        });
    assert_eq!(reason(stranger.await), "PERMISSION_MISSING");
}

type Watching = tonic::Streaming<pb::WatchAuditEntriesResponse>;

async fn watch(clients: &Clients, resume_token: &str) -> Watching {
    let mut audit = clients.audit.clone();
    let request = pb::WatchAuditEntriesRequest {
        resume_token: resume_token.to_owned(),
        ..pb::WatchAuditEntriesRequest::default()
    };
    let mut watching = audit
        .watch_audit_entries(request)
        .await
        .unwrap()
        .into_inner();
    let first = timeout(SOON, watching.message()).await.unwrap().unwrap();
    assert!(matches!(first.unwrap().update, Some(Entry::Bookmark(_))));
    watching
}

/// Waits for the entry of a user's creation: returns which users were created until then, and the
/// token behind it.
async fn created(watching: &mut Watching, user: &str) -> (Vec<String>, String) {
    let mut users = Vec::new();
    let heard = async {
        loop {
            let message = watching.message().await.unwrap().unwrap();
            let Some(Entry::Entry(entry)) = message.update else {
                continue;
            };
            if entry.event_type.ends_with(".UserCreated") {
                users.push(entry.aggregate_id.clone());
            }
            if entry.event_type.ends_with(".UserCreated") && entry.aggregate_id == user {
                return message.resume_token;
            }
        }
    };
    let token = timeout(SOON, heard).await.expect("nothing was heard");
    (users, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_hear_of_their_own_tenant_and_go_on_where_they_stood() {
    let bed = Bed::new().await;
    let (admin, issued) = bed.role("admin").await;
    let mut mine = watch(&admin, "").await;
    let mut others = watch(&bed.operator().await, "").await;
    let first = create(&admin, "first@demo.example").await.unwrap().user_id;
    let (_, token) = created(&mut mine, &first).await;
    drop(mine);
    let second = create(&admin, "second@demo.example").await.unwrap().user_id;
    let mut again = watch(&admin, &token).await;
    let (users, _) = created(&mut again, &second).await;
    assert_eq!(users, [second], "what was told before is not told again");
    while let Ok(message) = timeout(Duration::from_secs(2), others.message()).await {
        let update = message.unwrap().unwrap().update;
        if let Some(Entry::Entry(entry)) = update {
            assert_ne!(entry.tenant_id, issued.tenant_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_hears_of_withdrawn_tokens_of_all_tenants_and_staff_of_their_own() {
    let bed = Bed::new().await;
    let (admin, _) = bed.role("admin").await;
    let (_, issued) = bed.role("staff").await;
    let service = bed.service().await;
    let watch = pb::WatchRevocationsRequest::default();
    let mut watching = service.clone().sessions.watch_revocations(watch).await;
    let watching = watching.as_mut().unwrap().get_mut();
    let first = timeout(SOON, watching.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(matches!(first.update, Some(Update::Bookmark(_))));
    disable(&admin, &issued.user_id).await.unwrap();
    let heard = timeout(SOON, watching.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let Some(Update::Revocation(heard)) = heard.update else {
        panic!("{heard:?}");
    };
    let target = pb::revocation::Target::UserId(issued.user_id.clone());
    assert_eq!(heard.target, Some(target));
    assert_eq!(heard.tenant_id, issued.tenant_id);
    let listed = async |clients: &Clients| {
        let mut sessions = clients.sessions.clone();
        let request = pb::ListRevocationsRequest::default();
        let listed = sessions.list_revocations(request).await.unwrap();
        listed.into_inner().revocations.len()
    };
    assert_eq!(listed(&service).await, 1);
    assert_eq!(listed(&admin).await, 1);
    assert_eq!(listed(&bed.operator().await).await, 0);
}
