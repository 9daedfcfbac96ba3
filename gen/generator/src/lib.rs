//! Turns `proto/` into the crate `contracts` and holds the protos to our rules.
//!
//! Reading order: [`schema`] compiles the protos, [`contract`] and [`rules`] read their options,
//! [`lint`] judges them, [`surface`] lists what callers rely on, [`code`] writes the Rust,
//! [`sample`] makes messages that keep or break the rules, [`golden`] keeps events for ever.

pub mod code;
pub mod comments;
pub mod contract;
pub mod golden;
pub mod lint;

pub mod rules;
pub mod sample;
pub mod schema;
pub mod surface;
