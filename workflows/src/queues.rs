//! The task queues. A worker serves all of them or some, so each can be scaled, and can fail, alone.

/// Pots: days, announcements and the credit that people give; nothing here touches a provider.
pub const LIFECYCLE: &str = "lifecycle";

/// Donations, payouts and statements: everything that speaks to Wave, and books what Wave has done.
pub const MONEY: &str = "money";

/// Messages to people.
pub const NOTICES: &str = "notices";

/// Consents and identity cases.
pub const IDENTITY: &str = "identity";

/// What the workers of all queues are together, where the engine tells their builds apart.
pub const DEPLOYMENT: &str = "wolo";

pub const ALL: [&str; 4] = [LIFECYCLE, MONEY, NOTICES, IDENTITY];
