//! What is asked for when money goes back to its givers. Wave gives a payment back once, however often it is asked, so the
//! step that asks may be repeated freely.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{DonationId, PotId};

use crate::refund::RefundPatience;

pub struct Refunds;

#[activity_definitions]
impl Refunds {
    #[activity(name = "refunds.give_back")]
    pub fn give_back(input: GiveBack) -> Result<GivingBack, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "refunds.begin_all")]
    pub fn begin_all(input: BeginRefunds) -> Result<BegunRefunds, ActivityError> {
        unimplemented!()
    }
}

pub use refunds::{BeginAll as BeginAllRefunds, GiveBack as GiveBackStep};

/// Gives a gift back that is due.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GiveBack {
    pub donation: DonationId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum GivingBack {
    /// The money has gone back, and stands in the books.
    Refunded,
    /// Wave says no for now: our wallet is short, or something about the payment is not as it should be.
    Refused { code: String },
}

/// Takes every gift out of a pot that is given up, and starts the process of each refund that does not run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BeginRefunds {
    pub pot: PotId,
    pub patience: RefundPatience,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunRefunds {
    /// Gifts whose refund runs now.
    pub count: u64,
}
