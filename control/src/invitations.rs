//! Asking about invitations.

use std::time::Duration;

use temporalio_client::WorkflowExecuteUpdateOptions;
use temporalio_client::WorkflowQueryOptions;
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::InvitationEnd;
use wolo_workflows::ids;
use wolo_workflows::sponsorship_invitation::{Acceptance, EndWish, SponsorshipInvitation};

/// What an invitation's process is asked with, and answers.
pub use wolo_workflows::sponsorship_invitation::{InvitationAnswer, InvitationState};

use crate::{AskError, Control};

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
        let handle = self.client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        let options = WorkflowExecuteUpdateOptions::default();
        let asked = handle.execute_update(SponsorshipInvitation::end, EndWish { end }, options);
        Ok(tokio::time::timeout(patience, asked).await.map_err(|_| AskError::NotYet)??)
    }

    /// An invitation as its process sees it.
    pub async fn invitation_state(&self, invitation: InvitationId) -> Result<InvitationState, AskError> {
        let handle = self.client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        Ok(handle.query(SponsorshipInvitation::state, (), WorkflowQueryOptions::default()).await?)
    }
}
