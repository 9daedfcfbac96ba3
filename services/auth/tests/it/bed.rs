//! An auth that runs on a database of its own, with a tenant and a user for each role.

use std::io::sink;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::LazyLock;

use auth::{Auth, AuthRows, AuthStore};
use base64::Engine;
use bus::{Consuming, ConsumingStore};
use chassis::contract::Contracts;
use chassis::edge::Edge;
use chassis::fault::StatusView;
use chassis::service::{Host, Running};
use chassis::settings::Environment;
use chassis::token::Signer;
use contracts::auth as pb;
use contracts::auth::account_service_client::AccountServiceClient;
use contracts::auth::audit_service_client::AuditServiceClient;
use contracts::auth::auth_service_client::AuthServiceClient;
use contracts::auth::issue_token_request::Grant;
use contracts::auth::role_service_client::RoleServiceClient;
use contracts::auth::service_account_service_client::ServiceAccountServiceClient;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::tenant_service_client::TenantServiceClient;
use contracts::auth::user_service_client::UserServiceClient;
use journal::Verify;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use testbed::{Database, Postgres, Schema};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};
use uuid::Builder;
use vocab::Clock;

static TABLES: LazyLock<Migrator> = LazyLock::new(auth::migrations);

pub const CODE: &str = "demo";
pub const PASSWORD: &str = "violet umbrella 7";

/// Shows a token with every call; none if it is empty.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    pub fn of(token: &str) -> Self {
        let shown = !token.is_empty();
        Self(shown.then(|| format!("Bearer {token}").parse().unwrap()))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}

pub type Channel = InterceptedService<Edge, Bearer>;

/// Clients of every service, with one token.
#[derive(Clone)]
pub struct Clients {
    pub tokens: AuthServiceClient<Channel>,
    pub own: AccountServiceClient<Channel>,
    pub sessions: SessionServiceClient<Channel>,
    pub users: UserServiceClient<Channel>,
    pub roles: RoleServiceClient<Channel>,
    pub accounts: ServiceAccountServiceClient<Channel>,
    pub tenants: TenantServiceClient<Channel>,
    pub audit: AuditServiceClient<Channel>,
}

/// A running auth.
pub struct Bed {
    pub database: Database,
    pub running: Running,
    pub files: Files,
}

/// What it reads from files.
#[derive(Clone)]
pub struct Files {
    pub master: String,
    pub services: String,
    pub seeds: String,
    /// What the service `catalog` proves itself with.
    pub catalog: String,
    /// The same for `notification`.
    pub notification: String,
}

impl Bed {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// An auth with other settings.
    pub async fn with(more: &[(&'static str, &str)]) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        let files = Files::write();
        let running = start(&database, &files, more).await;
        Self {
            database,
            running,
            files,
        }
    }

    /// Another replica on the same database.
    pub async fn replica(&self) -> Running {
        start(&self.database, &self.files, &[]).await
    }

    pub fn clients(&self, token: &str) -> Clients {
        clients(&self.running, token)
    }

    /// Signs the user of a role in.
    pub async fn role(&self, role: &str) -> (Clients, pb::IssueTokenResponse) {
        let email = format!("{role}@demo.example");
        let issued = sign_in(&self.clients(""), CODE, &email, PASSWORD).await;
        let issued = issued.unwrap();
        (self.clients(&issued.access_token), issued)
    }

    /// Signs the operator in.
    pub async fn operator(&self) -> Clients {
        self.clients(&self.operator_token().await)
    }

    /// The operator's token.
    pub async fn operator_token(&self) -> String {
        let nobody = self.clients("");
        let issued = sign_in(&nobody, "operator", "root@operator.example", PASSWORD).await;
        issued.unwrap().access_token
    }

    /// The service `catalog`.
    pub async fn service(&self) -> Clients {
        self.as_service("catalog").await
    }

    /// A service of the mesh.
    pub async fn as_service(&self, name: &str) -> Clients {
        let file = match name {
            "catalog" => &self.files.catalog,
            _ => &self.files.notification,
        };
        let pem = std::fs::read_to_string(file).unwrap();
        let signer = Signer::of_development_pem(&pem).unwrap();
        let issued = exchange(&self.clients(""), &signer, name).await;
        self.clients(&issued.unwrap().access_token)
    }

    /// Refolds every stream and recomputes every counter.
    pub async fn verify(&self) -> u64 {
        let mut log = PgConnection::connect(&self.database.log_url())
            .await
            .unwrap();
        let contracts = Contracts::built().unwrap();
        let ledger = Consuming(Auth::of(&contracts));
        let store = ConsumingStore::new::<Auth>(AuthStore);
        let mut rows = AuthRows::default();
        let verify = Verify::new(&ledger, &store).unwrap().derived(&mut rows);
        let report = verify.run(&mut log).await.unwrap();
        assert_eq!(report.differences, []);
        report.facts
    }
}

pub fn clients(running: &Running, token: &str) -> Clients {
    let edge = || running.edge("auth").unwrap();
    let bearer = || Bearer::of(token);
    Clients {
        tokens: AuthServiceClient::with_interceptor(edge(), bearer()),
        own: AccountServiceClient::with_interceptor(edge(), bearer()),
        sessions: SessionServiceClient::with_interceptor(edge(), bearer()),
        users: UserServiceClient::with_interceptor(edge(), bearer()),
        roles: RoleServiceClient::with_interceptor(edge(), bearer()),
        accounts: ServiceAccountServiceClient::with_interceptor(edge(), bearer()),
        tenants: TenantServiceClient::with_interceptor(edge(), bearer()),
        audit: AuditServiceClient::with_interceptor(edge(), bearer()),
    }
}

impl Files {
    /// Writes them to a folder of this test.
    fn write() -> Self {
        let folder = std::env::temp_dir().join(format!("auth-{}", fresh()));
        std::fs::create_dir_all(&folder).unwrap();
        let place = |name: &str| folder.join(name).display().to_string();
        let signer = Signer::for_development().unwrap();
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).unwrap();
        let key = base64::engine::general_purpose::STANDARD.encode(key);
        let user = |role: &str| {
            let email = format!("{role}@demo.example");
            format!(r#"{{"email":"{email}","password":"{PASSWORD}","role":"{role}"}}"#)
        };
        let roles = ["admin", "manager", "staff", "warehouse", "shopper"].map(user);
        let seeds = format!(
            r#"{{"operator":{{"email":"root@operator.example","password":"{PASSWORD}"}},
            "tenants":[{{"code":"{CODE}","users":[{}]}}]}}"#,
            roles.join(",")
        );
        let other = Signer::for_development().unwrap();
        let jwk = |it: &Signer| serde_json::to_string(it.public()).unwrap();
        let keys = format!(
            r#"{{"catalog":{},"notification":{}}}"#,
            jwk(&signer),
            jwk(&other)
        );
        let files = Self {
            master: place("master"),
            services: place("services.json"),
            seeds: place("seeds.json"),
            catalog: place("catalog.pem"),
            notification: place("notification.pem"),
        };
        secret(&files.master, &key);
        secret(&files.services, &keys);
        secret(&files.notification, &other.to_pem().unwrap());
        secret(&files.seeds, &seeds);
        secret(&files.catalog, &signer.to_pem().unwrap());
        files
    }
}

fn secret(path: &str, text: &str) {
    use std::io::Write;
    let mut open = std::fs::OpenOptions::new();
    let mut file = open
        .write(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

async fn start(database: &Database, files: &Files, more: &[(&'static str, &str)]) -> Running {
    let settings = [
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("AUTH_LISTEN", "127.0.0.1:0".to_owned()),
        ("AUTH_CALLS_PER_CALLER", "100000".to_owned()),
        ("AUTH_CALLS_PER_TENANT", "100000".to_owned()),
        ("AUTH_DATABASE_URL", database.url()),
        ("AUTH_SCAN_URL", database.scan_url()),
        ("AUTH_LOG_URL", database.log_url()),
        ("AUTH_KEY_ENCRYPTION_KEY_FILE", files.master.clone()),
        ("AUTH_SERVICE_KEYS_FILE", files.services.clone()),
        ("AUTH_SEEDS_FILE", files.seeds.clone()),
        ("AUTH_PASSWORD_MEMORY_KIB", "256".to_owned()),
        ("AUTH_PASSWORD_PASSES", "1".to_owned()),
    ];
    let more = more
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let environment: Environment = settings.into_iter().chain(more).collect();
    let host = Host {
        environment: &environment,
        clock: Clock::system(),
        lines: &|| match std::env::var_os("SHOW_LINES") {
            Some(_) => Box::new(std::io::stderr()),
            None => Box::new(sink()),
        },
    };
    Running::start(vec![auth::service()], &host).await.unwrap()
}

/// A request id that nobody has used.
pub fn fresh() -> String {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    Builder::from_random_bytes(random).into_uuid().to_string()
}

pub async fn issue(clients: &Clients, grant: Grant) -> Result<pb::IssueTokenResponse, Status> {
    let request = pb::IssueTokenRequest {
        grant: Some(grant),
        permissions: Vec::new(),
    };
    let mut tokens = clients.tokens.clone();
    Ok(tokens.issue_token(request).await?.into_inner())
}

pub async fn sign_in(
    clients: &Clients,
    code: &str,
    email: &str,
    password: &str,
) -> Result<pb::IssueTokenResponse, Status> {
    let grant = pb::PasswordGrant {
        tenant_code: code.to_owned(),
        email: email.to_owned(),
        password: password.to_owned(),
    };
    issue(clients, Grant::Password(grant)).await
}

pub async fn refresh(clients: &Clients, token: &str) -> Result<pb::IssueTokenResponse, Status> {
    let refresh_token = token.to_owned();
    issue(clients, Grant::Refresh(pb::RefreshGrant { refresh_token })).await
}

pub async fn exchange(
    clients: &Clients,
    signer: &Signer,
    name: &str,
) -> Result<pb::IssueTokenResponse, Status> {
    let grant = pb::ServiceExchangeGrant {
        audience: String::new(),
        assertion: chassis::trust::proof(signer, name, Clock::system().now()).unwrap(),
    };
    issue(clients, Grant::ServiceExchange(grant)).await
}

/// Who a token belongs to.
pub async fn me(clients: &Clients) -> Result<pb::GetCurrentUserResponse, Status> {
    let mut users = clients.users.clone();
    let asked = users.get_current_user(pb::GetCurrentUserRequest {});
    Ok(asked.await?.into_inner())
}

/// Creates a member of the staff with a password that has to be changed.
pub async fn create(clients: &Clients, email: &str) -> Result<pb::User, Status> {
    let request = pb::CreateUserRequest {
        user: Some(pb::User {
            email: email.to_owned(),
            display_name: "Somebody".to_owned(),
            ..pb::User::default()
        }),
        initial_password: "a first password".to_owned(),
        request_id: String::new(),
    };
    let mut users = clients.users.clone();
    Ok(users.create_user(request).await?.into_inner().user.unwrap())
}

/// The id of a role of the tenant, by its key.
pub async fn role_id(clients: &Clients, key: &str) -> String {
    let mut roles = clients.roles.clone();
    let listed = roles.list_roles(pb::ListRolesRequest::default()).await;
    let listed = listed.unwrap().into_inner().roles;
    listed.into_iter().find(|it| it.key == key).unwrap().role_id
}

pub async fn grant(clients: &Clients, user: &str, role: &str) -> Result<pb::User, Status> {
    let request = pb::GrantRoleRequest {
        user_id: user.to_owned(),
        role_id: role.to_owned(),
        ..pb::GrantRoleRequest::default()
    };
    let mut users = clients.users.clone();
    Ok(users.grant_role(request).await?.into_inner().user.unwrap())
}

pub async fn disable(clients: &Clients, user: &str) -> Result<pb::User, Status> {
    let request = pb::DisableUserRequest {
        user_id: user.to_owned(),
        reason: "LEFT".to_owned(),
        ..pb::DisableUserRequest::default()
    };
    let mut users = clients.users.clone();
    Ok(users
        .disable_user(request)
        .await?
        .into_inner()
        .user
        .unwrap())
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    StatusView::of(&result.unwrap_err()).unwrap().reason
}

/// One value of the metadata of a refusal.
pub fn told<T: std::fmt::Debug>(result: &Result<T, Status>, key: &str) -> String {
    let view = StatusView::of(result.as_ref().unwrap_err()).unwrap();
    view.metadata.get(key).cloned().unwrap_or_default()
}
