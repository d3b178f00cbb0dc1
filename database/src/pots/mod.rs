//! Pots: their rows, their holds and what they hold in money.
//!
//! A pot's balance is never a column. Every view here asks the ledger at the moment of reading, so a page cannot
//! show a sum that the books do not have.

mod faces;
mod holds;
mod lifecycle;
mod lists;
mod locks;
mod moving;
mod owners;
mod views;

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotSettings, PotStage, Visibility};

pub use faces::{Face, Given, MOST_WISHES, face, face_by_slug, given, owner_name};
pub use holds::{held_by, hold, release};
pub(crate) use holds::{reasons, stopping_hold};
pub use lifecycle::{
    Cancelling, Found, NewPot, Opening, Scheduling, announce, cancel, close, open, schedule, settle,
};
pub use lists::{Filter, all, cancelling, listed, of_owner, unfinished};
pub(crate) use locks::{Lock, enter, lock};
pub use moving::{Moving, move_birthday};
pub use views::{access, access_by_slug, by_slug, pot};

const POTS: &str = "pots.pots";
const HOLDS: &str = "pots.holds";

/// A pot as it stands, with its money and its holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Pot {
    pub id: PotId,
    pub owner: UserId,
    /// The part of its link that nobody can guess.
    pub slug: String,
    pub stage: PotStage,
    pub settings: PotSettings,
    pub birthday: NaiveDate,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When the closing was written, by the database's own clock.
    pub closing_recorded_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub totals: Totals,
    /// What holds it now.
    pub holds: Vec<Hold>,
}

impl Pot {
    pub fn access(&self) -> Access {
        Access {
            pot: self.id,
            owner: self.owner,
            visibility: self.settings.visibility,
            holds: self.holds.iter().map(|hold| hold.reason).collect(),
        }
    }
}

/// What decides who may see a pot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub pot: PotId,
    pub owner: UserId,
    pub visibility: Visibility,
    /// Why it is held now.
    pub holds: Vec<HoldReason>,
}

/// A pot's money, from the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What it holds now.
    pub balance: Xof,
    /// What was given to it, before fees, with the credit that points have bought for it.
    pub given: Xof,
    /// How many gifts have arrived in it; each time that somebody gives credit is one.
    pub donations: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub reason: HoldReason,
    /// In words, for the operator.
    pub note: String,
    pub since: DateTime<Utc>,
}

/// The title and the description are the owner's own words, so they are not shown.
impl fmt::Debug for Pot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pot")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .field("totals", &self.totals)
            .field("holds", &self.holds)
            .finish_non_exhaustive()
    }
}
