//! Asking about invitations.

use std::collections::HashSet;
use std::time::Duration;

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowQueryOptions};
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::InvitationEnd;
use wolo_workflows::sponsorship_invitation::{Acceptance, SponsorshipInvitation};
use wolo_workflows::{attributes, ids, queues};

/// What an invitation's process is asked with, and answers.
pub use wolo_workflows::notice_delivery::NoticePatience;
pub use wolo_workflows::sponsorship_invitation::{
    EndWish, InvitationAnswer, InvitationInput, InvitationState,
};

use crate::{AskError, Control, TakingUp, again};

impl Control {
    /// Accepts an invitation for somebody, and waits until that is written down.
    pub async fn accept_invitation(
        &self,
        invitation: InvitationId,
        user: UserId,
        patience: Duration,
    ) -> Result<InvitationAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        let options = WorkflowExecuteUpdateOptions::default();
        let asked = handle.execute_update(SponsorshipInvitation::accept, Acceptance { user }, options);
        Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
    }

    /// Ends an invitation that nobody has accepted, and waits until that is written down.
    pub async fn end_invitation(
        &self,
        invitation: InvitationId,
        end: InvitationEnd,
        patience: Duration,
    ) -> Result<InvitationAnswer, AskError> {
        self.end_invitation_by(invitation, EndWish { end, by_hand: None }, patience).await
    }

    /// The same, with who has decided it.
    pub async fn end_invitation_by(
        &self,
        invitation: InvitationId,
        wish: EndWish,
        patience: Duration,
    ) -> Result<InvitationAnswer, AskError> {
        let handle = self.client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        let options = WorkflowExecuteUpdateOptions::default();
        let asked = handle.execute_update(SponsorshipInvitation::end, wish, options);
        Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
    }

    /// Starts the process of an invitation again, because somebody ended it. `carried` says what it has done. Where one runs,
    /// nothing happens.
    pub async fn take_up_invitation(&self, input: InvitationInput) -> Result<TakingUp, AskError> {
        let id = ids::invitation(input.sent.invitation);
        let mut options = again(queues::LIFECYCLE, id, WorkflowIdConflictPolicy::Fail);
        options.search_attributes = Some(attributes::of_invitation(input.sent.sponsor));
        match self.client.start_workflow(SponsorshipInvitation::run, input, options).await {
            Ok(_) => Ok(TakingUp::Started),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(TakingUp::Running),
            Err(error) => Err(error.into()),
        }
    }

    /// The invitations whose process runs, as far as the engine's index has heard: it may lag behind by a moment.
    pub async fn running_invitations(&self) -> Result<HashSet<InvitationId>, AskError> {
        self.running("SponsorshipInvitation", "invitation/").await
    }

    /// Whether an invitation has a process now that has not ended.
    pub async fn invitation_runs(&self, invitation: InvitationId) -> Result<bool, AskError> {
        self.runs::<SponsorshipInvitation>(ids::invitation(invitation)).await
    }

    /// An invitation as its process sees it.
    pub async fn invitation_state(&self, invitation: InvitationId) -> Result<InvitationState, AskError> {
        let handle = self.client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        Ok(handle.query(SponsorshipInvitation::state, (), WorkflowQueryOptions::default()).await?)
    }
}
