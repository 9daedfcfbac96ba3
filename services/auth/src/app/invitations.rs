//! Links that let invited users in.

use std::time::Duration;

use chassis::call::{ActorType, Call};
use chassis::fault::Fault;
use journal::{Actor, Submission};
use prost::Message;
use vocab::{EventId, TenantId, UserId};

use super::contact::{Contact, sealed};
use super::passwords::judge;
use super::refused::link_ended;
use super::users::UserAsked;
use super::vault::{Invitation, SubjectKey};
use super::{App, answered};
use crate::db::{StoredLink, read_fact};
use crate::domain::command::{NewLink, NewPassword};
use crate::domain::{ADMIN_ROLE, Aggregate, Command, Happened, Refusal, role_id};

/// How long an invitation works.
const LIFE: Duration = Duration::from_secs(7 * 86_400);
/// What links are sealed as.
pub const SEALED_AS: &str = "link";
/// The kind of the contract.
const INVITATION: i32 = 4;

impl App {
    /// An invitation that nobody has seen yet.
    pub(super) fn new_invitation(
        &self,
        tenant: TenantId,
        user: UserId,
        key: &SubjectKey,
        asked: &UserAsked,
    ) -> Result<NewLink, Fault> {
        let (token, digest) = self.0.vault.invitation(tenant, user)?;
        let expires_at = self.0.clock.now().plus(LIFE).map_err(Fault::bug)?;
        let (seconds, nanos) = expires_at.to_seconds_nanos();
        let link = StoredLink {
            kind: INVITATION,
            token: token.to_string(),
            email: asked.contact.email.clone(),
            display_name: asked.contact.display_name.clone(),
            locale: asked.locale.clone(),
            expires: Some(prost_types::Timestamp { seconds, nanos }),
        };
        Ok(NewLink {
            digest,
            sealed: key.seal(SEALED_AS, &link.encode_to_vec())?,
            expires_at,
        })
    }

    /// Lets an invited user in with the first password.
    pub async fn accept_invitation(
        &self,
        call: &Call,
        token: &str,
        (password, display_name): (&str, &str),
    ) -> Result<UserId, Fault> {
        let invalid = Refusal::CredentialsInvalid;
        let invitation = Invitation::parse(token).ok_or(invalid.clone())?;
        let (tenant, user) = (invitation.tenant, invitation.user);
        let sent = self.0.db.invitation(tenant, user).await?;
        let sent = sent.ok_or(invalid)?;
        if sent.digest != invitation.digest {
            return Err(Refusal::TokenRevoked.into());
        }
        let present = self.present(tenant, user).await?;
        judge(password, &present.contact.email)?;
        let hash = self.0.hashing.hash(password, call.deadline).await?;
        let key = self.0.vault.unwrapped(&present.known.key)?;
        let contact = match (key, display_name) {
            (Some(key), name) if !name.is_empty() => Some(sealed(
                &key,
                &Contact {
                    display_name: name.to_owned(),
                    ..present.contact
                },
            )?),
            _ => None,
        };
        let command = Command::AcceptInvitation(
            user,
            invitation.digest,
            Box::new(NewPassword {
                hash,
                admin: role_id(tenant, ADMIN_ROLE),
                contact,
            }),
        );
        let submission = Submission {
            tenant,
            actor: Actor {
                kind: ActorType::User,
                id: user.to_string(),
            },
            ..Submission::from(call)
        };
        let user = answered!(self.submit(submission, command).await?, User)?;
        Ok(user.id)
    }

    /// Opens the sealed link of an event, for the mail that is being sent now.
    pub async fn open_link(&self, call: &Call, event: EventId) -> Result<StoredLink, Fault> {
        let missing = || Fault::missing("retail.auth.v1.OneTimeLink", event.to_string());
        let recorded = self.0.db.fact(call.tenant, event).await?;
        let recorded = recorded.ok_or_else(missing)?;
        let fact = read_fact(&recorded.kind, &recorded.payload);
        let fact = fact.map_err(|it| Fault::bug(it.0))?;
        let (Happened::UserInvited(link, _), Aggregate::User(user)) = (fact.what, fact.after)
        else {
            return Err(missing());
        };
        let present = self.0.db.user(call.tenant, user.id).await?;
        let key = present.map(|it| it.key).unwrap_or_default();
        let key = self.0.vault.unwrapped(&key)?.ok_or_else(link_ended)?;
        let plain = key.open(SEALED_AS, &link)?;
        let link = StoredLink::decode(&**plain).map_err(Fault::bug)?;
        let sent = self.0.db.invitation(call.tenant, user.id).await?;
        let now = self.0.db.now().await?;
        let digest = Invitation::parse(&link.token).map(|it| it.digest);
        let works =
            sent.is_some_and(|it| !it.used && now < it.expires_at && Some(it.digest) == digest);
        self.saw_read(call, ("user", user.id.to_string()));
        works.then_some(link).ok_or_else(link_ended)
    }
}
