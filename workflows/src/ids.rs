//! The names of running processes. Everybody who speaks to one builds its name here.

use wolo_domain::ids::{DonationId, PotId};

pub fn pot_lifecycle(pot: PotId) -> String {
    format!("pot/{pot}")
}

pub fn donation(donation: DonationId) -> String {
    format!("donation/{donation}")
}

/// A pot is paid out once, so its payout is named after the pot.
pub fn payout(pot: PotId) -> String {
    format!("payout/{pot}")
}

/// A gift goes back once, so its refund is named after the gift.
pub fn refund(donation: DonationId) -> String {
    format!("refund/{donation}")
}

/// The schedule that keeps house, and the beginning of the names of its processes: the engine adds the time.
pub const HOUSEKEEPING: &str = "housekeeping";
