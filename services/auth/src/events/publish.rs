//! From stored facts to the events of the contract. Pure: the same fact gives the same event.

use bus::{Message, Publish, Recorded, Unpublishable};
use contracts::auth as pb;
use contracts::auth::api_key_event::Event as KeyEvent;
use contracts::auth::role_event::Event as RoleEvent;
use contracts::auth::service_account_event::Event as AccountEvent;
use contracts::auth::tenant_event::Event as TenantEvent;
use contracts::auth::user_event::Event as UserEvent;
use contracts::common::Sealed;
use prost_types::FieldMask;
use vocab::{Moment, TenantId};

use crate::app::jwk;
use crate::db::{Machine, read_fact};
use crate::domain::{
    Account, Aggregate, ApiKey, EndedSession, Fact, Happened, KeySet, PasswordChange, Role, Tenant,
    User,
};
use crate::rpc::convert::{machines, people, revocation, session, tenant, text, time};

/// The events of this context.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthEvents;

/// The full name of a variant, its token, and the variant.
type Typed<E> = (&'static str, &'static str, E);

impl Publish for AuthEvents {
    fn context(&self) -> &'static str {
        "auth"
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let fact = read_fact(&recorded.kind, &recorded.payload)
            .map_err(|error| Unpublishable::Unreadable(error.0))?;
        let unknown = || Unpublishable::KindUnknown(recorded.kind.clone());
        let message = match &fact.after {
            Aggregate::Tenant(it) => tenant_message(&fact, it),
            Aggregate::User(it) => user_message(&fact, it),
            Aggregate::Role(it) => role_message(recorded.tenant, &fact, it),
            Aggregate::ApiKey(it) => key_message(recorded.tenant, &fact, it),
            Aggregate::Account(it) => account_message(recorded.tenant, &fact, it),
            Aggregate::Ended(it) => Some(session_message(it)),
            Aggregate::Keys(it) => keys_message(&fact, it),
        };
        Ok(vec![message.ok_or_else(unknown)?])
    }
}

/// Makes the message of an envelope.
macro_rules! message {
    ($envelope:ident, $typed:expr) => {{
        let (kind, token, event) = $typed;
        let event = pb::$envelope {
            metadata: None,
            event: Some(event),
        };
        let envelope = concat!("retail.auth.v1.", stringify!($envelope));
        Some(Message::new(kind, envelope, token, &event))
    }};
}

/// Names a variant of an envelope's oneof, which has the name of its message.
macro_rules! variant {
    ($oneof:ident :: $variant:ident, $token:literal, $body:expr) => {
        (
            concat!("retail.auth.v1.", stringify!($variant)),
            $token,
            $oneof::$variant($body),
        )
    };
}

fn tenant_message(fact: &Fact, it: &Tenant) -> Option<Message> {
    let whole = Some(tenant::tenant(it));
    let tenant_id = it.id.to_string();
    let typed: Typed<TenantEvent> = match &fact.what {
        Happened::TenantCreated(admin) => variant!(
            TenantEvent::TenantCreated,
            "tenant_created",
            pb::TenantCreated {
                tenant: whole,
                admin_user_id: admin.to_string(),
            }
        ),
        Happened::TenantUpdated(paths) => variant!(
            TenantEvent::TenantUpdated,
            "tenant_updated",
            pb::TenantUpdated {
                tenant: whole,
                update_mask: mask(paths),
            }
        ),
        Happened::TenantSuspended => variant!(
            TenantEvent::TenantSuspended,
            "tenant_suspended",
            pb::TenantSuspended {
                tenant_id,
                reason: it.suspended.clone().unwrap_or_default(),
            }
        ),
        Happened::TenantResumed => variant!(
            TenantEvent::TenantResumed,
            "tenant_resumed",
            pb::TenantResumed { tenant_id }
        ),
        _ => return None,
    };
    message!(TenantEvent, typed)
}

fn user_message(fact: &Fact, it: &User) -> Option<Message> {
    let user_id = it.id.to_string();
    let typed: Typed<UserEvent> = match &fact.what {
        Happened::UserCreated => variant!(
            UserEvent::UserCreated,
            "user_created",
            pb::UserCreated {
                customer_id: text(it.customer),
                contact: sealed(&user_id, &it.contact),
                state: people::state(it.state).into(),
                locale: it.locale.clone(),
                user_id,
            }
        ),
        Happened::UserUpdated(paths) => variant!(
            UserEvent::UserUpdated,
            "user_updated",
            pb::UserUpdated {
                user: Some(people::snapshot(it)),
                update_mask: mask(paths),
                contact: personal(paths)
                    .then(|| sealed(&user_id, &it.contact))
                    .flatten(),
            }
        ),
        Happened::UserDisabled => variant!(
            UserEvent::UserDisabled,
            "user_disabled",
            pb::UserDisabled {
                user_id,
                reason: it.disable_reason.clone(),
            }
        ),
        Happened::UserEnabled => variant!(
            UserEvent::UserEnabled,
            "user_enabled",
            pb::UserEnabled {
                user_id,
                state: people::state(it.state).into(),
            }
        ),
        Happened::UserErased => variant!(
            UserEvent::UserErased,
            "user_erased",
            pb::UserErased {
                user_id,
                customer_id: text(it.customer),
            }
        ),
        _ => return access_message(fact, user_id),
    };
    message!(UserEvent, typed)
}

/// What changed about how a user gets in, and what they may do there.
fn access_message(fact: &Fact, user_id: String) -> Option<Message> {
    let typed: Typed<UserEvent> = match &fact.what {
        Happened::RoleGranted(role) => variant!(
            UserEvent::RoleGranted,
            "role_granted",
            pb::RoleGranted {
                user_id,
                role_id: role.to_string(),
            }
        ),
        Happened::RoleRevoked(role) => variant!(
            UserEvent::RoleRevoked,
            "role_revoked",
            pb::RoleRevoked {
                user_id,
                role_id: role.to_string(),
            }
        ),
        Happened::PasswordChanged(how) => variant!(
            UserEvent::PasswordChanged,
            "password_changed",
            pb::PasswordChanged {
                user_id,
                kind: way(*how).into(),
            }
        ),
        Happened::EmailVerified => variant!(
            UserEvent::EmailVerified,
            "email_verified",
            pb::EmailVerified { user_id }
        ),
        Happened::UserInvited(link, until) => variant!(
            UserEvent::UserInvited,
            "user_invited",
            pb::UserInvited {
                link: sealed(&user_id, link),
                expire_time: time(*until),
                user_id,
            }
        ),
        _ => return None,
    };
    message!(UserEvent, typed)
}

fn role_message(tenant: TenantId, fact: &Fact, it: &Role) -> Option<Message> {
    let role = Some(people::role(tenant, it));
    let typed: Typed<RoleEvent> = match &fact.what {
        Happened::RoleCreated => variant!(
            RoleEvent::RoleCreated,
            "role_created",
            pb::RoleCreated { role }
        ),
        Happened::RoleUpdated(paths, _) => variant!(
            RoleEvent::RoleUpdated,
            "role_updated",
            pb::RoleUpdated {
                role,
                update_mask: mask(paths),
            }
        ),
        Happened::RoleDeleted => variant!(
            RoleEvent::RoleDeleted,
            "role_deleted",
            pb::RoleDeleted {
                role_id: it.id.to_string(),
                key: it.key.clone(),
            }
        ),
        _ => return None,
    };
    message!(RoleEvent, typed)
}

fn key_message(tenant: TenantId, fact: &Fact, it: &ApiKey) -> Option<Message> {
    let api_key_id = it.id.to_string();
    let typed: Typed<KeyEvent> = match &fact.what {
        Happened::ApiKeyCreated => variant!(
            KeyEvent::ApiKeyCreated,
            "api_key_created",
            pb::ApiKeyCreated {
                api_key: Some(machines::api_key(tenant, &unused(it), fact.at)),
            }
        ),
        Happened::ApiKeyRotated => variant!(
            KeyEvent::ApiKeyRotated,
            "api_key_rotated",
            pb::ApiKeyRotated {
                api_key_id,
                old_secret_expire_time: machines::old_until(&it.secrets, fact.at),
            }
        ),
        Happened::ApiKeyRevoked => variant!(
            KeyEvent::ApiKeyRevoked,
            "api_key_revoked",
            pb::ApiKeyRevoked {
                api_key_id,
                reason: reason(it.revoked.as_ref()),
            }
        ),
        _ => return None,
    };
    message!(ApiKeyEvent, typed)
}

fn account_message(tenant: TenantId, fact: &Fact, it: &Account) -> Option<Message> {
    let service_account_id = it.id.to_string();
    let service_account = Some(machines::account(tenant, &unused(it), fact.at));
    let typed: Typed<AccountEvent> = match &fact.what {
        Happened::AccountCreated => variant!(
            AccountEvent::ServiceAccountCreated,
            "service_account_created",
            pb::ServiceAccountCreated { service_account }
        ),
        Happened::AccountUpdated(paths, _) => variant!(
            AccountEvent::ServiceAccountUpdated,
            "service_account_updated",
            pb::ServiceAccountUpdated {
                service_account,
                update_mask: mask(paths),
            }
        ),
        Happened::AccountDisabled(reason) => variant!(
            AccountEvent::ServiceAccountDisabled,
            "service_account_disabled",
            pb::ServiceAccountDisabled {
                service_account_id,
                reason: reason.clone(),
            }
        ),
        Happened::AccountEnabled => variant!(
            AccountEvent::ServiceAccountEnabled,
            "service_account_enabled",
            pb::ServiceAccountEnabled { service_account_id }
        ),
        Happened::AccountSecretRotated => variant!(
            AccountEvent::ServiceAccountSecretRotated,
            "service_account_secret_rotated",
            pb::ServiceAccountSecretRotated {
                service_account_id,
                old_secret_expire_time: machines::old_until(&it.secrets, fact.at),
            }
        ),
        _ => return None,
    };
    message!(ServiceAccountEvent, typed)
}

fn session_message(it: &EndedSession) -> Message {
    let event = pb::SessionEvent {
        metadata: None,
        event: Some(pb::session_event::Event::SessionRevoked(
            pb::SessionRevoked {
                session_id: it.id.to_string(),
                user_id: text(it.user),
                customer_id: text(it.customer),
                cause: revocation::cause(it.cause),
            },
        )),
    };
    Message::new(
        "retail.auth.v1.SessionRevoked",
        "retail.auth.v1.SessionEvent",
        "session_revoked",
        &event,
    )
}

fn keys_message(fact: &Fact, it: &KeySet) -> Option<Message> {
    let Happened::KeysRotated(withdrawn) = &fact.what else {
        return None;
    };
    let key = it.signing().map(|it| session::key(jwk(it)));
    let rotated = pb::SigningKeyRotated {
        key,
        withdrawn_kids: withdrawn.clone(),
    };
    let event = pb::SigningKeyEvent {
        metadata: None,
        event: Some(pb::signing_key_event::Event::SigningKeyRotated(rotated)),
    };
    Some(Message::new(
        "retail.auth.v1.SigningKeyRotated",
        "retail.auth.v1.SigningKeyEvent",
        "signing_key_rotated",
        &event,
    ))
}

/// Something sealed with its user's key.
fn sealed(user_id: &str, ciphertext: &[u8]) -> Option<Sealed> {
    (!ciphertext.is_empty()).then(|| Sealed {
        subject_id: user_id.to_owned(),
        key_id: user_id.to_owned(),
        ciphertext: ciphertext.to_vec().into(),
    })
}

/// Whether something personal changed.
fn personal(paths: &[String]) -> bool {
    let shown = ["email", "display_name", "locale"];
    paths.iter().any(|it| shown.contains(&it.as_str()))
}

fn way(how: PasswordChange) -> pb::PasswordChangeKind {
    match how {
        PasswordChange::Own => pb::PasswordChangeKind::Own,
        PasswordChange::Administrator => pb::PasswordChangeKind::Administrator,
        PasswordChange::Invitation => pb::PasswordChangeKind::Invitation,
    }
}

fn reason(revoked: Option<&(Moment, String)>) -> String {
    revoked.map(|(_, why)| why.clone()).unwrap_or_default()
}

fn unused<T: Clone>(it: &T) -> Machine<T> {
    Machine {
        is: it.clone(),
        used_at: None,
    }
}

fn mask(paths: &[String]) -> Option<FieldMask> {
    Some(FieldMask {
        paths: paths.to_vec(),
    })
}
