//! How facts leave a service and how others follow them.
//!
//! Postgres is the truth. Every reader of a log goes by the difference of two snapshots, every
//! message is published behind the one before it, and every repetition is harmless to whoever
//! receives it. So nothing is lost, whatever dies.

use journal::{Migrations, Range};
use sqlx::migrate::Migrator;

mod begun;
mod cause;
mod leader;
mod nudge;

pub mod backing;
pub mod broker;
pub mod log;
pub mod provision;
pub mod publish;
pub mod relay;

pub mod follower;
pub mod projector;
pub mod watch;

pub mod consumer;
pub mod consuming;

pub mod ops;

pub use backing::{Backing, BackingSettings, Operated};
pub use consumer::{Consumer, ConsumerParts, ConsumerSettings, Listen, Poison, Refetch};
pub use consuming::{Consuming, ConsumingStore};
pub use follower::Follower;
pub use journal::Recorded;
pub use log::{Log, LogError, Snapshot};
pub use nudge::{Nudge, Nudged};
pub use ops::{Ops, OpsParts};
pub use projector::{Projection, Projector};
pub use publish::{Message, Publish, Unpublishable};
pub use relay::{Relay, RelaySettings};
pub use watch::{Watch, Watched};

static FILES: Migrator = sqlx::migrate!("./migrations");

/// The migrations of the bus, for [`journal::schema`].
pub const MIGRATIONS: Migrations = Migrations::of(Range::Bus, &FILES);
