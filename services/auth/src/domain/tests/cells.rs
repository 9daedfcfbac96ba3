//! Every state of a user and every act on it.

use vocab::LocationId;

use super::*;

/// A user 2 in a state, beside an admin.
fn world(state: UserState) -> Memory {
    let mut memory = Memory::opened();
    let invited = state == UserState::Invited;
    let new = new_user(2, &["staff"], !invited);
    memory.run(Command::CreateUser(Box::new(new)), 1).unwrap();
    let act = match state {
        UserState::Active | UserState::Invited => return memory,
        UserState::Disabled => UserAct::Disable("LEFT".to_owned()),
        UserState::Erased => UserAct::Erase("email 2".to_owned()),
    };
    memory.step(2, Giver::SERVICE, act).unwrap();
    memory
}

fn acts() -> Vec<UserAct> {
    let link = NewLink {
        digest: [7; 32],
        sealed: vec![7],
        expires_at: moment(2_000),
    };
    vec![
        UserAct::Disable("LEFT".to_owned()),
        UserAct::Enable,
        UserAct::Erase("email 2".to_owned()),
        UserAct::Grant(role(ADMIN_ROLE)),
        UserAct::Revoke(role("staff")),
        UserAct::Bind(vec![LocationId::at(1, [1; 10])]),
        UserAct::SetPassword("$argon2id$new".to_owned(), true),
        UserAct::Invite(link),
    ]
}

#[test]
fn every_act_meets_every_state() {
    use UserState::{Active, Disabled, Erased, Invited};
    let erased = || Err(Refusal::UserErased);
    let table: [[Result<UserState, Refusal>; 8]; 4] = [
        [
            Ok(Disabled),
            Ok(Active),
            Ok(Erased),
            Ok(Active),
            Ok(Active),
            Ok(Active),
            Ok(Active),
            Err(Refusal::UserNotInvited(Active)),
        ],
        [
            Ok(Disabled),
            Ok(Active),
            Ok(Erased),
            Ok(Disabled),
            Ok(Disabled),
            Ok(Disabled),
            Ok(Disabled),
            Err(Refusal::UserNotInvited(Disabled)),
        ],
        [
            Ok(Disabled),
            Ok(Invited),
            Ok(Erased),
            Ok(Invited),
            Ok(Invited),
            Ok(Invited),
            Err(Refusal::UserInvited),
            Ok(Invited),
        ],
        [
            erased(),
            erased(),
            Ok(Erased),
            erased(),
            erased(),
            erased(),
            erased(),
            erased(),
        ],
    ];
    for (state, row) in [Active, Disabled, Invited, Erased].into_iter().zip(table) {
        for (act, expected) in acts().into_iter().zip(row) {
            let mut memory = world(state);
            let text = format!("{act:?} on {state:?}");
            let done = memory.step(2, Giver::SERVICE, act);
            let found = done.map(|_| memory.user(2).state);
            assert_eq!(found, expected, "{text}");
        }
    }
}

#[test]
fn an_invited_user_who_was_disabled_is_invited_again() {
    let mut memory = world(UserState::Invited);
    let bar = UserAct::Disable(String::new());
    memory.step(2, Giver::SERVICE, bar).unwrap();
    memory.step(2, Giver::SERVICE, UserAct::Enable).unwrap();
    assert_eq!(memory.user(2).state, UserState::Invited);
}

#[test]
fn whoever_holds_less_changes_nobody_who_holds_more() {
    let missing = Err(Refusal::PermissionNotHeld("a.write".to_owned()));
    for act in acts() {
        if matches!(act, UserAct::Invite(_)) {
            continue;
        }
        let mut memory = world(UserState::Active);
        let grant = UserAct::Grant(role(ADMIN_ROLE));
        memory.step(2, Giver::SERVICE, grant).unwrap();
        let text = format!("{act:?}");
        let less = holding(&["a.read", "b.read"]);
        let done = memory.step(2, less, act).map(|_| ());
        assert_eq!(done, missing, "{text}");
    }
}

#[test]
fn whoever_is_bound_reaches_no_further() {
    let here = LocationId::at(1, [1; 10]);
    let elsewhere = LocationId::at(1, [2; 10]);
    let bound = Giver {
        locations: vec![here],
        ..Giver::SERVICE
    };
    let mut memory = world(UserState::Active);
    let far = Err(Refusal::LocationNotHeld(None));
    let done = memory.step(2, bound.clone(), UserAct::Bind(vec![here]));
    assert_eq!(
        done.map(|_| ()),
        far,
        "somebody of the whole tenant is out of reach"
    );
    let bind = UserAct::Bind(vec![here]);
    memory.step(2, Giver::SERVICE, bind).unwrap();
    for (to, expected) in [
        (
            vec![elsewhere],
            Err(Refusal::LocationNotHeld(Some(elsewhere))),
        ),
        (vec![], Err(Refusal::LocationNotHeld(None))),
        (vec![here], Ok(())),
    ] {
        let done = memory.step(2, bound.clone(), UserAct::Bind(to));
        assert_eq!(done.map(|_| ()), expected);
    }
}

#[test]
fn a_shopper_never_becomes_staff() {
    let mut memory = Memory::opened();
    memory
        .run(Command::CreateUser(Box::new(shopper())), 1)
        .unwrap();
    for act in [
        UserAct::Grant(role("staff")),
        UserAct::Revoke(role(SHOPPER_ROLE)),
        UserAct::Bind(Vec::new()),
    ] {
        let done = memory.step(9, Giver::SERVICE, act).map(|_| ());
        assert_eq!(done, Err(Refusal::UserIsCustomer));
    }
    let less = holding(&[]);
    let bar = UserAct::Disable(String::new());
    memory.step(9, less, bar).unwrap();
}

#[test]
fn somebody_who_opens_every_door_is_always_left() {
    let location = LocationId::at(1, [1; 10]);
    let last = [
        UserAct::Disable(String::new()),
        UserAct::Erase("email 1".to_owned()),
        UserAct::Revoke(role(ADMIN_ROLE)),
        UserAct::Bind(vec![location]),
    ];
    for act in last {
        let mut memory = world(UserState::Active);
        let text = format!("{act:?}");
        let done = memory.step(1, Giver::SERVICE, act.clone());
        assert_eq!(done.map(|_| ()), Err(Refusal::LastAdmin), "{text}");
        let grant = UserAct::Grant(role(ADMIN_ROLE));
        memory.step(2, Giver::SERVICE, grant).unwrap();
        assert_eq!(memory.admins(), 2);
        memory.step(1, Giver::SERVICE, act).unwrap();
        assert_eq!(memory.admins(), 1, "{text}");
    }
}

#[test]
fn what_was_read_has_to_be_so_still() {
    let mut memory = world(UserState::Active);
    let step = UserStep {
        id: user(2),
        giver: Giver::SERVICE,
        roles: Vec::new(),
        etag: None,
        admin: role(ADMIN_ROLE),
        act: UserAct::Enable,
    };
    let done = memory.run(Command::StepUser(Box::new(step)), 10);
    assert_eq!(done, Err(Refusal::Outrun));
}

#[test]
fn an_email_is_one_users_and_free_when_they_are_erased() {
    let mut memory = world(UserState::Active);
    let twin = || NewUser {
        email: "email 2".to_owned(),
        ..new_user(3, &[], true)
    };
    let taken = memory.run(Command::CreateUser(Box::new(twin())), 2);
    assert_eq!(taken, Err(Refusal::EmailExists));
    let erase = UserAct::Erase("email 2".to_owned());
    memory.step(2, Giver::SERVICE, erase).unwrap();
    assert!(memory.user(2).contact.is_empty() && memory.user(2).roles.is_empty());
    assert_eq!(
        memory.0[&Key::Sealing(user(2))],
        State::SubjectKey(Vec::new())
    );
    memory
        .run(Command::CreateUser(Box::new(twin())), 3)
        .unwrap();
}
