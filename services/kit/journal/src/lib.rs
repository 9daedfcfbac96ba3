#![doc = include_str!("../README.md")]

mod decision;
mod due;
mod expiry;
mod journal;
mod ledger;
mod once;
mod past;
mod reads;
mod recorded;
mod row;
mod schema;
mod settings;
mod stamp;
mod store;
mod submission;
mod table;
mod tries;
mod value;
mod verify;
mod world;

mod announce;
mod attempt;
mod columns;
mod connection;
mod dice;
mod failure;
mod item;
mod metrics;
mod pace;
mod plan;
mod queue;
mod slot;
mod sql;
mod wire;
mod writer;

pub use decision::{Decision, Noted};
pub use due::Due;
pub use expiry::{EXPIRED_ANSWERS, Expiry};
pub use journal::Journal;
pub use ledger::{Key, Ledger, Stream};
pub use once::Once;
#[doc(hidden)]
pub mod plans;

pub use chassis::call::Attempt;
pub use past::{At, Snapshot};
pub use reads::{Reads, fault};
pub use recorded::Recorded;
pub use row::{Row, Unreadable};
pub use schema::{Migrations, Range, schema};
#[doc(hidden)]
pub use settings::Controls;
pub use settings::{BATCH_COMMANDS_MAX, BATCH_KEYS_MAX, ClockOffset, Settings};
pub use sql::InvalidTable;
pub use stamp::{Day, Stamp};
pub use store::Store;
pub use submission::{Actor, Memory, Submission};
pub use table::{Column, Table};
pub use tries::{OUTRUN, Tries};
pub use value::{Kind, Value};
pub use verify::{DIFFERENCES_MAX, Derived, Difference, Disagreement, Report, Verify, VerifyError};
pub use world::{Look, World};
