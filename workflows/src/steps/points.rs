//! What is asked to be done with somebody's points.
//!
//! Each step may run twice and has one effect: a conversion has an id, under which it is booked once, and an award is taken back
//! once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{AwardId, ConversionId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};

pub struct Points;

#[activity_definitions]
impl Points {
    #[activity(name = "points.convert")]
    pub fn convert(input: ConvertPoints) -> Result<Converting, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "points.revoke")]
    pub fn revoke(input: RevokePoints) -> Result<Revoking, ActivityError> {
        unimplemented!()
    }
}

pub use points::{Convert as ConvertPointsStep, Revoke as RevokePointsStep};

/// Turns points into credit for a pot that takes gifts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ConvertPoints {
    pub conversion: ConversionId,
    pub user: UserId,
    pub points: u32,
    /// What so many points came to when they were asked for.
    pub credit: Xof,
    pub pot: PotId,
    /// How far below nothing promotions may stand with it.
    pub budget: Xof,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Converting {
    /// The credit is in the pot, now or since before: so much, whatever points buy by now.
    Converted {
        credit: Xof,
    },
    /// So many points can be used, which is less.
    NotEnough {
        available: i64,
    },
    /// Promotions have given all that they may. Nothing was taken, and it may be asked for again.
    BudgetSpent,
    /// Something else was converted under this id. It is no use to ask again.
    Mismatch,
    NotOpen {
        stage: PotStage,
    },
    /// Something that stops everything holds the pot.
    Held {
        reason: HoldReason,
    },
}

/// Takes points back that were not earned, by a person's decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokePoints {
    pub award: AwardId,
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Revoking {
    Revoked,
    /// They were taken back before.
    Already,
    Refused {
        why: String,
    },
}
