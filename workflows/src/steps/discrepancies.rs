//! What is asked to be done about discrepancies.

use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::DiscrepancyId;

pub struct Discrepancies;

#[activity_definitions]
impl Discrepancies {
    #[activity(name = "discrepancies.resolve")]
    pub fn resolve(input: ResolveDiscrepancy) -> Result<DiscrepancyAnswer, ActivityError> {
        unimplemented!()
    }
}

pub use discrepancies::Resolve as ResolveDiscrepancyStep;

/// Ends a discrepancy by a person's decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolveDiscrepancy {
    pub discrepancy: DiscrepancyId,
    pub by: String,
    pub reason: String,
    #[serde(default)]
    pub clearing: Clearing,
}

/// What becomes of the money that stands in suspense for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "clearing", rename_all = "snake_case")]
pub enum Clearing {
    /// There is none.
    #[default]
    Nothing,
    /// WOLO keeps it, or bears it.
    ToFees,
    /// Another discrepancy is its counterpart, and ends with it.
    Against { other: DiscrepancyId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum DiscrepancyAnswer {
    Resolved,
    /// It had ended before.
    Already {
        by: String,
        why: String,
    },
    Refused {
        why: String,
    },
}
