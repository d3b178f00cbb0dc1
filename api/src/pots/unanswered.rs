//! A wish that a pot's process gave no answer to.

use wolo_control::AskError;
use wolo_database::pots::Pot;
use wolo_domain::pots::PotStage;

use crate::problem::{Code, Problem};

/// The refusal. A process that is not there has ended with its pot, and `ended` says so in the words of the wish; or
/// somebody ended it before its time, and an operator has to start it again: `wolo doctor` finds it.
pub(crate) fn unanswered(pot: &Pot, error: AskError, ended: impl FnOnce(PotStage) -> Problem) -> Problem {
    match error {
        AskError::NotFound | AskError::Ended if pot.stage.has_ended() => ended(pot.stage),
        AskError::NotFound | AskError::Ended => {
            tracing::error!(pot = %pot.id, "a pot that has not ended has no process");
            Problem::new(Code::EngineUnavailable)
        }
        error => error.into(),
    }
}
