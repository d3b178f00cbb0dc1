//! What is done about accounts.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::Pool;
use wolo_database::accounts::leftovers;
use wolo_workflows::steps::accounts::{ForgetLeftovers, ForgetLeftoversStep, Forgotten};

pub struct AccountSteps {
    pool: Pool,
}

impl AccountSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[activities]
impl AccountSteps {
    #[activity(definition = ForgetLeftoversStep)]
    pub async fn forget_leftovers(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ForgetLeftovers,
    ) -> Result<Forgotten, ActivityError> {
        let ForgetLeftovers { leftovers_before, sessions_before } = input;
        let leftovers::Forgotten { codes, registrations, guesses, sessions, invited } =
            leftovers::forget(&self.pool, leftovers_before, sessions_before).await?;
        Ok(Forgotten { codes, registrations, guesses, sessions, invited })
    }
}
