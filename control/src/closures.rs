//! Asking about accounts that are closed.

use std::collections::HashSet;
use std::time::Duration;

use temporalio_client::{
    WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions,
    WorkflowUpdateWithStartOptions,
};
use wolo_domain::ids::UserId;
use wolo_workflows::account_closure::AccountClosure;
use wolo_workflows::{attributes, ids, queues};

/// What the process is asked with, and answers.
pub use wolo_workflows::account_closure::{
    ClosingAnswer, ClosureInput, ClosureOutcome, ClosurePatience, ClosureState, RestoreWish,
};
pub use wolo_workflows::steps::closures::Restoring;

use crate::{AskError, Control};

impl Control {
    /// Closes an account and waits until that is written down. Where it is being closed already, its process answers.
    pub async fn close_account(
        &self,
        input: ClosureInput,
        patience: Duration,
    ) -> Result<ClosingAnswer, AskError> {
        let options = WorkflowUpdateWithStartOptions::new(
            queues::LIFECYCLE,
            ids::closure(input.user),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .search_attributes(attributes::of_closure(input.user))
        .build();
        let asked = self.client.execute_update_with_start_workflow(
            AccountClosure::run,
            input,
            AccountClosure::confirm_closed,
            (),
            options,
        );
        Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
    }

    /// Lets an account that is being closed be used again, and waits until that is written down.
    pub async fn restore_account(
        &self,
        user: UserId,
        wish: RestoreWish,
        patience: Duration,
    ) -> Result<Restoring, AskError> {
        let handle = self.client.get_workflow_handle::<AccountClosure>(ids::closure(user));
        let asked =
            handle.execute_update(AccountClosure::restore, wish, WorkflowExecuteUpdateOptions::default());
        Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
    }

    /// The accounts that a process is closing, as far as the engine's index has heard: it may lag behind by a moment.
    pub async fn running_closures(&self) -> Result<HashSet<UserId>, AskError> {
        self.running("AccountClosure", "closure/").await
    }

    /// Whether somebody's closing has a process now that has not ended.
    pub async fn closure_runs(&self, user: UserId) -> Result<bool, AskError> {
        self.runs::<AccountClosure>(ids::closure(user)).await
    }

    /// A closing as its process sees it; also after its end, as long as the engine remembers it.
    pub async fn closure_state(&self, user: UserId) -> Result<ClosureState, AskError> {
        let handle = self.client.get_workflow_handle::<AccountClosure>(ids::closure(user));
        Ok(handle.query(AccountClosure::state, (), WorkflowQueryOptions::default()).await?)
    }
}
