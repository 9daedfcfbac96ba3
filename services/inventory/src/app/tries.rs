//! How often a write is tried again whose snapshot was outrun.

use chassis::fault::{Fault, Kind, Reason};

/// Others were faster this often: then the caller may decide whether it is worth more.
const TRIES_MAX: u32 = 8;

/// Never leaves this service.
pub const OUTRUN: Reason = Reason::new(Kind::Raced, "retail.inventory", "OUTRUN");

/// Counts the tries of one call.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// Returns what is final, and nothing where another try may help.
    pub fn settle<T>(&mut self, tried: Result<T, Fault>) -> Option<Result<T, Fault>> {
        match tried {
            Err(fault) if fault.reason() == OUTRUN => {
                self.0 += 1;
                (self.0 >= TRIES_MAX).then(|| Err(contended()))
            }
            done => Some(done),
        }
    }
}

fn contended() -> Fault {
    let reason = Reason::new(Kind::Raced, Reason::SHARED, "CONTENDED");
    Fault::new(reason, "the resource was changed by others again and again")
}
