//! The contracts of Retail Mesh in Rust.
//!
//! Messages, clients and servers of every context are generated from `proto/` and committed, as are
//! the validators and the field masks; [`validate`], [`mask`] and [`convert`] are written by
//! hand. Each context is a module: `contracts::order::CreateOrderRequest`.
//!
//! Features: `client` and `server` are the tonic halves; `contexts` is all contexts, each of which
//! is a feature too; `proof` adds what only tests use.

#[expect(
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    missing_docs,
    rustdoc::all,
    reason = "generated; the generator is what is reviewed"
)]
mod generated;

pub mod convert;
pub mod mask;
pub mod rpc;
pub mod validate;

pub use generated::google;
#[cfg(feature = "proof")]
pub use generated::registry;
#[cfg(feature = "auth")]
pub use generated::retail::auth::v1 as auth;
#[cfg(feature = "catalog")]
pub use generated::retail::catalog::v1 as catalog;
pub use generated::retail::common::v1 as common;
#[cfg(feature = "inventory")]
pub use generated::retail::inventory::v1 as inventory;
#[cfg(feature = "notification")]
pub use generated::retail::notification::v1 as notification;
#[cfg(feature = "ops")]
pub use generated::retail::ops::v1 as ops;
#[cfg(feature = "order")]
pub use generated::retail::order::v1 as order;
#[cfg(feature = "payment")]
pub use generated::retail::payment::v1 as payment;
#[cfg(feature = "store")]
pub use generated::retail::store::v1 as store;

/// The complete descriptor image: imports, options and comments, ready for server reflection.
pub const DESCRIPTOR_IMAGE: &[u8] = include_bytes!("../image/retail.binpb");
