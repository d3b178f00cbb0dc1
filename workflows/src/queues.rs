//! The task queues. A worker serves all of them or some, so each can be scaled, and can fail, alone.

/// Pots: days and announcements; nothing here touches a provider.
pub const LIFECYCLE: &str = "lifecycle";

/// Donations, payouts and statements: everything that speaks to Wave or posts to the ledger.
pub const MONEY: &str = "money";

/// Messages to people.
pub const NOTICES: &str = "notices";

pub const ALL: [&str; 3] = [LIFECYCLE, MONEY, NOTICES];
