//! Traces on one machine, without a container: an OTLP receiver that keeps spans in memory, and
//! Jaeger's query API behind the Jaeger UI.
//!
//! A span arrives through `receiver`, is read by `reading` and kept by `memory` as long as there is
//! room; `api` answers the UI in the words of `shape`, and `ui` serves its files.
//!
//! **Invariant:** it listens on loopback alone, and its memory has an end.

mod ids;
mod span;
mod trace;

mod memory;
mod reading;
mod receiver;

mod related;
mod search;
mod summary;

mod answer;
mod api;
mod shape;
mod ui;

mod server;

pub use memory::Limits;
pub use server::{Server, ServerError, Settings};
pub use ui::{BasePath, NoBasePath};
