//! One thing after the other: what is done to a case is done in turns, so that what the process knows of it is what was written last.
//!
//! Two steps side by side would both be right in the database, and their answers could come back the other way round.

use temporalio_common::error::ActivityExecutionError;
use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::identities::{Answered, Looking, Standing};

use super::IdentityReview;
use crate::waiting::{self, Woken};

/// What a step says, and where the case stands after it where that may have changed.
pub(super) trait Says<A> {
    fn parts(self) -> (A, Option<Standing>);
}

impl<A> Says<A> for Answered<A> {
    fn parts(self) -> (A, Option<Standing>) {
        (self.answer, Some(self.standing))
    }
}

impl Says<Self> for Looking {
    fn parts(self) -> (Self, Option<Standing>) {
        (self, None)
    }
}

impl IdentityReview {
    /// A question waits until there is a case, and until whoever came before has ended. A process that is cancelled answers none, and its
    /// end tells whoever asked.
    pub(super) async fn take_turn(ctx: &WorkflowContext<Self>) {
        if Self::wait_until(ctx, |review| review.state.opened && !review.busy).await.is_err() {
            std::future::pending::<()>().await;
        }
        ctx.state_mut(|review| review.busy = true);
    }

    /// The same for what the process does by itself.
    pub(super) async fn wait_for_turn(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        Self::wait_until(ctx, |review| !review.busy).await?;
        ctx.state_mut(|review| review.busy = true);
        Ok(())
    }

    async fn wait_until(
        ctx: &WorkflowContext<Self>,
        ready: impl Fn(&Self) -> bool,
    ) -> Result<(), WorkflowTermination> {
        waiting::until(ctx, None, "the end of what somebody else has asked for", ready).await?;
        Ok(())
    }

    /// Keeps what the step says of the case, lets the next one come, and answers.
    pub(super) async fn answer<A>(
        ctx: &WorkflowContext<Self>,
        done: Result<impl Says<A>, ActivityExecutionError>,
    ) -> A {
        let Ok(done) = done else {
            // Only a process that is cancelled gives up, and its end tells whoever asked.
            return std::future::pending().await;
        };
        let (answer, standing) = done.parts();
        Self::end_turn(ctx, standing);
        answer
    }

    pub(super) fn end_turn(ctx: &WorkflowContext<Self>, standing: Option<Standing>) {
        ctx.state_mut(|review| review.busy = false);
        let Some(standing) = standing else { return };
        let is_news = ctx.state(|review| review.state.standing != standing);
        if is_news {
            Self::stand(ctx, &standing);
            ctx.state_mut(|review| review.state.standing = standing);
        }
    }

    /// Waits until a moment, or until the case stands otherwise than it did; answers whether it does.
    pub(super) async fn wait_for_news(
        ctx: &WorkflowContext<Self>,
        due: chrono::DateTime<chrono::Utc>,
        why: &str,
        standing: &Standing,
    ) -> Result<bool, WorkflowTermination> {
        let woken = waiting::until(ctx, Some(due), why, |review| review.state.standing != *standing).await?;
        Ok(woken == Woken::Called)
    }
}
