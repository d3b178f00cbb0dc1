//! Inviting somebody: each way in which that ends, and the points that it brings.

use chrono::{DateTime, Datelike as _, Days, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_bootstrap::Seal;
use wolo_control::invitations::InvitationAnswer;
use wolo_control::pots::{Wish, WishAnswer};
use wolo_database::invitations::{self, Inviting, NewInvitation};
use wolo_database::points::{self, Award};
use wolo_database::{Page, outbox};
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::dakar;
use wolo_domain::ids::{InvitationId, NoticeId, PotId, UserId};
use wolo_domain::invitations::{
    InvitationEnd, InvitationStage, InvitingRules, NoPoints, Relationship, SentInvitation,
};
use wolo_domain::notices::Kind;
use wolo_domain::points::{AwardReason, AwardStage, PointsRule};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::phones;
use wolo_workflows::ids;
use wolo_workflows::sponsorship_invitation::{InvitationOutcome, SponsorshipInvitation};

use crate::histories::keep;
use crate::house::{House, LONG, live, until};

const RULES: InvitingRules = InvitingRules { a_day: 50, per_contact: 3, contact_days: 7 };

pub(crate) struct Invited {
    pub(crate) invitation: InvitationId,
    pub(crate) sponsor: UserId,
    /// Where it went.
    pub(crate) phone: String,
}

impl House {
    /// Writes an invitation as the API does, to a phone that nobody has an account with.
    pub(crate) async fn invite(&self, sponsor: UserId) -> Invited {
        self.invite_and(sponsor, None).await
    }

    /// The same; it may have ended before anybody carries it on.
    pub(crate) async fn invite_and(&self, sponsor: UserId, end: Option<InvitationEnd>) -> Invited {
        let invitation = InvitationId::from_uuid(Uuid::now_v7());
        let phone = phones::unused();
        let to = Contact::Phone(phone.parse().expect("a number"));
        let expires_at = Utc::now() + TimeDelta::days(7);
        let mut token_hash = [0; 32];
        token_hash[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        let contact_hash = token_hash;
        let new = NewInvitation {
            id: invitation,
            to: to.clone(),
            contact_hash,
            relationship: Relationship::Friend,
            sponsor_name: "Awa".to_owned(),
            notice: NoticeId::of_invitation(invitation),
            token_hash,
            expires_at,
        };
        let sent = SentInvitation {
            invitation,
            sponsor,
            sponsor_name: "Awa".to_owned(),
            to,
            language: Language::French,
            message: Some("Fais comme moi !".to_owned()),
            token: invitation.uuid().simple().to_string(),
            expires_at,
        };
        let key = invitation.to_string();
        let seal = Seal::new(&self.settings.temporal.payload_keys).expect("keys");
        let sealed = seal.close(&key, &serde_json::to_vec(&sent).expect("JSON")).expect("a seal");
        let mut tx = self.pool.begin().await.expect("a transaction");
        let written = invitations::invite(&mut tx, sponsor, &[new], RULES).await.expect("an invitation");
        assert_eq!(written, Inviting::Invited);
        if let Some(end) = end {
            invitations::end_within(&mut tx, invitation, end, Utc::now()).await.expect("an end");
        }
        let letter = outbox::Letter { key: &key, user: Some(sponsor), sealed: &sealed };
        outbox::write_invitation(&mut tx, letter).await.expect("on its way");
        tx.commit().await.expect("written");
        Invited { invitation, sponsor, phone }
    }

    /// Somebody whose birthday is so many days from now.
    pub(crate) async fn celebrant(&self, days_ahead: u64) -> (UserId, PotId) {
        let birthday = dakar::day_of(Utc::now()) + Days::new(days_ahead);
        let born = birthday.with_year(birthday.year() - 40).expect("a day");
        let user = self.person_born(&born.to_string(), 1).await;
        (user, PotId::for_birthday(user, birthday.year()))
    }

    pub(crate) async fn accept(&self, invited: &Invited, user: UserId) -> InvitationAnswer {
        // Its process begins when the relay has carried it on.
        until("the invitation's process answers", async || {
            self.control.accept_invitation(invited.invitation, user, LONG).await.ok()
        })
        .await
    }

    pub(crate) async fn ends(&self, invited: &Invited, end: InvitationEnd) -> InvitationAnswer {
        until("the invitation's process answers", async || {
            self.control.end_invitation(invited.invitation, end, LONG).await.ok()
        })
        .await
    }

    async fn stage_of(&self, invited: &Invited) -> InvitationStage {
        let found = invitations::invitation(&self.pool, invited.invitation).await.expect("a look");
        found.expect("an invitation").milestones.stage()
    }

    pub(crate) async fn invitation_is(&self, invited: &Invited, stage: InvitationStage) {
        until(&format!("the invitation is {stage}"), async || {
            (self.stage_of(invited).await == stage).then_some(())
        })
        .await;
    }

    /// What the sponsor has, once it is so much.
    pub(crate) async fn points(&self, invited: &Invited, stage: AwardStage, sum: u32) -> Vec<Award> {
        until(&format!("{sum} points are {stage}"), async || {
            let awards = points::of_invitation(&self.pool, invited.invitation).await.expect("a look");
            let of_stage: u32 =
                awards.iter().filter(|award| award.stage == stage).map(|award| award.points).sum();
            (of_stage == sum).then_some(awards)
        })
        .await
    }

    /// How many messages of a kind somebody has.
    pub(crate) async fn told(&self, person: &str, kind: Kind) -> i64 {
        let told = wolo_database::notices::told(&self.pool, person, kind, DateTime::UNIX_EPOCH, "-").await;
        told.expect("a look").since
    }

    pub(crate) async fn is_told(&self, person: &str, kind: Kind, times: i64) {
        until(&format!("{kind} is said"), async || (self.told(person, kind).await == times).then_some(()))
            .await;
    }

    pub(crate) async fn ended(&self, invited: &Invited) -> InvitationOutcome {
        self.outcome::<SponsorshipInvitation>(ids::invitation(invited.invitation)).await
    }
}

#[test]
fn an_accepted_invitation_brings_a_pot_its_sponsor_points_and_they_mature_when_it_settles() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        house.invitation_is(&invited, InvitationStage::Delivered).await;
        let (moussa, pot) = house.celebrant(20).await;
        assert_eq!(house.accept(&invited, invited.sponsor).await, InvitationAnswer::Own);
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted, "said again");
        let another = house.person().await;
        assert_eq!(house.accept(&invited, another).await, InvitationAnswer::Taken);
        assert_eq!(house.ends(&invited, InvitationEnd::Cancelled).await, InvitationAnswer::Taken);

        house.stage_is(pot, PotStage::Open).await;
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_ne!(row.settings.visibility, wolo_domain::pots::Visibility::Public);
        house.invitation_is(&invited, InvitationStage::PotOpened).await;
        house.points(&invited, AwardStage::Pending, 14).await;
        house.give(pot, 5_000).await;
        house.give(pot, 5_000).await;
        house.invitation_is(&invited, InvitationStage::FirstGift).await;
        let awards = house.points(&invited, AwardStage::Pending, 19).await;
        assert_eq!(
            awards.iter().map(|award| award.rule).collect::<Vec<_>>(),
            [PointsRule::InvitationAccepted, PointsRule::PotOpened, PointsRule::FirstGift]
        );

        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        // It may have heard of that already, and be over.
        house.set_off(&ids::invitation(invited.invitation), TimeDelta::days(60));
        house.points(&invited, AwardStage::Matured, 19).await;
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Accepted);
        let sponsor = invited.sponsor.to_string();
        house.is_told(&sponsor, Kind::InvitationAccepted, 1).await;
        // Of the points for accepting the same message tells.
        house.is_told(&sponsor, Kind::PointsEarned, 2).await;
        // All three have matured at once.
        house.is_told(&sponsor, Kind::PointsMatured, 1).await;
        assert_eq!(house.told(&sponsor, Kind::PointsRevoked).await, 0);
        let sums = points::of_user(&house.pool, invited.sponsor).await.expect("sums");
        assert_eq!((sums.matured, sums.available()), (19, 19));
        keep(house, "invitation-accepted", &ids::invitation(invited.invitation)).await;
    });
}

#[test]
fn points_for_a_pot_that_is_given_up_and_for_its_gift_are_taken_back() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let (moussa, pot) = house.celebrant(20).await;
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 5_000).await;
        house.points(&invited, AwardStage::Pending, 19).await;
        let wish = Wish { by: "moussa".to_owned(), reason: "no party".to_owned() };
        let answer = house.control.cancel_pot(pot, wish).await.expect("an answer");
        assert!(matches!(answer, WishAnswer::GivingBack { .. }), "{answer:?}");
        house.stage_is(pot, PotStage::Cancelled).await;
        let awards = house.points(&invited, AwardStage::Revoked, 9).await;
        let reasons: Vec<_> = awards.iter().map(|award| (award.rule, award.reason)).collect();
        assert_eq!(
            reasons,
            [
                (PointsRule::InvitationAccepted, None),
                (PointsRule::PotOpened, Some(AwardReason::PotCancelled)),
                (PointsRule::FirstGift, Some(AwardReason::GiftRefunded)),
            ]
        );
        let sponsor = invited.sponsor.to_string();
        house.is_told(&sponsor, Kind::PointsRevoked, 2).await;
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(15)).await;
        house.points(&invited, AwardStage::Matured, 10).await;
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Accepted);
        house.is_told(&sponsor, Kind::PointsMatured, 1).await;
        keep(house, "invitation-pot-given-up", &ids::invitation(invited.invitation)).await;
    });
}

/// An invitation by mail is as good as any: its points come when the invited person has proved a phone.
#[test]
fn whoever_proves_a_phone_some_days_later_brings_points_though_their_pot_was_given_up() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let (moussa, pot) = house.celebrant(20).await;
        let set = async |phone: &str| {
            let sql = format!("update people.users set phone = {phone} where user_id = '{}'", moussa.uuid());
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&house.pool).await.expect("a change");
        };
        set("null").await;
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.stage_is(pot, PotStage::Open).await;
        let wish = Wish { by: "moussa".to_owned(), reason: "no party".to_owned() };
        assert_eq!(house.control.cancel_pot(pot, wish).await.expect("an answer"), WishAnswer::Done);
        house.stage_is(pot, PotStage::Cancelled).await;
        house.invitation_is(&invited, InvitationStage::PotOpened).await;
        let found = invitations::invitation(&house.pool, invited.invitation).await.expect("a look");
        assert_eq!(found.expect("an invitation").no_points, Some(NoPoints::NoPhone));
        let awards = points::of_invitation(&house.pool, invited.invitation).await.expect("a look");
        assert_eq!(awards, []);
        let number = format!("'{}'", phones::unused());
        set(&number).await;
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(2)).await;
        house.points(&invited, AwardStage::Pending, 10).await;
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(15)).await;
        house.points(&invited, AwardStage::Matured, 10).await;
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Accepted);
        house.is_told(&invited.sponsor.to_string(), Kind::PointsEarned, 1).await;
        keep(house, "invitation-phone-proved-later", &ids::invitation(invited.invitation)).await;
    });
}

#[test]
fn an_invitation_to_somebody_who_never_proves_a_phone_ends_without_points() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let (moussa, pot) = house.celebrant(20).await;
        let sql = format!("update people.users set phone = null where user_id = '{}'", moussa.uuid());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&house.pool).await.expect("a change");
        assert_eq!(house.accept(&invited, moussa).await, InvitationAnswer::Accepted);
        house.stage_is(pot, PotStage::Open).await;
        let wish = Wish { by: "moussa".to_owned(), reason: "no party".to_owned() };
        assert_eq!(house.control.cancel_pot(pot, wish).await.expect("an answer"), WishAnswer::Done);
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(15)).await;
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Accepted);
        let sums = points::of_user(&house.pool, invited.sponsor).await.expect("sums");
        assert_eq!(sums, wolo_domain::points::Points::default());
        assert_eq!(house.told(&invited.sponsor.to_string(), Kind::PointsEarned).await, 0);
    });
}

#[test]
fn whoever_declines_is_not_asked_again() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let person = invited.invitation.to_string();
        house.is_told(&person, Kind::Invitation, 1).await;
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(3)).await;
        house.is_told(&person, Kind::InvitationReminder, 1).await;
        let declined = InvitationAnswer::Ended { end: InvitationEnd::Declined };
        assert_eq!(house.ends(&invited, InvitationEnd::Declined).await, declined);
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Ended(InvitationEnd::Declined));
        house.invitation_is(&invited, InvitationStage::Declined).await;
        assert_eq!(house.told(&person, Kind::InvitationReminder).await, 1, "the second is not sent");
        keep(house, "invitation-declined", &ids::invitation(invited.invitation)).await;
    });
}

#[test]
fn a_sponsor_takes_an_invitation_back() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let cancelled = InvitationAnswer::Ended { end: InvitationEnd::Cancelled };
        assert_eq!(house.ends(&invited, InvitationEnd::Cancelled).await, cancelled);
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Ended(InvitationEnd::Cancelled));
        keep(house, "invitation-cancelled", &ids::invitation(invited.invitation)).await;
    });
}

#[test]
fn silence_is_reminded_of_twice_and_lapses_after_a_week() {
    live(async |house| {
        let invited = house.invite(house.person().await).await;
        let person = invited.invitation.to_string();
        house.is_told(&person, Kind::Invitation, 1).await;
        house.forward(&ids::invitation(invited.invitation), TimeDelta::days(8)).await;
        assert_eq!(house.ended(&invited).await, InvitationOutcome::Ended(InvitationEnd::Lapsed));
        house.invitation_is(&invited, InvitationStage::Lapsed).await;
        house.is_told(&person, Kind::InvitationReminder, 2).await;
        let received = house.world.whatsapp.look(|book| book.messages_to(&invited.phone).count());
        assert_eq!(received, 3, "the invitation and two reminders");
        keep(house, "invitation-lapsed", &ids::invitation(invited.invitation)).await;
    });
}

/// What the earlier system got wrong.
#[test]
fn accepting_an_invitation_does_not_open_a_minors_pot() {
    live(async |house| {
        let birthday = dakar::day_of(Utc::now()) + Days::new(20);
        let born = birthday.with_year(birthday.year() - 12).expect("a day");
        let child = house.person_born(&born.to_string(), 1).await;
        let invited = house.invite(house.person().await).await;
        assert_eq!(house.accept(&invited, child).await, InvitationAnswer::Accepted);
        house.points(&invited, AwardStage::Pending, 10).await;
        let pot = PotId::for_birthday(child, birthday.year());
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!(row.stage, PotStage::Scheduled);
        assert_eq!(row.holds.iter().map(|hold| hold.reason).collect::<Vec<_>>(), [HoldReason::Consent]);
    });
}

#[test]
fn whoever_brought_the_sponsor_here_brings_them_no_points() {
    live(async |house| {
        let (awa, moussa) = (house.person().await, house.person().await);
        let there = house.invite(awa).await;
        assert_eq!(house.accept(&there, moussa).await, InvitationAnswer::Accepted);
        house.points(&there, AwardStage::Pending, 10).await;
        let back = house.invite(moussa).await;
        assert_eq!(house.accept(&back, awa).await, InvitationAnswer::Accepted);
        let found = invitations::invitation(&house.pool, back.invitation).await.expect("a look");
        assert_eq!(found.expect("an invitation").no_points, Some(NoPoints::Cycle));
        let once_more = house.invite(awa).await;
        assert_eq!(house.accept(&once_more, moussa).await, InvitationAnswer::BroughtAlready);
        let sums = points::of_user(&house.pool, moussa).await.expect("sums");
        assert_eq!(sums, wolo_domain::points::Points::default());
        let mut connection = house.pool.acquire().await.expect("a connection");
        let history = points::history(&mut connection, awa, Page::first(10)).await.expect("points");
        assert_eq!(history.len(), 1);
    });
}
