//! Invitations on their way, and those that want to hear what became of whoever accepted.

use temporalio_client::errors::{WorkflowInteractionError, WorkflowStartError};
use temporalio_client::{
    Client, WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
    WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_common::data_converters::RawValue;
use wolo_bootstrap::settings;
use wolo_database::notices::Follower;
use wolo_database::outbox::{Event, Topic};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::{InvitationEnd, SentInvitation};
use wolo_domain::notices::NoticeRules;
use wolo_domain::points::PointsRules;
use wolo_workflows::birthday_sweep::BirthdayPots;
use wolo_workflows::notice_delivery::NoticePatience;
use wolo_workflows::sponsorship_invitation::{
    EndWish, InvitationInput, InvitationState, SponsorshipInvitation,
};
use wolo_workflows::{attributes, ids, queues};

use super::Error;
use crate::rules;

/// The numbers that an invitation's process is started with.
pub(super) struct Inviting {
    reminder_days_after: Vec<u32>,
    points: PointsRules,
    pots: BirthdayPots,
}

impl Inviting {
    pub(super) fn new(settings: &settings::Settings) -> Self {
        Self {
            reminder_days_after: settings.sponsorship.reminder_days_after.clone(),
            points: rules::points(&settings.sponsorship),
            pots: rules::birthday_pots(&settings.rules),
        }
    }

    /// Starts the process of an invitation, unless it has been.
    pub(super) async fn start(
        &self,
        client: &Client,
        event: &Event,
        sent: SentInvitation,
        public_url: &str,
        notices: NoticeRules,
        notice_patience: NoticePatience,
    ) -> Result<(), Error> {
        let days = self.reminder_days_after.iter();
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, ids::invitation(sent.invitation))
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .search_attributes(attributes::of_invitation(sent.sponsor))
            .build();
        let input = InvitationInput {
            link: format!("{public_url}/i/{}", sent.token),
            reminders: days.map(|days| event.created_at + chrono::TimeDelta::days((*days).into())).collect(),
            points: self.points,
            pots: self.pots.clone(),
            notices,
            notice_patience,
            invitee_name: String::new(),
            carried: InvitationState::default(),
            sent,
        };
        match client.start_workflow(SponsorshipInvitation::run, input, options).await {
            Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Tells the process of an invitation that it has ended. One that has come to its end knows.
pub(super) async fn end(client: &Client, invitation: InvitationId, end: InvitationEnd) {
    let process = client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
    let wish = EndWish { end, by_hand: None };
    let told =
        process.execute_update(SponsorshipInvitation::end, wish, WorkflowExecuteUpdateOptions::default());
    if let Err(error) = told.await {
        tracing::warn!(%invitation, error = &error as &dyn std::error::Error, "its process has not heard of an end");
    }
}

/// Whom of an invitation's process an event is news to: it follows the pot, and of gifts it waits for the first alone.
pub(super) fn hears(follower: Option<Follower>, topic: Topic) -> Option<InvitationId> {
    let follower = follower?;
    let wants = match topic {
        Topic::PotAnnounced => true,
        Topic::DonationConfirmed => !follower.has_a_gift,
        _ => false,
    };
    wants.then_some(follower.invitation)
}

/// Tells the process of an invitation that something has happened. One that has ended needs to know nothing.
pub(super) async fn tell(client: &Client, invitation: InvitationId) -> Result<(), Error> {
    let process = client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(invitation));
    let told = process.signal(
        SponsorshipInvitation::pot_changed,
        RawValue::empty(),
        WorkflowSignalOptions::default(),
    );
    match told.await {
        Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
