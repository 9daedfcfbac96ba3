//! Places in the lists of auth, as page tokens hold them.

use chassis::pages::Position;
use uuid::Uuid;
use vocab::{AuditId, Moment, SessionId};

use crate::db::{AuditCursor, AuditPlace, CreationCursor, LivingCursor, RevokedCursor, Within};

impl Position for CreationCursor {
    fn write(&self) -> Vec<u8> {
        (self.0, self.1).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = <(Moment, Uuid)>::read(bytes)?;
        Some(Self(at, id))
    }
}

impl Position for LivingCursor {
    fn write(&self) -> Vec<u8> {
        (self.0, self.1.uuid()).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = <(Moment, Uuid)>::read(bytes)?;
        Some(Self(at, SessionId::from_uuid(id)))
    }
}

impl Position for AuditCursor {
    fn write(&self) -> Vec<u8> {
        (self.0, self.1.uuid()).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = <(Moment, Uuid)>::read(bytes)?;
        Some(Self(at, AuditId::from_uuid(id)))
    }
}

/// The parts, one a line; none of them holds a line's end.
impl Position for AuditPlace {
    fn write(&self) -> Vec<u8> {
        let within = self.within.as_ref();
        let within = within.map(|it| format!("\n{}\n{}\n{}", it.upto, it.noted_in, it.id));
        [self.seen.as_str(), &within.unwrap_or_default()]
            .concat()
            .into_bytes()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(bytes)
            .ok()?
            .split('\n')
            .map(str::to_owned);
        let seen = parts.next()?;
        let within = match parts.next() {
            None => None,
            Some(upto) => Some(Within {
                upto,
                noted_in: parts.next()?,
                id: parts.next()?.parse().ok()?,
            }),
        };
        Some(Self { seen, within })
    }
}

impl Position for RevokedCursor {
    fn write(&self) -> Vec<u8> {
        (self.0, self.1).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, position) = <(Moment, i64)>::read(bytes)?;
        Some(Self(at, position))
    }
}
