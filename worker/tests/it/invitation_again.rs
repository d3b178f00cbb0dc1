//! Invitations that go on though something was lost on the way: their process, the beginning of their history, the pot that they
//! were to bring.

#![expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]

use chrono::{TimeDelta, Utc};
use wolo_control::TakingUp;
use wolo_control::invitations::{InvitationAnswer, InvitationInput, InvitationState};
use wolo_control::pots::{Wish, WishAnswer};
use wolo_database::invitations;
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::ids::PotId;
use wolo_domain::invitations::{InvitationEnd, InvitationStage, SentInvitation};
use wolo_domain::notices::Kind;
use wolo_domain::points::{AwardStage, PointsRules};
use wolo_domain::pots::PotStage;
use wolo_workflows::ids;
use wolo_workflows::sponsorship_invitation::InvitationOutcome;

use crate::histories::keep_run;
use crate::house::{House, live, until};
use crate::invitation::Invited;

impl House {
    /// An invitation that has gone out, and whose process somebody has ended then.
    async fn invited_and_lost(&self) -> Invited {
        let invited = self.invite(self.person().await).await;
        self.is_told(&invited.invitation.to_string(), Kind::Invitation, 1).await;
        self.terminate(&ids::invitation(invited.invitation)).await;
        invited
    }

    /// What the process of an invitation goes on with that somebody has ended.
    async fn going_on(&self, invited: &Invited, carried: InvitationState) -> InvitationInput {
        let found = invitations::invitation(&self.pool, invited.invitation).await.expect("a look");
        let entry = found.expect("an invitation");
        let rules = &self.settings.rules;
        let (notices, notice_patience) = wolo_api::rules::of_notices(&self.settings.notices);
        InvitationInput {
            sent: SentInvitation {
                invitation: invited.invitation,
                sponsor: invited.sponsor,
                sponsor_name: entry.sponsor_name,
                to: Contact::Phone(invited.phone.parse().expect("a number")),
                language: Language::French,
                message: None,
                token: String::new(),
                expires_at: entry.expires_at,
            },
            link: String::new(),
            reminders: Vec::new(),
            points: PointsRules::default(),
            pots: wolo_api::rules::birthday_pots(rules),
            notices,
            notice_patience,
            invitee_name: entry.invitee_name.unwrap_or_default(),
            carried,
        }
    }

    async fn follows(&self, invited: &Invited, pot: PotId) {
        until("the invitation follows the pot", async || {
            let found = invitations::invitation(&self.pool, invited.invitation).await.expect("a look");
            (found.expect("an invitation").pot == Some(pot)).then_some(())
        })
        .await;
    }
}

fn invited_already() -> InvitationState {
    InvitationState { invited: true, ..InvitationState::default() }
}

#[test]
fn an_invitation_that_lost_its_process_goes_on_from_its_row_and_asks_nobody_anew() {
    live(async |house| {
        let invited = house.invited_and_lost().await;
        let (person, process) = (invited.invitation.to_string(), ids::invitation(invited.invitation));
        let going_on = house.going_on(&invited, invited_already()).await;
        for outcome in [TakingUp::Started, TakingUp::Running] {
            let taken_up = house.control.take_up_invitation(going_on.clone()).await.expect("an answer");
            assert_eq!(taken_up, outcome);
        }
        // Its link is good still.
        let (moussa, _) = house.celebrant(20).await;
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.points(&invited, AwardStage::Pending, 14).await;
        house.is_told(&invited.sponsor.to_string(), Kind::InvitationAccepted, 1).await;

        house.terminate(&process).await;
        let carried = InvitationState {
            accepted_by: Some(moussa),
            pot_started: true,
            told_of_acceptance: true,
            ..invited_already()
        };
        let going_on = house.going_on(&invited, carried).await;
        house.control.take_up_invitation(going_on).await.expect("it is started");
        house.forward(&process, TimeDelta::days(15)).await;
        house.points(&invited, AwardStage::Matured, 14).await;
        assert_eq!(house.told(&person, Kind::Invitation).await, 1);
        assert_eq!(house.told(&invited.sponsor.to_string(), Kind::InvitationAccepted).await, 1);
    });
}

#[test]
fn an_invitation_that_lost_its_process_and_its_time_lapses_when_it_is_begun_again() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let process = ids::invitation(invited.invitation);
        house.is_told(&invited.invitation.to_string(), Kind::Invitation, 1).await;
        house.terminate(&process).await;
        let mut going_on = house.going_on(&invited, invited_already()).await;
        going_on.sent.expires_at = Utc::now() - TimeDelta::hours(2);
        house.control.take_up_invitation(going_on).await.expect("it is started");
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Ended(InvitationEnd::Lapsed));
        house.invitation_is(&invited, InvitationStage::Lapsed).await;
    });
}

#[test]
fn an_invitation_that_was_taken_back_before_it_went_out_does_not_go_out() {
    live(async |house| {
        let sponsor = house.person().await;
        let invited = house.invite_and(sponsor, Some(InvitationEnd::Cancelled)).await;
        let key = invited.invitation.to_string();
        until("it is carried on", async || {
            let relayed = sqlx::query_scalar::<_, bool>(
                "select relayed_at is not null from ops.outbox where topic = 'invitation' and business_key = $1",
            );
            relayed.bind(&key).fetch_one(&house.pool).await.expect("a look").then_some(())
        })
        .await;
        let answer = house.control.invitation_state(invited.invitation).await;
        assert!(matches!(answer, Err(wolo_control::AskError::NotFound)), "{answer:?}");
        assert_eq!(house.told(&key, Kind::Invitation).await, 0);
    });
}

#[test]
fn a_long_history_is_carried_on_in_another_run_and_nothing_is_said_twice() {
    live(async |house| {
        let invited = house.invited_and_lost().await;
        let process = ids::invitation(invited.invitation);
        let mut going_on = house.going_on(&invited, invited_already()).await;
        going_on.pots.patience.continue_after_events = 12;
        house.control.take_up_invitation(going_on).await.expect("it is started");
        let first = house.run_of(&process).await;
        let (moussa, pot) = house.celebrant(20).await;
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 5_000).await;
        house.points(&invited, AwardStage::Pending, 19).await;
        until("another run goes on", async || (house.run_of(&process).await != first).then_some(())).await;
        keep_run(house, "invitation-carried-on", &process, Some(first)).await;
        let state = house.control.invitation_state(invited.invitation).await.expect("its state");
        assert_eq!((state.accepted_by, state.pot_started), (Some(moussa), true));
        house.forward(&process, TimeDelta::days(15)).await;
        house.points(&invited, AwardStage::Matured, 19).await;
        let sponsor = invited.sponsor.to_string();
        house.is_told(&sponsor, Kind::PointsEarned, 2).await;
        assert_eq!(house.told(&sponsor, Kind::InvitationAccepted).await, 1);
    });
}

#[test]
fn the_pot_that_comes_instead_of_one_that_was_given_up_brings_the_points() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        // Too early for it to open.
        let (moussa, first) = house.celebrant(60).await;
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.follows(&invited, first).await;
        let wish = Wish { by: "moussa".to_owned(), reason: "not this year".to_owned() };
        let answer = house.control.cancel_pot(first, wish).await.expect("an answer");
        assert!(matches!(answer, WishAnswer::Done | WishAnswer::GivingBack { .. }), "{answer:?}");
        house.stage_is(first, PotStage::Cancelled).await;
        let mut plan = house.plan(moussa, 20).await;
        // The birthday of another year.
        plan.pot = PotId::for_birthday(moussa, chrono::Datelike::year(&Utc::now()) + 5);
        let second = house.schedule(plan).await;
        house.follows(&invited, second).await;
        house.stage_is(second, PotStage::Open).await;
        house.points(&invited, AwardStage::Pending, 14).await;
    });
}
