//! Closing an account, giving up what is its holder's, and erasing them.

use std::sync::Arc;

use temporalio_client::errors::WorkflowUpdateError;
use temporalio_client::{Client, WorkflowExecuteUpdateOptions};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::audit::Doer;
use wolo_database::{Pool, closures, invitations};
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::{InvitationId, PotId, UserId};
use wolo_domain::invitations::InvitationEnd;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, Wish};
use wolo_workflows::sponsorship_invitation::{EndWish, SponsorshipInvitation};
use wolo_workflows::steps::closures::{
    CloseAccount, CloseAccountStep, Closing, ErasePerson, ErasePersonStep, Erasing, GiveUpTheirs,
    GiveUpTheirsStep, RestoreAccount, RestoreAccountStep, Restoring,
};

use crate::alive::{go_on, while_doing};

pub struct ClosureSteps {
    pool: Pool,
}

impl ClosureSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn give_up_all(
        &self,
        ctx: &ActivityContext,
        input: GiveUpTheirs,
    ) -> Result<UnderWay, ActivityError> {
        let theirs = closures::to_give_up(&self.pool, input.user).await?;
        for pot in theirs.pots {
            go_on(ctx)?;
            give_up(&ctx.client(), pot, Wish { by: input.by.clone(), reason: input.reason.clone() }).await?;
        }
        for invitation in theirs.invitations {
            go_on(ctx)?;
            self.take_back(&ctx.client(), invitation, &input).await?;
        }
        Ok(closures::under_way(&self.pool, input.user).await?)
    }

    /// As its sponsor would. Where its process is gone, nobody else writes its end.
    async fn take_back(
        &self,
        client: &Client,
        invitation: InvitationId,
        input: &GiveUpTheirs,
    ) -> Result<(), ActivityError> {
        let end = InvitationEnd::Cancelled;
        let process = client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
        let wish = EndWish { end, by_hand: None };
        let options = WorkflowExecuteUpdateOptions::default();
        match process.execute_update(SponsorshipInvitation::end, wish, options).await {
            Ok(_) => Ok(()),
            Err(WorkflowUpdateError::NotFound(_)) => {
                invitations::end(&self.pool, invitation, end, input.at).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whatever of them lies outside the database, encrypted under a key of theirs: without it nobody reads any copy.
    // The vault takes the key away here.
    #[expect(clippy::unused_async, clippy::unused_self, reason = "the vault is asked here")]
    async fn destroy_their_documents(&self, _user: UserId) -> Result<(), ActivityError> {
        Ok(())
    }
}

/// Asks a pot's process to give it up, as an operator does. One that somebody ended cannot be asked; the pot is under way still,
/// and waits for an operator to start its process again.
async fn give_up(client: &Client, pot: PotId, wish: Wish) -> Result<(), ActivityError> {
    let process = client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
    let options = WorkflowExecuteUpdateOptions::default();
    match process.execute_update(PotLifecycle::cancel_now, wish, options).await {
        Ok(_) => Ok(()),
        Err(WorkflowUpdateError::NotFound(_)) => {
            tracing::warn!(%pot, "a pot of a closed account has no process that could give it up");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

#[activities]
impl ClosureSteps {
    #[activity(definition = CloseAccountStep)]
    pub async fn close(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: CloseAccount,
    ) -> Result<Closing, ActivityError> {
        let CloseAccount { user, by, reason, at } = input;
        Ok(match closures::close(&self.pool, user, Doer::new(&by, &reason), at).await? {
            closures::Closing::Closing { since } => Closing::Closed { since },
            closures::Closing::Erased => Closing::Erased,
            closures::Closing::NobodyKnown => Closing::NobodyKnown,
        })
    }

    #[activity(definition = GiveUpTheirsStep)]
    pub async fn give_up(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: GiveUpTheirs,
    ) -> Result<UnderWay, ActivityError> {
        while_doing(&ctx, self.give_up_all(&ctx, input)).await
    }

    #[activity(definition = RestoreAccountStep)]
    pub async fn restore(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: RestoreAccount,
    ) -> Result<Restoring, ActivityError> {
        let RestoreAccount { user, by, reason } = input;
        Ok(match closures::restore(&self.pool, user, Doer::new(&by, &reason)).await? {
            // Where it is in use, an earlier attempt of this one has restored it and could not say so any more.
            closures::Restoring::Restored | closures::Restoring::InUse => Restoring::Restored,
            closures::Restoring::Erased => Restoring::Erased,
            closures::Restoring::NobodyKnown => Restoring::NobodyKnown,
        })
    }

    #[activity(definition = ErasePersonStep)]
    pub async fn erase(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ErasePerson,
    ) -> Result<Erasing, ActivityError> {
        let ErasePerson { user, by, reason, at } = input;
        Ok(match closures::erase(&self.pool, user, Doer::new(&by, &reason), at).await? {
            // Now or before: an attempt that died after this was written may not have come to the next line.
            closures::Erasing::Erased => {
                self.destroy_their_documents(user).await?;
                Erasing::Erased
            }
            closures::Erasing::Waits(under_way) => Erasing::Waits { under_way },
            closures::Erasing::InUse => Erasing::Restored,
            closures::Erasing::NobodyKnown => Erasing::NobodyKnown,
        })
    }
}
