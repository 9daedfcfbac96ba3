//! Real servers for tests, and the faults that they must survive.
//!
//! A test asks for a [`Database`] of its own on a real Postgres, or for a real [`Nats`] with
//! JetStream; it kills, pauses and restarts them, and puts a [`Proxy`] in between. The programs
//! come from `make tools`, never from the system. It waits by [`eventually`] and never sleeps.
//!
//! **Invariant:** no server outlives the process that started it, however that process ends.
//! A power loss is not simulated: a killed server loses what it had not written, and never what
//! it had written but not yet synced, for that stays in the memory of the kernel.

mod error;
mod eventually;

mod parts;
mod port;
mod scratch;

mod keeper;
mod kin;
mod process;

mod nats;
mod postgres;
mod proxy;

pub use error::Error;
pub use eventually::{Condition, TimedOut, eventually};
pub use nats::{Nats, NatsSettings};
pub use parts::Parts;
pub use postgres::{Database, Postgres, PostgresSettings, Schema};
pub use proxy::{Direction, Proxy, Traffic};
