//! Orders to pay that finance has to end, or that look as if it had to.

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::reconciliation::{self, Run};
use wolo_domain::dakar;
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::NEVER_PAID;
use wolo_domain::pots::PotStage;
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};
use wolo_workflows::payout::Decision;

use super::{LONG, Scene};
use crate::stage::comes_about;

/// Longer than an order must be old, and than Wave remembers its key.
const DAYS: i64 = 4;

impl Scene {
    pub(super) async fn never_paid(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 7_000).await?;
        let order = Self::first_order(pot.pot);
        let bend = |endpoint| {
            let deaf = FaultRule::always(endpoint, Fault::ErrorBefore { status: 503 });
            self.stage.wave.fault(deaf.about(order.clone()))
        };
        let deaf = bend(Endpoint::PayoutCreate);
        // Until finance has it ruled out, nobody is told anything: what a trial does to a search is for that one.
        let silent = bend(Endpoint::PayoutSearch);
        let ruled_out = async {
            if self.until_unknown(pot.pot).await? == PotStage::Settled {
                return Ok(());
            }
            self.days_pass(&order).await?;
            self.stage.wave.remove_fault(silent);
            let found = comes_about(LONG, async || {
                let payout =
                    wolo_database::payouts::payout(&self.stage.pool, PayoutId::of_pot(pot.pot)).await?;
                let payout = payout.context("there is no such payout")?;
                let ended = payout.order_number > 1 || payout.refusal_code.as_deref() == Some(NEVER_PAID);
                if !ended {
                    self.finance_decides(pot.pot, |_| Decision::NeverPaid).await;
                }
                Ok(ended.then_some(()))
            });
            found.await.with_context(|| format!("{} was not found to be unpaid", pot.pot))
        };
        let ruled_out = ruled_out.await;
        for rule in [deaf, silent] {
            self.stage.wave.remove_fault(rule);
        }
        ruled_out?;
        self.to_the_end(pot.pot).await
    }

    pub(super) async fn forgotten(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 5_000).await?;
        let order = Self::first_order(pot.pot);
        let bend =
            |endpoint, fault| self.stage.wave.fault(FaultRule::always(endpoint, fault).about(order.clone()));
        let silent = bend(Endpoint::PayoutCreate, Fault::LostReply);
        let blind = bend(Endpoint::PayoutSearch, Fault::SearchBlind);
        let unknown = self.until_paid_unseen(pot.pot, &order).await;
        let asked = async {
            if unknown? == PotStage::Settled {
                return Ok(());
            }
            self.days_pass(&order).await?;
            self.stage.wave.forget_idempotency_key(&order);
            self.stage.wave.remove_fault(silent);
            // It would be paid once more if it were sent now.
            for _ in 0..2 {
                self.until_unknown(pot.pot).await?;
                self.finance_decides(pot.pot, |_| Decision::AskAgain).await;
            }
            self.until_unknown(pot.pot).await?;
            let paid = self.stage.wave.executed_payouts(&order).len();
            ensure!(paid == 1, "{order} was paid {paid} times");
            Ok(())
        };
        let asked = asked.await;
        self.stage.wave.remove_fault(silent);
        self.stage.wave.remove_fault(blind);
        asked?;
        self.to_the_end(pot.pot).await
    }

    pub(super) async fn throttled(&self) -> Result<()> {
        let pot = self.pot().await?;
        self.give(&pot, 6_000).await?;
        let order = Self::first_order(pot.pot);
        for fault in [Fault::TooManyRequests { retry_after: None }, Fault::ShortBalance] {
            self.stage.wave.fault(FaultRule::once(Endpoint::PayoutCreate, fault).about(order.clone()));
        }
        self.to_the_end(pot.pot).await
    }

    /// Time passes for an order: it is as old as if it had been begun days ago, and Wave's statement of each day was compared.
    pub(super) async fn days_pass(&self, order: &str) -> Result<()> {
        let pool = &self.stage.pool;
        let began = format!("now() - interval '{DAYS} days'");
        let passing = comes_about(LONG, async || {
            let sql = format!(
                "update money.payout_orders
                 set sent_at = least(sent_at, {began}), begun_at = least(begun_at, {began})
                 where key = '{order}'"
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
            for days_ago in 1..=DAYS {
                let day = dakar::day_of(Utc::now() - TimeDelta::days(days_ago));
                reconciliation::record_run(pool, &nothing_found(day)).await?;
            }
            Ok(Some(()))
        });
        passing.await.context("no days pass")
    }
}

fn nothing_found(day: chrono::NaiveDate) -> Run {
    Run::begun(Uuid::now_v7().to_string(), day, true, Utc::now())
}
