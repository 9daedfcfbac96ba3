//! What the doors can ask for: one use case for each verb, over one journal.
//!
//! A write that rests on what was read reads it, submits, and begins again if it was outrun, a
//! bounded number of times.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Consuming;
use bus::consuming;
use chassis::call::Call;
use chassis::fault::Fault;
use chassis::token::Verifier;
pub use chassis::trust::operator;
use journal::{Journal, Submission};
use vocab::Clock;

use crate::db::{Db, Finder, Revoked};
use crate::domain::{Aggregate, Answer, Command, Giver};

mod audit;
mod checking;
mod contact;
mod draw;
mod grants;
mod hashing;
mod invitations;
mod keyring;
mod ledger;
mod machines;
mod opening;
mod passwords;
mod refused;
mod release;
mod revocations;
mod roles;
mod sessions;
mod tenants;
mod tokens;
mod users;
mod vault;
mod witness;

pub use checking::Checked;
pub use contact::{Contact, Person};
pub use draw::Draw;
pub use grants::{Client, Proof, Visitor};
pub use hashing::{Cost, Hashing};
pub use keyring::{Keyring, jwk};
pub use ledger::Auth;
pub use machines::{AccountAsked, KeyAsked};
pub use opening::Seeds;
pub use release::Release;
pub use revocations::{REVOKED_FOR, Revocation, Target};
pub use roles::RoleAsked;
pub use tenants::TenantAsked;
pub use tokens::Issued;
pub use users::{UserAsked, UserChanged};
pub use vault::Vault;
pub use witness::Witness;

/// The one shared handle of the doors.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an app is made of.
pub struct Parts {
    /// Where everything is written.
    pub journal: Journal<Consuming<Auth>>,
    /// Where everything is read.
    pub db: Db,
    /// Whose a key or an account is.
    pub finder: Finder,
    /// Facts that withdrew tokens.
    pub revoked: Revoked,
    /// What is sealed, and how.
    pub vault: Vault,
    /// Where passwords become hashes.
    pub hashing: Hashing,
    /// The keys that sign.
    pub keyring: Keyring,
    /// What the release knows of permissions.
    pub release: Release,
    /// What is told to the audit trail beside facts.
    pub witness: Witness,
    /// Judges tokens that others show.
    pub verifier: Verifier,
    /// Judges what services of the mesh prove themselves with, by their names.
    pub services: BTreeMap<String, Verifier>,
    /// The time.
    pub clock: Clock,
    /// How long an access token works.
    pub life: Duration,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What the release knows of permissions.
    pub fn release(&self) -> &Release {
        &self.0.release
    }

    /// The keys that sign.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// What time it is for this process.
    pub fn now(&self) -> vocab::Moment {
        self.0.clock.now()
    }

    /// What reads everything.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Ids for what a call creates.
    fn draw(&self) -> Result<Draw, Fault> {
        Draw::at(self.0.clock.now())
    }

    /// Submits a command for whoever a submission names.
    async fn submit(&self, of: impl Into<Submission>, command: Command) -> Result<Answer, Fault> {
        let command = consuming::Command::Own(command);
        match self.0.journal.submit(of, command).await? {
            consuming::Answer::Own(answer) => Ok(answer),
            consuming::Answer::Done => Err(Fault::bug("a command was answered as a delivery")),
        }
    }
}

/// Who gives rights away in a call.
fn giver(call: &Call) -> Giver {
    let services = call.caller.may_everything();
    Giver {
        permissions: (!services).then(|| call.caller.permissions().map(str::to_owned).collect()),
        locations: call.caller.locations.clone(),
    }
}

/// Takes the one kind of aggregate that a command is answered with.
macro_rules! answered {
    ($answer:expr, $variant:ident) => {
        match $answer {
            $crate::domain::Answer::Now($crate::domain::Aggregate::$variant(it)) => Ok(it),
            other => Err($crate::app::unexpected(&other)),
        }
    };
}
use answered;

/// An answer of another kind than its command has.
fn unexpected(answer: &Answer) -> Fault {
    let kind = match answer {
        Answer::Now(Aggregate::Keys(_)) => "keys",
        Answer::Now(_) => "an aggregate",
        Answer::Opened(..) => "a tenant",
        Answer::Session(..) => "a session",
        Answer::Count(_) => "a count",
        Answer::Done => "nothing",
    };
    Fault::bug(format!("a command was answered with {kind}"))
}
