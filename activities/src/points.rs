//! What is done with somebody's points. Each is one database transaction, with the rules kept there.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::audit::Doer;
use wolo_database::points::ByHand;
use wolo_database::{Pool, points};
use wolo_workflows::steps::points::{
    ConvertPoints, ConvertPointsStep, Converting, RevokePoints, RevokePointsStep, Revoking,
};

pub struct PointsSteps {
    pool: Pool,
}

impl PointsSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[activities]
impl PointsSteps {
    #[activity(definition = ConvertPointsStep)]
    pub async fn convert(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ConvertPoints,
    ) -> Result<Converting, ActivityError> {
        let ConvertPoints { conversion, user, points, credit, pot, budget, at } = input;
        let new = points::NewConversion { id: conversion, user, points, credit, pot, budget, at };
        Ok(match points::convert(&self.pool, &new).await? {
            points::Converting::Converted { credit } => Converting::Converted { credit },
            points::Converting::NotEnough { available } => Converting::NotEnough { available },
            points::Converting::BudgetSpent => Converting::BudgetSpent,
            points::Converting::Mismatch => Converting::Mismatch,
            points::Converting::NotOpen { stage } => Converting::NotOpen { stage },
            points::Converting::Held { reason } => Converting::Held { reason },
        })
    }

    #[activity(definition = RevokePointsStep)]
    pub async fn revoke(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: RevokePoints,
    ) -> Result<Revoking, ActivityError> {
        let RevokePoints { award, by, reason } = input;
        if reason.trim().is_empty() {
            return Ok(Revoking::Refused { why: "taking points back needs a reason".to_owned() });
        }
        Ok(match points::revoke(&self.pool, award, Doer::new(&by, &reason)).await? {
            points::Revoking::Revoked => Revoking::Revoked,
            // An earlier attempt of this one that could not say so any more.
            points::Revoking::Already(Some(ByHand { by_whom, note }))
                if ctx.info().attempt > 1 && by_whom == by && note == reason =>
            {
                Revoking::Revoked
            }
            points::Revoking::Already(_) => Revoking::Already,
            points::Revoking::Unknown => Revoking::Refused { why: format!("there is no award {award}") },
        })
    }
}
