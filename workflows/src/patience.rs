//! How long the processes wait for a step before they try it again. Business waits (days, hold times) are not
//! here: they come in with each process's input.

use std::time::Duration;

use temporalio_workflow::{ActivityOptions, RetryPolicy};

use crate::queues;

/// A step in our own database. It is tried until it succeeds: the database comes back, and a pot that gave up
/// would be worse than one that waits, visible to the operator.
pub(crate) fn own_books() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(15))
        .retry_policy(again_and_again())
        .build()
}

/// The settlement of a pot, which seals its certificate: some seconds for a hundred thousand gifts.
pub(crate) fn seal() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_mins(2))
        .retry_policy(again_and_again())
        .build()
}

/// A step of a gift: one short question to Wave, at most two. There are many of them, so they give no signs of life,
/// which would cost the engine a timer each; their time is short enough to notice a worker that has died.
pub(crate) fn ask_wave_shortly() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(20))
        .retry_policy(again_and_again())
        .build()
}

/// A step that destroys some documents and writes that down. Their store may be far away.
pub(crate) fn the_vault() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_mins(1))
        .retry_policy(again_and_again())
        .build()
}

/// A step that asks Wave and can be repeated freely: it changes nothing there, or repeats itself by a key. Wave may take
/// its time, so the step gives signs of life; a worker that has died is noticed by their absence.
pub(crate) fn ask_wave() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(40))
        .heartbeat_timeout(Duration::from_secs(10))
        .retry_policy(again_and_again())
        .build()
}

/// A long walk through many things at Wave, which tells how far it is.
pub(crate) fn walk_wave() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_hours(1))
        .heartbeat_timeout(Duration::from_mins(1))
        .retry_policy(again_and_again())
        .build()
}

/// Starting some hundred processes.
pub(crate) fn start_many() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_mins(5))
        .heartbeat_timeout(Duration::from_secs(10))
        .retry_policy(again_and_again())
        .build()
}

/// A long walk through what the engine remembers. One that is interrupted goes on where it was.
pub(crate) fn walk_the_engine() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_hours(1))
        .heartbeat_timeout(Duration::from_secs(10))
        .retry_policy(again_and_again())
        .build()
}

/// A step that hands a message to a provider. Nobody waits for it; a provider that asks for a pause gets it.
pub(crate) fn send_a_message() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(40))
        .heartbeat_timeout(Duration::from_secs(10))
        .retry_policy(again_and_again())
        .build()
}

/// The same, done where everything that speaks to Wave is done, whatever queue its process lives on.
pub(crate) fn on_money(mut options: ActivityOptions) -> ActivityOptions {
    options.task_queue = Some(queues::MONEY.to_owned());
    options
}

/// Reading all of the ledger, which grows with every gift. The step gives signs of life meanwhile.
pub(crate) fn read_the_ledger() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_mins(15))
        .heartbeat_timeout(Duration::from_mins(1))
        .retry_policy(again_and_again())
        .build()
}

/// Soon at first, then once a minute, for as long as it takes.
fn again_and_again() -> RetryPolicy {
    RetryPolicy::builder()
        .initial_interval(Duration::from_millis(500))
        .maximum_interval(Duration::from_mins(1))
        .build()
}
