//! Inviting one person, from the message that asks them to the points that their coming brings.
//!
//! The invitation goes out, and the invited person is reminded after two days and after five. They accept or decline by the
//! link that they were sent; the sponsor may take the invitation back; who says nothing for seven days lets it lapse. Whoever
//! accepts gets the pot of their next birthday, and the sponsor is told. From then on the process looks what comes of it: the
//! pot opens (that, or the one that comes instead when it is given up before), somebody gives to it. Each brings the sponsor
//! points, which mature after some days or when the pot has paid out, and are taken back when what brought them is, or when it turns
//! out before that that the two bring each other none. Where they bring none yet, because the invited person has not proved a
//! phone, the process looks again.
//!
//! It refuses to end two ways, to bring points twice for one thing, and to make a pot public.
//!
//! One whose process was ended by somebody is begun again from its row (`wolo invitations restart`): what it has done it is told,
//! and it does not invite anew.

mod looking;
mod telling;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use wolo_domain::ids::UserId;
use wolo_domain::invitations::{EndedByHand, InvitationEnd, SentInvitation};
use wolo_domain::notices::{NoticeRules, Says};
use wolo_domain::points::{PointsRule, PointsRules};

use crate::birthday_sweep::BirthdayPots;
use crate::notice_delivery::NoticePatience;
use crate::steps::invitations::{
    AcceptInvitation, AcceptInvitationStep, Accepting, EndInvitation, EndInvitationStep, Ending,
    FollowInvitation, FollowInvitationStep, Following, StartInvitedPot, StartInvitedPotStep,
};
use crate::waiting::Woken;
use crate::{attributes, patience, waiting};
use looking::next_look;

/// The event of the first message, as `NoticeId::of_invitation` has it: where that stands is where the invitation stands.
const INVITED: &str = "invitation";

/// What the process is started with, and carries on with. Personal.
#[derive(Clone, Serialize, Deserialize)]
pub struct InvitationInput {
    pub sent: SentInvitation,
    /// Where the invited person answers.
    pub link: String,
    pub reminders: Vec<DateTime<Utc>>,
    pub points: PointsRules,
    /// What the invited person's pot is made with.
    pub pots: BirthdayPots,
    pub notices: NoticeRules,
    pub notice_patience: NoticePatience,
    /// As the sponsor knows whoever accepted, where that was before this run.
    #[serde(default)]
    pub invitee_name: String,
    /// What the runs before this one have done.
    #[serde(default)]
    pub carried: InvitationState,
}

/// How far the process has come; the answer to the query `state`.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was done, or not yet")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationState {
    pub invited: bool,
    pub reminders_sent: usize,
    pub accepted_by: Option<UserId>,
    pub end: Option<InvitationEnd>,
    /// The pot was asked for.
    pub pot_started: bool,
    /// Whoever accepted had an account before.
    #[serde(default)]
    pub was_here: bool,
    /// The sponsor was told that it is accepted.
    #[serde(default)]
    pub told_of_acceptance: bool,
    /// Rules whose points the sponsor was told of.
    pub told_of: BTreeSet<PointsRule>,
    pub following: Option<Following>,
}

/// Somebody accepts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Acceptance {
    pub user: UserId,
}

/// Somebody wants it to end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndWish {
    pub end: InvitationEnd,
    /// Who works here and wants it, and why.
    #[serde(default)]
    pub by_hand: Option<EndedByHand>,
}

/// What came of an answer to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum InvitationAnswer {
    /// By whoever asked.
    Accepted,
    /// By somebody else.
    Taken,
    Ended {
        end: InvitationEnd,
    },
    Own,
    BroughtAlready,
    PersonUnknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationOutcome {
    /// What it has brought stands.
    Accepted,
    Ended(InvitationEnd),
}

#[workflow]
pub struct SponsorshipInvitation {
    input: InvitationInput,
    state: InvitationState,
    /// Something has happened to the pot since somebody looked.
    pot_changed: bool,
}

#[workflow_methods]
impl SponsorshipInvitation {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: InvitationInput) -> Self {
        let state = std::mem::take(&mut input.carried);
        Self { input, state, pot_changed: false }
    }

    #[run(name = "SponsorshipInvitation")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<InvitationOutcome> {
        Self::invite(ctx).await?;
        while let Woken::Due = Self::wait_for_an_answer(ctx).await? {
            Self::remind_or_let_lapse(ctx).await?;
        }
        if let Some(user) = ctx.state(|invitation| invitation.state.accepted_by) {
            Self::start_their_pot(ctx, user).await?;
            while let Some(next) = Self::follow(ctx).await? {
                Self::wait_for_news(ctx, next).await?;
                Self::carry_on_if_long(ctx)?;
            }
        }
        waiting::for_handlers(ctx).await?;
        Ok(ctx.state(Self::outcome))
    }

    /// Somebody who has the link comes. Answered when that is written down.
    #[update(name = "accept")]
    pub async fn accept(ctx: &mut WorkflowContext<Self>, acceptance: Acceptance) -> InvitationAnswer {
        let (at, sent) = (waiting::now(ctx), ctx.state(|invitation| invitation.input.sent.clone()));
        if at >= sent.expires_at && ctx.state(|invitation| invitation.state.accepted_by.is_none()) {
            return InvitationAnswer::Ended { end: InvitationEnd::Lapsed };
        }
        let accept = AcceptInvitation { invitation: sent.invitation, user: acceptance.user, at };
        match ctx.execute_activity(AcceptInvitationStep, accept, patience::own_books()).await {
            Ok(Accepting::Accepted { invitee_name, was_here }) => {
                ctx.state_mut(|invitation| {
                    invitation.state.accepted_by = Some(acceptance.user);
                    invitation.state.was_here = was_here;
                    invitation.input.invitee_name = invitee_name;
                });
                InvitationAnswer::Accepted
            }
            Ok(Accepting::Ended { end }) => Self::note_the_end(ctx, end),
            Ok(Accepting::Taken) => InvitationAnswer::Taken,
            Ok(Accepting::Own) => InvitationAnswer::Own,
            Ok(Accepting::BroughtAlready) => InvitationAnswer::BroughtAlready,
            Ok(Accepting::PersonUnknown) => InvitationAnswer::PersonUnknown,
            // Only a process that is cancelled gives up, and its end tells whoever asked.
            Err(_) => std::future::pending().await,
        }
    }

    /// The invited person does not want it, or the sponsor takes it back. Answered when that is written down.
    #[update(name = "end")]
    pub async fn end(ctx: &mut WorkflowContext<Self>, wish: EndWish) -> InvitationAnswer {
        match Self::write_the_end(ctx, wish.end, wish.by_hand).await {
            Ok(Ending::Ended { end }) => Self::note_the_end(ctx, end),
            Ok(Ending::Accepted) => InvitationAnswer::Taken,
            Err(_) => std::future::pending().await,
        }
    }

    /// Something has happened to the invited person's pot.
    #[signal(name = "pot_changed")]
    pub fn pot_changed(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.pot_changed = true;
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> InvitationState {
        self.state.clone()
    }
}

impl SponsorshipInvitation {
    async fn invite(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        if ctx.state(|invitation| invitation.state.invited) {
            return Ok(());
        }
        let says = ctx.state(|invitation| Says::Invitation {
            sponsor: invitation.input.sent.sponsor_name.clone(),
            message: invitation.input.sent.message.clone(),
            link: invitation.input.link.clone(),
        });
        Self::tell_the_invited(ctx, INVITED.to_owned(), says).await?;
        ctx.state_mut(|invitation| invitation.state.invited = true);
        Self::stand(ctx, "invited");
        Ok(())
    }

    async fn wait_for_an_answer(ctx: &mut WorkflowContext<Self>) -> Result<Woken, WorkflowTermination> {
        let due = ctx.state(|invitation| {
            let next = invitation.input.reminders.get(invitation.state.reminders_sent).copied();
            next.unwrap_or(DateTime::<Utc>::MAX_UTC).min(invitation.input.sent.expires_at)
        });
        waiting::until(ctx, Some(due), "an answer", Self::is_answered).await
    }

    async fn remind_or_let_lapse(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let left = ctx.state(|invitation| invitation.input.sent.expires_at) - waiting::now(ctx);
        if left <= TimeDelta::zero() {
            return Self::let_lapse(ctx).await;
        }
        let says = ctx.state(|invitation| Says::InvitationReminder {
            sponsor: invitation.input.sent.sponsor_name.clone(),
            // A day that has begun counts.
            days: u32::try_from((left + TimeDelta::hours(23)).num_days()).unwrap_or_default(),
            link: invitation.input.link.clone(),
        });
        let number = ctx.state(|invitation| invitation.state.reminders_sent);
        Self::tell_the_invited(ctx, format!("invitation-reminder-{number}"), says).await?;
        ctx.state_mut(|invitation| invitation.state.reminders_sent += 1);
        Ok(())
    }

    async fn let_lapse(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        match Self::write_the_end(ctx, InvitationEnd::Lapsed, None).await? {
            Ending::Ended { end } => {
                Self::note_the_end(ctx, end);
            }
            // Somebody accepts at this moment, and is about to be known.
            Ending::Accepted => {
                waiting::until(ctx, None, "whoever accepts", Self::is_answered).await?;
            }
        }
        Ok(())
    }

    async fn start_their_pot(
        ctx: &mut WorkflowContext<Self>,
        user: UserId,
    ) -> Result<(), WorkflowTermination> {
        if ctx.state(|invitation| invitation.state.pot_started) {
            return Ok(());
        }
        Self::stand(ctx, "accepted");
        let start = ctx.state(|invitation| StartInvitedPot {
            invitation: invitation.input.sent.invitation,
            user,
            pots: invitation.input.pots.clone(),
            at: waiting::now(ctx),
        });
        ctx.execute_activity(StartInvitedPotStep, start, patience::start_many()).await?;
        ctx.state_mut(|invitation| invitation.state.pot_started = true);
        Ok(())
    }

    /// Looks what has come of it, tells the sponsor of new points, and says when to look again; never, once all has come.
    async fn follow(ctx: &mut WorkflowContext<Self>) -> Result<Option<DateTime<Utc>>, WorkflowTermination> {
        let at = waiting::now(ctx);
        let follow = ctx.state_mut(|invitation| {
            invitation.pot_changed = false;
            FollowInvitation {
                invitation: invitation.input.sent.invitation,
                rules: invitation.input.points,
                at,
            }
        });
        let following = ctx.execute_activity(FollowInvitationStep, follow, patience::own_books()).await?;
        Self::tell_what_came(ctx, &following).await?;
        let next = next_look(&following, at);
        ctx.state_mut(|invitation| invitation.state.following = Some(following));
        Ok(next)
    }

    async fn wait_for_news(
        ctx: &mut WorkflowContext<Self>,
        next: DateTime<Utc>,
    ) -> Result<(), WorkflowTermination> {
        waiting::until(ctx, Some(next), "the invited person's pot", |invitation| invitation.pot_changed)
            .await?;
        Ok(())
    }

    async fn write_the_end(
        ctx: &mut WorkflowContext<Self>,
        end: InvitationEnd,
        by_hand: Option<EndedByHand>,
    ) -> Result<Ending, WorkflowTermination> {
        let invitation = ctx.state(|invitation| invitation.input.sent.invitation);
        let end = EndInvitation { invitation, end, by_hand, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(EndInvitationStep, end, patience::own_books()).await?)
    }

    fn note_the_end(ctx: &WorkflowContext<Self>, end: InvitationEnd) -> InvitationAnswer {
        ctx.state_mut(|invitation| invitation.state.end = Some(end));
        Self::stand(ctx, end.as_str());
        InvitationAnswer::Ended { end }
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|invitation| invitation.input.pots.patience.continue_after_events);
        let is_long = ctx.history_length() > most || ctx.continue_as_new_suggested();
        // Whoever waits for an answer is answered by the run that they asked.
        if !is_long || !ctx.all_handlers_finished() {
            return Ok(());
        }
        let input = ctx.state(|invitation| InvitationInput {
            carried: invitation.state.clone(),
            ..invitation.input.clone()
        });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    fn is_answered(&self) -> bool {
        self.state.accepted_by.is_some() || self.state.end.is_some()
    }

    fn outcome(&self) -> InvitationOutcome {
        match self.state.end {
            Some(end) => InvitationOutcome::Ended(end),
            None => InvitationOutcome::Accepted,
        }
    }

    /// Says where the process stands, where operators look for it.
    fn stand(ctx: &WorkflowContext<Self>, status: &str) {
        ctx.upsert_search_attributes([attributes::STATUS.value_set(status.to_owned())]);
    }
}
