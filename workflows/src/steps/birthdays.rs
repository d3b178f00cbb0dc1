//! What is asked to be done about birthdays that come. A person has one pot a year, whatever is asked again.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::UserId;

use crate::birthday_sweep::BirthdayPots;

pub struct Birthdays;

#[activity_definitions]
impl Birthdays {
    #[activity(name = "birthdays.find_unswept")]
    pub fn find_unswept(input: FindUnswept) -> Result<Option<NaiveDate>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "birthdays.start_pots")]
    pub fn start_pots(input: StartPots) -> Result<StartedPots, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "birthdays.record_sweep")]
    pub fn record_sweep(input: SweptDay) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use birthdays::{
    FindUnswept as FindUnsweptStep, RecordSweep as RecordSweepStep, StartPots as StartPotsStep,
};

/// Finds the oldest day up to this one that has not been swept; where there is none, the oldest for whose birthday somebody has
/// come since.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindUnswept {
    pub today: NaiveDate,
    /// What lies further back is not made up for: its birthday is over.
    pub look_back_days: u32,
    /// What the asker has swept, and does not sweep again; one that does not say wants no day that anybody has swept.
    #[serde(default)]
    pub swept: Option<Vec<NaiveDate>>,
}

/// Starts the pots of some who celebrate on a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartPots {
    pub birthday: NaiveDate,
    pub pots: BirthdayPots,
    /// Those after this person; everybody where there is nobody.
    pub after: Option<UserId>,
    /// So many at most.
    pub limit: u32,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedPots {
    /// The last of them, after whom there may be more.
    pub last: Option<UserId>,
    /// People who celebrate and had no pot.
    pub celebrants: u64,
    /// Pots that were not on their way already.
    pub started: u64,
}

/// What became of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptDay {
    pub day: NaiveDate,
    /// Whose pots were made: those who celebrate then.
    pub birthday: NaiveDate,
    pub celebrants: u64,
    pub started: u64,
}
