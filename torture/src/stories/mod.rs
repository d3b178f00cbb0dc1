//! What happens to people and their pots while processes die: short episodes, each with its own people, each to its end.
//!
//! A story looks at facts alone, in our database and in Wave's book; how often somebody had to ask on the way is not its
//! matter. It refuses to end before its pot has.

mod consent;
mod credit;
mod endings;
mod hours;
mod leaving;
mod orders;
mod reviewed;
mod steps;

use std::time::Duration;

use anyhow::Result;

use crate::people::People;
use crate::stage::Stage;

/// No fact takes longer than this to come about, whatever dies on the way.
pub const LONG: Duration = Duration::from_mins(3);

/// What a story is told on.
pub struct Scene {
    pub stage: Stage,
    pub people: People,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// A gift that failed first, one that is paid at once, one that is never paid; closing, and a payout.
    Ordinary,
    /// Nobody gives, and the owner cancels.
    Cancelled,
    /// The owner gives the pot up, and every gift goes back.
    GivenUp,
    /// A payout that two people of finance must approve.
    Large,
    /// The owner's birth date was wrong, and the pot moves before it opens.
    Moved,
    /// A moderator holds the pot and lets it go.
    Held,
    /// A gift is paid after the closing and goes back.
    Late,
    /// The payout's reply is lost, and the payout is found.
    Found,
    /// Nobody knows what became of the payout, until finance looks.
    Unknown,
    /// The order of a payout was never executed, and finance finds that out from Wave's statement.
    NeverPaid,
    /// Wave forgets the key of an order that it has paid and does not show.
    Forgotten,
    /// Wave has no time for the first call of an order, and at the next one our wallet is short.
    Throttled,
    /// The morning's process, which makes the pot of somebody whose birthday comes.
    Swept,
    /// One invitation is accepted and brings a pot and points; another is declined.
    Invited,
    /// A guardian consents for a minor and takes it back; nobody comes back, and the minor's pot is given up.
    Consent,
    /// Who a minor and the guardian are is looked into, late and by two, and what they sent is destroyed.
    Reviewed,
    /// Somebody turns points into credit for a pot, which is paid out with its gift.
    Credited,
    /// Somebody closes their account, changes their mind, and is erased the next time.
    Leaving,
    /// The nightly process, and the hourly one that looks for what is late.
    Housekeeping,
    /// What ended lately is archived.
    Archived,
    /// The books are compared with Wave's statement and looked through, and finance decides about them.
    Books,
    /// A message that its only channel does not take, and that is given up.
    Untold,
}

impl Story {
    /// Those about pots, from which a run draws.
    pub const ABOUT_POTS: [Self; 11] = [
        Self::Ordinary,
        Self::Cancelled,
        Self::GivenUp,
        Self::Large,
        Self::Held,
        Self::Late,
        Self::Found,
        Self::Unknown,
        Self::NeverPaid,
        Self::Forgotten,
        Self::Throttled,
    ];

    pub async fn play(self, scene: &Scene) -> Result<()> {
        match self {
            Self::Ordinary => scene.ordinary().await,
            Self::Cancelled => scene.cancelled().await,
            Self::GivenUp => scene.given_up().await,
            Self::Large => scene.large().await,
            Self::Moved => scene.moved().await,
            Self::Held => scene.held().await,
            Self::Late => scene.late().await,
            Self::Found => scene.found().await,
            Self::Unknown => scene.unknown().await,
            Self::NeverPaid => scene.never_paid().await,
            Self::Forgotten => scene.forgotten().await,
            Self::Throttled => scene.throttled().await,
            Self::Swept => scene.swept().await,
            Self::Invited => scene.invited().await,
            Self::Consent => scene.consented().await,
            Self::Reviewed => scene.reviewed().await,
            Self::Credited => scene.credited().await,
            Self::Leaving => scene.leaving().await,
            Self::Housekeeping => scene.hours().await,
            Self::Archived => scene.archived().await,
            Self::Books => scene.books().await,
            Self::Untold => scene.untold().await,
        }
    }
}
