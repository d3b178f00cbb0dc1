//! Asking that the books be looked at, and deciding about what was found.

use chrono::NaiveDate;
use temporalio_client::{WorkflowGetResultOptions, WorkflowIdConflictPolicy};
use wolo_workflows::ledger_check::{LedgerCheck, LedgerCheckInput};
use wolo_workflows::reconciliation::{PaymentReconciliation, ReconciliationInput, Which};
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::resolution::{Resolution, ResolutionInput};
use wolo_workflows::{ids, queues};

/// What is asked with, and answered.
pub use wolo_workflows::steps::discrepancies::{Clearing, DiscrepancyAnswer, ResolveDiscrepancy};
pub use wolo_workflows::steps::ledger::{LedgerVerdict, ResumePayouts};
pub use wolo_workflows::steps::statements::ReconciledDay;

use crate::{AskError, Control, again};

impl Control {
    /// Compares a day of Wave's statement with our books, and waits until that is done. A comparison of this day that a
    /// person has asked for and that runs still is the same.
    pub async fn reconcile(
        &self,
        day: NaiveDate,
        under_way_seconds: u32,
        refund: RefundPatience,
    ) -> Result<ReconciledDay, AskError> {
        let input = ReconciliationInput { which: Which::Day { day }, under_way_seconds, refund };
        let mut compared = self.compare(ids::reconciliation(day), input).await?;
        // It answers for the days that it was asked for.
        compared.pop().ok_or(AskError::Ended)
    }

    /// Compares every day that is over and that nobody has compared since, the oldest first, and waits until that is done.
    pub async fn reconcile_missed(
        &self,
        under_way_seconds: u32,
        refund: RefundPatience,
    ) -> Result<Vec<ReconciledDay>, AskError> {
        let input = ReconciliationInput { which: Which::Missed, under_way_seconds, refund };
        self.compare(ids::RECONCILE_MISSED.to_owned(), input).await
    }

    async fn compare(&self, id: String, input: ReconciliationInput) -> Result<Vec<ReconciledDay>, AskError> {
        let options = again(queues::MONEY, id, WorkflowIdConflictPolicy::UseExisting);
        let started = self.client.start_workflow(PaymentReconciliation::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }

    /// Looks whether the books keep all their rules, and stops payouts if they do not.
    pub async fn check_ledger(&self) -> Result<LedgerVerdict, AskError> {
        let options = again(
            queues::MONEY,
            format!("{}/asked", ids::LEDGER_CHECK),
            WorkflowIdConflictPolicy::UseExisting,
        );
        let started =
            self.client.start_workflow(LedgerCheck::run, LedgerCheckInput::default(), options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }

    /// Lets payouts go on, if the books keep all their rules. Somebody else's wish that is being carried out answers
    /// [`AskError::Ended`]: it has its own reason.
    pub async fn resume_payouts(&self, resume: ResumePayouts) -> Result<LedgerVerdict, AskError> {
        let input = LedgerCheckInput { resume: Some(resume), ..LedgerCheckInput::default() };
        let options = again(queues::MONEY, ids::LEDGER_RESUME.to_owned(), WorkflowIdConflictPolicy::Fail);
        let started = self.client.start_workflow(LedgerCheck::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }

    /// Ends a discrepancy as a person has decided. Another decision about it that is being carried out answers
    /// [`AskError::Ended`].
    pub async fn resolve_discrepancy(
        &self,
        resolve: ResolveDiscrepancy,
    ) -> Result<DiscrepancyAnswer, AskError> {
        let options =
            again(queues::MONEY, ids::resolution(resolve.discrepancy), WorkflowIdConflictPolicy::Fail);
        let input = ResolutionInput { resolve };
        let started = self.client.start_workflow(Resolution::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }
}
