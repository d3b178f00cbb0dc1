//! What is asked to be done with somebody's points.
//!
//! The step may run twice and has one effect: a conversion has an id, under which it is booked once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};

pub struct Points;

#[activity_definitions]
impl Points {
    #[activity(name = "points.convert")]
    pub fn convert(input: ConvertPoints) -> Result<Converting, ActivityError> {
        unimplemented!()
    }
}

pub use points::Convert as ConvertPointsStep;

/// Turns points into credit for a pot that takes gifts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ConvertPoints {
    pub conversion: ConversionId,
    pub user: UserId,
    pub points: u32,
    /// What so many points came to when they were asked for.
    pub credit: Xof,
    pub pot: PotId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Converting {
    /// The credit is in the pot, now or since before.
    Converted,
    /// So many points can be used, which is less.
    NotEnough {
        available: i64,
    },
    NotOpen {
        stage: PotStage,
    },
    /// Something that stops everything holds the pot.
    Held {
        reason: HoldReason,
    },
}
