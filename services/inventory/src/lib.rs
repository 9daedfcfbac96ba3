#![doc = include_str!("../README.md")]

mod domain;

mod db;

mod app;

mod rpc;

mod events;
mod jobs;

mod service;
mod settings;

pub use app::Inventory;
pub use db::{InventoryStore, migrations};
pub use events::InventoryRows;
pub use service::service;
pub use settings::InventorySettings;
