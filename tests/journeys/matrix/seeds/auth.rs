//! Rows of auth: tenants that are there from the beginning, a role, users, keys, sessions that go
//! on and that ended, somebody who could not sign in.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chassis::token::Signer;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use testbed::eventually;
use uuid::Uuid;
use vocab::{EventId, Id, LocationId};

use super::super::bed::tenant;
use super::super::example::{Fixed, Ids, fresh};
use super::super::served::SUBJECTS;
use super::{Maker, Seeding, text};
use crate::SOON;

pub const SEEDING: Seeding = Seeding {
    make: |maker| make(maker).boxed_local(),
    fixed: FIXED,
    elsewhere: &[],
    alike: &[
        (
            "retail.auth.v1.UserService/GetCurrentUser",
            "-",
            OF_THE_CALLER,
        ),
        (
            "retail.auth.v1.AccountService/ListOwnSessions",
            "-",
            OF_THE_CALLER,
        ),
        (
            "retail.auth.v1.AccountService/RevokeOwnSessions",
            "session_ids",
            OF_THE_CALLER,
        ),
        (
            "retail.auth.v1.AuthService/GetJwks",
            "-",
            "everybody may know the public keys",
        ),
        (
            "retail.auth.v1.RoleService/ListPermissions",
            "-",
            "the release knows the same for all",
        ),
        (
            "retail.auth.v1.UserService/ListUsers",
            "customer_id",
            "a user who is a customer comes by SignUp, which is not served yet",
        ),
    ],
    counted: &["retail.auth.v1.SessionService/RevokeSessions"],
    own: &[
        (
            "retail.auth.v1.AuditService/RecordAuditEntries",
            "whoever reports names what they report",
        ),
        (
            "retail.auth.v1.AuthService/CreateApiKey location_ids",
            UNCOMPARED,
        ),
    ],
    apart: &[
        (
            "retail.auth.v1.TenantService/ListTenants",
            "it tells the operator, who alone holds its permission, of all tenants",
        ),
        (
            "retail.auth.v1.TenantService/SuspendTenant",
            "a tenant that is closed can be asked nothing more",
        ),
        ("retail.auth.v1.AuthService/IssueToken", BY_SECRET),
        ("retail.auth.v1.AuthService/RevokeToken", BY_SECRET),
        ("retail.auth.v1.AccountService/AcceptInvitation", BY_SECRET),
        (
            "retail.auth.v1.AuditService/WatchAuditEntries",
            "it tells of what is done later; its own test has watchers of two tenants",
        ),
    ],
};

const OF_THE_CALLER: &str = "it is about the caller, and those of the matrices are no users";
const UNCOMPARED: &str = "ids of locations are not compared with the store's: an unknown one \
    leads nowhere";
const BY_SECRET: &str = "it asks for a secret and for no token; a wrong one stands in the trail of \
    whoever it was tried on";

const FIXED: &[Fixed] = &[
    ("retail.auth.v1.ApiKey.permissions", |_, _| {
        json!(["user.read"])
    }),
    ("retail.auth.v1.Role.permissions", |_, _| {
        json!(["user.read"])
    }),
    (
        "retail.auth.v1.CheckPermissionRequest.permission",
        |_, _| json!("user.read"),
    ),
    (
        "retail.auth.v1.IntrospectTokenRequest.access_token",
        |ids, _| json!(ids["token"]),
    ),
    ("retail.auth.v1.UpdateUserRequest.update_mask", |_, _| {
        json!("displayName")
    }),
    ("retail.auth.v1.UpdateRoleRequest.update_mask", |_, _| {
        json!("displayName")
    }),
    ("retail.auth.v1.UpdateTenantRequest.update_mask", |_, _| {
        json!("displayName")
    }),
    (
        "retail.auth.v1.UpdateServiceAccountRequest.update_mask",
        |_, _| json!("displayName"),
    ),
];

/// What users of these tenants type.
pub const PASSWORD: &str = "violet umbrella 7";
/// Who runs the installation.
pub const OPERATOR: &str = "root@operator.example";

const INVITED: &str = "SELECT event_id FROM events WHERE tenant_id = $1 AND kind = 'user_invited'
    ORDER BY position DESC LIMIT 1";
const TRIED: &str = "INSERT INTO sign_in_tries
    VALUES ($1, $2, 1, now(), now(), now() + interval '1 day')";

/// What people of a tenant type.
pub fn code_of(number: u8) -> String {
    format!("tenant{number}")
}

/// Who opens every door of a tenant.
pub fn admin_of(number: u8) -> String {
    format!("root@tenant{number}.example")
}

/// The tenants of the matrices, what keeps their secrets, and which services prove themselves.
pub fn variables(folder: &Path) -> Vec<(&'static str, String)> {
    let tenants = [1, 2].map(|number| {
        let email = admin_of(number);
        let user = json!({"email": email, "password": PASSWORD, "role": "admin"});
        let id = tenant(number).to_string();
        json!({"tenant_id": id, "code": code_of(number), "users": [user]})
    });
    let operator = json!({"email": OPERATOR, "password": PASSWORD});
    let seeds = json!({"operator": operator, "tenants": tenants});
    let master = format!("{}=", "A".repeat(43));
    vec![
        (
            "AUTH_KEY_ENCRYPTION_KEY_FILE",
            secret(&folder.join("master"), &master),
        ),
        (
            "AUTH_SEEDS_FILE",
            secret(&folder.join("seeds.json"), &seeds.to_string()),
        ),
        ("AUTH_SERVICE_KEYS_FILE", services(folder)),
        ("AUTH_PASSWORD_MEMORY_KIB", "256".to_owned()),
        ("AUTH_PASSWORD_PASSES", "1".to_owned()),
    ]
}

/// The public keys of all other services, whose private halves lie beside.
fn services(folder: &Path) -> String {
    let others = SUBJECTS.iter().filter(|it| it.name != "auth");
    let keys = others.map(|it| {
        let signer = Signer::for_development().unwrap();
        let file = folder.join(format!("{}.pem", it.name));
        secret(&file, &signer.to_pem().unwrap());
        (it.name.to_owned(), json!(signer.public()))
    });
    let keys: serde_json::Map<String, Value> = keys.collect();
    secret(
        &folder.join("services.json"),
        &Value::Object(keys).to_string(),
    )
}

/// The settings of another service that proves itself to auth.
pub fn proven(folder: &Path, name: &str) -> (String, String) {
    let variable = format!("{}_SERVICE_KEY_FILE", name.to_uppercase());
    let file = folder.join(format!("{name}.pem"));
    (variable, file.display().to_string())
}

/// Writes what nobody else may read.
fn secret(path: &Path, content: &str) -> String {
    let mut open = std::fs::OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(path);
    file.unwrap().write_all(content.as_bytes()).unwrap();
    path.display().to_string()
}

async fn make(maker: &Maker<'_>) -> Ids {
    let own = json!({"tenantId": maker.tenant.to_string()});
    let own = maker.ask("TenantService/GetTenant", own).await;
    let code = text(&own, "/tenant/code");
    let location: LocationId = Id::from_uuid(fresh().parse::<Uuid>().unwrap());
    let location = location.to_string();
    let role = role(maker).await;
    let user = user(maker, (&role, &location)).await;
    let invited = created(maker, "i", "").await;
    let [(session, token), (ended, _)] = sessions(maker, &code).await;
    tried(maker).await;
    let end = json!({"sessionId": ended});
    maker.ask("SessionService/RevokeSessions", end).await;
    let guest = json!({"anonymous": {"tenantCode": code}});
    let guest = maker.ask("AuthService/IssueToken", guest).await;
    let (key, account) = (key(maker).await, account(maker, &role).await);
    [
        ("aud", entry(maker, &role).await),
        ("cus", text(&guest, "/customerId")),
        ("key", key),
        ("loc", location),
        ("rol", role),
        ("ses", session),
        ("svc", account),
        ("ten", maker.tenant.to_string()),
        ("usr", user),
        ("token", token),
        ("ended", ended),
        ("retail.auth.v1.ResendInvitationRequest.user_id", invited),
        (
            "retail.auth.v1.GetOneTimeLinkRequest.event_id",
            link(maker).await,
        ),
    ]
    .map(|(prefix, id)| (prefix.to_owned(), id))
    .into()
}

async fn role(maker: &Maker<'_>) -> String {
    let mark = &maker.mark;
    let role = json!({"key": mark, "displayName": mark, "permissions": ["user.read"]});
    let made = maker
        .ask("RoleService/CreateRole", json!({"role": role}))
        .await;
    text(&made, "/role/roleId")
}

/// A user with a role and a location.
async fn user(maker: &Maker<'_>, (role, location): (&str, &str)) -> String {
    let user = created(maker, "u", "a first password").await;
    let grant = json!({"userId": user, "roleId": role});
    maker.ask("UserService/GrantRole", grant).await;
    let bound = json!({"userId": user, "locationIds": [location]});
    maker.ask("UserService/SetUserLocations", bound).await;
    user
}

fn email(maker: &Maker<'_>, letter: &str) -> String {
    format!("{}-{letter}@example.org", maker.mark)
}

/// A user who has a password, or is invited.
async fn created(maker: &Maker<'_>, letter: &str, password: &str) -> String {
    let user = json!({"email": email(maker, letter), "displayName": maker.mark});
    let request = json!({"user": user, "initialPassword": password});
    let made = maker.ask("UserService/CreateUser", request).await;
    text(&made, "/user/userId")
}

/// Two sessions of the user with a token of each, who needs another password first.
async fn sessions(maker: &Maker<'_>, code: &str) -> [(String, String); 2] {
    let email = email(maker, "u");
    let first = json!({
        "tenantCode": code, "email": email, "password": "a first password",
        "newPassword": PASSWORD,
    });
    let second = json!({"tenantCode": code, "email": email, "password": PASSWORD});
    [
        issued(maker, json!({"passwordChange": first})).await,
        issued(maker, json!({"password": second})).await,
    ]
}

async fn issued(maker: &Maker<'_>, grant: Value) -> (String, String) {
    let issued = maker.ask("AuthService/IssueToken", grant).await;
    (text(&issued, "/sessionId"), text(&issued, "/accessToken"))
}

/// The event of the last invitation.
async fn link(maker: &Maker<'_>) -> String {
    let invited = sqlx::query_scalar(INVITED).bind(maker.tenant.uuid());
    let event: Uuid = invited.fetch_one(&mut maker.admin().await).await.unwrap();
    EventId::from_uuid(event).to_string()
}

/// Somebody who tried to sign in, and could not.
async fn tried(maker: &Maker<'_>) {
    let row = sqlx::query(TRIED).bind(maker.tenant.uuid());
    let row = row.bind(&maker.mark);
    row.execute(&mut maker.admin().await).await.unwrap();
}

/// A key that has been used.
async fn key(maker: &Maker<'_>) -> String {
    let key = json!({"displayName": maker.mark, "permissions": ["user.read"]});
    let made = maker
        .ask("AuthService/CreateApiKey", json!({"apiKey": key}))
        .await;
    let used = json!({"apiKey": {"apiKey": text(&made, "/secret")}});
    maker.ask("AuthService/IssueToken", used).await;
    text(&made, "/apiKey/apiKeyId")
}

async fn account(maker: &Maker<'_>, role: &str) -> String {
    let account = json!({"displayName": maker.mark, "roleIds": [role]});
    let request = json!({"serviceAccount": account});
    let made = maker
        .ask("ServiceAccountService/CreateServiceAccount", request)
        .await;
    text(&made, "/serviceAccount/serviceAccountId")
}

/// What the trail says of the role, once it is there.
async fn entry(maker: &Maker<'_>, role: &str) -> String {
    let listed = async || -> Result<Value, Value> {
        let of = json!({"aggregateId": role});
        let answer = maker.ask("AuditService/ListAuditEntries", of).await;
        let found = answer.pointer("/entries/0/auditId").is_some();
        found.then(|| answer.clone()).ok_or(answer)
    };
    let listed = eventually(SOON, "the act is listed", listed).await;
    text(&listed.unwrap(), "/entries/0/auditId")
}
