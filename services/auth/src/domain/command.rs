//! What is asked for, parsed. A command names every key whose state matters.

use vocab::{ApiKeyId, RoleId, TenantId, UserId};

use super::key::{Claim, Key, LinkKind};
use super::machine::UseOf;
use super::{Act, SigningKey};

mod machines;
mod people;
mod sessions;

pub use machines::{AccountChange, AccountContent, AccountStep, ApiKeyStep, NewAccount, NewApiKey};
pub use people::{
    NewLink, NewPassword, NewRole, NewTenant, NewUser, RoleContent, RoleRemoval, RoleRevision,
    TenantContent, TenantRevision, UserAct, UserRevision, UserStep,
};
pub use sessions::{Begin, Change, Ending, Refreshing, Rested, Trying};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a tenant with its roles and its first user.
    OpenTenant(Box<NewTenant>),
    /// Change a tenant.
    ReviseTenant(Box<TenantRevision>),
    /// Close a tenant for a reason, or open it again; with the etag that the caller read.
    SuspendTenant(TenantId, Option<String>, Option<String>),
    /// Create a user with roles.
    CreateUser(Box<NewUser>),
    /// Change what is said of a user.
    ReviseUser(Box<UserRevision>),
    /// Do something to a user that staff may do.
    StepUser(Box<UserStep>),
    /// Let an invited user in.
    AcceptInvitation(UserId, [u8; 32], Box<NewPassword>),
    /// Create a role.
    CreateRole(Box<NewRole>),
    /// Change a role.
    ReviseRole(Box<RoleRevision>),
    /// Remove a role that nobody has.
    DeleteRole(RoleRemoval),
    /// Create an API key.
    CreateApiKey(Box<NewApiKey>),
    /// Rotate or end an API key.
    StepApiKey(ApiKeyId, Box<ApiKeyStep>),
    /// Create an account.
    CreateAccount(Box<NewAccount>),
    /// Change, rotate, bar or let in an account.
    StepAccount(Box<AccountStep>),
    /// Note that something was used.
    MarkUsed(UseOf),
    /// Make the first keys, or let the next one sign.
    RotateKeys {
        /// Keys that never were before, as many as may be needed.
        fresh: Vec<SigningKey>,
        /// Whether those until now are withdrawn.
        withdraw: bool,
        /// Whether only what is due is done.
        if_due: bool,
    },
    /// Count a try to sign in.
    Try(Trying),
    /// Sign in.
    Begin(Box<Begin>),
    /// Change one's password.
    ChangePassword(Box<Change>),
    /// Go on with a session.
    Refresh(Box<Refreshing>),
    /// End sessions.
    End(Ending),
    /// Record acts.
    Record(Vec<Act>),
}

impl Command {
    /// Every key whose state matters.
    pub fn keys(&self) -> Vec<Key> {
        match self {
            Self::OpenTenant(new) => open_keys(new),
            Self::ReviseTenant(revision) => vec![Key::Tenant(revision.id)],
            Self::SuspendTenant(id, ..) => vec![Key::Tenant(*id)],
            Self::CreateUser(new) => user_keys(new),
            Self::ReviseUser(revision) => revision_keys(revision),
            Self::StepUser(step) => step_keys(step),
            Self::AcceptInvitation(user, ..) => {
                let mut keys = of_user(*user);
                keys.push(Key::Admins);
                keys.push(Key::Link(*user, LinkKind::Invitation));
                keys
            }
            Self::CreateRole(new) => vec![
                Key::Role(new.id),
                Key::Members(new.id),
                Key::Claim(Claim::RoleKey(new.content.key.clone())),
            ],
            Self::ReviseRole(revision) => vec![Key::Role(revision.id)],
            Self::DeleteRole(removal) => vec![
                Key::Role(removal.id),
                Key::Members(removal.id),
                Key::Claim(Claim::RoleKey(removal.key.clone())),
            ],
            Self::CreateApiKey(new) => vec![Key::Api(new.id)],
            Self::StepApiKey(id, _) => vec![Key::Api(*id)],
            Self::CreateAccount(new) => with_roles(vec![Key::Account(new.id)], &new.content.roles),
            Self::StepAccount(step) => account_keys(step),
            Self::MarkUsed(what) => vec![Key::Used(*what)],
            Self::RotateKeys { .. } => vec![Key::Signing],
            Self::Try(trying) => trying.keys(),
            Self::Begin(begin) => begin_keys(begin),
            Self::ChangePassword(change) => change.keys(),
            Self::Refresh(refreshing) => refresh_keys(refreshing),
            Self::End(ending) => ending.keys(),
            Self::Record(acts) => acts.iter().map(|it| Key::Audit(it.id)).collect(),
        }
    }
}

fn of_user(user: UserId) -> Vec<Key> {
    vec![Key::User(user), Key::Access(user)]
}

fn with_roles(mut keys: Vec<Key>, roles: &[RoleId]) -> Vec<Key> {
    keys.extend(roles.iter().map(|it| Key::Role(*it)));
    keys.extend(roles.iter().map(|it| Key::Members(*it)));
    keys
}

fn user_keys(new: &NewUser) -> Vec<Key> {
    let mut keys = with_roles(of_user(new.id), &new.roles);
    keys.push(Key::Admins);
    keys.push(Key::Sealing(new.id));
    keys.push(Key::Claim(Claim::Email(new.email.clone())));
    if new.link.is_some() {
        keys.push(Key::Link(new.id, LinkKind::Invitation));
    }
    keys
}

fn open_keys(new: &NewTenant) -> Vec<Key> {
    let mut keys = user_keys(&new.admin);
    keys.push(Key::Code(new.content.code.clone()));
    keys.push(Key::Tenant(new.id));
    for role in &new.roles {
        keys.push(Key::Role(role.id));
        keys.push(Key::Members(role.id));
        keys.push(Key::Claim(Claim::RoleKey(role.content.key.clone())));
    }
    keys
}

fn revision_keys(revision: &UserRevision) -> Vec<Key> {
    let mut keys = with_roles(vec![Key::User(revision.id)], &revision.roles);
    if let Some((old, new)) = &revision.email {
        keys.push(Key::Claim(Claim::Email(old.clone())));
        keys.push(Key::Claim(Claim::Email(new.clone())));
        keys.push(Key::Link(revision.id, LinkKind::Invitation));
    }
    keys
}

fn step_keys(step: &UserStep) -> Vec<Key> {
    let mut keys = with_roles(of_user(step.id), &step.roles);
    keys.push(Key::Admins);
    match &step.act {
        UserAct::Grant(role) | UserAct::Revoke(role) => {
            keys.extend([Key::Role(*role), Key::Members(*role)]);
        }
        UserAct::Erase(email) => {
            keys.push(Key::Sealing(step.id));
            keys.push(Key::Claim(Claim::Email(email.clone())));
        }
        UserAct::Invite(_) => keys.push(Key::Link(step.id, LinkKind::Invitation)),
        UserAct::Disable(_) | UserAct::Enable | UserAct::Bind(_) | UserAct::SetPassword(..) => {}
    }
    keys
}

fn account_keys(step: &AccountStep) -> Vec<Key> {
    let mut keys = with_roles(vec![Key::Account(step.id)], &step.roles);
    if let AccountChange::Revise(content, _) = &step.change {
        keys = with_roles(keys, &content.roles);
    }
    keys
}

fn begin_keys(begin: &Begin) -> Vec<Key> {
    let mut keys = vec![
        Key::Tenant(begin.rested.tenant),
        Key::Session(begin.session.id),
    ];
    keys.extend(begin.rested.keys());
    keys.extend(begin.proved.keys());
    for ended in &begin.ending {
        keys.extend([Key::Session(*ended), Key::Ended(*ended)]);
    }
    keys
}

fn refresh_keys(refreshing: &Refreshing) -> Vec<Key> {
    let mut keys = vec![
        Key::Tenant(refreshing.rested.tenant),
        Key::Session(refreshing.session),
    ];
    keys.extend(refreshing.rested.keys());
    keys
}
