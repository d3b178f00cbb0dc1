//! Telling the engine that a deed goes on, so that a worker which has died is noticed in seconds and not when the longest
//! time that its deed could have taken is over. A deed that is quick tells nothing. And hearing that a long one is to end.

use std::time::Duration;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::failure;

/// Between two signs of life, well within the shortest silence that a process allows.
const EVERY: Duration = Duration::from_secs(2);

/// The worker stops, or the process has no use for the deed any more. The next attempt goes on where this one was.
#[derive(Debug, thiserror::Error)]
#[error("a walk through many things was interrupted")]
struct Interrupted;

/// Ends a walk that is not to go on.
pub(crate) fn go_on(ctx: &ActivityContext) -> Result<(), ActivityError> {
    if ctx.is_cancelled() { Err(failure::retry(failure::INTERRUPTED, Interrupted)) } else { Ok(()) }
}

/// Does a deed and gives signs of life meanwhile. They carry nothing: for deeds that do not go on where they were.
pub(crate) async fn while_doing<T>(ctx: &ActivityContext, deed: impl Future<Output = T>) -> T {
    let mut beats = interval_at(Instant::now() + EVERY, EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut deed = std::pin::pin!(deed);
    loop {
        tokio::select! {
            done = &mut deed => return done,
            _ = beats.tick() => {
                // A sign that is not heard costs a second attempt, which finds what this one did.
                let _ = ctx.record_heartbeat(()).await;
            }
        }
    }
}
