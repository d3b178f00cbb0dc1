//! What is said to and by a pot's process. Everything here may stand in an open process's history, so it grows by
//! fields with defaults only.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::{HoldReason, PotRules, PotSettings, PotStage, Timeline};

use crate::payout::PayoutPatience;
use crate::refund::RefundPatience;
use crate::steps::pots::{Cancelling, Scheduling};

/// What a pot's process is started with, and carries on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PotPlan {
    pub pot: PotId,
    pub owner: UserId,
    /// The request that made the pot: whoever asks with the same one made it, whoever asks with another found it.
    pub request: String,
    pub settings: PotSettings,
    pub timeline: Timeline,
    /// What the days are planned by once more, when the owner's birthday turns out to be another one.
    #[serde(default)]
    pub rules: PotRules,
    pub patience: PotPatience,
    /// The state of the run before this one.
    #[serde(default)]
    pub carried: Option<PotState>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PotPatience {
    pub payout: PayoutPatience,
    #[serde(default)]
    pub payout_rules: PayoutRules,
    #[serde(default)]
    pub refund: RefundPatience,
    /// A run with more events than this carries its state into a new one at its next wait.
    pub continue_after_events: u32,
}

/// Where a pot's process stands; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotState {
    /// Nothing before the pot is written down.
    pub scheduling: Option<Scheduling>,
    pub stage: Option<PotStage>,
    pub holds: BTreeSet<HoldReason>,
    /// How many of the timeline's occasions are behind us.
    pub occasions_done: usize,
    pub closed_at: Option<DateTime<Utc>>,
    /// The pages that were open when the pot took no more gifts have been ended.
    #[serde(default)]
    pub checkouts_ended: bool,
    pub close_asked: bool,
    pub cancel_asked: bool,
    /// What the last wish to cancel came to.
    pub cancel_answer: Option<Cancelling>,
    /// What the process waits for, in words.
    pub waits_for: String,
    pub waits_until: Option<DateTime<Utc>>,
}

/// How a pot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PotOutcome {
    /// It was never made.
    NotScheduled,
    Cancelled,
    SettledEmpty,
    PaidOut {
        amount: Xof,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PotMade {
    /// The pot is this request's work.
    Scheduled,
    /// The owner has a pot for this birthday already.
    PotExists,
    OwnerUnknown,
    /// The owner's birth date was corrected meanwhile, and their birthday in that year is over.
    BirthdayOver,
}

/// A person's wish about a pot, with who has it and why; both end up in the process's history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wish {
    pub by: String,
    #[serde(default)]
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum WishAnswer {
    Done,
    /// The pot's stage does not allow it.
    NotPossible {
        stage: Option<PotStage>,
    },
    /// The pot is given up. So many gifts go back, or end unpaid, before it is cancelled.
    GivingBack {
        count: i64,
    },
    /// There is nothing to release: no moderator holds the pot.
    NotHeld,
    /// Only what the hold waits for can lift it.
    NotYours {
        reason: HoldReason,
    },
}

/// The pot's days were planned for the wrong birthday, and these are the right ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveWish {
    pub timeline: Timeline,
    pub by: String,
    #[serde(default)]
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldWish {
    pub reason: HoldReason,
    pub by: String,
    pub note: String,
}

/// Somebody wishes to turn points into credit for the pot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CreditWish {
    pub conversion: ConversionId,
    pub user: UserId,
    pub points: u32,
    /// What so many points come to.
    pub credit: Xof,
    /// How far below nothing promotions may stand with it. A wish that does not say is given nothing.
    #[serde(default)]
    pub budget: Xof,
}
