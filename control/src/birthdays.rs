//! Asking for the pots of those whose birthday comes.

use chrono::NaiveDate;
use temporalio_client::{
    WorkflowGetResultOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions,
};
use wolo_workflows::birthday_sweep::{BirthdaySweep, SweepInput};
use wolo_workflows::{ids, queues};

/// What is asked with, and answered.
pub use wolo_workflows::birthday_sweep::BirthdayPots;
pub use wolo_workflows::steps::birthdays::SweptDay;

use crate::{AskError, Control};

impl Control {
    /// Makes the pots that a day is to bring, or those of every day that was missed and of today, and waits until that is done.
    /// The same that somebody has asked for and that runs still is the same.
    pub async fn sweep_birthdays(
        &self,
        day: Option<NaiveDate>,
        pots: BirthdayPots,
    ) -> Result<Vec<SweptDay>, AskError> {
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, ids::birthday_sweep(day))
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .build();
        let input = SweepInput::new(day, pots);
        let started = self.client.start_workflow(BirthdaySweep::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }
}
