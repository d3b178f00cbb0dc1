//! The runs, from the one that every change must pass to those of a night.

mod deliveries;
mod fast;
mod long;
mod messages;
mod payouts;
mod rollback;

pub use deliveries::{Storm, deliveries};
pub use fast::{every, fast};
pub use long::long;
pub use messages::messages;
pub use payouts::payouts;
pub use rollback::rollback;
