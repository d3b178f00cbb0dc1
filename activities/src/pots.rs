//! What is done to the pot itself. All of it is one database transaction each, with the rules kept there.

use std::sync::Arc;

use temporalio_client::errors::WorkflowUpdateError;
use temporalio_client::{Client, WorkflowExecuteUpdateOptions};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Pool, pots};
use wolo_domain::ids::PotId;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_domain::seals::SealingKey;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, Wish, WishAnswer};
use wolo_workflows::steps::pots::{
    Announce, AnnouncePot, CancelPot, Cancelling, ClosePot, Found, HoldPot, HoldPotStep, MoveBirthday,
    MoveBirthdayStep, Moving, OpenPot, Opening, PotMoment, ReadHoldsStep, ReleasePot, ReleasePotStep,
    SchedulePot, SchedulePotStep, Scheduling, SettlePot,
};

pub struct PotSteps {
    pool: Pool,
    /// Seals the certificates of pots that settle.
    sealing: Option<SealingKey>,
}

/// A worker to which nobody gave the key of certificates was asked to settle a pot, or to seal the audit trail.
#[derive(Debug, thiserror::Error)]
#[error("this worker has no key to seal with")]
pub(crate) struct NoSealingKey;

/// Asks a pot's process to give it up, as an operator does. None: it has none, somebody has ended it.
pub(crate) async fn give_up(
    client: &Client,
    pot: PotId,
    wish: Wish,
) -> Result<Option<WishAnswer>, ActivityError> {
    let process = client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
    let options = WorkflowExecuteUpdateOptions::default();
    match process.execute_update(PotLifecycle::cancel_now, wish, options).await {
        Ok(answer) => Ok(Some(answer)),
        Err(WorkflowUpdateError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl PotSteps {
    pub fn new(pool: Pool, sealing: Option<SealingKey>) -> Self {
        Self { pool, sealing }
    }
}

#[activities]
impl PotSteps {
    #[activity(definition = SchedulePotStep)]
    pub async fn schedule(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: SchedulePot,
    ) -> Result<Scheduling, ActivityError> {
        let SchedulePot { pot, owner, settings, timeline, at } = input;
        let new = pots::NewPot { id: pot, owner, settings, timeline, at };
        Ok(match pots::schedule(&self.pool, &new).await? {
            pots::Scheduling::Scheduled { holds, found } => {
                let found = found.map(|pots::Found { stage, closed_at }| Found { stage, closed_at });
                Scheduling::Scheduled { holds, found }
            }
            pots::Scheduling::OwnerUnknown => Scheduling::OwnerUnknown,
            pots::Scheduling::PotExists => Scheduling::PotExists,
            pots::Scheduling::AnotherBirthday { birthday } => Scheduling::AnotherBirthday { birthday },
        })
    }

    #[activity(definition = OpenPot)]
    pub async fn open(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PotMoment,
    ) -> Result<Opening, ActivityError> {
        Ok(match pots::open(&self.pool, input.pot, input.at).await? {
            pots::Opening::Opened => Opening::Opened,
            pots::Opening::Held { reason } => Opening::Held { reason },
            pots::Opening::GivenUp { stage } => Opening::GivenUp { stage },
            pots::Opening::AnotherBirthday { birthday } => Opening::AnotherBirthday { birthday },
        })
    }

    #[activity(definition = ClosePot)]
    pub async fn close(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PotMoment,
    ) -> Result<PotStage, ActivityError> {
        Ok(pots::close(&self.pool, input.pot, input.at).await?)
    }

    #[activity(definition = SettlePot)]
    pub async fn settle(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PotMoment,
    ) -> Result<PotStage, ActivityError> {
        // Another worker has the key, or this one will when its settings are mended.
        let key = self.sealing.as_ref().ok_or(NoSealingKey)?;
        Ok(pots::settle(&self.pool, input.pot, input.at, key).await?)
    }

    #[activity(definition = CancelPot)]
    pub async fn cancel(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PotMoment,
    ) -> Result<Cancelling, ActivityError> {
        Ok(match pots::cancel(&self.pool, input.pot, input.at).await? {
            pots::Cancelling::Cancelled => Cancelling::Cancelled,
            pots::Cancelling::GivingBack { count, for_finance } => {
                Cancelling::GivingBack { count, for_finance }
            }
            pots::Cancelling::NotPossible { stage } => Cancelling::NotPossible { stage },
        })
    }

    #[activity(definition = HoldPotStep)]
    pub async fn hold(self: Arc<Self>, _ctx: ActivityContext, input: HoldPot) -> Result<(), ActivityError> {
        Ok(pots::hold(&self.pool, input.pot, input.reason, &input.note, input.at).await?)
    }

    #[activity(definition = ReleasePotStep)]
    pub async fn release(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ReleasePot,
    ) -> Result<(), ActivityError> {
        Ok(pots::release(&self.pool, input.pot, input.reason, input.at).await?)
    }

    #[activity(definition = ReadHoldsStep)]
    pub async fn read_holds(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PotId,
    ) -> Result<Vec<HoldReason>, ActivityError> {
        Ok(pots::held_by(&self.pool, input).await?)
    }

    #[activity(definition = MoveBirthdayStep)]
    pub async fn move_birthday(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: MoveBirthday,
    ) -> Result<Moving, ActivityError> {
        let MoveBirthday { pot, timeline, at } = input;
        Ok(match pots::move_birthday(&self.pool, pot, &timeline, at).await? {
            pots::Moving::Moved { holds } => Moving::Moved { holds },
            pots::Moving::NotPossible { stage } => Moving::NotPossible { stage },
            pots::Moving::AnotherBirthday { birthday } => Moving::AnotherBirthday { birthday },
        })
    }

    #[activity(definition = AnnouncePot)]
    pub async fn announce(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: Announce,
    ) -> Result<(), ActivityError> {
        Ok(pots::announce(&self.pool, input.pot, input.what, input.at).await?)
    }
}
