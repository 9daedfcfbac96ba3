//! What staff do with users, and users with themselves.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::{LocationId, RoleId, TenantId, UserId};

use super::contact::{Contact, Person, sealed};
use super::passwords::judge;
use super::refused::password_wrong;
use super::{App, answered, giver, unexpected};
use crate::db::{CreationCursor, UserList};
use crate::domain::command::{Change, NewUser, Trying, UserAct, UserRevision, UserStep};
use crate::domain::{ADMIN_ROLE, Answer, Command, PasswordRule, Refusal, UserState, role_id};

/// A member of the staff to create.
#[derive(Clone, Debug)]
pub struct UserAsked {
    /// Email and name.
    pub contact: Contact,
    /// The language of messages.
    pub locale: String,
    /// Told to the user by other means; none invites them by mail.
    pub password: Option<String>,
}

/// What a user becomes.
#[derive(Clone, Debug)]
pub struct UserChanged {
    /// Email and name.
    pub contact: Contact,
    /// The language of messages.
    pub locale: String,
    /// What is different, by the names of the contract.
    pub paths: Vec<String>,
}

impl App {
    /// Creates a member of the staff, without any role.
    pub async fn create_user(&self, call: &Call, asked: UserAsked) -> Result<Person, Fault> {
        let id = self.draw()?.id();
        let password = match &asked.password {
            Some(password) => {
                judge(password, &asked.contact.email)?;
                let hash = self.0.hashing.hash(password, call.deadline).await?;
                Some((hash, true))
            }
            None => None,
        };
        let new = self.new_user(call.tenant, (id, Vec::new()), &asked, password)?;
        let command = Command::CreateUser(Box::new(new));
        let user = answered!(self.submit(call, command).await?, User)?;
        self.person_of(call.tenant, *user).await
    }

    /// A user that is to be created, with a key of their own.
    pub(super) fn new_user(
        &self,
        tenant: TenantId,
        (id, roles): (UserId, Vec<RoleId>),
        asked: &UserAsked,
        password: Option<(String, bool)>,
    ) -> Result<NewUser, Fault> {
        let key = self.0.vault.subject_key()?;
        let link = match password {
            Some(_) => None,
            None => Some(self.new_invitation(tenant, id, &key, asked)?),
        };
        Ok(NewUser {
            id,
            email: self.0.vault.email(tenant, &asked.contact.email),
            contact: sealed(&key, &asked.contact)?,
            key: key.wrapped.clone(),
            locale: asked.locale.clone(),
            customer: None,
            roles,
            admin: role_id(tenant, ADMIN_ROLE),
            password,
            link,
        })
    }

    /// Changes what is said of a user, by staff or by the user alone.
    pub async fn revise_user(
        &self,
        call: &Call,
        (id, own): (UserId, bool),
        etag: Option<String>,
        revise: impl Fn(&Person) -> Result<UserChanged, Fault>,
    ) -> Result<Person, Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.present(call.tenant, id).await?;
            let user = &present.known.user;
            if user.state == UserState::Erased {
                return Err(Refusal::UserErased.into());
            }
            let changed = revise(&present)?;
            let key = self.0.vault.unwrapped(&present.known.key)?;
            let contact = match key {
                Some(key) if changed.contact != present.contact => sealed(&key, &changed.contact)?,
                Some(_) | None => user.contact.clone(),
            };
            let (old, new) = (&present.contact.email, &changed.contact.email);
            let digest = |email| self.0.vault.email(call.tenant, email);
            let email = Some((digest(old), digest(new))).filter(|(old, new)| old != new);
            let command = Command::ReviseUser(Box::new(UserRevision {
                id,
                giver: (!own).then(|| giver(call)),
                roles: user.roles.clone(),
                etag: etag.clone(),
                version: user.version,
                contact,
                email,
                locale: changed.locale,
                paths: changed.paths,
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                let user = answered!(done?, User)?;
                return self.person_of(call.tenant, *user).await;
            }
        }
    }

    /// Does something to a user that staff may do.
    async fn step_user(
        &self,
        call: &Call,
        id: UserId,
        etag: Option<String>,
        act: impl Fn(&Person) -> UserAct,
    ) -> Result<Person, Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.present(call.tenant, id).await?;
            let command = Command::StepUser(Box::new(UserStep {
                id,
                giver: giver(call),
                roles: present.known.user.roles.clone(),
                etag: etag.clone(),
                admin: role_id(call.tenant, ADMIN_ROLE),
                act: act(&present),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                let user = answered!(done?, User)?;
                return self.person_of(call.tenant, *user).await;
            }
        }
    }

    /// Bars a user.
    pub async fn disable_user(
        &self,
        call: &Call,
        id: UserId,
        reason: &str,
        etag: Option<String>,
    ) -> Result<Person, Fault> {
        let call = call.clone().because(reason);
        let act = |_: &Person| UserAct::Disable(reason.to_owned());
        self.step_user(&call, id, etag, act).await
    }

    /// Lets a user in again.
    pub async fn enable_user(
        &self,
        call: &Call,
        id: UserId,
        etag: Option<String>,
    ) -> Result<Person, Fault> {
        self.step_user(call, id, etag, |_| UserAct::Enable).await
    }

    /// Destroys what is personal of a user.
    pub async fn erase_user(
        &self,
        call: &Call,
        id: UserId,
        reason: &str,
        etag: Option<String>,
    ) -> Result<Person, Fault> {
        let call = call.clone().because(reason);
        let tenant = call.tenant;
        let digest = |it: &Person| self.0.vault.email(tenant, &it.contact.email);
        let act = |it: &Person| UserAct::Erase(digest(it));
        self.step_user(&call, id, etag, act).await
    }

    /// Gives a user a role, or takes it away.
    pub async fn change_role(
        &self,
        call: &Call,
        id: UserId,
        (role, given): (RoleId, bool),
        etag: Option<String>,
    ) -> Result<Person, Fault> {
        let act = |_: &Person| match given {
            true => UserAct::Grant(role),
            false => UserAct::Revoke(role),
        };
        self.step_user(call, id, etag, act).await
    }

    /// Binds a user to locations.
    pub async fn bind_user(
        &self,
        call: &Call,
        id: UserId,
        locations: Vec<LocationId>,
        etag: Option<String>,
    ) -> Result<Person, Fault> {
        let act = |_: &Person| UserAct::Bind(locations.clone());
        self.step_user(call, id, etag, act).await
    }

    /// Sends an invited user another link.
    pub async fn invite_again(&self, call: &Call, id: UserId) -> Result<Person, Fault> {
        let present = self.present(call.tenant, id).await?;
        let user = &present.known.user;
        if user.state != UserState::Invited {
            return Err(Refusal::UserNotInvited(user.state).into());
        }
        let key = self.0.vault.unwrapped(&present.known.key)?;
        let key = key.ok_or(Refusal::UserErased)?;
        let asked = UserAsked {
            contact: present.contact.clone(),
            locale: user.locale.clone(),
            password: None,
        };
        let link = self.new_invitation(call.tenant, id, &key, &asked)?;
        let act = |_: &Person| UserAct::Invite(link.clone());
        self.step_user(call, id, None, act).await
    }

    /// Gives a user another password. Returns how many sessions ended.
    pub async fn set_password(
        &self,
        call: &Call,
        id: UserId,
        (password, change_required): (&str, bool),
        etag: Option<String>,
    ) -> Result<i32, Fault> {
        let present = self.present(call.tenant, id).await?;
        judge(password, &present.contact.email)?;
        let entry = self.0.db.entry_of(call.tenant, id).await?;
        let entry = entry.ok_or(Refusal::UserMissing(id))?;
        let before = Some(entry.access.hash.as_str());
        if self
            .0
            .hashing
            .matches(password, before, call.deadline)
            .await?
        {
            return Err(Refusal::PasswordTooWeak(PasswordRule::Same).into());
        }
        let hash = self.0.hashing.hash(password, call.deadline).await?;
        let act = |_: &Person| UserAct::SetPassword(hash.clone(), change_required);
        self.step_user(call, id, etag, act).await?;
        Ok(i32::try_from(entry.living.len()).unwrap_or(i32::MAX))
    }

    /// Changes the caller's password. Returns how many other sessions ended.
    pub async fn change_password(
        &self,
        call: &Call,
        id: UserId,
        (current, new): (&str, &str),
    ) -> Result<i32, Fault> {
        let present = self.present(call.tenant, id).await?;
        judge(new, &present.contact.email)?;
        let bits = id.uuid();
        let account = [b"user".as_slice(), bits.as_bytes()];
        let trying = Trying {
            account: Some(self.0.vault.tries(&account)),
            address: None,
        };
        self.count_try(call, trying.clone()).await?;
        let mut tries = Tries::default();
        let mut proved = None;
        loop {
            let entry = self.0.db.entry_of(call.tenant, id).await?;
            let entry = entry.ok_or(Refusal::UserMissing(id))?;
            let hash = &entry.access.hash;
            if proved.as_ref().is_none_or(|(before, _)| before != hash) {
                if !self
                    .0
                    .hashing
                    .matches(current, Some(hash), call.deadline)
                    .await?
                {
                    return Err(password_wrong());
                }
                if current == new {
                    return Err(Refusal::PasswordTooWeak(PasswordRule::Same).into());
                }
                let new = self.0.hashing.hash(new, call.deadline).await?;
                proved = Some((hash.clone(), new));
            }
            let Some((hash, new_hash)) = proved.clone() else {
                return Err(password_wrong());
            };
            let others = entry.living.iter().map(|it| it.id);
            let others = others.filter(|it| it.to_string() != call.caller.session);
            let command = Command::ChangePassword(Box::new(Change {
                user: id,
                hash,
                new_hash,
                proved: trying.clone(),
                begun: entry.access.begun,
                ending: others.collect(),
            }));
            match tries.settle(self.submit(call, command).await) {
                Some(Ok(Answer::Count(count))) => {
                    return Ok(i32::try_from(count).unwrap_or(i32::MAX));
                }
                Some(Ok(other)) => return Err(unexpected(&other)),
                Some(Err(fault)) => return Err(fault),
                None => {}
            }
        }
    }

    /// A page of users.
    pub async fn list_users(
        &self,
        call: &Call,
        mut list: UserList,
        email: &str,
    ) -> Result<Vec<Person>, Fault> {
        if !email.is_empty() {
            let digest = self.0.vault.email(call.tenant, email);
            match self.0.db.user_of_email(call.tenant, digest).await? {
                Some(user) => list.only = Some(user.uuid()),
                None => return Ok(Vec::new()),
            }
        }
        let found = self.0.db.list_users(call.tenant, list).await?;
        self.saw_read(call, ("user", String::new()));
        found.into_iter().map(|it| self.person(it)).collect()
    }
}

impl Person {
    /// Where the user stands in a list.
    pub fn cursor(&self) -> CreationCursor {
        CreationCursor(self.known.user.created_at, self.known.user.id.uuid())
    }
}
