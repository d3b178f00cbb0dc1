//! Asking about pots.

use std::collections::HashSet;
use std::time::Duration;

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{
    WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions,
    WorkflowStartOptions, WorkflowUpdateWithStartOptions,
};
use wolo_domain::ids::PotId;
use wolo_workflows::pot_lifecycle::PotLifecycle;
use wolo_workflows::{attributes, ids, queues};

/// What a pot's process is asked with, and answers.
pub use wolo_workflows::payout::PayoutPatience;
pub use wolo_workflows::pot_lifecycle::{
    CreditWish, HoldWish, MoveWish, PotMade, PotPatience, PotPlan, PotState, Wish, WishAnswer,
};
pub use wolo_workflows::refund::RefundPatience;
pub use wolo_workflows::steps::points::Converting;

pub use crate::TakingUp;
use crate::{AskError, Control};

impl Control {
    /// Starts a pot and waits until it is written down. Asking again with the same request gives the same pot; a
    /// pot of that birthday whose process has ended answers [`AskError::Ended`].
    pub async fn schedule_pot(&self, plan: PotPlan, patience: Duration) -> Result<PotMade, AskError> {
        self.schedule_pot_as(plan, patience, WorkflowIdReusePolicy::RejectDuplicate).await
    }

    /// The same where a process has ended and, as the books say, no pot is there: the birthday seemed to be over, and the birth
    /// date was put right since.
    pub async fn schedule_pot_anew(&self, plan: PotPlan, patience: Duration) -> Result<PotMade, AskError> {
        self.schedule_pot_as(plan, patience, WorkflowIdReusePolicy::AllowDuplicate).await
    }

    async fn schedule_pot_as(
        &self,
        plan: PotPlan,
        patience: Duration,
        reuse: WorkflowIdReusePolicy,
    ) -> Result<PotMade, AskError> {
        let request = plan.request.clone();
        let options = WorkflowUpdateWithStartOptions::new(
            queues::LIFECYCLE,
            ids::pot_lifecycle(plan.pot),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .id_reuse_policy(reuse)
        .search_attributes(attributes::of_pot(plan.pot, plan.owner))
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

    /// Starts the process of a pot again, because somebody ended it. It finds in the books how far the pot had come. Where one
    /// runs, nothing happens.
    pub async fn take_up_pot(&self, plan: PotPlan) -> Result<TakingUp, AskError> {
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, ids::pot_lifecycle(plan.pot))
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .search_attributes(attributes::of_pot(plan.pot, plan.owner))
            .build();
        match self.client.start_workflow(PotLifecycle::run, plan, options).await {
            Ok(_) => Ok(TakingUp::Started),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(TakingUp::Running),
            Err(error) => Err(error.into()),
        }
    }

    /// The pots whose process runs, as far as the engine's index has heard: it may lag behind by a moment.
    pub async fn running_pots(&self) -> Result<HashSet<PotId>, AskError> {
        self.running("PotLifecycle", "pot/").await
    }

    /// Whether a pot has a process now that has not ended.
    pub async fn pot_runs(&self, pot: PotId) -> Result<bool, AskError> {
        self.runs::<PotLifecycle>(ids::pot_lifecycle(pot)).await
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

    /// Turns points into credit for a pot. Asking again for the same conversion gives the same credit, once.
    pub async fn credit_pot(
        &self,
        pot: PotId,
        wish: CreditWish,
        patience: Duration,
    ) -> Result<Converting, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        let asked =
            handle.execute_update(PotLifecycle::credit, wish, WorkflowExecuteUpdateOptions::default());
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(AskError::NotYet),
        }
    }

    /// Gives a pot that has not opened the days of another birthday of its year.
    pub async fn move_pot(&self, pot: PotId, wish: MoveWish) -> Result<WishAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
        Ok(handle
            .execute_update(PotLifecycle::move_birthday, wish, WorkflowExecuteUpdateOptions::default())
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
