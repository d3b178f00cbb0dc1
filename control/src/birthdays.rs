//! Asking for the pots of those whose birthday comes.

use chrono::NaiveDate;
use temporalio_client::{WorkflowGetResultOptions, WorkflowIdConflictPolicy};
use wolo_workflows::birthday_sweep::{BirthdaySweep, SweepInput};
use wolo_workflows::{ids, queues};

/// What is asked with, and answered.
pub use wolo_workflows::birthday_sweep::BirthdayPots;
pub use wolo_workflows::steps::birthdays::SweptDay;

use crate::{AskError, Control, again};

impl Control {
    /// Makes the pots that a day is to bring, or those of every day that was missed and of today, and waits until that is done.
    /// The same that somebody has asked for and that runs still is the same.
    pub async fn sweep_birthdays(
        &self,
        day: Option<NaiveDate>,
        pots: BirthdayPots,
    ) -> Result<Vec<SweptDay>, AskError> {
        let id = ids::birthday_sweep(day);
        let options = again(queues::LIFECYCLE, id, WorkflowIdConflictPolicy::UseExisting);
        let input = SweepInput::new(day, pots);
        let started = self.client.start_workflow(BirthdaySweep::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }
}
