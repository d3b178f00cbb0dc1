//! What the two are told: the invited person of the invitation, its sponsor of what comes of it.

use chrono::{DateTime, Utc};
use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::notices::{Coming, Says};
use wolo_domain::points::{AwardStage, PointsRule};

use super::SponsorshipInvitation;
use crate::notice_delivery::NoticeInput;
use crate::patience;
use crate::steps::invitations::Following;
use crate::steps::notices::{BeginNoticeStep, Message};

impl SponsorshipInvitation {
    /// Tells the sponsor that it is accepted, with the points for that in the same message, and of all other points.
    pub(super) async fn tell_what_came(
        ctx: &mut WorkflowContext<Self>,
        following: &Following,
    ) -> Result<(), WorkflowTermination> {
        let stand: Vec<_> =
            following.earned.iter().filter(|earned| earned.stage != AwardStage::Revoked).copied().collect();
        if !ctx.state(|invitation| invitation.state.told_of_acceptance) {
            let accepted = stand.iter().find(|earned| earned.rule == PointsRule::InvitationAccepted);
            let says = ctx.state(|invitation| Says::InvitationAccepted {
                name: invitation.input.invitee_name.clone(),
                coming: if invitation.state.was_here { Coming::WasHere } else { Coming::Joined },
                points: accepted.map_or(0, |earned| earned.points),
            });
            Self::tell_the_sponsor(ctx, "invitation-accepted", says).await?;
            ctx.state_mut(|invitation| {
                invitation.state.told_of_acceptance = true;
                invitation.state.told_of.extend(accepted.map(|earned| earned.rule));
            });
        }
        for earned in stand {
            if ctx.state(|invitation| invitation.state.told_of.contains(&earned.rule)) {
                continue;
            }
            let says = Says::PointsEarned { points: earned.points, balance: following.balance };
            Self::tell_the_sponsor(ctx, &format!("points-{}", earned.rule), says).await?;
            ctx.state_mut(|invitation| invitation.state.told_of.insert(earned.rule));
        }
        Ok(())
    }

    pub(super) async fn tell_the_invited(
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
}
