//! Which failed calls are made again, and after which pause.

use std::time::Duration;

use contracts::common::ErrorReason;

use super::chance;
use super::failure::Failure;
use crate::contract::Idempotency;
use crate::deadline::Deadline;
use crate::fault::{Kind, Reason};

/// Attempts in all, the first one included.
pub(super) const ATTEMPTS_MAX: u32 = 3;
/// The first pause is at most this long, the next twice as long, and so on.
const PAUSE: Duration = Duration::from_millis(50);
/// No pause of our own choice is longer.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Those who were told the same pause come back spread over this share of it.
const SPREAD: u32 = 10;

/// What is known of a call that failed.
pub(super) struct Tried<'a> {
    pub failure: &'a Failure,
    /// How often it was made.
    pub attempts: u32,
    /// What its contract promises; nothing if it did not get as far as that.
    pub idempotency: Option<Idempotency>,
    /// Whether its request names the attempt, so that the peer knows a repetition.
    pub keyed: bool,
    pub deadline: Deadline,
}

impl Tried<'_> {
    /// The pause before the next attempt; nothing if there must be none. The budget comes on top.
    pub(super) fn pause(&self) -> Option<Duration> {
        if self.attempts >= ATTEMPTS_MAX || !self.may_repeat() {
            return None;
        }
        let pause = match self.failure.pushback().ok()? {
            Some(asked) => asked.saturating_add(chance::up_to(asked / SPREAD)),
            None => chance::backoff(self.attempts, PAUSE, PAUSE_MAX),
        };
        // A deadline is not slept through: an answer now is worth more than none later.
        let left = self.deadline.outgoing(Duration::MAX).ok()?;
        (pause < left).then_some(pause)
    }

    fn may_repeat(&self) -> bool {
        // Whether it was this breaker or one further down: a retry would only knock at it again.
        if self.failure.is(Reason::shared(ErrorReason::CircuitOpen)) {
            return false;
        }
        let reads = self.idempotency == Some(Idempotency::NoSideEffects);
        match self.failure.kind() {
            Kind::Unavailable => reads || self.keyed,
            Kind::Late => self.keyed,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::super::failure;
    use super::*;
    use crate::fault::Fault;

    fn pause(status: Status, change: fn(&mut Tried<'_>)) -> Option<Duration> {
        let failure = Failure::new("catalog", status);
        let mut tried = Tried {
            failure: &failure,
            attempts: 1,
            idempotency: Some(Idempotency::NoSideEffects),
            keyed: false,
            deadline: Deadline::within(Duration::from_secs(5)),
        };
        change(&mut tried);
        tried.pause()
    }

    fn writes(tried: &mut Tried<'_>) {
        tried.idempotency = Some(Idempotency::Unknown);
    }

    fn keyed(tried: &mut Tried<'_>) {
        writes(tried);
        tried.keyed = true;
    }

    #[test]
    fn reads_and_keyed_writes_are_repeated_and_nothing_else() {
        let down = || Status::unavailable("");
        assert!(pause(down(), |_| ()).is_some());
        assert!(pause(down(), keyed).is_some());
        assert_eq!(pause(down(), writes), None);
        assert_eq!(pause(down(), |it| it.idempotency = None), None);
        let idempotent = |it: &mut Tried<'_>| it.idempotency = Some(Idempotency::Idempotent);
        assert_eq!(
            pause(down(), idempotent),
            None,
            "without a key it promises nothing"
        );
    }

    #[test]
    fn time_that_ran_out_is_tried_again_only_with_a_key() {
        assert_eq!(pause(Status::deadline_exceeded(""), |_| ()), None);
        assert!(pause(Status::deadline_exceeded(""), keyed).is_some());
        assert!(pause(Status::cancelled("Timeout expired"), keyed).is_some());
    }

    #[test]
    fn no_other_code_is_repeated() {
        for code in (1..=16).map(Code::from) {
            let repeated = pause(Status::new(code, ""), keyed).is_some();
            let expected = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled];
            assert_eq!(repeated, expected.contains(&code), "{code:?}");
        }
    }

    #[test]
    fn there_are_three_attempts_within_the_deadline() {
        let down = || Status::unavailable("");
        assert!(pause(down(), |it| it.attempts = 2).is_some());
        assert_eq!(pause(down(), |it| it.attempts = 3), None);
        let late = |it: &mut Tried<'_>| it.deadline = Deadline::within(Duration::ZERO);
        assert_eq!(pause(down(), late), None);
    }

    #[test]
    fn a_server_says_how_long_or_not_at_all() {
        let told = |text: &'static str| {
            let mut status = Status::unavailable("");
            status
                .metadata_mut()
                .insert(failure::PUSHBACK, text.parse().unwrap());
            pause(status, |_| ())
        };
        let waits = told("1000").unwrap();
        assert!(waits >= Duration::from_secs(1) && waits <= Duration::from_millis(1_100));
        assert_eq!(
            (told("-1"), told("soon"), told("60000")),
            (None, None, None)
        );
        let fault = Fault::unavailable("postgres").retry_after(Duration::from_secs(2));
        assert!(pause(fault.into(), |_| ()).unwrap() >= Duration::from_secs(2));
    }

    #[test]
    fn an_open_breaker_is_not_knocked_at() {
        let spared = failure::spared("catalog", Duration::from_millis(1));
        assert_eq!(pause(spared, keyed), None);
    }
}
