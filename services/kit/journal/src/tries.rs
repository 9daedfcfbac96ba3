//! How often a write is tried again whose reading was outrun by another's write.

use chassis::fault::{Fault, Kind, Reason};

/// Others were faster this often: then the caller may decide whether it is worth more.
const TRIES_MAX: u32 = 8;

/// What was read before a decision is not so any more. It never leaves a service: whoever counts
/// its [`Tries`] reads again, or tells that it was contended.
pub const OUTRUN: Reason = Reason::new(Kind::Raced, Reason::SHARED, "OUTRUN");

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

#[cfg(test)]
mod tests {
    use super::{Fault, Kind, OUTRUN, Reason, Tries};

    #[test]
    fn who_is_outrun_again_and_again_is_told() {
        let mut tries = Tries::default();
        let outrun = || Err::<(), _>(Fault::new(OUTRUN, "others were faster"));
        for _ in 1..8 {
            assert!(tries.settle(outrun()).is_none());
        }
        let told = tries.settle(outrun()).unwrap().unwrap_err();
        assert_eq!(told.reason().name, "CONTENDED");
    }

    #[test]
    fn whatever_else_comes_out_is_final() {
        let mut tries = Tries::default();
        assert_eq!(tries.settle(Ok(7)).unwrap().unwrap(), 7);
        let other = Reason::new(Kind::Raced, "retail.test", "OTHER");
        let told = tries.settle::<()>(Err(Fault::new(other, "another reason")));
        assert_eq!(told.unwrap().unwrap_err().reason(), other);
    }
}
