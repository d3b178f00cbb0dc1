//! Taking up gifts that have lost their process: somebody ended it by hand, or a worker died between writing that a gift goes
//! back and starting its refund. Whoever has a process is told to look, and nothing else happens to it. And pots that are given
//! up are told so where their process has forgotten it, because the engine was put back to an earlier hour.

use serde::{Deserialize, Serialize};
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{Client, WorkflowDescribeOptions, WorkflowSignalOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Page, donations, pots};
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::pots::PotStage;
use wolo_workflows::pot_lifecycle::PotLifecycle;
use wolo_workflows::steps::donations::{TakeUp, TakenUp};
use wolo_workflows::{attributes, ids};

use super::DonationSteps;
use super::ending::is_heard_by_its_process;
use crate::alive::go_on;
use crate::refunds;

/// Gifts that are read at once.
const PAGE: u32 = 100;

/// How far the walk has come: first through what goes back, then through what still waits for its payment, then through the
/// pots that are given up.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Walked {
    last_due: Option<DonationId>,
    all_due: bool,
    last_overdue: Option<DonationId>,
    refunds: u64,
    settled: u64,
    pots: u64,
}

impl DonationSteps {
    pub(super) async fn take_up_all(
        &self,
        ctx: &ActivityContext,
        input: TakeUp,
    ) -> Result<TakenUp, ActivityError> {
        let mut walked: Walked = ctx.heartbeat_details().deserialize()?.unwrap_or_default();
        if !walked.all_due {
            self.start_refunds(ctx, input, &mut walked).await?;
            walked.all_due = true;
        }
        self.settle_overdue(ctx, input, &mut walked).await?;
        self.remind_pots(ctx, &mut walked).await?;
        Ok(TakenUp { refunds: walked.refunds, settled: walked.settled, pots: walked.pots })
    }

    async fn start_refunds(
        &self,
        ctx: &ActivityContext,
        input: TakeUp,
        walked: &mut Walked,
    ) -> Result<(), ActivityError> {
        loop {
            let page = Page { after: walked.last_due, limit: PAGE };
            let due = donations::due(&self.pool, page).await?;
            if due.is_empty() {
                return Ok(());
            }
            for (donation, pot) in due {
                go_on(ctx)?;
                if refunds::start(&ctx.client(), donation, pot, input.refund).await? {
                    tracing::warn!(%donation, %pot, "a gift was due to go back, and no process gave it back: one does now");
                    walked.refunds += 1;
                }
                walked.last_due = Some(donation);
                ctx.record_heartbeat(*walked).await?;
            }
        }
    }

    async fn settle_overdue(
        &self,
        ctx: &ActivityContext,
        input: TakeUp,
        walked: &mut Walked,
    ) -> Result<(), ActivityError> {
        loop {
            let page = Page { after: walked.last_overdue, limit: PAGE };
            let overdue = donations::overdue(&self.pool, input.over_before, page).await?;
            if overdue.is_empty() {
                return Ok(());
            }
            for donation in overdue {
                go_on(ctx)?;
                if !is_heard_by_its_process(&ctx.client(), donation).await? {
                    self.settle_without_its_process(&ctx.client(), donation, input.refund).await?;
                    walked.settled += 1;
                }
                walked.last_overdue = Some(donation);
                ctx.record_heartbeat(*walked).await?;
            }
        }
    }

    /// There are few, and to tell one twice does no harm, so this walk begins anew with each attempt.
    async fn remind_pots(&self, ctx: &ActivityContext, walked: &mut Walked) -> Result<(), ActivityError> {
        let mut page = Page::first(PAGE);
        loop {
            let given_up = pots::cancelling(&self.pool, page).await?;
            let Some(last) = given_up.last().copied() else { return Ok(()) };
            for pot in given_up {
                go_on(ctx)?;
                if remind(&ctx.client(), pot).await? {
                    tracing::warn!(%pot, "a pot is given up, and its process had forgotten it: it is told");
                    walked.pots += 1;
                }
                ctx.record_heartbeat(*walked).await?;
            }
            page = Page { after: Some(last), limit: PAGE };
        }
    }
}

/// Tells a pot's process that the pot is given up; answers whether there is one that had to be told.
async fn remind(client: &Client, pot: PotId) -> Result<bool, ActivityError> {
    let process = client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
    let known = match process.describe(WorkflowDescribeOptions::default()).await {
        Ok(known) => known,
        // `wolo doctor` names it, and an operator starts another.
        Err(WorkflowInteractionError::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let stands = known.search_attributes().get(&attributes::STATUS);
    if stands.as_deref() == Some(PotStage::Cancelling.as_str()) {
        return Ok(false);
    }
    match process.signal(PotLifecycle::given_up, RawValue::empty(), WorkflowSignalOptions::default()).await {
        Ok(()) => Ok(true),
        Err(WorkflowInteractionError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
