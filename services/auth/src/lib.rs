#![doc = include_str!("../README.md")]

mod domain;

mod db;

mod app;

mod rpc;

mod events;
mod jobs;

mod service;
mod settings;

pub use app::Auth;
pub use db::{AuthStore, migrations};
pub use events::AuthRows;
pub use service::service;
pub use settings::AuthSettings;
