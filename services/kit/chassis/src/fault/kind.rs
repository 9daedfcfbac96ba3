//! The closed kinds of faults and the one table of what each means to everybody.

use std::time::Duration;

use contracts::common::FaultKind;
use tonic::Code;

/// How a call fails. The kinds are those of `retail.common.v1.FaultKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Never right, whatever the state.
    Invalid,
    /// Nobody known is calling.
    Unauthenticated,
    /// The caller may not do this.
    Denied,
    /// There is no such resource for this caller.
    NotFound,
    /// Something with that name is there already.
    Exists,
    /// The answer is no in the present state.
    Refused,
    /// Somebody else was faster.
    Raced,
    /// A limit is used up.
    Exhausted,
    /// A part that is needed does not answer.
    Unavailable,
    /// Time ran out, and the effect is unknown.
    Late,
    /// A token points behind what is still kept.
    Expired,
    /// A defect of ours.
    Bug,
}

/// When a caller may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not at all: the same request fails the same way.
    Never,
    /// With a new token.
    AfterSignIn,
    /// When the state has changed.
    AfterChange,
    /// After reading the resource again.
    AfterRead,
    /// After the delay that the answer names.
    AfterDelay,
    /// With backoff, and only what is idempotent or carries the same `request_id`.
    Idempotent,
    /// From the start, without the token.
    Anew,
}

/// What a consumer of events does when its work fails in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// Puts the event away at once: it can never be applied.
    Poison,
    /// Tries again until it works.
    Retry,
    /// Tries again up to the limit, then puts the event away.
    RetryThenPoison,
    /// Takes the event as done.
    Ack,
    /// Publishes the refusal and takes the event as done.
    PublishThenAck,
}

/// One row of the table.
struct Row(Code, u16, Retry, Consumer);

/// How long to wait where a busy limit says nothing better.
const EXHAUSTED_DELAY: Duration = Duration::from_secs(1);
/// How long to wait where a part that is needed does not answer.
const UNAVAILABLE_DELAY: Duration = Duration::from_millis(200);

impl Kind {
    /// All kinds, in the order of the contract.
    pub const ALL: [Self; 12] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Denied,
        Self::NotFound,
        Self::Exists,
        Self::Refused,
        Self::Raced,
        Self::Exhausted,
        Self::Unavailable,
        Self::Late,
        Self::Expired,
        Self::Bug,
    ];

    /// **The table.** Facts may overtake each other, so a consumer retries what it does not find.
    fn row(self) -> Row {
        match self {
            Self::Invalid => Row(Code::InvalidArgument, 400, Retry::Never, Consumer::Poison),
            Self::Unauthenticated => Row(
                Code::Unauthenticated,
                401,
                Retry::AfterSignIn,
                Consumer::Poison,
            ),
            Self::Denied => Row(Code::PermissionDenied, 403, Retry::Never, Consumer::Poison),
            Self::NotFound => Row(Code::NotFound, 404, Retry::Never, Consumer::RetryThenPoison),
            Self::Exists => Row(Code::AlreadyExists, 409, Retry::Never, Consumer::Ack),
            Self::Refused => Row(
                Code::FailedPrecondition,
                422,
                Retry::AfterChange,
                Consumer::PublishThenAck,
            ),
            Self::Raced => Row(Code::Aborted, 409, Retry::AfterRead, Consumer::Retry),
            Self::Exhausted => Row(
                Code::ResourceExhausted,
                429,
                Retry::AfterDelay,
                Consumer::Retry,
            ),
            Self::Unavailable => Row(Code::Unavailable, 503, Retry::Idempotent, Consumer::Retry),
            Self::Late => Row(
                Code::DeadlineExceeded,
                504,
                Retry::Idempotent,
                Consumer::Retry,
            ),
            Self::Expired => Row(Code::OutOfRange, 410, Retry::Anew, Consumer::Poison),
            Self::Bug => Row(Code::Internal, 500, Retry::Never, Consumer::RetryThenPoison),
        }
    }

    /// The gRPC code.
    pub fn code(self) -> Code {
        self.row().0
    }

    /// The HTTP status. The gateway says 412 for a race that the header `If-Match` asked for.
    pub fn http_status(self) -> u16 {
        self.row().1
    }

    /// When a caller may try again.
    pub fn retry(self) -> Retry {
        self.row().2
    }

    /// What a consumer does.
    pub fn consumer(self) -> Consumer {
        self.row().3
    }

    /// The delay that an answer names where the fault does not; nothing for kinds without one.
    pub fn default_delay(self) -> Option<Duration> {
        match self {
            Self::Exhausted => Some(EXHAUSTED_DELAY),
            Self::Unavailable => Some(UNAVAILABLE_DELAY),
            _ => None,
        }
    }

    /// The kind behind a code of anybody's answer; nothing for `Ok`. A cancelled call counts as
    /// late, because its effect is as unknown.
    pub fn of_code(code: Code) -> Option<Self> {
        Some(match code {
            Code::Ok => return None,
            Code::InvalidArgument => Self::Invalid,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::Denied,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::Exists,
            Code::FailedPrecondition => Self::Refused,
            Code::Aborted => Self::Raced,
            Code::ResourceExhausted => Self::Exhausted,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded | Code::Cancelled => Self::Late,
            Code::OutOfRange => Self::Expired,
            Code::Internal | Code::Unknown | Code::Unimplemented | Code::DataLoss => Self::Bug,
        })
    }

    /// The kind of the contract; nothing where it says none.
    pub fn of_contract(kind: FaultKind) -> Option<Self> {
        let place = usize::try_from(i32::from(kind)).ok()?.checked_sub(1)?;
        Self::ALL.get(place).copied()
    }
}
