//! Another service that asks auth: it verifies with auth's keys and feels what auth withdraws.

use std::io::sink;
use std::time::Duration;

use chassis::service::{Host, Running, Served, Service};
use chassis::settings::Environment;
use contracts::auth as pb;
use contracts::auth::role_service_client::RoleServiceClient;
use contracts::auth::role_service_server::{RoleService, RoleServiceServer};
use testbed::eventually;
use tonic::{Code, Request, Response, Status, async_trait};
use vocab::Clock;

use crate::SOON;
use crate::bed::*;

/// Serves what needs a token, and nothing else.
#[derive(Clone)]
struct Stub;

macro_rules! unserved {
    ($($name:ident($request:ident) -> $response:ident;)+) => {
        #[async_trait]
        impl RoleService for Stub {
            async fn list_roles(
                &self,
                request: Request<pb::ListRolesRequest>,
            ) -> Result<Response<pb::ListRolesResponse>, Status> {
                chassis::call::Call::open(request)?;
                Ok(Response::new(pb::ListRolesResponse::default()))
            }

            $(
                async fn $name(
                    &self,
                    _: Request<pb::$request>,
                ) -> Result<Response<pb::$response>, Status> {
                    Err(Status::unimplemented("not here"))
                }
            )+
        }
    };
}

unserved! {
    create_role(CreateRoleRequest) -> CreateRoleResponse;
    get_role(GetRoleRequest) -> GetRoleResponse;
    update_role(UpdateRoleRequest) -> UpdateRoleResponse;
    delete_role(DeleteRoleRequest) -> DeleteRoleResponse;
    list_permissions(ListPermissionsRequest) -> ListPermissionsResponse;
}

async fn catalog(bed: &Bed) -> Running {
    let service = Service::new(
        "catalog",
        |_, _| Some(()),
        |_, ()| async { Ok(Served::default().with(RoleServiceServer::new(Stub))) },
    );
    running(bed, service, "127.0.0.1:0").await
}

/// A service with the name of catalog that listens somewhere and trusts this auth.
pub async fn running(bed: &Bed, service: Service, listen: &str) -> Running {
    let address = bed.running.address("auth").unwrap();
    let environment: Environment = [
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("CATALOG_LISTEN", listen.to_owned()),
        ("CATALOG_SERVICE_KEY_FILE", bed.files.catalog.clone()),
        ("RETAIL_AUTH_URL", format!("http://{address}")),
    ]
    .into_iter()
    .collect();
    let host = Host {
        environment: &environment,
        clock: Clock::system(),
        lines: &|| match std::env::var_os("SHOW_LINES") {
            Some(_) => Box::new(std::io::stderr()),
            None => Box::new(sink()),
        },
    };
    Running::start(vec![service], &host).await.unwrap()
}

async fn call(running: &Running, token: &str) -> Result<(), Status> {
    let edge = running.edge("catalog").unwrap();
    let mut roles = RoleServiceClient::with_interceptor(edge, Bearer::of(token));
    roles.list_roles(pb::ListRolesRequest::default()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_trusts_what_auth_signs_and_feels_what_it_withdraws() {
    let bed = Bed::new().await;
    let catalog = catalog(&bed).await;
    let (admin, _) = bed.role("admin").await;
    let (_, issued) = bed.role("manager").await;
    let trusted = async || {
        call(&catalog, &issued.access_token)
            .await
            .map_err(|it| it.to_string())
    };
    eventually(SOON, "the keys were asked for", trusted)
        .await
        .unwrap();
    // Its watch is up once it has exchanged its token.
    tokio::time::sleep(Duration::from_secs(2)).await;
    disable(&admin, &issued.user_id).await.unwrap();
    let out = async || match call(&catalog, &issued.access_token).await {
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually(Duration::from_secs(5), "the token is refused", out)
        .await
        .unwrap();
    let (_, staff) = bed.role("shopper").await;
    let refused = call(&catalog, &staff.access_token).await;
    assert_eq!(reason(refused), "PERMISSION_MISSING");
    let remembered = async || {
        let request = pb::ListAuditEntriesRequest {
            actor_id: staff.customer_id.clone(),
            reason: "PERMISSION_MISSING".to_owned(),
            ..pb::ListAuditEntriesRequest::default()
        };
        let listed = admin
            .clone()
            .audit
            .list_audit_entries(request)
            .await
            .unwrap();
        match listed.into_inner().entries.len() {
            1 => Ok(()),
            count => Err(format!("{count} entries")),
        }
    };
    eventually(SOON, "the refusal is remembered", remembered)
        .await
        .unwrap();
}
