//! Moving a pot that has not opened, because its owner's birth date was wrong.
//!
//! The caller says the new days; the step writes them while the pot is scheduled, and the process waits for the new opening. A pot
//! that has opened keeps its day: everybody was told of it.
//!
//! A date may be corrected without a word to the pot, when whoever corrects it is interrupted or the pot is just being made. Then the
//! step that would open it says whose day it is, and the pot follows by itself.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use temporalio_workflow::WorkflowContext;
use wolo_domain::dakar;
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
        match Self::move_to(ctx, timeline).await {
            Ok(Moving::Moved { .. }) => WishAnswer::Done,
            Ok(Moving::NotPossible { stage }) => WishAnswer::NotPossible { stage: Some(stage) },
            Ok(Moving::AnotherBirthday { .. }) | Err(_) => Self::not_possible(ctx),
        }
    }

    async fn move_to(ctx: &mut WorkflowContext<Self>, timeline: Timeline) -> Result<Moving, Ending> {
        ctx.state_mut(|pot| pot.moving = true);
        let move_it = MoveBirthday { pot: Self::pot(ctx), timeline: timeline.clone(), at: waiting::now(ctx) };
        let moving = ctx.execute_activity(MoveBirthdayStep, move_it, patience::own_books()).await?;
        if let Moving::Moved { holds } = &moving {
            ctx.state_mut(|pot| {
                pot.plan.timeline = timeline;
                pot.state.holds = holds.iter().copied().collect();
                pot.state.occasions_done = 0;
            });
        }
        Ok(moving)
    }

    /// The pot was planned for another day than its owner's birthday, and nobody has said so: it moves by itself, or is given up
    /// where that birthday is over. Where the move is not written (a date that is corrected once more), the opening tells.
    pub(super) async fn follow(ctx: &mut WorkflowContext<Self>, birthday: NaiveDate) -> Result<(), Ending> {
        let Some(timeline) = Self::planned_for(ctx, birthday) else {
            ctx.state_mut(|pot| pot.state.cancel_asked = true);
            return Self::cancel_if_asked(ctx).await;
        };
        waiting::until_known(ctx, |pot| (!pot.moderating).then_some(())).await?;
        ctx.state_mut(|pot| pot.moderating = true);
        let moved = Self::move_to(ctx, timeline).await;
        ctx.state_mut(|pot| (pot.moderating, pot.moving) = (false, false));
        moved.map(|_| ())
    }

    /// The days of a birthday; none when it is over.
    pub(super) fn planned_for(ctx: &WorkflowContext<Self>, birthday: NaiveDate) -> Option<Timeline> {
        let now = waiting::now(ctx);
        let is_ahead = birthday >= dakar::day_of(now);
        is_ahead.then(|| ctx.state(|pot| Timeline::plan(birthday, now, &pot.plan.rules)))
    }
}
