#![doc = include_str!("../README.md")]

mod domain;

mod db;

mod app;
mod cache;

mod rpc;

mod events;
mod jobs;

mod service;
mod settings;

pub use app::Catalog;
pub use db::{CatalogStore, migrations};
pub use events::CatalogRows;
pub use service::service;
pub use settings::CatalogSettings;
