//! What a pot's process asks to be done to the pot itself: its row, its holds, its announcements.
//!
//! Every step may run twice and has one effect. Steps that change a stage find it already changed and agree;
//! `at` is the process's own time, which decides, never the clock of the machine that acts. Where a process may believe a pot
//! open or closed that was given up, the step answers where it stands.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{Announcement, HoldReason, PotSettings, PotStage, Timeline};

pub struct Pots;

#[activity_definitions]
impl Pots {
    #[activity(name = "pots.schedule")]
    pub fn schedule(input: SchedulePot) -> Result<Scheduling, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.open")]
    pub fn open(input: PotMoment) -> Result<Opening, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.close")]
    pub fn close(input: PotMoment) -> Result<PotStage, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.settle")]
    pub fn settle(input: PotMoment) -> Result<PotStage, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.cancel")]
    pub fn cancel(input: PotMoment) -> Result<Cancelling, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.hold")]
    pub fn hold(input: HoldPot) -> Result<(), ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.release")]
    pub fn release(input: ReleasePot) -> Result<(), ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.read_holds")]
    pub fn read_holds(input: PotId) -> Result<Vec<HoldReason>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.move_birthday")]
    pub fn move_birthday(input: MoveBirthday) -> Result<Moving, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "pots.announce")]
    pub fn announce(input: Announce) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use pots::{
    Announce as AnnouncePot, Cancel as CancelPot, Close as ClosePot, Hold as HoldPotStep,
    MoveBirthday as MoveBirthdayStep, Open as OpenPot, ReadHolds as ReadHoldsStep, Release as ReleasePotStep,
    Schedule as SchedulePotStep, Settle as SettlePot,
};

/// Writes the pot's row (stage scheduled), with a link nobody can guess. A minor's pot is born held for consent. A pot
/// that is there already stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SchedulePot {
    pub pot: PotId,
    pub owner: UserId,
    pub settings: PotSettings,
    pub timeline: Timeline,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Scheduling {
    Scheduled {
        /// What already holds the pot.
        holds: Vec<HoldReason>,
        /// Set when the pot was there before.
        #[serde(default)]
        found: Option<Found>,
    },
    OwnerUnknown,
    /// The owner has a pot for this birthday under another identity (an imported one).
    PotExists,
    /// Nothing is written: the owner's birthday in that year is another one.
    AnotherBirthday {
        birthday: NaiveDate,
    },
}

/// How far a pot had come that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub stage: PotStage,
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
}

/// Something that happens to a pot at a moment of its process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PotMoment {
    pub pot: PotId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Opening {
    Opened,
    /// Something holds the pot back that its process has not heard of yet.
    Held {
        reason: HoldReason,
    },
    /// The pot was given up, and its process has forgotten that: the engine was put back to an earlier hour.
    GivenUp {
        stage: PotStage,
    },
    /// The owner's birthday in the pot's year is another one, and the pot has not been moved to it.
    AnotherBirthday {
        birthday: NaiveDate,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Cancelling {
    Cancelled,
    /// The pot is given up, and so many gifts have not ended yet: they go back, or end unpaid.
    GivingBack {
        count: i64,
        /// So many of them are in suspense, until finance says what becomes of their money.
        #[serde(default)]
        for_finance: i64,
    },
    /// It is too late.
    NotPossible {
        stage: PotStage,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldPot {
    pub pot: PotId,
    pub reason: HoldReason,
    /// In words, for the operator.
    pub note: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleasePot {
    pub pot: PotId,
    pub reason: HoldReason,
    pub at: DateTime<Utc>,
}

/// Gives a pot that has not opened the days of its owner's birthday in its year. A minor's is held for consent, and that hold is
/// lifted from whoever is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveBirthday {
    pub pot: PotId,
    pub timeline: Timeline,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Moving {
    Moved {
        /// What holds the pot now.
        holds: Vec<HoldReason>,
    },
    /// It is too late: people were told of the day.
    NotPossible { stage: PotStage },
    /// The owner's birthday in that year is another one: the birth date was corrected once more.
    AnotherBirthday { birthday: NaiveDate },
}

/// Puts an announcement in the outbox, once per pot and kind.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Announce {
    pub pot: PotId,
    pub what: Announcement,
    pub at: DateTime<Utc>,
}
