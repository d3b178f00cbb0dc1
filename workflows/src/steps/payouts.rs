//! What a payout's process asks for. The one step that moves money is `payouts.send`: it writes the intent before
//! the call and the result after it, always with the order's own key.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

pub struct Payouts;

#[activity_definitions]
impl Payouts {
    #[activity(name = "payouts.plan")]
    pub fn plan(input: PlanPayout) -> Result<Plan, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.verify_recipient")]
    pub fn verify_recipient(input: VerifyRecipient) -> Result<RecipientCheck, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.approve")]
    pub fn approve(input: ApprovePayout) -> Result<Approving, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.send")]
    pub fn send(input: SendPayout) -> Result<PayoutAnswer, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.find")]
    pub fn find(input: FindPayout) -> Result<PayoutAnswer, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.lose_sight")]
    pub fn lose_sight(input: LoseSight) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use payouts::{
    Approve as ApprovePayoutStep, Find as FindPayoutStep, LoseSight as LoseSightOfPayout,
    Plan as PlanPayoutStep, Send as SendPayoutStep, VerifyRecipient as VerifyRecipientStep,
};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlanPayout {
    pub pot: PotId,
    #[serde(default)]
    pub rules: PayoutRules,
    pub at: DateTime<Utc>,
}

/// Whether the pot can be paid out, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Plan {
    /// The pot is empty.
    NothingToPay,
    /// Gifts whose end is not known yet.
    DonationsPending { count: i64 },
    /// Wave's fees on gifts of these days are not in the books yet.
    FeesPending { days: Vec<NaiveDate> },
    /// Somebody holds the pot back.
    Held { reason: HoldReason },
    /// The payout is written down and the pot is paying out. The order is the first one, or the one that stands.
    Ready {
        order: PayoutOrder,
        amount: Xof,
        /// How many people must still approve it.
        #[serde(default)]
        missing_approvals: u32,
        /// The order has been begun: Wave may know it.
        #[serde(default)]
        begun: bool,
    },
    /// It has been paid before.
    Paid { amount: Xof },
}

/// Asks Wave whether the phone that is to be paid belongs to whom we think, and can take the amount.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct VerifyRecipient {
    pub payout: PayoutId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RecipientCheck {
    /// Nothing speaks against paying. Wave need not know the name: not every wallet has one.
    Fits,
    /// Wave says that something does not fit; the reason is in words, without anybody's name.
    Doubtful { why: String },
}

/// Writes down that somebody approves a payout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovePayout {
    pub payout: PayoutId,
    pub by: UserId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Approving {
    /// It counts; so many are still missing.
    Approved { missing: u32 },
    /// The same person has approved before.
    Already { missing: u32 },
    /// Only people of finance approve.
    NotFinance,
    /// It needs nobody's approval.
    NotNeeded,
    /// It has not been planned yet.
    NotPlanned,
    /// An approval says why, in at most 500 characters.
    NoReason,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SendPayout {
    pub order: PayoutOrder,
    pub at: DateTime<Utc>,
}

/// What is known about an order after asking Wave. What is known to be final has been booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PayoutAnswer {
    Succeeded,
    /// Wave says no, for good, to this order.
    Refused {
        code: String,
    },
    /// Nothing was sent: our wallet cannot cover it.
    FloatShort,
    /// Nothing was sent now: somebody holds the pot back.
    Held {
        reason: HoldReason,
    },
    /// It may have happened. Only Wave knows.
    Unclear {
        why: String,
    },
}

/// Wave's refusal of an order that our wallet could not cover when it arrived.
pub const INSUFFICIENT_FUNDS: &str = "insufficient-funds";

/// Looks an order up at Wave: by our reference, or by the id that a person read in Wave's portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindPayout {
    pub order: PayoutOrder,
    #[serde(default)]
    pub wave_payout_id: Option<String>,
    pub at: DateTime<Utc>,
}

/// Writes down that nobody knows how the order ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LoseSight {
    pub order: PayoutOrder,
    pub at: DateTime<Utc>,
}
