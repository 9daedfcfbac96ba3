//! What staff do to users: bar, let in, erase, give and take rights, set a password, invite.

use vocab::{LocationId, Moment, RoleId};

use super::users::{joined, may_touch, of, present};
use crate::domain::Refusal;
use crate::domain::answer::Decision;
use crate::domain::command::{NewLink, UserAct, UserStep};
use crate::domain::fact::Happened;
use crate::domain::key::{self, Access, Claim, Key, Link, LinkKind, State, View};
use crate::domain::rights::Rules;
use crate::domain::user::{PasswordChange, User, UserState};

/// A step under way.
struct Stepping<'a> {
    view: &'a dyn View,
    rules: &'a Rules,
    step: &'a UserStep,
    user: &'a User,
    now: Moment,
}

/// Does something to a user.
pub(super) fn step(
    view: &dyn View,
    rules: &Rules,
    step: &UserStep,
    now: Moment,
) -> Result<Decision, Refusal> {
    let user = present(view, step.id, step.etag.as_deref())?;
    if user.roles != step.roles {
        return Err(Refusal::Outrun);
    }
    let erasing = matches!(step.act, UserAct::Erase(_));
    if user.state == UserState::Erased {
        return match erasing {
            true => Ok(Decision::of(of(user))),
            false => Err(Refusal::UserErased),
        };
    }
    let stepping = Stepping {
        view,
        rules,
        step,
        user,
        now,
    };
    stepping.decide()
}

impl Stepping<'_> {
    fn decide(&self) -> Result<Decision, Refusal> {
        if !matches!(self.step.act, UserAct::Invite(_)) {
            may_touch(self.view, self.rules, &self.step.giver, self.user)?;
        }
        match &self.step.act {
            UserAct::Disable(reason) => self.disable(reason),
            UserAct::Enable => self.enable(),
            UserAct::Erase(email) => self.erase(email),
            UserAct::Grant(role) => self.grant(*role),
            UserAct::Revoke(role) => self.revoke(*role),
            UserAct::Bind(locations) => self.bind(locations),
            UserAct::SetPassword(hash, change) => self.set_password(hash, *change),
            UserAct::Invite(link) => self.invite(link),
        }
    }

    fn unchanged(&self) -> Decision {
        Decision::of(of(self.user))
    }

    /// One change, with the count of those who could open every door.
    fn changed(&self, user: &User, what: Happened) -> Result<Decision, Refusal> {
        let admin = self.step.admin;
        let (before, after) = (self.user.rules_alone(admin), user.rules_alone(admin));
        let count = key::admins(self.view) + i64::from(after) - i64::from(before);
        if before && !after && count < 1 {
            return Err(Refusal::LastAdmin);
        }
        let decision = Decision::with(user.updated_at, of(user), what);
        Ok(decision.keep(Key::Admins, State::Admins(count)))
    }

    /// Every session so far is over; another hash takes the place of the present one, if said.
    fn signed_out(&self, decision: Decision, hash: Option<&str>) -> Result<Decision, Refusal> {
        let access = key::access(self.view, self.user.id).ok_or(Refusal::Outrun)?;
        let access = Access {
            hash: hash.map_or_else(|| access.hash.clone(), str::to_owned),
            sessions_from: access.sessions_from.max(self.now),
            ..access.clone()
        };
        let key = Key::Access(self.user.id);
        Ok(decision.keep(key, State::Access(Box::new(access))))
    }

    fn disable(&self, reason: &str) -> Result<Decision, Refusal> {
        if self.user.state == UserState::Disabled {
            return Ok(self.unchanged());
        }
        let user = User {
            state: UserState::Disabled,
            disable_reason: reason.to_owned(),
            ..self.user.changed(self.now)
        };
        self.signed_out(self.changed(&user, Happened::UserDisabled)?, None)
    }

    fn enable(&self) -> Result<Decision, Refusal> {
        if self.user.state != UserState::Disabled {
            return Ok(self.unchanged());
        }
        let state = match self.user.has_password {
            true => UserState::Active,
            false => UserState::Invited,
        };
        let user = User {
            state,
            disable_reason: String::new(),
            ..self.user.changed(self.now)
        };
        self.changed(&user, Happened::UserEnabled)
    }

    fn erase(&self, email: &str) -> Result<Decision, Refusal> {
        let claim = Claim::Email(email.to_owned());
        if key::holder(self.view, &claim) != Some(self.user.id.uuid().as_u128()) {
            return Err(Refusal::Outrun);
        }
        let user = User {
            state: UserState::Erased,
            contact: Vec::new(),
            locale: String::new(),
            roles: Vec::new(),
            locations: Vec::new(),
            has_password: false,
            change_required: false,
            email_verified_at: None,
            ..self.user.changed(self.now)
        };
        let mut decision = self.changed(&user, Happened::UserErased)?;
        for role in &self.user.roles {
            decision = joined(self.view, decision, *role, -1);
        }
        let decision = decision
            .keep(Key::Sealing(user.id), State::SubjectKey(Vec::new()))
            .keep(Key::Claim(claim), State::Claim(None));
        self.signed_out(decision, Some(""))
    }

    fn staff(&self) -> Result<(), Refusal> {
        match self.user.customer {
            Some(_) => Err(Refusal::UserIsCustomer),
            None => Ok(()),
        }
    }

    fn grant(&self, id: RoleId) -> Result<Decision, Refusal> {
        self.staff()?;
        let role = key::role(self.view, id).ok_or(Refusal::RoleUnknown(id))?;
        let giver = &self.step.giver;
        giver.holds(self.rules.allowed(role))?;
        giver.reaches(&self.user.locations)?;
        if self.user.roles.contains(&id) {
            return Ok(self.unchanged());
        }
        let mut user = self.user.changed(self.now);
        user.roles.push(id);
        user.roles.sort_unstable();
        let decision = self.changed(&user, Happened::RoleGranted(id))?;
        Ok(joined(self.view, decision, id, 1))
    }

    fn revoke(&self, id: RoleId) -> Result<Decision, Refusal> {
        self.staff()?;
        if !self.user.roles.contains(&id) {
            // Its role may never have been: then there is nothing to lock.
            return match key::any_role(self.view, id) {
                Some(_) => Ok(self.unchanged()),
                None => Err(Refusal::RoleMissing(id)),
            };
        }
        let mut user = self.user.changed(self.now);
        user.roles.retain(|it| *it != id);
        let decision = self.changed(&user, Happened::RoleRevoked(id))?;
        Ok(joined(self.view, decision, id, -1))
    }

    fn bind(&self, locations: &[LocationId]) -> Result<Decision, Refusal> {
        self.staff()?;
        self.step.giver.reaches(locations)?;
        if self.user.locations == locations {
            return Ok(self.unchanged());
        }
        let user = User {
            locations: locations.to_vec(),
            ..self.user.changed(self.now)
        };
        let what = Happened::UserUpdated(vec!["location_ids".to_owned()]);
        self.changed(&user, what)
    }

    fn set_password(&self, hash: &str, change_required: bool) -> Result<Decision, Refusal> {
        if !self.user.has_password {
            return Err(Refusal::UserInvited);
        }
        let user = User {
            change_required,
            ..self.user.changed(self.now)
        };
        let what = Happened::PasswordChanged(PasswordChange::Administrator);
        self.signed_out(self.changed(&user, what)?, Some(hash))
    }

    fn invite(&self, link: &NewLink) -> Result<Decision, Refusal> {
        if self.user.state != UserState::Invited {
            return Err(Refusal::UserNotInvited(self.user.state));
        }
        let user = self.user.changed(self.now);
        let what = Happened::UserInvited(link.sealed.clone(), link.expires_at);
        let link = Link {
            digest: link.digest,
            expires_at: link.expires_at,
            used: false,
        };
        let key = Key::Link(user.id, LinkKind::Invitation);
        Ok(Decision::with(user.updated_at, of(&user), what).keep(key, State::Link(link)))
    }
}
