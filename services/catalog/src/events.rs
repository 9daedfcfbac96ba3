//! What the catalog tells others, and what is said and recomputed from its facts.

mod derived;
mod follow;
mod publish;

pub use derived::CatalogRows;
pub use follow::keep_current;
pub use publish::CatalogEvents;
