//! Asking about identity cases.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use temporalio_client::errors::{WorkflowStartError, WorkflowUpdateError};
use temporalio_client::{
    WorkflowExecuteUpdateOptions, WorkflowHandle, WorkflowIdConflictPolicy, WorkflowQueryOptions,
};
use wolo_domain::ids::CaseId;
use wolo_workflows::identity_review::IdentityReview;
use wolo_workflows::{attributes, ids, queues};

/// What a case's process is asked with, and answers.
pub use wolo_domain::identities::{
    Adding, Deciding, Decision, Document, Ending, IdentityRules, Looking, Removing, Submitting, Taking,
    TakingBy,
};
pub use wolo_workflows::identity_review::{IdentityInput, IdentityState, Look, Removal, Told};

use crate::{AskError, Control, TakingUp, again};

impl Control {
    /// Has a case looked into: starts its process, which writes the case down. Where one runs, nothing happens. The same starts one
    /// again that somebody has ended: what has become of the case it learns from its row.
    pub async fn open_case(&self, input: IdentityInput) -> Result<TakingUp, AskError> {
        let mut options = again(queues::IDENTITY, ids::identity(input.case), WorkflowIdConflictPolicy::Fail);
        options.search_attributes = Some(attributes::of_case(input.subject));
        match self.client.start_workflow(IdentityReview::run, input, options).await {
            Ok(_) => Ok(TakingUp::Started),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(TakingUp::Running),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes a document that stands in the vault, and waits until that is written down. One that is refused is to be destroyed
    /// there by whoever has put it.
    pub async fn add_document(
        &self,
        case: CaseId,
        document: Document,
        patience: Duration,
    ) -> Result<Adding, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::add_document, document, options)).await
    }

    /// Takes a document back, and waits until it is destroyed.
    pub async fn remove_document(
        &self,
        case: CaseId,
        removal: Removal,
        patience: Duration,
    ) -> Result<Removing, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::remove_document, removal, options)).await
    }

    /// Says that the documents are complete.
    pub async fn submit_case(&self, case: CaseId, patience: Duration) -> Result<Submitting, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::submit, (), options)).await
    }

    /// Gives a case to a reviewer.
    pub async fn take_case(
        &self,
        case: CaseId,
        by: TakingBy,
        patience: Duration,
    ) -> Result<Taking, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::take, by, options)).await
    }

    /// Asks whether a reviewer may see a document now, and waits until it is written down that they do. Nothing of it is shown before,
    /// nor after any other answer.
    pub async fn look_at_document(
        &self,
        case: CaseId,
        look: Look,
        patience: Duration,
    ) -> Result<Looking, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::look, look, options)).await
    }

    /// Tells a case what a reviewer has decided.
    pub async fn decide_case(
        &self,
        case: CaseId,
        decision: Decision,
        patience: Duration,
    ) -> Result<Deciding, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::decide, decision, options)).await
    }

    /// Tells a case that what it was for is over. From the answer on nobody looks and nobody decides; one that has no process any
    /// more answers [`AskError::NotFound`] or [`AskError::Ended`], and its documents are gone.
    pub async fn give_up_case(&self, case: CaseId, patience: Duration) -> Result<Ending, AskError> {
        let handle = self.case(case);
        let options = WorkflowExecuteUpdateOptions::default();
        within(patience, handle.execute_update(IdentityReview::give_up, (), options)).await
    }

    /// A case as its process sees it; also after its end, as long as the engine remembers it.
    pub async fn case_state(&self, case: CaseId) -> Result<IdentityState, AskError> {
        Ok(self.case(case).query(IdentityReview::state, (), WorkflowQueryOptions::default()).await?)
    }

    /// The cases whose process runs, as far as the engine's index has heard: it may lag behind by a moment.
    pub async fn running_cases(&self) -> Result<HashSet<CaseId>, AskError> {
        self.running("IdentityReview", "identity/").await
    }

    /// Whether a case has a process now that has not ended.
    pub async fn case_runs(&self, case: CaseId) -> Result<bool, AskError> {
        self.runs::<IdentityReview>(ids::identity(case)).await
    }

    fn case(&self, case: CaseId) -> WorkflowHandle<temporalio_client::Client, IdentityReview> {
        self.client.get_workflow_handle::<IdentityReview>(ids::identity(case))
    }
}

async fn within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, WorkflowUpdateError>>,
) -> Result<T, AskError> {
    Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
}
