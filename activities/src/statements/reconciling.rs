//! Comparing a day of Wave's statement with our books, and making good what was not heard.

use serde::{Deserialize, Serialize};
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{Client, WorkflowSignalOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::reconciliation::{self, Compared, Run, TakingOut, UnreadableLine};
use wolo_domain::ids::DonationId;
use wolo_domain::reconciliation::{Line, Reference};
use wolo_providers::wave::{Currency, StatementLine, StatementPage};
use wolo_workflows::donation::Donation;
use wolo_workflows::ids;
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::statements::{ReconcileDay, ReconciledDay};

use super::StatementSteps;
use super::walk::Walk;

/// What the pages have come to so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Tally {
    matched: u64,
    repaired: u64,
    fees_booked: u64,
    opened: u64,
    closed: u64,
}

impl Tally {
    fn add(&mut self, page: &Compared, repaired: u64) {
        self.matched += page.matched;
        self.repaired += repaired;
        self.fees_booked += page.fees_booked;
        self.opened += page.opened;
        self.closed += page.closed;
    }
}

impl StatementSteps {
    pub(super) async fn reconcile_day(
        &self,
        ctx: &ActivityContext,
        input: ReconcileDay,
    ) -> Result<ReconciledDay, ActivityError> {
        let mut walk = Walk::<Tally>::begin(ctx, &self.wave, input.day)?;
        while let Some(page) = walk.page().await? {
            let compared = self.compare_page(&input, &page).await?;
            let mut repaired = 0;
            for (gift, line) in &compared.to_take_out {
                match reconciliation::take_out(&self.pool, input.day, *gift, line).await? {
                    TakingOut::Left => {
                        tracing::warn!(donation = %gift, "a gift was given back in Wave's portal, and leaves its pot");
                        repaired += 1;
                    }
                    TakingOut::Stood => {}
                    TakingOut::InSuspense { is_new } => walk.so_far().opened += u64::from(is_new),
                }
                walk.is_alive().await?;
            }
            for gift in &compared.to_repair {
                repaired += u64::from(self.repair(ctx, *gift, input.refund).await?);
                walk.is_alive().await?;
            }
            walk.so_far().add(&compared, repaired);
            walk.done(page).await?;
        }
        let mut tally = *walk.so_far();
        if input.whole {
            let missing = reconciliation::find_missing(&self.pool, input.day).await?;
            tally.opened += missing.opened;
            tally.closed += missing.closed;
        }
        let Tally { matched, repaired, fees_booked, opened, closed } = tally;
        let reconciled = ReconciledDay {
            day: input.day,
            lines: walk.lines(),
            matched,
            repaired,
            fees_booked,
            opened,
            closed,
        };
        reconciliation::record_run(&self.pool, &account_of(input, reconciled)).await?;
        if opened > 0 {
            tracing::warn!(day = %reconciled.day, opened, "Wave's statement and our books differ");
        }
        Ok(reconciled)
    }

    async fn compare_page(
        &self,
        input: &ReconcileDay,
        page: &StatementPage,
    ) -> Result<Compared, ActivityError> {
        let lines: Vec<Line> = page.lines.iter().map(without_names).collect();
        let unreadable: Vec<UnreadableLine> = page
            .unreadable
            .iter()
            .map(|line| UnreadableLine { wave_id: line.transaction_id.clone() })
            .collect();
        let compared =
            reconciliation::compare(&self.pool, input.day, &lines, &unreadable, input.settled_until);
        Ok(compared.await?)
    }

    /// Makes the process of a gift ask Wave; where there is none any more, Wave is asked here. Answers whether somebody was
    /// there to ask or something was booked.
    async fn repair(
        &self,
        ctx: &ActivityContext,
        gift: DonationId,
        patience: RefundPatience,
    ) -> Result<bool, ActivityError> {
        if hears(&ctx.client(), gift).await? {
            tracing::warn!(donation = %gift, "Wave was paid for a gift, and we had not heard: its process asks now");
            return Ok(true);
        }
        self.donations.settle_without_its_process(&ctx.client(), gift, patience).await
    }
}

/// Tells a gift's process that its payment is on Wave's statement; answers whether there is one to tell.
async fn hears(client: &Client, gift: DonationId) -> Result<bool, ActivityError> {
    let process = client.get_workflow_handle::<Donation>(ids::donation(gift));
    let told =
        process.signal(Donation::payment_completed, RawValue::empty(), WorkflowSignalOptions::default());
    match told.await {
        Ok(()) => Ok(true),
        Err(WorkflowInteractionError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn account_of(input: ReconcileDay, reconciled: ReconciledDay) -> Run {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Run {
        lines: count(reconciled.lines),
        matched: count(reconciled.matched),
        repaired: count(reconciled.repaired),
        fees_booked: count(reconciled.fees_booked),
        opened: count(reconciled.opened),
        closed: count(reconciled.closed),
        ..Run::begun(input.run, input.day, input.whole, input.started_at)
    }
}

/// What the comparison needs of a line; who paid or was paid stays behind.
fn without_names(line: &StatementLine) -> Line {
    Line {
        wave_id: line.transaction_id.clone(),
        kind: line.transaction_type,
        at: line.timestamp,
        amount: line.amount,
        fee: line.fee,
        in_francs: line.currency == Currency::Xof,
        is_reversal: line.is_reversal,
        reference: Reference::read(line.client_reference.as_deref()),
        session: line.checkout_api_session_id.clone(),
    }
}
