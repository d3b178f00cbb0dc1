//! Waiting, done so that nobody can forget how a wait may end.
//!
//! A timer of the SDK answers a cancelled process with a value that is easily ignored; a condition has no
//! time limit. The functions here are the only way the processes wait.

#![expect(clippy::disallowed_methods, reason = "the one place where bare waits are handled")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::FusedFuture;
use temporalio_workflow::{
    TimerOptions, TimerResult, WorkflowCancellationError, WorkflowContext, WorkflowTermination, select,
};

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The time has come.
    Due,
    /// What was waited for happened first.
    Called,
}

/// The process's own time, the only one that decides anything.
pub(crate) fn now<W>(ctx: &WorkflowContext<W>) -> DateTime<Utc> {
    // The engine stamps every task, so there is always a time; the epoch would only make everything due.
    ctx.workflow_time().map_or(DateTime::UNIX_EPOCH, DateTime::from)
}

/// Waits until a moment, if there is one, or until the state satisfies a condition. `why` is what the Temporal UI
/// shows.
pub(crate) async fn until<W>(
    ctx: &WorkflowContext<W>,
    due: Option<DateTime<Utc>>,
    why: &str,
    called: impl Fn(&W) -> bool,
) -> Result<Woken, WorkflowTermination> {
    if ctx.state(&called) {
        return Ok(Woken::Called);
    }
    let Some(due) = due else {
        ctx.wait_condition(&called).await?;
        return Ok(Woken::Called);
    };
    let Ok(remaining) = (due - now(ctx)).to_std() else { return Ok(Woken::Due) };
    if remaining.is_zero() {
        return Ok(Woken::Due);
    }
    let timer = TimerOptions::builder(remaining).summary(why.to_owned()).build();
    select! {
        woken = ctx.wait_condition(&called) => woken.map(|()| Woken::Called).map_err(Into::into),
        fired = ctx.timer(timer) => match fired {
            TimerResult::Cancelled => Err(WorkflowTermination::cancelled()),
            TimerResult::Fired => Ok(Woken::Due),
        },
    }
}

/// Waits for what a future brings; nothing, when the state satisfies a condition first. Then the future can be waited for again.
pub(crate) async fn unless<W, F: FusedFuture + Unpin>(
    ctx: &WorkflowContext<W>,
    mut future: &mut F,
    called: impl Fn(&W) -> bool,
) -> Result<Option<F::Output>, WorkflowTermination> {
    select! {
        brought = future => Ok(Some(brought)),
        woken = ctx.wait_condition(called) => woken.map(|()| None).map_err(Into::into),
    }
}

/// A pause that doubles with every look in vain, up to the longest.
pub(crate) fn longer(first_seconds: u64, looks: u32, longest_seconds: u64) -> Duration {
    Duration::from_secs(first_seconds.saturating_mul(1 << looks.min(16)).min(longest_seconds))
}

/// The longest pause of processes whose input was written before it said one.
pub(crate) fn an_hour_in_seconds() -> u64 {
    3_600
}

/// Lets time pass.
pub(crate) async fn sleep<W>(
    ctx: &WorkflowContext<W>,
    time: Duration,
    why: &str,
) -> Result<(), WorkflowTermination> {
    match ctx.timer(TimerOptions::builder(time).summary(why.to_owned()).build()).await {
        TimerResult::Cancelled => Err(WorkflowTermination::cancelled()),
        TimerResult::Fired => Ok(()),
    }
}

/// Lets an answer wait until what it says is known. A process that is cancelled waits no longer, and then nothing became
/// known: who answers must not speak as if it had.
pub(crate) async fn until_known<W, T>(
    ctx: &WorkflowContext<W>,
    look: impl Fn(&W) -> Option<T>,
) -> Result<T, WorkflowCancellationError> {
    loop {
        if let Some(known) = ctx.state(&look) {
            return Ok(known);
        }
        ctx.wait_condition(|process| look(process).is_some()).await?;
    }
}

/// The same for a question that has no true answer but what becomes known: a process that is cancelled does not answer it,
/// and its end tells whoever asked.
pub(crate) async fn known<W, T>(ctx: &WorkflowContext<W>, look: impl Fn(&W) -> Option<T>) -> T {
    match until_known(ctx, look).await {
        Ok(known) => known,
        Err(_) => std::future::pending().await,
    }
}

/// Lets every handler that has begun end, so that no caller is left without its answer.
pub(crate) async fn for_handlers<W>(ctx: &WorkflowContext<W>) -> Result<(), WorkflowTermination> {
    let handlers = ctx.clone();
    ctx.wait_condition(move |_| handlers.all_handlers_finished()).await.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_with_every_look_up_to_the_longest() {
        let pauses = [0, 1, 2, 5, 6, 7, u32::MAX].map(|looks| longer(60, looks, 3_600).as_secs());
        assert_eq!(pauses, [60, 120, 240, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(longer(60, 0, 30).as_secs(), 30);
        assert_eq!(longer(u64::MAX, 1, 600).as_secs(), 600);
    }
}
