//! Auth's gRPC methods. Each opens its call, converts, asks the app once, and converts back.

use bus::Follower;
use chassis::call::Call;
use chassis::fault::Fault;
use chassis::service::Served;
use contracts::auth::account_service_server::AccountServiceServer;
use contracts::auth::audit_service_server::AuditServiceServer;
use contracts::auth::auth_service_server::AuthServiceServer;
use contracts::auth::role_service_server::RoleServiceServer;
use contracts::auth::service_account_service_server::ServiceAccountServiceServer;
use contracts::auth::session_service_server::SessionServiceServer;
use contracts::auth::tenant_service_server::TenantServiceServer;
use contracts::auth::user_service_server::UserServiceServer;
use tonic::{Request, Response, Status};
use vocab::{Clock, Moment, PageKeys, UserId};

use crate::app::{App, Visitor};

mod audit;
mod audit_watch;
pub(crate) mod convert;
pub(crate) mod ops;
mod own;
mod positions;
mod revocations;
mod roles;
mod service_accounts;
mod sessions;
mod tenants;
mod tokens;
mod tokens_issued;
mod users;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers, with what they need.
#[derive(Clone)]
pub struct Rpc {
    app: App,
    pages: PageKeys,
    follower: Follower,
    clock: Clock,
}

impl Rpc {
    /// Serves an app; tokens of pages are sealed with these keys, and watches hear what is
    /// followed.
    pub fn new(app: App, pages: PageKeys, follower: Follower, clock: Clock) -> Self {
        Self {
            app,
            pages,
            follower,
            clock,
        }
    }

    /// Adds the handlers of every service of the contract.
    pub fn served(self) -> Served {
        Served::default()
            .with(AuthServiceServer::new(self.clone()))
            .with(AccountServiceServer::new(self.clone()))
            .with(SessionServiceServer::new(self.clone()))
            .with(UserServiceServer::new(self.clone()))
            .with(RoleServiceServer::new(self.clone()))
            .with(ServiceAccountServiceServer::new(self.clone()))
            .with(TenantServiceServer::new(self.clone()))
            .with(AuditServiceServer::new(self))
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }
}

/// What the contract promises and this service does not serve yet.
fn unserved<T>() -> Result<T, Status> {
    Err(Status::unimplemented("not served yet"))
}

/// What a request says of its program, and its call of where it comes from.
fn agent<M>(request: &Request<M>) -> String {
    let agent = request.metadata().get("user-agent");
    let agent = agent.and_then(|it| it.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

fn visitor(call: &Call, agent: String) -> Visitor {
    Visitor {
        address: call.address.map(|it| it.to_string()).unwrap_or_default(),
        agent,
    }
}

/// The user who calls; machines and guests have no account to mind.
fn own_user(call: &Call) -> Result<UserId, Fault> {
    let nobody = || {
        let id = call.caller.id.clone();
        Fault::missing("retail.auth.v1.User", id)
    };
    call.caller.user.ok_or_else(nobody)
}

/// The session of the token that calls, as the contract writes it.
fn own_session(call: &Call) -> String {
    let id = call.caller.session.parse::<vocab::SessionId>();
    id.map(|it| it.to_string()).unwrap_or_default()
}
