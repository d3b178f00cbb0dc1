//! Closing an account, giving up what is its holder's, and erasing them.

use std::sync::Arc;

use temporalio_client::errors::{WorkflowInteractionError, WorkflowUpdateError};
use temporalio_client::{Client, WorkflowExecuteUpdateOptions, WorkflowSignalOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::audit::Doer;
use wolo_database::{Pool, closures, consents, invitations};
use wolo_domain::closures::UnderWay;
use wolo_domain::consents::ConsentEnd;
use wolo_domain::ids::{ConsentId, InvitationId, UserId};
use wolo_domain::invitations::InvitationEnd;
use wolo_providers::vault::Vault;
use wolo_workflows::guardian_consent::GuardianConsent;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::Wish;
use wolo_workflows::sponsorship_invitation::{EndWish, SponsorshipInvitation};
use wolo_workflows::steps::closures::{
    CloseAccount, CloseAccountStep, Closing, ErasePerson, ErasePersonStep, Erasing, GiveUpTheirs,
    GiveUpTheirsStep, RestoreAccount, RestoreAccountStep, Restoring,
};

use crate::alive::{go_on, while_doing};
use crate::clearance::tell_the_pots;
use crate::failure;
use crate::identities::give_up_cases;
use crate::pots::give_up;

pub struct ClosureSteps {
    pool: Pool,
    /// Absent where nobody is erased.
    vault: Option<Arc<Vault>>,
}

impl ClosureSteps {
    pub fn new(pool: Pool, vault: Option<Arc<Vault>>) -> Self {
        Self { pool, vault }
    }

    async fn give_up_all(
        &self,
        ctx: &ActivityContext,
        input: GiveUpTheirs,
    ) -> Result<UnderWay, ActivityError> {
        let theirs = closures::to_give_up(&self.pool, input.user).await?;
        for pot in theirs.pots {
            go_on(ctx)?;
            let wish = Wish { by: input.by.clone(), reason: input.reason.clone() };
            // It is under way still, and waits for an operator to start its process again.
            if give_up(&ctx.client(), pot, wish).await?.is_none() {
                tracing::warn!(%pot, "a pot of a closed account has no process that could give it up");
            }
        }
        for invitation in theirs.invitations {
            go_on(ctx)?;
            self.take_back(&ctx.client(), invitation, &input).await?;
        }
        if let Some(consent) = theirs.consent {
            self.end_consent(&ctx.client(), consent, &input).await?;
        }
        give_up_cases(&self.pool, &ctx.client(), theirs.cases, input.at).await?;
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

    /// A minor's guardian is not asked any more, nor answers for anything. The consent's process finds that in the books.
    async fn end_consent(
        &self,
        client: &Client,
        consent: ConsentId,
        input: &GiveUpTheirs,
    ) -> Result<(), ActivityError> {
        let (user, end) = (input.user, ConsentEnd::AccountClosed);
        let ending = consents::end(&self.pool, user, consent, end, input.at).await?;
        if let consents::Ending::Over { pots, .. } = ending {
            tell_the_pots(client, &pots).await?;
        }
        let process = client.get_workflow_handle::<GuardianConsent>(ids::consent(user));
        let options = WorkflowSignalOptions::default();
        match process.signal(GuardianConsent::look_again, RawValue::empty(), options).await {
            Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whatever of them lies outside the database, encrypted under a key of theirs: without it nobody reads any copy.
    async fn destroy_their_documents(&self, user: UserId) -> Result<(), ActivityError> {
        let absent = || failure::retry(failure::VAULT_ABSENT, "this worker has no vault");
        let vault = self.vault.as_deref().ok_or_else(absent)?;
        let destroyed = vault.destroy_subject(user.uuid()).await;
        destroyed.map_err(|error| failure::retry(failure::VAULT_UNREACHABLE, error))
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
