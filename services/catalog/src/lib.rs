#![doc = include_str!("../README.md")]

mod domain;

mod db;

mod app;
mod cache;

mod rpc;

mod events;
mod jobs;

mod controls;
mod service;
mod settings;

pub use app::Catalog;
#[doc(hidden)]
pub use controls::Controls;
pub use db::{CatalogStore, migrations};
pub use events::CatalogRows;
#[doc(hidden)]
pub use service::controlled;
pub use service::service;
pub use settings::CatalogSettings;
