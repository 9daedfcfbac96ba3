//! The contracts, compiled once for all gates.

use std::sync::LazyLock;

use generator::schema::Schema;

/// Everything below `proto/`.
pub(crate) static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema::compile(&mesh::root()).expect("the protos compile"));
