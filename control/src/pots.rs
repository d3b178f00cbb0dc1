//! Asking about pots.

use std::time::Duration;

use temporalio_client::{
    WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions,
    WorkflowUpdateWithStartOptions,
};
use temporalio_common::search_attributes::SearchAttributes;
use wolo_domain::ids::PotId;
use wolo_workflows::pot_lifecycle::PotLifecycle;
use wolo_workflows::{attributes, ids, queues};

/// What a pot's process is asked with, and answers.
pub use wolo_workflows::payout::PayoutPatience;
pub use wolo_workflows::pot_lifecycle::{
    HoldWish, PotMade, PotPatience, PotPlan, PotState, Wish, WishAnswer,
};

use crate::{AskError, Control};

impl Control {
    /// Starts a pot and waits until it is written down. Asking again with the same request gives the same pot; a
    /// pot of that birthday that has ended answers [`AskError::Ended`].
    pub async fn schedule_pot(&self, plan: PotPlan, patience: Duration) -> Result<PotMade, AskError> {
        let request = plan.request.clone();
        let options = WorkflowUpdateWithStartOptions::new(
            queues::LIFECYCLE,
            ids::pot_lifecycle(plan.pot),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
        .search_attributes(SearchAttributes::new([
            attributes::POT.value_set(plan.pot.to_string()),
            attributes::OWNER.value_set(plan.owner.to_string()),
        ]))
        .build();
        let asked = self.client.execute_update_with_start_workflow(
            PotLifecycle::run,
            plan,
            PotLifecycle::confirm_scheduled,
            request,
            options,
        );
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(AskError::NotYet),
        }
    }

    pub async fn pot_state(&self, pot: PotId) -> Result<PotState, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle.query(PotLifecycle::state, (), WorkflowQueryOptions::default()).await?)
    }

    pub async fn close_pot(&self, pot: PotId, wish: Wish) -> Result<WishAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle
            .execute_update(PotLifecycle::close_now, wish, WorkflowExecuteUpdateOptions::default())
            .await?)
    }

    pub async fn cancel_pot(&self, pot: PotId, wish: Wish) -> Result<WishAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle
            .execute_update(PotLifecycle::cancel_now, wish, WorkflowExecuteUpdateOptions::default())
            .await?)
    }

    pub async fn hold_pot(&self, pot: PotId, wish: HoldWish) -> Result<WishAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle.execute_update(PotLifecycle::hold, wish, WorkflowExecuteUpdateOptions::default()).await?)
    }

    pub async fn release_pot(&self, pot: PotId, wish: HoldWish) -> Result<WishAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle
            .execute_update(PotLifecycle::release, wish, WorkflowExecuteUpdateOptions::default())
            .await?)
    }
}
