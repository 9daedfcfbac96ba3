//! What every service of Retail Mesh runs on: settings, faults, contracts, tasks and telemetry.
//!
//! A service hands in its rules and its values; how a process is configured, refuses, is watched
//! and ends is decided here once.

pub mod call;
pub mod client;
pub mod contract;
pub mod deadline;
pub mod edge;
pub mod fault;
pub mod health;
pub mod pages;
#[cfg(test)]
mod proof;
mod recent;
mod reflection;
pub mod server;
pub mod service;
pub mod settings;
pub mod tasks;
pub mod telemetry;
pub mod token;
pub mod trust;
