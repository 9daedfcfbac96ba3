//! Every service of this build in one process, each on its database, with callers of all sorts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::sink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chassis::service::{Host, Running};
use chassis::settings::Environment;
use chassis::token::{Grant, MESH, Signer};
use testbed::{Database, Postgres, Schema};
use tonic::transport::Endpoint;
use vocab::{Clock, CustomerId, Id, LocationId, TenantId, UserId};

use super::served::{SUBJECTS, Subject};
use super::surface::{Rpc, Surface};
use super::wire::{Shown, Way};

/// What no service serves yet.
const UNSERVED: &str = include_str!("../../unserved.txt");

/// Everything that matrices are asked of.
pub struct Bed {
    pub surface: Surface,
    pub signer: Signer,
    pub databases: BTreeMap<&'static str, Database>,
    pub running: Running,
    _folder: Folder,
}

/// The folder of the keys that services believe, and of what else they read from files.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A tenant by number.
pub fn tenant(number: u8) -> TenantId {
    Id::at(1_700_000_000_000, [number; 10])
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Who {
    pub tenant: TenantId,
    pub permissions: Vec<String>,
    pub customer: Option<CustomerId>,
    pub locations: Vec<LocationId>,
}

impl Who {
    /// A member of a tenant's staff.
    pub fn staff<T: Into<String>>(of: TenantId, permissions: impl IntoIterator<Item = T>) -> Self {
        Self {
            tenant: of,
            permissions: permissions.into_iter().map(Into::into).collect(),
            customer: None,
            locations: Vec::new(),
        }
    }

    /// The same as a customer.
    pub fn shopping_as(self, customer: CustomerId) -> Self {
        Self {
            customer: Some(customer),
            ..self
        }
    }

    /// The same, bound to locations.
    pub fn at(self, locations: &[LocationId]) -> Self {
        Self {
            locations: locations.to_vec(),
            ..self
        }
    }

    /// What a token of theirs says.
    pub fn grant(&self) -> Grant {
        let user = UserId::at(1, [9; 10]).to_string();
        Grant {
            tenant: self.tenant,
            subject: self.customer.map_or(user, |it| it.to_string()),
            permissions: self.permissions.clone(),
            customer: self.customer,
            locations: self.locations.clone(),
            session: "ses".to_owned(),
            audience: MESH.to_owned(),
            life: Duration::from_secs(600),
        }
    }
}

/// The variable that names the file of the keys that services believe.
const KEYS: &str = "RETAIL_TOKEN_KEYS_FILE";

impl Bed {
    /// Services that believe the keys of a file, so that anybody can be made up.
    pub async fn start() -> Self {
        Self::trusting(true).await
    }

    /// Services that ask auth which keys they believe and which tokens were withdrawn.
    pub async fn asking_auth() -> Self {
        Self::trusting(false).await
    }

    async fn trusting(file: bool) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let signer = Signer::for_development().unwrap();
        let name = format!("matrix-{}", signer.public().kid);
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        let keys = folder.0.join("keys.json");
        std::fs::write(&keys, serde_json::to_vec(&signer.jwks()).unwrap()).unwrap();
        let mut variables = vec![("RETAIL_PROFILE".to_owned(), "dev".to_owned())];
        if file {
            variables.push((KEYS.to_owned(), keys.display().to_string()));
        }
        let mut databases = BTreeMap::new();
        for subject in SUBJECTS {
            let migrations = (subject.migrations)();
            let schema = Schema::of(&migrations);
            let database = postgres.database(&schema).await.unwrap();
            variables.extend(told(subject, &database, &folder.0));
            if !file && subject.name != "auth" {
                variables.push(super::seeds::auth::proven(&folder.0, subject.name));
            }
            databases.insert(subject.name, database);
        }
        let environment: Environment = variables.into_iter().collect();
        let host = Host {
            environment: &environment,
            clock: Clock::system(),
            lines: &|| match std::env::var_os("SHOW_LINES") {
                Some(_) => Box::new(std::io::stderr()),
                None => Box::new(sink()),
            },
        };
        let services = SUBJECTS.iter().map(|it| (it.service)()).collect();
        Self {
            surface: Surface::read(),
            signer,
            databases,
            running: Running::start(services, &host).await.unwrap(),
            _folder: folder,
        }
    }

    /// Both ways to a service.
    pub async fn ways(&self, subject: &Subject) -> [Way; 2] {
        let address = self.running.address(subject.name).unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.connect().await.unwrap();
        [Way::Tcp(channel), self.inside(subject)]
    }

    /// The way without a network.
    pub fn inside(&self, subject: &Subject) -> Way {
        Way::Memory(self.running.edge(subject.name).unwrap())
    }

    /// The rpcs of a service that it serves.
    pub fn rpcs(&self, subject: &Subject) -> Vec<Rpc> {
        let contexts: Vec<&str> = subject.contexts.iter().copied().chain(["ops"]).collect();
        let unserved: BTreeSet<&str> = UNSERVED.lines().collect();
        let mut rpcs = self.surface.of(&contexts);
        rpcs.retain(|it| !unserved.contains(it.name.as_str()));
        rpcs
    }

    /// What somebody shows with a call.
    pub fn shown(&self, who: &Who) -> Shown {
        let token = self.signer.sign(&who.grant(), Clock::system().now());
        Shown::token(&token.unwrap())
    }

    /// What a service of the mesh shows that may do the same.
    pub fn shown_by_service(&self, who: &Who) -> Shown {
        let grant = Grant {
            subject: "order".to_owned(),
            ..who.grant()
        };
        let token = self.signer.sign(&grant, Clock::system().now());
        Shown::token(&token.unwrap())
    }

    /// Somebody of a tenant's staff who may do everything that a service is asked for.
    pub fn staff(&self, subject: &Subject, of: TenantId) -> Who {
        let rpcs = self.rpcs(subject).into_iter();
        Who::staff(of, rpcs.filter_map(|it| it.permission))
    }
}

fn told(subject: &Subject, database: &Database, folder: &Path) -> Vec<(String, String)> {
    let own = subject.name.to_uppercase();
    let variables = [
        ("LISTEN", "127.0.0.1:0".to_owned()),
        ("CALLS_PER_CALLER", "100000".to_owned()),
        ("CALLS_PER_TENANT", "100000".to_owned()),
        ("DATABASE_URL", database.url()),
        ("SCAN_URL", database.scan_url()),
        ("LOG_URL", database.log_url()),
    ];
    let variables = variables.map(|(name, value)| (format!("{own}_{name}"), value));
    let more = (subject.variables)(folder).into_iter();
    let more = more.map(|(name, value)| (name.to_owned(), value));
    variables.into_iter().chain(more).collect()
}
