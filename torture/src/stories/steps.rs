//! What stories are made of: waiting for facts, asking processes until they answer, and moving time.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use wolo_control::AskError;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PayoutId, PotId};
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::ids;
use wolo_workflows::payout::{Decision, Resolve};

use super::{LONG, Scene};
use crate::patience::Patience;
use crate::people::{Gift, Made};
use crate::stage::{comes_about, soon};
use crate::{evidence, judge};

/// Moving time is asked for again when it has not had its effect in this time.
const NUDGE: Duration = Duration::from_secs(4);
/// A gift that is not heard of for so long has lost its webhook.
const UNHEARD: Duration = Duration::from_secs(10);
/// Longer than a page lives, with the grace after it.
const PAGE: Duration = Duration::from_mins(40);
pub(super) const DAY: Duration = Duration::from_hours(24);

impl Scene {
    /// The reference of a pot's first order at Wave.
    pub fn first_order(pot: PotId) -> String {
        PayoutOrder::first(PayoutId::of_pot(pot)).key()
    }

    pub async fn pot(&self) -> Result<Made> {
        let made = self.people.make_pot(&self.stage).await?;
        self.stage_is(made.pot, PotStage::Open).await?;
        Ok(made)
    }

    /// A gift from the asking to the books.
    pub async fn give(&self, pot: &Made, francs: i64) -> Result<Gift> {
        let gift = self.people.ask(&pot.slug, francs).await?;
        self.stage.wave.pay(&gift.session, None).context("Wave takes no payment")?;
        self.gift_is(gift.donation, DonationStage::Confirmed).await?;
        Ok(gift)
    }

    pub async fn stage_is(&self, pot: PotId, stage: PotStage) -> Result<()> {
        let there = comes_about(LONG, async || {
            let pot = wolo_database::pots::pot(&self.stage.pool, pot).await?;
            Ok(pot.filter(|pot| pot.stage == stage).map(drop))
        });
        there.await.with_context(|| format!("{pot} did not become {stage}"))
    }

    /// A gift that nothing is heard of asks by itself when its page is over: that hour is brought nearer.
    pub async fn gift_is(&self, donation: DonationId, stage: DonationStage) -> Result<()> {
        let patience = Patience::begins();
        loop {
            let there = soon(UNHEARD, async || {
                let gift = wolo_database::donations::donation(&self.stage.pool, donation).await?;
                Ok(gift.filter(|gift| gift.stage == stage).map(drop))
            });
            if there.await.is_some() {
                return Ok(());
            }
            if patience.is_over(LONG) {
                let gift = wolo_database::donations::donation(&self.stage.pool, donation).await;
                bail!("{donation} did not become {stage}; it is {gift:?}");
            }
            let process = ids::donation(donation);
            let moving = self.stage.control.forward(&process, PAGE);
            let _ = tokio::time::timeout(NUDGE / 2, moving).await;
        }
    }

    /// Asks a process until it answers. What it was asked before the answer was lost it has done, and says so again.
    pub async fn ask<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Result<T, AskError>) -> Result<T> {
        let patience = Patience::begins();
        loop {
            let error = match tokio::time::timeout(Duration::from_secs(10), ask()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => anyhow::Error::from(error),
                Err(_) => anyhow::anyhow!("no answer in ten seconds"),
            };
            if patience.is_over(LONG) {
                return Err(error.context(format!("a process could not be asked to {what}")));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Moves a pot's time on until it is settled.
    pub async fn to_the_end(&self, pot: PotId) -> Result<()> {
        let patience = Patience::begins();
        loop {
            self.set_off(pot).await;
            let settled = soon(NUDGE, async || {
                let pot = wolo_database::pots::pot(&self.stage.pool, pot).await?;
                Ok(pot.filter(|pot| pot.stage == PotStage::Settled).map(drop))
            });
            if settled.await.is_some() {
                return Ok(());
            }
            self.finance_looks(pot).await;
            if patience.is_over(LONG) {
                let state = self.stage.control.pot_state(pot).await;
                let payout = self.stage.control.payout_status(pot).await;
                let history = evidence::of(&self.stage, &ids::payout(pot)).await;
                bail!("{pot} was not settled; it is {state:?} and its payout {payout:?}; {history}");
            }
        }
    }

    /// Time is moved here, so the quarter of an hour in which a payout may be unknown is over at once, and it is before finance.
    /// Finance has it ask Wave again. Where Wave's portal shows nothing, it lets the days pass that it takes to find that the order
    /// was never paid: a worker died before the call left, say, and then our wallet was short.
    async fn finance_looks(&self, pot: PotId) {
        let shows = |order: &str| self.stage.wave.look(|book| book.payouts_for(order).next().is_some());
        let standing = self.finance_decides(pot, |order| match order {
            Some(order) if !shows(order) => Decision::NeverPaid,
            _ => Decision::AskAgain,
        });
        if let Some(order) = standing.await.filter(|order| !shows(order)) {
            let _ = self.days_pass(&order).await;
        }
    }

    /// Finance decides about a payout of unknown end, by the reference of the order that stands; one that was never paid is
    /// ordered anew. Answers that reference. A decision that is not heard is taken again by whoever waits for what comes of it.
    pub(super) async fn finance_decides(
        &self,
        pot: PotId,
        decide: impl Fn(Option<&str>) -> Decision,
    ) -> Option<String> {
        let control = &self.stage.control;
        let deciding = async {
            let status = control.payout_status(pot).await?;
            let order = status.order.map(PayoutOrder::key);
            let decision = match status.held {
                Some(HoldReason::PayoutUnknown) => decide(order.as_deref()),
                Some(HoldReason::PayoutRefused) => Decision::OrderAnew,
                _ => return Ok(None),
            };
            if status.decision.is_none() {
                let (by, reason) = ("torture".to_owned(), "looked at the portal".to_owned());
                let number = status.order.map(|order| order.number);
                control.resolve_payout(pot, Resolve { decision, order: number, by, reason }).await?;
                self.people.decided();
            }
            Ok::<_, AskError>(order)
        };
        tokio::time::timeout(NUDGE, deciding).await.ok()?.ok()?
    }

    /// Moves the time of a pot, and of its payout once there is one. Whether they get there is seen by their deeds.
    pub async fn set_off(&self, pot: PotId) {
        let moving = async {
            // A process that does not run needs no time.
            let _ = self.stage.control.forward(&ids::payout(pot), DAY / 12).await;
            let _ = self.stage.control.forward(&ids::pot_lifecycle(pot), DAY * 60).await;
        };
        let _ = tokio::time::timeout(NUDGE / 2, moving).await;
    }

    /// Moves every process on that still runs, until none does.
    pub async fn to_rest(&self) -> Result<()> {
        let patience = Patience::begins();
        loop {
            let open = self.ask("say what runs", async || judge::open(self).await).await?;
            if open.is_empty() {
                return Ok(());
            }
            if patience.is_over(LONG * 2) {
                bail!("these still run: {open:?}");
            }
            for process in &open {
                let by = if process.starts_with("pot/") { DAY * 60 } else { PAGE };
                let _ = tokio::time::timeout(NUDGE / 4, self.stage.control.forward(process, by)).await;
            }
        }
    }
}
