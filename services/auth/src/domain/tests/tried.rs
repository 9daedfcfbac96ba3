//! Throttling in a time of its own.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn trying(account: &str) -> Command {
    Command::Try(Trying {
        account: Some(account.to_owned()),
        address: None,
    })
}

/// Tries for so long as it is allowed, and says how long to wait then.
fn tries_until_blocked(memory: &mut Memory, at: i64) -> (u32, Duration) {
    for count in 0.. {
        match memory.run(trying("ann"), at) {
            Ok(_) => {}
            Err(Refusal::Throttled(wait)) => return (count, wait),
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("every account is throttled at some time")
}

#[test]
fn five_tries_are_free_and_then_the_wait_doubles_up_to_an_hour() {
    let mut memory = Memory::default();
    let mut now = 0;
    let (free, wait) = tries_until_blocked(&mut memory, now);
    assert_eq!((free, wait), (5, Duration::from_secs(1)));
    let mut waits = vec![wait.as_secs()];
    for _ in 0..14 {
        now += i64::try_from(waits[waits.len() - 1]).unwrap();
        let (tries, wait) = tries_until_blocked(&mut memory, now);
        assert_eq!(tries, 1, "one more try each time");
        waits.push(wait.as_secs());
    }
    assert_eq!(&waits[..6], [1, 2, 4, 8, 16, 32]);
    assert_eq!(waits[waits.len() - 1], 3_600);
    assert!(
        memory.run(trying("bob"), now).is_ok(),
        "others are not held up"
    );
    let (tries, _) = tries_until_blocked(&mut memory, now + 86_400 + 3_600);
    assert_eq!(tries, 5, "a day later all is forgotten");
}

#[test]
fn a_right_password_takes_the_tries_back() {
    let before = Tries {
        count: 4,
        last_at: moment(0),
        blocked_until: moment(50),
    };
    let after = before.proved(tries::Threshold::Account);
    assert_eq!((after.count, after.blocked_until), (0, Moment::FIRST));
    let address = before.proved(tries::Threshold::Address);
    assert_eq!(address.count, 3, "of an address only its own");
}

proptest! {
    #[test]
    fn however_it_is_tried_nobody_gets_more_tries_than_the_waits_allow(
        pauses in prop::collection::vec(0_i64..4_000, 1..200),
    ) {
        let mut memory = Memory::default();
        let (mut now, mut let_through) = (0, 0_i64);
        for pause in pauses {
            now += pause;
            if memory.run(trying("ann"), now).is_ok() {
                let_through += 1;
            }
        }
        // Twelve tries cost 2^0 + … + 2^6 seconds; an hour each costs every one beyond.
        let most = 5 + 13 + now / 3_600 + 2 * (now / 86_400 + 1) * 18;
        prop_assert!(let_through <= most, "{let_through} in {now} s");
    }
}
