//! What the doors can ask for: one use case for each verb, over one journal.
//!
//! Keys are named by what is in mind or was read before; a command whose view was outrun begins
//! again, a bounded number of times. Reads come from the database, with all that was committed.

use bus::{Consuming, consuming};
use chassis::call::Call;
use chassis::fault::Fault;
use journal::{Journal, Recorded, Submission};
use vocab::Clock;

use crate::db::Db;
use crate::domain::{Answer, Command, Entry};

mod choose;
mod explain;
mod firm;
mod hold_list;
mod holds;
mod imports;
mod known;
mod ledger;
mod past;
mod reads;
mod rules;
mod stock;
mod told;
mod transfers;
mod troubles;
mod why;
#[cfg(test)]
mod written;

pub use choose::{Asked, AskedLine, Strategy};
pub use explain::{Candidate, ExplainedLine, Verdict};
pub use firm::{Adoption, FirmAsked};
pub use hold_list::HoldsAsked;
pub use holds::Ending;
pub use imports::{Chunk, Unfit};
pub use known::Known;
pub use ledger::Inventory;
pub use past::Then;
pub use reads::{Buyable, Wish};
pub use told::told_fact;
pub use transfers::{End, Going, Plan};
pub use troubles::ShortfallFound;
pub use why::{Documents, Question};

/// The one shared handle of the doors.
#[derive(Clone)]
pub struct App {
    journal: Journal<Consuming<Inventory>>,
    db: Db,
    known: Known,
    clock: Clock,
}

impl App {
    /// Puts the parts together.
    pub fn new(journal: Journal<Consuming<Inventory>>, known: Known, clock: Clock) -> Self {
        Self {
            db: Db::new(journal.reads().clone()),
            journal,
            known,
            clock,
        }
    }

    /// The time of this process, by which things are shown and nothing is decided.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn submit(
        &self,
        submission: impl Into<Submission>,
        command: Command,
    ) -> Result<Answer, Fault> {
        let own = consuming::Command::Own(command);
        match self.journal.submit(submission, own).await? {
            consuming::Answer::Own(answer) => Ok(answer),
            consuming::Answer::Done => Err(Fault::bug("a delivery was answered")),
        }
    }

    /// The entries that an answer names.
    async fn entries(&self, call: &Call, names: Vec<Entry>) -> Result<Vec<Recorded>, Fault> {
        let expected = names.len();
        let entries = self.db.entries(call.tenant, names).await?;
        if entries.len() != expected {
            return Err(Fault::bug("an entry of the ledger is missing"));
        }
        // What this process just wrote it need not wait to hear of.
        for it in &entries {
            self.known.heed(it).await;
        }
        Ok(entries)
    }
}

/// An answer of another kind than its command has.
fn unexpected(answer: &Answer) -> Fault {
    Fault::bug(format!("a command was answered with {answer:?}"))
}
