//! Starting the pots of those whose birthday comes, a page of them at a time.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::birthdays::{self, Celebrant};
use wolo_database::{Page, Pool, pots};
use wolo_domain::ids::PotId;
use wolo_domain::pots::{PotSettings, Timeline};
use wolo_workflows::birthday_sweep::BirthdayPots;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotPlan};
use wolo_workflows::steps::birthdays::{
    FindUnswept, FindUnsweptStep, RecordSweepStep, StartPots, StartPotsStep, StartedPots, SweptDay,
};
use wolo_workflows::{attributes, ids, queues};

use crate::alive::while_doing;

/// Pots that are started side by side.
const AT_ONCE: usize = 8;

pub struct BirthdaySteps {
    pool: Pool,
}

impl BirthdaySteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn start_page(&self, client: &Client, input: StartPots) -> Result<StartedPots, ActivityError> {
        let StartPots { birthday, pots, after, limit, at } = input;
        let celebrants = birthdays::celebrants(&self.pool, birthday, Page { after, limit }).await?;
        let count = u64::try_from(celebrants.len()).unwrap_or(u64::MAX);
        let last = celebrants.last().map(|last| last.user).filter(|_| count == u64::from(limit));
        let starting = celebrants.into_iter().map(|celebrant| {
            let plan = plan(&celebrant, format!("sweep/{birthday}"), birthday, &pots, at);
            start(client, &self.pool, plan)
        });
        let started = stream::iter(starting)
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |sum, new| Ok(sum + u64::from(new)))
            .await?;
        Ok(StartedPots { last, celebrants: count, started })
    }
}

#[activities]
impl BirthdaySteps {
    #[activity(definition = FindUnsweptStep)]
    pub async fn find_unswept(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: FindUnswept,
    ) -> Result<Option<NaiveDate>, ActivityError> {
        let FindUnswept { today, look_back_days, swept } = input;
        let unswept = birthdays::unswept(&self.pool, today, look_back_days).await?;
        let (None, Some(swept)) = (unswept.first(), swept) else { return Ok(unswept.first().copied()) };
        let overlooked = birthdays::overlooked(&self.pool, today, look_back_days, &swept, 1).await?;
        Ok(overlooked.first().copied())
    }

    #[activity(definition = StartPotsStep)]
    pub async fn start_pots(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: StartPots,
    ) -> Result<StartedPots, ActivityError> {
        while_doing(&ctx, self.start_page(&ctx.client(), input)).await
    }

    #[activity(definition = RecordSweepStep)]
    pub async fn record_sweep(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: SweptDay,
    ) -> Result<(), ActivityError> {
        let SweptDay { day, birthday, celebrants, started } = input;
        Ok(birthdays::record(&self.pool, day, birthday, celebrants, started).await?)
    }
}

/// The pot of somebody's birthday. `request` tells who asked for it.
pub(crate) fn plan(
    celebrant: &Celebrant,
    request: String,
    birthday: NaiveDate,
    pots: &BirthdayPots,
    at: DateTime<Utc>,
) -> PotPlan {
    PotPlan {
        pot: PotId::for_birthday(celebrant.user, birthday.year()),
        owner: celebrant.user,
        request,
        settings: PotSettings::of_birthday(&celebrant.name, pots.target),
        timeline: Timeline::plan(birthday, at, &pots.rules),
        rules: pots.rules.clone(),
        patience: pots.patience,
        carried: None,
    }
}

/// Starts a pot, and says whether it is new. One that has begun, or has ended, is not begun again, unless its process has ended
/// without one: the birthday seemed to be over, and the birth date was put right since.
pub(crate) async fn start(client: &Client, pool: &Pool, plan: PotPlan) -> Result<bool, ActivityError> {
    let pot = plan.pot;
    if start_as(client, plan.clone(), WorkflowIdReusePolicy::RejectDuplicate).await? {
        return Ok(true);
    }
    if pots::pot(pool, pot).await?.is_some() {
        return Ok(false);
    }
    start_as(client, plan, WorkflowIdReusePolicy::AllowDuplicate).await
}

async fn start_as(
    client: &Client,
    plan: PotPlan,
    reuse: WorkflowIdReusePolicy,
) -> Result<bool, ActivityError> {
    let options = WorkflowStartOptions::new(queues::LIFECYCLE, ids::pot_lifecycle(plan.pot))
        .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
        .id_reuse_policy(reuse)
        .search_attributes(attributes::of_pot(plan.pot, plan.owner))
        .build();
    match client.start_workflow(PotLifecycle::run, plan, options).await {
        Ok(_) => Ok(true),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
