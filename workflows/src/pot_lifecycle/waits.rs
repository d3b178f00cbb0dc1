//! How a pot waits: for a day, for a hold to be lifted, and always with an ear for a wish to cancel.

use chrono::{DateTime, Utc};
use temporalio_workflow::{ContinueAsNewOptions, WorkflowContext};

use wolo_domain::pots::HoldReason;

use super::{Ending, PotLifecycle, PotPlan};
use crate::steps::pots::ReadHoldsStep;
use crate::waiting::{self, Woken};
use crate::{attributes, patience};

impl PotLifecycle {
    /// Waits for a moment, or for what calls earlier. A wish to cancel is granted here or answered; a run that has
    /// become long carries on as a new one.
    pub(super) async fn wait(
        ctx: &mut WorkflowContext<Self>,
        due: Option<DateTime<Utc>>,
        waits_for: &str,
        called: impl Fn(&Self) -> bool,
    ) -> Result<Woken, Ending> {
        Self::say(ctx, waits_for, due);
        loop {
            Self::cancel_if_asked(ctx).await?;
            Self::read_holds_if_changed(ctx).await?;
            Self::carry_on_if_long(ctx)?;
            let history = ctx.clone();
            let woken = waiting::until(ctx, due, waits_for, |pot| {
                pot.state.cancel_asked || pot.holds_changed || called(pot) || pot.is_worn(&history)
            })
            .await?;
            if woken == Woken::Due || ctx.state(&called) {
                return Ok(woken);
            }
        }
    }

    /// Waits as long as something stops the pot, but no longer than a moment, and not when something else calls.
    pub(super) async fn wait_while_stopped(
        ctx: &mut WorkflowContext<Self>,
        at_most: Option<DateTime<Utc>>,
        called: impl Fn(&Self) -> bool,
    ) -> Result<Woken, Ending> {
        while let Some(reason) = ctx.state(Self::stopped_by).filter(|_| !ctx.state(&called)) {
            let goes_on = |pot: &Self| pot.stopped_by().is_none() || called(pot);
            if Self::wait(ctx, at_most, reason.waits_for(), goes_on).await? == Woken::Due {
                return Ok(Woken::Due);
            }
        }
        Ok(Woken::Called)
    }

    /// Consent holds a pot and lets it go by what others decide. A moderator's hold is this process's own.
    async fn read_holds_if_changed(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        while ctx.state_mut(|pot| std::mem::take(&mut pot.holds_changed)) {
            let holds = ctx.execute_activity(ReadHoldsStep, Self::pot(ctx), patience::own_books()).await?;
            ctx.state_mut(|pot| {
                if holds.contains(&HoldReason::Consent) {
                    pot.state.holds.insert(HoldReason::Consent);
                } else {
                    pot.state.holds.remove(&HoldReason::Consent);
                }
            });
        }
        Ok(())
    }

    pub(super) fn carry_on_if_long(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if !ctx.state(|pot| pot.is_worn(ctx)) {
            return Ok(());
        }
        let plan = ctx.state(|pot| PotPlan { carried: Some(pot.state.clone()), ..pot.plan.clone() });
        match ctx.continue_as_new(plan, ContinueAsNewOptions::default()) {
            Ok(never) => match never {},
            Err(termination) => Err(Ending::Broken(termination)),
        }
    }

    /// The run is long, and nobody waits for an answer that only this run can give.
    fn is_worn(&self, ctx: &WorkflowContext<Self>) -> bool {
        let long = ctx.history_length() > self.plan.patience.continue_after_events
            || ctx.continue_as_new_suggested();
        let asked = self.state.close_asked || self.state.cancel_asked || self.holds_changed;
        long && !asked && ctx.all_handlers_finished()
    }

    /// What the pot waits for, in words and as a time to sort by.
    pub(super) fn say(ctx: &WorkflowContext<Self>, waits_for: &str, until: Option<DateTime<Utc>>) {
        ctx.state_mut(|pot| {
            pot.state.waits_for = waits_for.to_owned();
            pot.state.waits_until = until;
        });
        ctx.set_current_details(format!("waits for {waits_for}"));
        let due = until.map_or(attributes::no_day(), |until| std::time::SystemTime::from(until).into());
        ctx.upsert_search_attributes([attributes::DUE_AT.value_set(due)]);
    }
}
