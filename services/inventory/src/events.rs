//! What inventory tells others, and what follows from its facts.

mod derived;
mod follow;
mod holds;
mod intake;
mod publish;
mod transfers;

pub use derived::InventoryRows;
pub use follow::keep_in_mind;
pub use intake::{ProductIntake, StoreIntake};
pub use publish::InventoryEvents;
