//! What an error of the database means for a batch.

use sqlx::error::DatabaseError;

/// The classes of errors, by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Somebody was faster: run the batch again.
    Raced,
    /// Two batches waited for each other, which the order of locks rules out. Run again, and told.
    Deadlocked,
    /// A row is held by somebody who does not let go.
    Held,
    /// The database is not there, or not able: again later, and never a command's fault.
    Away,
    /// A command can have caused it: find out which.
    Caused,
    /// Nothing that a command says can cause it, and nothing heals it: a defect.
    Defect,
}

/// The unique index of events, which a lost race can hit.
const STREAMS: &str = "events_of_a_stream";

impl Class {
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::of_code(error.as_ref()),
            sqlx::Error::Encode(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::Configuration(_) => Self::Defect,
            _ => Self::Away,
        }
    }

    fn of_code(error: &dyn DatabaseError) -> Self {
        let code = error.code().unwrap_or_default();
        if code == "23505" && error.constraint() == Some(STREAMS) {
            return Self::Raced;
        }
        match code.as_ref() {
            "40001" => return Self::Raced,
            "40P01" => return Self::Deadlocked,
            "55P03" => return Self::Held,
            // A plan whose table was changed meanwhile; a new connection makes a new one.
            "0A000" => return Self::Away,
            _ => (),
        }
        match code.get(..2).unwrap_or_default() {
            "22" | "23" | "54" => Self::Caused,
            // No connection, no resources, an operator, a fault of the system, an idle
            // transaction ended by the server; `25` is the state that those leave behind.
            "08" | "53" | "57" | "58" | "25" | "XX" => Self::Away,
            _ => Self::Defect,
        }
    }
}
