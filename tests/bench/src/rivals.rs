//! What ours is compared with: what the server can do at all, and what the usual service does.

pub mod raw;
pub mod tiny;
pub mod usual;
