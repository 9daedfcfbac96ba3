//! What inventory does on its own.

mod over;

pub use over::end;
