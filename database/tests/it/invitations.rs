use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::invitations::{self, Accepting, Ending, Following, Funnel, Inviting, NewInvitation};
use wolo_database::points::{self, ByHand, Revoking};
use wolo_database::{Context, Page, donations, pots};
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{AwardId, InvitationId, NoticeId, PotId, UserId};
use wolo_domain::invitations::{InvitationEnd, InvitationStage, InvitingRules, NoPoints, Relationship};
use wolo_domain::points::{AwardReason, AwardStage, Points, PointsRule, PointsRules, Streak};

use crate::scene::{Scene, at, gift, noon, unique};

/// Ten, or as many as somebody wants who has more time.
pub(crate) fn rounds() -> u32 {
    std::env::var_os("WOLO_ROUNDS").and_then(|rounds| rounds.to_str()?.parse().ok()).unwrap_or(10)
}

pub(crate) fn to(contact: &str) -> NewInvitation {
    let contact = match contact.parse() {
        Ok(phone) => Contact::Phone(phone),
        Err(_) => Contact::Email(contact.parse().expect("a mail address")),
    };
    let mut token_hash = [0; 32];
    token_hash[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    let mut contact_hash = [0; 32];
    contact_hash[..16].copy_from_slice(Uuid::new_v5(&Uuid::nil(), contact.reveal().as_bytes()).as_bytes());
    let id = InvitationId::from_uuid(Uuid::now_v7());
    NewInvitation {
        id,
        contact_hash,
        sponsor_name: "Awa".to_owned(),
        notice: NoticeId::of_invitation(id),
        to: contact,
        relationship: Relationship::Friend,
        token_hash,
        expires_at: Utc::now() + TimeDelta::days(7),
    }
}

pub(crate) fn anybody() -> NewInvitation {
    to(&format!("friend{}@example.sn", unique()))
}

/// The measure of a day, and none of a contact.
const LOOSE: InvitingRules = InvitingRules { a_day: 50, per_contact: 1_000, contact_days: 7 };

impl Scene {
    pub(crate) async fn user(&self) -> UserId {
        self.person().await.id
    }

    /// As the API writes, with nothing but the measure of a day.
    pub(crate) async fn invite(&self, sponsor: UserId, new: &[NewInvitation], a_day: u32) -> Inviting {
        self.invite_within(sponsor, new, InvitingRules { a_day, ..LOOSE }).await
    }

    pub(crate) async fn invite_within(
        &self,
        sponsor: UserId,
        new: &[NewInvitation],
        rules: InvitingRules,
    ) -> Inviting {
        let api = self.pool_of(1, "wolo_api").await;
        let mut tx = Context::user(sponsor).begin(&api).await.expect("a transaction");
        let inviting = invitations::invite(&mut tx, sponsor, new, rules).await.expect("an answer");
        if inviting == Inviting::Invited {
            wolo_database::commit(tx).await.expect("written");
        }
        inviting
    }

    pub(crate) async fn invited(&self, sponsor: UserId) -> InvitationId {
        let new = anybody();
        assert_eq!(self.invite(sponsor, std::slice::from_ref(&new), 50).await, Inviting::Invited);
        new.id
    }

    pub(crate) async fn accept(&self, invitation: InvitationId, user: UserId) -> Accepting {
        invitations::accept(&self.pool, invitation, user, noon()).await.expect("an answer")
    }

    /// Brings one by the other, and says whether that brings points.
    pub(crate) async fn brings(&self, sponsor: UserId, user: UserId) -> Option<NoPoints> {
        let invitation = self.invited(sponsor).await;
        match self.accept(invitation, user).await {
            Accepting::Accepted { no_points, .. } => {
                self.follow(invitation, noon()).await;
                no_points
            }
            _ => panic!("it was not accepted"),
        }
    }

    pub(crate) async fn follow(&self, invitation: InvitationId, at: DateTime<Utc>) -> Following {
        invitations::follow(&self.pool, invitation, PointsRules::default(), at).await.expect("points")
    }

    pub(crate) async fn points(&self, user: UserId) -> Points {
        points::of_user(&self.pool, user).await.expect("sums")
    }

    /// An accepted invitation, whose pot has opened since.
    pub(crate) async fn followed(&self) -> (InvitationId, UserId, PotId) {
        let (sponsor, pot) = (self.user().await, self.open().await);
        let invitation = self.invited(sponsor).await;
        let owner = self.owner_of(pot).await;
        let accepting = invitations::accept(&self.pool, invitation, owner, at("2031-01-01T00:00:00Z")).await;
        assert!(matches!(accepting, Ok(Accepting::Accepted { no_points: None, .. })));
        invitations::brings(&self.pool, invitation, pot).await.expect("noted");
        (invitation, sponsor, pot)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_batches_at_once_never_pass_what_a_day_allows() {
    let scene = Scene::new().await;
    let api = scene.pool_of(16, "wolo_api").await;
    for _ in 0..rounds() {
        let sponsor = scene.user().await;
        let batches = (0..64).map(|_| async {
            let new: Vec<_> = (0..7).map(|_| anybody()).collect();
            let mut tx = Context::user(sponsor).begin(&api).await.expect("a transaction");
            let inviting = invitations::invite(&mut tx, sponsor, &new, LOOSE).await.expect("an answer");
            match inviting {
                Inviting::Invited => wolo_database::commit(tx).await.expect("written"),
                Inviting::TooMany { .. } | Inviting::NotToBeAsked(_) => tx.rollback().await.expect("nothing"),
            }
            inviting
        });
        let answers = join_all(batches).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Inviting::Invited).count(), 7, "{answers:?}");
        let written =
            format!("select count(*) from sponsorship.invitations where sponsor_id = '{}'", sponsor.uuid());
        assert_eq!(scene.read::<i64>(&written).await, 49);
        assert_eq!(scene.invite(sponsor, &[anybody()], 50).await, Inviting::Invited, "the fiftieth");
        assert_eq!(scene.invite(sponsor, &[anybody()], 50).await, Inviting::TooMany { left: 0 });
    }
    let too_many: Vec<_> = (0..51).map(|_| anybody()).collect();
    assert_eq!(
        scene.invite(scene.user().await, &too_many, 50).await,
        Inviting::TooMany { left: 50 },
        "of one who has none"
    );
}

#[tokio::test]
async fn whoever_has_not_answered_or_has_declined_is_not_asked_again() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let moussa = to("moussa@example.sn");
    assert_eq!(scene.invite(sponsor, std::slice::from_ref(&moussa), 50).await, Inviting::Invited);
    let again = [anybody(), to("Moussa@example.sn")];
    assert_eq!(scene.invite(sponsor, &again, 50).await, Inviting::NotToBeAsked(vec![1]));
    assert_eq!(scene.read::<i64>("select count(*) from sponsorship.invitations").await, 1);
    assert_eq!(scene.read::<i32>("select invitations from sponsorship.days").await, 1, "nor is it counted");
    let other = [to("moussa@example.sn")];
    assert_eq!(scene.invite(scene.user().await, &other, 50).await, Inviting::Invited, "by another");
    let end =
        async |invitation, end| invitations::end(&scene.pool, invitation, end, noon()).await.expect("an end");
    assert_eq!(end(moussa.id, InvitationEnd::Lapsed).await, Ending::Ended(InvitationEnd::Lapsed));
    let once_more = to("moussa@example.sn");
    assert_eq!(
        scene.invite(sponsor, std::slice::from_ref(&once_more), 50).await,
        Inviting::Invited,
        "it lapsed"
    );
    assert_eq!(end(once_more.id, InvitationEnd::Declined).await, Ending::Ended(InvitationEnd::Declined));
    let reopened =
        "update sponsorship.invitations set ended_as = null, ended_at = null where ended_as = 'declined'";
    let owner = scene.pool_as("wolo").await;
    let refused = sqlx::raw_sql(reopened).execute(&owner).await.expect_err("a no is a no").to_string();
    assert!(refused.contains("stays as it ended"), "{refused}");
    let a_no = scene.invite(sponsor, &[to("moussa@example.sn")], 50).await;
    assert_eq!(a_no, Inviting::NotToBeAsked(vec![0]), "a no is a no");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_who_accept_one_invitation_at_once_are_one_and_bring_points_once() {
    let scene = Scene::new().await;
    let mut people = Vec::new();
    for _ in 0..64 {
        people.push(scene.user().await);
    }
    for _ in 0..rounds() {
        let invitation = scene.invited(scene.user().await).await;
        // Somebody comes once: those who came in an earlier round leave their place.
        scene.force("update sponsorship.invitations set invitee_id = null, invitee_name = null, accepted_at = null, no_points = null, ended_as = 'lapsed', ended_at = now() where accepted_at is not null").await;
        let all = people.iter().map(|user| async {
            let accepting = scene.accept(invitation, *user).await;
            scene.follow(invitation, noon()).await;
            accepting
        });
        let answers = join_all(all).await;
        let accepted =
            answers.iter().filter(|one| matches!(one, Accepting::Accepted { no_points: None, .. }));
        assert_eq!(accepted.count(), 1);
        assert_eq!(answers.iter().filter(|one| **one == Accepting::Taken).count(), 63);
        let awards = points::of_invitation(&scene.pool, invitation).await.expect("points");
        assert_eq!(awards.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_bring_each_other_at_once_do_not_both_get_points() {
    let scene = Scene::new().await;
    for _ in 0..rounds() {
        let (awa, moussa) = (scene.user().await, scene.user().await);
        let (by_awa, by_moussa) = (scene.invited(awa).await, scene.invited(moussa).await);
        let both = tokio::join!(scene.accept(by_awa, moussa), scene.accept(by_moussa, awa));
        scene.follow(by_awa, noon()).await;
        scene.follow(by_moussa, noon()).await;
        let sums = (scene.points(awa).await.pending, scene.points(moussa).await.pending);
        assert!(sums == (10, 0) || sums == (0, 10), "{sums:?}");
        for accepting in [both.0, both.1] {
            assert!(matches!(accepting, Accepting::Accepted { .. }));
        }
    }
}

#[tokio::test]
async fn rings_keep_no_points() {
    let scene = Scene::new().await;
    // A line is honest; whoever closes it to a ring gets nothing for that.
    for length in 2..10 {
        let mut ring = Vec::new();
        for _ in 0..length {
            ring.push(scene.user().await);
        }
        for pair in ring.windows(2) {
            assert_eq!(scene.brings(pair[0], pair[1]).await, None);
        }
        let (last, first) = (ring[length - 1], ring[0]);
        assert_eq!(scene.brings(last, first).await, Some(NoPoints::Cycle), "a ring of {length}");
        assert_eq!(scene.points(last).await, Points::default());
    }
    let awa = scene.user().await;
    let own = scene.invited(awa).await;
    assert!(scene.accept(own, awa).await == Accepting::Own, "oneself");
    // To one's own phone, accepted with a second account.
    let phone: String =
        scene.read(&format!("select phone from people.users where user_id = '{}'", awa.uuid())).await;
    let own_phone = to(&phone);
    assert_eq!(scene.invite(awa, std::slice::from_ref(&own_phone), 50).await, Inviting::Invited);
    let second = scene.user().await;
    let accepting = scene.accept(own_phone.id, second).await;
    assert!(matches!(accepting, Accepting::Accepted { no_points: Some(NoPoints::SamePhone), .. }));
}

#[tokio::test]
async fn two_who_were_paid_to_one_number_bring_each_other_no_points() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    scene
        .force(&format!("update pots.pots set closed_at = '2031-01-01' where pot_id = '{}'", pot.uuid()))
        .await;
    let owner = scene.owner_of(pot).await;
    let rules = wolo_domain::payouts::PayoutRules::default();
    wolo_database::payouts::plan(&scene.pool, pot, rules, noon()).await.expect("a plan");
    let moussa = scene.user().await;
    // The phone that the payout went to belongs to another account now.
    let number = "+221770009999";
    scene
        .force(&format!("update people.users set phone = '{number}' where user_id = '{}'", moussa.uuid()))
        .await;
    scene.force(&format!("update money.payout_recipients set phone = '{number}'")).await;
    assert_eq!(scene.brings(owner, moussa).await, Some(NoPoints::SamePayoutNumber));
}

#[tokio::test]
async fn what_comes_of_an_invitation_brings_its_points_once_and_they_mature_in_time() {
    let scene = Scene::new().await;
    let (invitation, sponsor, pot) = scene.followed().await;
    scene.follow(invitation, noon()).await;
    assert_eq!(scene.points(sponsor).await.pending, 14, "accepted, and opened");
    let first = scene.confirmed(pot, 1_000).await;
    scene.confirmed(pot, 2_000).await;
    for _ in 0..2 {
        let known = scene.follow(invitation, noon()).await;
        assert_eq!(known.balance, 19);
        assert_eq!(
            known.awards.last().map(|award| (award.rule, award.donation)),
            Some((PointsRule::FirstGift, Some(first)))
        );
    }
    scene.follow(invitation, noon() + TimeDelta::days(14) - TimeDelta::seconds(1)).await;
    assert_eq!(scene.points(sponsor).await, Points { pending: 19, ..Points::default() });
    let known = scene.follow(invitation, noon() + TimeDelta::days(14)).await;
    assert!(known.awards.iter().all(|award| award.reason == Some(AwardReason::Time)));
    scene.follow(invitation, noon() + TimeDelta::days(15)).await;
    assert_eq!(scene.events("points_matured").await, 1, "what matures at one look is told of as one");
    let told =
        "select jsonb_array_length(payload -> 'awards') from ops.outbox where topic = 'points_matured'";
    assert_eq!(scene.read::<i32>(told).await, 3);
    let sums = scene.points(sponsor).await;
    assert_eq!((sums.matured, sums.available()), (19, 19));
    let entry =
        invitations::invitation(&scene.pool, invitation).await.expect("a look").expect("an invitation");
    assert_eq!((entry.milestones.stage(), entry.points), (InvitationStage::FirstGift, 19));
}

#[tokio::test]
async fn a_sponsors_own_gift_is_not_the_first() {
    let scene = Scene::new().await;
    let (invitation, sponsor, pot) = scene.followed().await;
    let own = gift(pot, 500);
    donations::request(&scene.pool, &own).await.expect("a gift");
    let paid = scene.confirmed(pot, 500).await;
    let as_sponsor = format!(
        "update money.donations set donor_user_id = '{}' where donation_id = '{}'",
        sponsor.uuid(),
        paid.uuid()
    );
    scene.force(&as_sponsor).await;
    scene.follow(invitation, noon()).await;
    assert_eq!(scene.points(sponsor).await.pending, 14);
    let phone: String =
        scene.read(&format!("select phone from people.users where user_id = '{}'", sponsor.uuid())).await;
    let by_phone = format!(
        "update money.donations set donor_user_id = null, donor_phone = '{phone}' where donation_id = '{}'",
        paid.uuid()
    );
    scene.force(&by_phone).await;
    scene.follow(invitation, noon()).await;
    assert_eq!(scene.points(sponsor).await.pending, 14, "nor by the phone alone");
}

#[tokio::test]
async fn points_go_when_the_gift_goes_and_when_the_pot_is_given_up() {
    let scene = Scene::new().await;
    let (invitation, sponsor, pot) = scene.followed().await;
    let gift = scene.confirmed(pot, 1_000).await;
    scene.follow(invitation, noon()).await;
    assert_eq!(scene.points(sponsor).await.pending, 19);
    pots::cancel(&scene.pool, pot, noon()).await.expect("given up");
    assert_eq!(scene.points(sponsor).await.pending, 15, "before anybody looks");
    donations::take_back(&scene.pool, gift).await.expect("due");
    let sums = scene.points(sponsor).await;
    assert_eq!((sums.pending, sums.revoked), (10, 9));
    assert_eq!(scene.events("points_revoked").await, 2, "and each is told of");
    let known = scene.follow(invitation, noon()).await;
    let stages: BTreeSet<_> = known.awards.iter().map(|award| (award.rule, award.stage)).collect();
    let revoked = AwardStage::Revoked;
    let pending = AwardStage::Pending;
    assert_eq!(
        stages,
        BTreeSet::from([
            (PointsRule::InvitationAccepted, pending),
            (PointsRule::PotOpened, revoked),
            (PointsRule::FirstGift, revoked),
        ])
    );
}

#[tokio::test]
async fn a_pot_that_was_open_before_is_not_what_the_invitation_has_brought() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (scene.user().await, scene.open().await);
    let invitation = scene.invited(sponsor).await;
    let later = noon() + TimeDelta::days(1);
    let owner = scene.owner_of(pot).await;
    assert!(invitations::accept(&scene.pool, invitation, owner, later).await.is_ok());
    invitations::brings(&scene.pool, invitation, pot).await.expect("noted");
    scene.confirmed(pot, 1_000).await;
    scene.follow(invitation, later).await;
    assert_eq!(scene.points(sponsor).await.pending, 10, "for accepting alone");
}

#[tokio::test]
async fn points_are_taken_back_by_hand_once_and_nothing_is_rewritten() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    assert_eq!(scene.brings(sponsor, scene.user().await).await, None);
    let award = AwardId::from_uuid(scene.read("select award_id from sponsorship.awards").await);
    let revoke = async || {
        points::revoke(&scene.pool, award, Doer::new("operator:awa", "a ring")).await.expect("an answer")
    };
    let by_hand = ByHand { by_whom: "operator:awa".to_owned(), note: "a ring".to_owned() };
    assert_eq!(
        (revoke().await, revoke().await),
        (Revoking::Revoked, Revoking::Already(Some(by_hand.clone())))
    );
    assert_eq!((scene.events("audit").await, scene.events("points_revoked").await), (1, 1));
    let known = points::award_of(&scene.pool, award).await.expect("a look").expect("an award");
    assert_eq!((known.stage, known.reason), (AwardStage::Revoked, Some(AwardReason::ByHand)));
    assert_eq!(points::by_hand(&scene.pool, award).await.expect("a look"), Some(by_hand));
    let nothing = AwardId::from_uuid(Uuid::nil());
    let unknown =
        points::revoke(&scene.pool, nothing, Doer::new("operator:awa", "x")).await.expect("an answer");
    assert_eq!(unknown, Revoking::Unknown);
    for sql in [
        "update sponsorship.awards set points = 1000",
        "delete from sponsorship.award_steps",
        "truncate sponsorship.award_steps",
    ] {
        let owner = scene.pool_as("wolo").await;
        let refused = sqlx::raw_sql(sql).execute(&owner).await.expect_err(sql);
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

#[tokio::test]
async fn days_in_a_row_are_counted_up_to_today_or_yesterday() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let streak = async || points::streak(&scene.pool, sponsor).await.expect("a streak");
    assert_eq!(streak().await, Streak::default());
    let days = |list: &str| {
        format!(
            "delete from sponsorship.days;
             insert into sponsorship.days (sponsor_id, day, invitations)
             select '{}', (clock_timestamp() at time zone 'Africa/Dakar')::date - ago, 1
             from unnest(array[{list}]) as ago",
            sponsor.uuid()
        )
    };
    scene.force(&days("1, 2, 3, 5, 6, 7, 8, 9")).await;
    assert_eq!(streak().await, Streak { current: 3, longest: 5 });
    scene.force(&days("2, 3")).await;
    assert_eq!(streak().await, Streak { current: 0, longest: 2 });
    scene.force(&days("0")).await;
    assert_eq!(streak().await, Streak { current: 1, longest: 1 });
}

#[tokio::test]
async fn a_sponsor_sees_their_own_funnel_and_nobody_elses() {
    let scene = Scene::new().await;
    let (awa, moussa) = (scene.user().await, scene.user().await);
    let (first, second) = (scene.invited(awa).await, scene.invited(awa).await);
    scene.invited(moussa).await;
    assert!(matches!(scene.accept(first, scene.user().await).await, Accepting::Accepted { .. }));
    invitations::end(&scene.pool, second, InvitationEnd::Declined, noon()).await.expect("an end");
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    let funnel = invitations::funnel(&mut *tx, awa).await.expect("a funnel");
    let expected = Funnel {
        written: 2,
        sent: 2,
        delivered: 2,
        opened: 2,
        accepted: 1,
        declined: 1,
        ..Funnel::default()
    };
    assert_eq!(funnel, expected);
    let mine = invitations::of_sponsor(&mut *tx, awa, Page::first(10)).await.expect("a list");
    assert_eq!(mine.iter().map(|one| one.id).collect::<Vec<_>>(), [second, first]);
    let others = invitations::of_sponsor(&mut *tx, moussa, Page::first(10)).await.expect("a list");
    assert_eq!(others, [], "of somebody else");
}

#[tokio::test]
async fn whoever_has_a_link_sees_what_it_belongs_to_and_is_seen_to_have_followed_it() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let new = [anybody(), anybody()];
    assert_eq!(scene.invite(sponsor, &new, 50).await, Inviting::Invited);
    let api = scene.pool_as("wolo_api").await;
    let (hash, of_the_other) = (&new[0].token_hash, &new[1].token_hash);
    let held = hex::encode(hash);
    let mut tx = Context::visitor().with_invitation(&held).begin(&api).await.expect("a transaction");
    let seen = invitations::of_link(&mut *tx, hash).await.expect("a look").expect("an invitation");
    assert_eq!((seen.id, seen.sponsor_name.as_str()), (new[0].id, "Awa"));
    assert_eq!(invitations::of_link(&mut *tx, of_the_other).await.expect("a look"), None);
    invitations::note_opened(&mut tx, hash).await.expect("noted");
    invitations::note_opened(&mut tx, of_the_other).await.expect("nothing to note");
    wolo_database::commit(tx).await.expect("written");
    let opened: Vec<u8> =
        scene.read("select token_hash from sponsorship.invitations where opened_at is not null").await;
    assert_eq!(opened, hash);
}

#[tokio::test]
async fn those_who_have_brought_the_most_are_known_by_first_names() {
    let scene = Scene::new().await;
    let (awa, moussa) = (scene.user().await, scene.user().await);
    for (sponsor, count) in [(awa, 1), (moussa, 2)] {
        for _ in 0..count {
            assert_eq!(scene.brings(sponsor, scene.user().await).await, None);
        }
    }
    let api = scene.pool_as("wolo_api").await;
    let leaders = async || {
        let mut tx = Context::leaders().begin(&api).await.expect("a transaction");
        points::leaders(&mut *tx, 5).await.expect("leaders")
    };
    assert_eq!(leaders().await.len(), 0, "pending points do not count");
    scene
        .force("insert into sponsorship.award_steps (award_id, stage, reason) select award_id, 'matured', 'time' from sponsorship.awards")
        .await;
    let found: Vec<_> = leaders().await.into_iter().map(|one| (one.user, one.name, one.points)).collect();
    assert_eq!(found, [(moussa, "Awa".to_owned(), 20), (awa, "Awa".to_owned(), 10)]);
    // A minor is shown to nobody, nor whoever is on their way out.
    let becomes = async |user: UserId, what: &str| {
        scene.force(&format!("update people.users set {what} where user_id = '{}'", user.uuid())).await;
    };
    becomes(moussa, "birth_date = current_date - 6000").await;
    assert_eq!(leaders().await.iter().map(|one| one.user).collect::<Vec<_>>(), [awa]);
    becomes(awa, "locked_at = now(), locked_why = 'closing'").await;
    assert_eq!(leaders().await.len(), 0);
}
