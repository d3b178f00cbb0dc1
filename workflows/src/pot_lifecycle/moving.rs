//! Moving a pot that has not opened, because its owner's birth date was wrong.
//!
//! The caller says the new days; the step writes them while the pot is scheduled, and the process waits for the new opening. A pot
//! that has opened keeps its day: everybody was told of it.

use chrono::{DateTime, Datelike as _, Utc};
use temporalio_workflow::WorkflowContext;
use wolo_domain::pots::{PotStage, Timeline};

use super::{Ending, MoveWish, PotLifecycle, WishAnswer};
use crate::steps::pots::{MoveBirthday, MoveBirthdayStep, Moving};
use crate::{patience, waiting};

/// When a pot opens and when it closes.
pub(super) type Days = (DateTime<Utc>, DateTime<Utc>);

impl PotLifecycle {
    pub(super) fn days(&self) -> Days {
        (self.plan.timeline.opens_at, self.plan.timeline.closes_at)
    }

    /// The pot's name follows from the year, and the owner may have a pot of the other one.
    fn can_move_to(&self, timeline: &Timeline) -> bool {
        self.state.stage == Some(PotStage::Scheduled)
            && self.plan.timeline.birthday.year() == timeline.birthday.year()
    }

    /// Lets a move end that has begun.
    pub(super) async fn let_the_move_end(ctx: &WorkflowContext<Self>) -> Result<(), Ending> {
        Ok(waiting::until_known(ctx, |pot| (!pot.moving).then_some(())).await?)
    }

    pub(super) async fn write_move(ctx: &mut WorkflowContext<Self>, wish: MoveWish) -> WishAnswer {
        let timeline = wish.timeline;
        if Self::know_the_stage(ctx).await.is_err() || !ctx.state(|pot| pot.can_move_to(&timeline)) {
            return Self::not_possible(ctx);
        }
        ctx.state_mut(|pot| pot.moving = true);
        let move_it = MoveBirthday { pot: Self::pot(ctx), timeline: timeline.clone(), at: waiting::now(ctx) };
        match ctx.execute_activity(MoveBirthdayStep, move_it, patience::own_books()).await {
            Ok(Moving::Moved { holds }) => {
                ctx.state_mut(|pot| {
                    pot.plan.timeline = timeline;
                    pot.state.holds = holds.into_iter().collect();
                    pot.state.occasions_done = 0;
                });
                WishAnswer::Done
            }
            Ok(Moving::NotPossible { stage }) => WishAnswer::NotPossible { stage: Some(stage) },
            Err(_) => Self::not_possible(ctx),
        }
    }
}
