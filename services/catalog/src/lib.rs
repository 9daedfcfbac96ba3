//! What a tenant sells.
