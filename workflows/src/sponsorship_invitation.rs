//! Inviting one person, from the message that asks them to the points that their coming brings.
//!
//! The invitation goes out, and the invited person is reminded after two days and after five. They accept or decline by the
//! link that they were sent; the sponsor may take the invitation back; who says nothing for seven days lets it lapse. Whoever
//! accepts gets the pot of their next birthday, and the sponsor is told. From then on the process looks what comes of it: the
//! pot opens, somebody gives to it. Each brings the sponsor points, which mature after some days or when the pot has settled,
//! and are taken back when what brought them is.
//!
//! It refuses to end two ways, to bring points twice for one thing, and to make a pot public.

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
use wolo_domain::invitations::{InvitationEnd, SentInvitation};
use wolo_domain::notices::{NoticeRules, Says};
use wolo_domain::points::{AwardStage, PointsRule, PointsRules};
use wolo_domain::pots::PotStage;

use crate::birthday_sweep::BirthdayPots;
use crate::notice_delivery::{NoticeInput, NoticePatience};
use crate::steps::invitations::{
    AcceptInvitation, AcceptInvitationStep, Accepting, EndInvitation, EndInvitationStep, Ending,
    FollowInvitation, FollowInvitationStep, Following, StartInvitedPot, StartInvitedPotStep,
};
use crate::steps::notices::{BeginNoticeStep, Message};
use crate::waiting::Woken;
use crate::{attributes, patience, waiting};

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
    /// What the runs before this one have done.
    #[serde(default)]
    pub carried: InvitationState,
}

/// How far the process has come; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationState {
    pub invited: bool,
    pub reminders_sent: usize,
    pub accepted_by: Option<UserId>,
    pub end: Option<InvitationEnd>,
    /// The pot was asked for.
    pub pot_started: bool,
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
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndWish {
    pub end: InvitationEnd,
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
    /// As the sponsor knows whoever accepted.
    invitee_name: String,
    /// Something has happened to the pot since somebody looked.
    pot_changed: bool,
}

#[workflow_methods]
impl SponsorshipInvitation {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut input: InvitationInput) -> Self {
        let state = std::mem::take(&mut input.carried);
        Self { input, state, invitee_name: String::new(), pot_changed: false }
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
            Ok(Accepting::Accepted { invitee_name }) => {
                ctx.state_mut(|invitation| {
                    invitation.state.accepted_by = Some(acceptance.user);
                    invitation.invitee_name = invitee_name;
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
        match Self::write_the_end(ctx, wish.end).await {
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
        match Self::write_the_end(ctx, InvitationEnd::Lapsed).await? {
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
        let name = ctx.state(|invitation| invitation.invitee_name.clone());
        Self::tell_the_sponsor(ctx, "invitation-accepted", Says::InvitationAccepted { name }).await?;
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
        for earned in following.earned.iter().filter(|earned| earned.stage != AwardStage::Revoked) {
            if ctx.state(|invitation| invitation.state.told_of.contains(&earned.rule)) {
                continue;
            }
            let says = Says::PointsEarned { points: earned.points, balance: following.balance };
            Self::tell_the_sponsor(ctx, &format!("points-{}", earned.rule), says).await?;
            ctx.state_mut(|invitation| invitation.state.told_of.insert(earned.rule));
        }
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
    ) -> Result<Ending, WorkflowTermination> {
        let invitation = ctx.state(|invitation| invitation.input.sent.invitation);
        let end = EndInvitation { invitation, end, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(EndInvitationStep, end, patience::own_books()).await?)
    }

    fn note_the_end(ctx: &WorkflowContext<Self>, end: InvitationEnd) -> InvitationAnswer {
        ctx.state_mut(|invitation| invitation.state.end = Some(end));
        Self::stand(ctx, end.as_str());
        InvitationAnswer::Ended { end }
    }

    async fn tell_the_invited(
        ctx: &mut WorkflowContext<Self>,
        event: String,
        says: Says,
    ) -> Result<(), WorkflowTermination> {
        let sent = ctx.state(|invitation| invitation.input.sent.clone());
        let message = Message {
            to: Some(sent.to),
            language: sent.language,
            ..Message::new(event, sent.invitation.to_string(), says)
        };
        Self::begin_notice(ctx, message, Some(sent.expires_at)).await
    }

    async fn tell_the_sponsor(
        ctx: &mut WorkflowContext<Self>,
        what: &str,
        says: Says,
    ) -> Result<(), WorkflowTermination> {
        let (invitation, sponsor) =
            ctx.state(|invitation| (invitation.input.sent.invitation, invitation.input.sent.sponsor));
        let event = format!("{what}-{invitation}");
        let message = Message { user: Some(sponsor), ..Message::new(event, sponsor.to_string(), says) };
        Self::begin_notice(ctx, message, None).await
    }

    async fn begin_notice(
        ctx: &mut WorkflowContext<Self>,
        message: Message,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(), WorkflowTermination> {
        let notice = ctx.state(|invitation| NoticeInput {
            message,
            expires,
            rules: invitation.input.notices,
            patience: invitation.input.notice_patience,
        });
        Ok(ctx.execute_activity(BeginNoticeStep, notice, patience::own_books()).await?)
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

/// When to look again, if nothing is heard before: when points mature, when the pot opens or closes, and every day while
/// something holds it up. Never, when nothing more can come.
fn next_look(following: &Following, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let tomorrow = now + TimeDelta::days(1);
    let pending = following.earned.iter().filter(|earned| earned.stage == AwardStage::Pending);
    let matures = pending.map(|earned| earned.matures_at.max(now)).min();
    let pot = following.pot.and_then(|pot| match pot.stage {
        PotStage::Scheduled => Some(if pot.opens_at > now { pot.opens_at } else { tomorrow }),
        PotStage::Open => Some(if pot.closes_at > now { pot.closes_at } else { tomorrow }),
        PotStage::Closed | PotStage::PayingOut | PotStage::Cancelling => Some(tomorrow),
        PotStage::Settled | PotStage::Cancelled => None,
    });
    matures.into_iter().chain(pot).min()
}

#[cfg(test)]
mod tests {
    use wolo_domain::points::PointsRule;

    use super::*;
    use crate::steps::invitations::{Earned, FollowedPot};

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn pot_at(stage: PotStage) -> FollowedPot {
        FollowedPot { stage, opens_at: day(10), closes_at: day(40) }
    }

    fn earned(stage: AwardStage) -> Vec<Earned> {
        vec![Earned { rule: PointsRule::InvitationAccepted, points: 10, stage, matures_at: day(14) }]
    }

    #[test]
    fn the_next_look_is_when_something_is_due_and_never_when_nothing_can_come() {
        let next = |pot: Option<PotStage>, stage, now| {
            let pot = pot.map(pot_at);
            let following = Following { pot, earned: earned(stage), balance: 10 };
            next_look(&following, day(now))
        };
        assert_eq!(next(Some(PotStage::Scheduled), AwardStage::Pending, 0), Some(day(10)));
        assert_eq!(next(Some(PotStage::Scheduled), AwardStage::Pending, 12), Some(day(13)), "it is held");
        assert_eq!(next(Some(PotStage::Open), AwardStage::Pending, 11), Some(day(14)));
        assert_eq!(next(Some(PotStage::Open), AwardStage::Matured, 15), Some(day(40)));
        assert_eq!(next(Some(PotStage::Closed), AwardStage::Matured, 40), Some(day(41)));
        assert_eq!(next(Some(PotStage::Settled), AwardStage::Matured, 41), None);
        assert_eq!(next(Some(PotStage::Cancelled), AwardStage::Pending, 11), Some(day(14)));
        assert_eq!(next(None, AwardStage::Revoked, 11), None);
    }
}
