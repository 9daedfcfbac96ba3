//! What the catalog does without being asked.

mod due_prices;

pub use due_prices::enforce;
