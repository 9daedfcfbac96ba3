//! An act as the audit trail keeps it: ids and kinds, never a name or the body of a call.

use vocab::{AuditId, EventId, Moment};

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Allowed,
    /// The caller was not allowed to.
    Denied,
    /// It did not take effect.
    Failed,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its id.
    pub id: AuditId,
    /// Who acted: the number of the kind, and the id.
    pub actor: (i16, String),
    /// What was asked.
    pub method: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was done, or why not.
    pub reason: String,
    /// The permission that was asked for.
    pub permission: String,
    /// The kind of thing acted upon, its id, and its version afterwards.
    pub on: (String, String, i64),
    /// The event that it was made from, and what that is called.
    pub event: Option<(EventId, String)>,
    /// The chain that it belongs to.
    pub correlation: String,
    /// The id of its request.
    pub request_id: String,
    /// The trace of its call.
    pub trace_id: String,
    /// The session of its token.
    pub session: String,
    /// When it was done.
    pub at: Moment,
}

/// An act, and when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// The act.
    pub act: Act,
    /// When it was recorded.
    pub recorded_at: Moment,
}

impl Outcome {
    /// Its number in the contract, by which it is stored too.
    pub const fn number(self) -> i16 {
        match self {
            Self::Allowed => 1,
            Self::Denied => 2,
            Self::Failed => 3,
        }
    }

    /// The outcome of a number.
    pub const fn of(number: i16) -> Option<Self> {
        match number {
            1 => Some(Self::Allowed),
            2 => Some(Self::Denied),
            3 => Some(Self::Failed),
            _ => None,
        }
    }
}
