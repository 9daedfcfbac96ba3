//! What auth tells others, what it hears of them, and what is recomputed from its facts.

mod derived;
mod follow;
mod intake;
mod publish;

pub use derived::AuthRows;
pub use follow::keep_current;
pub use intake::{AUDITED, OWNERS};
pub use publish::AuthEvents;
