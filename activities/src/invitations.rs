//! How an invitation ends, and what comes of one that was accepted.

use std::sync::Arc;

use chrono::Datelike as _;
use temporalio_client::errors::WorkflowUpdateError;
use temporalio_client::{Client, WorkflowExecuteUpdateOptions};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Pool, birthdays, invitations};
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotMade};
use wolo_workflows::steps::invitations::{
    AcceptInvitation, AcceptInvitationStep, Accepting, Earned, EndInvitation, EndInvitationStep, Ending,
    FollowInvitation, FollowInvitationStep, FollowedPot, Following, StartInvitedPot, StartInvitedPotStep,
};

use crate::alive::while_doing;
use crate::birthdays::{plan, start};

pub struct InvitationSteps {
    pool: Pool,
}

impl InvitationSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn start(&self, client: &Client, input: StartInvitedPot) -> Result<Option<PotId>, ActivityError> {
        let StartInvitedPot { invitation, user, pots, at } = input;
        let request = format!("invitation/{invitation}");
        let pot = loop {
            let Some((celebrant, birth_date)) = birthdays::celebrant(&self.pool, user).await? else {
                return Ok(None);
            };
            let birthday = birth_date.next_on_or_after(dakar::day_of(at));
            let plan = plan(&celebrant, request.clone(), birthday, &pots, at);
            let pot = plan.pot;
            start(client, &self.pool, plan).await?;
            let made = written(client, pot, request.clone()).await?;
            // What is there, whoever has made it and however it is called, stands in the books.
            let known = wolo_database::pots::of_owner(&self.pool, user).await?;
            let known = known.iter().find(|pot| pot.birthday.year() == birthday.year()).map(|pot| pot.id);
            match (known, made) {
                (Some(pot), _) => break pot,
                // The date was corrected since it was read: the next birthday is another year's. A process that has ended before it
                // was asked, and has made no pot, ended for that.
                (None, Some(PotMade::BirthdayOver) | None) => {}
                (None, Some(PotMade::Scheduled | PotMade::PotExists | PotMade::OwnerUnknown)) => {
                    return Ok(None);
                }
            }
        };
        invitations::brings(&self.pool, invitation, pot).await?;
        Ok(Some(pot))
    }
}

/// Waits until the pot's process has written it down, so that whoever follows it finds it. One that has ended did so long ago.
async fn written(client: &Client, pot: PotId, request: String) -> Result<Option<PotMade>, ActivityError> {
    let process = client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
    let options = WorkflowExecuteUpdateOptions::default();
    match process.execute_update(PotLifecycle::confirm_scheduled, request, options).await {
        Ok(made) => Ok(Some(made)),
        Err(WorkflowUpdateError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[activities]
impl InvitationSteps {
    #[activity(definition = AcceptInvitationStep)]
    pub async fn accept(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: AcceptInvitation,
    ) -> Result<Accepting, ActivityError> {
        let AcceptInvitation { invitation, user, at } = input;
        Ok(match invitations::accept(&self.pool, invitation, user, at).await? {
            invitations::Accepting::Accepted { invitee_name, .. } => {
                let was_here = invitations::was_here(&self.pool, invitation).await?;
                Accepting::Accepted { invitee_name, was_here }
            }
            invitations::Accepting::Taken => Accepting::Taken,
            invitations::Accepting::Ended(end) => Accepting::Ended { end },
            invitations::Accepting::Own => Accepting::Own,
            invitations::Accepting::BroughtAlready => Accepting::BroughtAlready,
            invitations::Accepting::PersonUnknown => Accepting::PersonUnknown,
        })
    }

    #[activity(definition = EndInvitationStep)]
    pub async fn end(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: EndInvitation,
    ) -> Result<Ending, ActivityError> {
        let EndInvitation { invitation, end, by_hand, at } = input;
        Ok(match invitations::end_by_hand(&self.pool, invitation, end, by_hand.as_ref(), at).await? {
            invitations::Ending::Ended(end) => Ending::Ended { end },
            invitations::Ending::Accepted => Ending::Accepted,
        })
    }

    #[activity(definition = StartInvitedPotStep)]
    pub async fn start_pot(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: StartInvitedPot,
    ) -> Result<Option<PotId>, ActivityError> {
        while_doing(&ctx, self.start(&ctx.client(), input)).await
    }

    #[activity(definition = FollowInvitationStep)]
    pub async fn follow(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: FollowInvitation,
    ) -> Result<Following, ActivityError> {
        let FollowInvitation { invitation, rules, at } = input;
        let known = invitations::follow(&self.pool, invitation, rules, at).await?;
        let earned = known.awards.iter().map(|award| Earned {
            rule: award.rule,
            points: award.points,
            stage: award.stage,
            matures_at: award.matures_at,
        });
        Ok(Following {
            pot: known.pot.map(|pot| FollowedPot {
                stage: pot.stage,
                opens_at: pot.opens_at,
                closes_at: pot.closes_at,
            }),
            awaits_pot: known.awaits_pot,
            earned: earned.collect(),
            balance: known.balance,
            may_pass_until: known.may_pass_until,
        })
    }
}
