//! Taking up gifts that have lost their process: somebody ended it by hand, or a worker died between writing that a gift goes
//! back and starting its refund. Whoever has a process is told to look, and nothing else happens to it.

use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Page, donations};
use wolo_domain::ids::DonationId;
use wolo_workflows::steps::donations::{TakeUp, TakenUp};

use super::DonationSteps;
use super::ending::is_heard_by_its_process;
use crate::alive::go_on;
use crate::refunds;

/// Gifts that are read at once.
const PAGE: u32 = 100;

/// How far the walk has come: first through what goes back, then through what still waits for its payment.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Walked {
    last_due: Option<DonationId>,
    all_due: bool,
    last_overdue: Option<DonationId>,
    refunds: u64,
    settled: u64,
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
        Ok(TakenUp { refunds: walked.refunds, settled: walked.settled })
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
}
