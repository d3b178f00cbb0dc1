//! What is asked to be done about an account that is closed: each step may run twice and has one effect.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::UserId;

pub struct Closures;

#[activity_definitions]
impl Closures {
    #[activity(name = "closures.close")]
    pub fn close(input: CloseAccount) -> Result<Closing, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "closures.give_up")]
    pub fn give_up(input: GiveUpTheirs) -> Result<UnderWay, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "closures.restore")]
    pub fn restore(input: RestoreAccount) -> Result<Restoring, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "closures.erase")]
    pub fn erase(input: ErasePerson) -> Result<Erasing, ActivityError> {
        unimplemented!()
    }
}

pub use closures::{
    Close as CloseAccountStep, Erase as ErasePersonStep, GiveUp as GiveUpTheirsStep,
    Restore as RestoreAccountStep,
};

/// Closes an account: nobody signs in to it, and nothing of it begins any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CloseAccount {
    pub user: UserId,
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Closing {
    /// Now or before.
    Closed {
        since: DateTime<Utc>,
    },
    Erased,
    NobodyKnown,
}

/// Asks the processes of what can be given up to do so: pots that have not closed, and invitations that nobody has answered. Says
/// what has not come to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GiveUpTheirs {
    pub user: UserId,
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Lets the account be used again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreAccount {
    pub user: UserId,
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restoring {
    /// Now or before.
    Restored,
    /// It is too late.
    Erased,
    NobodyKnown,
}

/// Takes away everything that says who somebody was, if nothing of theirs is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErasePerson {
    pub user: UserId,
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Erasing {
    Erased,
    /// Nothing was changed.
    Waits {
        under_way: UnderWay,
    },
    /// The account is in use again.
    Restored,
    NobodyKnown,
}
