//! What is personal of a user, opened for whoever may see it.

use chassis::call::Call;
use chassis::fault::Fault;
use prost::Message;
use vocab::{TenantId, UserId};

use super::App;
use super::vault::SubjectKey;
use crate::db::{Known, StoredContact};
use crate::domain::{Refusal, User, UserState};

/// What contacts are sealed as.
const SEALED_AS: &str = "contact";

/// Email and name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Where the user is reached.
    pub email: String,
    /// How the user is addressed.
    pub display_name: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

/// A user as those see them who may.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user, and what stands beside them.
    pub known: Known,
    /// What is personal; empty once erased.
    pub contact: Contact,
}

impl App {
    /// Opens what is personal of a user.
    pub(super) fn person(&self, known: Known) -> Result<Person, Fault> {
        let contact = self.opened_contact(&known)?;
        Ok(Person { known, contact })
    }

    fn opened_contact(&self, known: &Known) -> Result<Contact, Fault> {
        let key = self.0.vault.unwrapped(&known.key)?;
        let Some(key) = key.filter(|_| !known.user.contact.is_empty()) else {
            return Ok(Contact::default());
        };
        let plain = key.open(SEALED_AS, &known.user.contact)?;
        let stored = StoredContact::decode(&**plain).map_err(Fault::bug)?;
        Ok(Contact {
            email: stored.email,
            display_name: stored.display_name,
        })
    }

    /// A user as a command answered with them.
    pub(super) async fn person_of(&self, tenant: TenantId, user: User) -> Result<Person, Fault> {
        let known = self.0.db.user(tenant, user.id).await?;
        let known = known.ok_or(Refusal::UserMissing(user.id))?;
        self.person(Known { user, ..known })
    }

    /// A user as they are.
    pub(super) async fn present(&self, tenant: TenantId, id: UserId) -> Result<Person, Fault> {
        let known = self.0.db.user(tenant, id).await?;
        self.person(known.ok_or(Refusal::UserMissing(id))?)
    }

    /// The user who calls: whoever reads what is their own leaves no entry.
    pub async fn myself(&self, call: &Call, id: UserId) -> Result<Person, Fault> {
        self.present(call.tenant, id).await
    }

    /// A user, read by somebody, which the audit trail remembers.
    pub async fn user(&self, call: &Call, id: UserId) -> Result<Person, Fault> {
        let person = self.present(call.tenant, id).await?;
        self.saw_read(call, ("user", id.to_string()));
        Ok(person)
    }
}

/// Seals what is personal with the user's key.
pub(super) fn sealed(key: &SubjectKey, contact: &Contact) -> Result<Vec<u8>, Fault> {
    let stored = StoredContact {
        email: contact.email.clone(),
        display_name: contact.display_name.clone(),
    };
    key.seal(SEALED_AS, &stored.encode_to_vec())
}

impl App {
    /// Where and how to write to a user, and in which language.
    pub async fn contact_of(&self, call: &Call, id: UserId) -> Result<(Person, String), Fault> {
        let person = self.user(call, id).await?;
        let user = &person.known.user;
        if user.state == UserState::Erased {
            return Err(Refusal::UserErased.into());
        }
        if !user.locale.is_empty() {
            let locale = user.locale.clone();
            return Ok((person, locale));
        }
        let tenant = self.0.db.tenant(call.tenant).await?;
        let locale = tenant.map(|it| it.locale).unwrap_or_default();
        Ok((person, locale))
    }
}
