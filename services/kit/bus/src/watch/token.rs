//! Resume tokens: a place in a log, sealed for one tenant, one rpc and one filter.

use chassis::fault::Fault;
use contracts::common::ErrorReason;
use vocab::{PAGE_POSITION_MAX, PageBinding, PageKeys, TenantId};

use crate::log::{Place, Snapshot};

#[cfg(test)]
mod tests;

/// The shape of the bytes; another one is another number.
const SHAPE: u8 = 1;

/// Where a watch goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The log, and which of its lives.
    pub place: Place,
    /// What was told completely, or is being told.
    pub snapshot: Snapshot,
    /// In the midst of a delta: what was told before it, and up to which position it is told.
    pub within: Option<(Snapshot, i64)>,
}

/// Seals the tokens of one watch.
#[derive(Clone, Debug)]
pub struct Sealer {
    keys: PageKeys,
    tenant: TenantId,
    rpc: &'static str,
    filters: Vec<u8>,
}

impl Sealer {
    /// Takes the keys of the service and what the tokens are good for.
    pub fn new(keys: PageKeys, tenant: TenantId, rpc: &'static str, filters: Vec<u8>) -> Self {
        Self {
            keys,
            tenant,
            rpc,
            filters,
        }
    }

    fn binding(&self) -> PageBinding<'_> {
        PageBinding {
            tenant: self.tenant,
            list: self.rpc,
            filters: &self.filters,
        }
    }

    /// Seals a token. One that would be too long names an earlier place, so that something is told
    /// again and nothing is left out.
    pub fn seal(&self, token: &Token) -> Result<String, Fault> {
        let mut bytes = write(token);
        if bytes.len() > PAGE_POSITION_MAX {
            let whole = token.within.as_ref().map_or(&token.snapshot, |it| &it.0);
            bytes = write(&Token {
                place: token.place.clone(),
                snapshot: whole.clone(),
                within: None,
            });
        }
        while bytes.len() > PAGE_POSITION_MAX {
            bytes = write(&earlier(&bytes).ok_or_else(too_long)?);
        }
        self.keys.seal(&self.binding(), &bytes).map_err(Fault::bug)
    }

    /// Opens a token that was sealed for this watch.
    pub fn open(&self, text: &str) -> Result<Token, Fault> {
        let bytes = self.keys.open(&self.binding(), text).map_err(|error| {
            let message = "the resume token was not given out for this call";
            Fault::shared(ErrorReason::PageTokenInvalid, message).because(error)
        })?;
        read(&bytes).ok_or_else(|| {
            let message = "the resume token points behind what is kept";
            Fault::shared(ErrorReason::ResumeTokenExpired, message)
        })
    }
}

fn too_long() -> Fault {
    Fault::bug("a snapshot does not fit a token")
}

/// The same place with half of the open transactions, seen from before they began.
fn earlier(bytes: &[u8]) -> Option<Token> {
    let token = read(bytes)?;
    let open = token.snapshot.open();
    let behind = *open.get(open.len() / 2)?;
    Some(Token {
        snapshot: Snapshot::new(behind, open.to_vec()),
        ..token
    })
}

fn write(token: &Token) -> Vec<u8> {
    let mut bytes = vec![SHAPE];
    let cluster = token.place.cluster.as_bytes();
    number(&mut bytes, cluster.len() as u64);
    bytes.extend(cluster);
    number(&mut bytes, token.place.timeline.into());
    number(&mut bytes, token.place.history.unsigned_abs());
    snapshot(&mut bytes, &token.snapshot);
    if let Some((old, position)) = &token.within {
        snapshot(&mut bytes, old);
        number(&mut bytes, position.unsigned_abs());
    }
    bytes
}

/// Writes how far each open transaction lies behind the one before.
fn snapshot(bytes: &mut Vec<u8>, snapshot: &Snapshot) {
    number(bytes, snapshot.behind());
    number(bytes, snapshot.open().len() as u64);
    let mut last = snapshot.behind();
    for xid in snapshot.open().iter().rev() {
        number(bytes, last.saturating_sub(*xid));
        last = *xid;
    }
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        bytes.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        let behind = self.number()?;
        let count = self.number()?.min(PAGE_POSITION_MAX as u64);
        let (mut last, mut open) = (behind, Vec::new());
        for _ in 0..count {
            last = last.checked_sub(self.number()?)?;
            open.push(last);
        }
        Some(Snapshot::new(behind, open))
    }
}

fn read(bytes: &[u8]) -> Option<Token> {
    let mut rest = Rest(bytes);
    if rest.byte()? != SHAPE {
        return None;
    }
    let place = Place {
        cluster: rest.text()?,
        timeline: u32::try_from(rest.number()?).ok()?,
        history: i64::try_from(rest.number()?).ok()?,
    };
    let snapshot = rest.snapshot()?;
    let within = match rest.0.is_empty() {
        true => None,
        false => Some((rest.snapshot()?, i64::try_from(rest.number()?).ok()?)),
    };
    Some(Token {
        place,
        snapshot,
        within,
    })
}
