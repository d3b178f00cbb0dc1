//! What is done with somebody's points: one database transaction, with the rules kept there.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Pool, points};
use wolo_workflows::steps::points::{ConvertPoints, ConvertPointsStep, Converting};

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
        let ConvertPoints { conversion, user, points, credit, pot, at } = input;
        let new = points::NewConversion { id: conversion, user, points, credit, pot, at };
        Ok(match points::convert(&self.pool, &new).await? {
            points::Converting::Converted => Converting::Converted,
            points::Converting::NotEnough { available } => Converting::NotEnough { available },
            points::Converting::NotOpen { stage } => Converting::NotOpen { stage },
            points::Converting::Held { reason } => Converting::Held { reason },
        })
    }
}
