//! Points that are judged again until they mature, and what becomes of them, in one list.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::invitations::{self, Accepting};
use wolo_database::payouts::{self, Plan, Receipt};
use wolo_database::points::{self, Converting, Line, NewConversion};
use wolo_database::{Context, Page, pots};
use wolo_domain::ids::{ConversionId, InvitationId, PayoutId, PotId, UserId};
use wolo_domain::invitations::NoPoints;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::points::{AwardReason, AwardStage, LineId, Points, PointsRule};

use crate::invitations::rounds;
use crate::scene::{Scene, key, noon, xof};

fn days(number: i64) -> DateTime<Utc> {
    noon() + TimeDelta::days(number)
}

impl Scene {
    /// Somebody who has nothing but a mail address.
    async fn mail_user(&self) -> UserId {
        let user = self.user().await;
        self.change(user, &format!("phone = null, email = '{}@example.sn'", user.uuid().simple())).await;
        user
    }

    async fn change(&self, user: UserId, set: &str) {
        self.force(&format!("update people.users set {set} where user_id = '{}'", user.uuid())).await;
    }

    async fn is_accepted(&self, sponsor: UserId, by: UserId) -> InvitationId {
        let invitation = self.invited(sponsor).await;
        assert!(matches!(self.accept(invitation, by).await, Accepting::Accepted { .. }));
        invitation
    }

    async fn no_points(&self, invitation: InvitationId) -> Option<NoPoints> {
        let found = invitations::invitation(&self.pool, invitation).await.expect("a look");
        found.expect("an invitation").no_points
    }

    /// Pays a pot out, with whatever is in it, and settles it.
    async fn settles(&self, pot: PotId) {
        pots::close(&self.pool, pot, noon()).await.expect("a closing");
        let plan = payouts::plan(&self.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
        if let Plan::Ready { amount, .. } = plan {
            let order = PayoutOrder::first(PayoutId::of_pot(pot));
            payouts::begin_order(&self.pool, order, noon()).await.expect("an intent");
            let receipt = Receipt { wave_payout_id: format!("pt-{pot}"), received: amount, fee: xof(0) };
            payouts::record_success(&self.pool, order, &receipt, noon()).await.expect("a success");
        }
        pots::settle(&self.pool, pot, noon(), &key()).await.expect("an end");
    }

    async fn uses(&self, user: UserId, pot: PotId) -> ConversionId {
        let id = ConversionId::from_uuid(Uuid::now_v7());
        let (credit, budget) = (xof(1_000), xof(5_000_000));
        let new = NewConversion { id, user, points: 10, credit, pot, budget, at: noon() };
        let converting = points::convert(&self.pool, &new).await.expect("an answer");
        assert_eq!(converting, Converting::Converted { credit });
        id
    }
}

#[tokio::test]
async fn accounts_that_have_nothing_but_a_mail_address_bring_nothing() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    for _ in 0..5 {
        let invitation = scene.is_accepted(sponsor, scene.mail_user().await).await;
        for day in [0, 1, 14, 400] {
            let known = scene.follow(invitation, days(day)).await;
            assert_eq!((known.awards, known.may_pass_until), (vec![], Some(days(14))));
        }
        assert_eq!(scene.no_points(invitation).await, Some(NoPoints::NoPhone));
    }
    assert_eq!(scene.points(sponsor).await, Points::default());
}

#[tokio::test]
async fn whoever_proves_a_phone_later_brings_points_from_then_on() {
    let scene = Scene::new().await;
    let (sponsor, friend) = (scene.user().await, scene.mail_user().await);
    let invitation = scene.is_accepted(sponsor, friend).await;
    assert_eq!(scene.follow(invitation, noon()).await.awards, []);
    scene.change(friend, "phone = '+221779999901'").await;
    let known = scene.follow(invitation, days(3)).await;
    assert_eq!(known.may_pass_until, None);
    let awards: Vec<_> = known.awards.iter().map(|award| (award.rule, award.matures_at)).collect();
    assert_eq!(awards, [(PointsRule::InvitationAccepted, days(17))]);
    assert_eq!(scene.no_points(invitation).await, None);
    scene.follow(invitation, days(17)).await;
    assert_eq!(scene.points(sponsor).await.available(), 10);
}

#[tokio::test]
async fn two_who_turn_out_to_be_paid_to_one_number_lose_what_has_not_matured_for_good() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let shared = "+221770009999";
    scene.force(&format!("update money.payout_recipients set phone = '{shared}'")).await;
    let (sponsor, friend) = (scene.owner_of(pot).await, scene.user().await);
    let invitation = scene.is_accepted(sponsor, friend).await;
    scene.follow(invitation, noon()).await;
    assert_eq!(scene.points(sponsor).await.pending, 10, "nobody knows yet");
    scene.change(friend, &format!("phone = '{shared}'")).await;
    let known = scene.follow(invitation, days(1)).await;
    assert_eq!(known.awards[0].reason, Some(AwardReason::SamePayoutNumber));
    // Another phone does not undo it.
    scene.change(friend, "phone = '+221770009998'").await;
    let known = scene.follow(invitation, days(20)).await;
    assert_eq!((known.awards[0].stage, known.may_pass_until), (AwardStage::Revoked, None));
    assert_eq!(scene.no_points(invitation).await, Some(NoPoints::SamePayoutNumber));
    assert_eq!(scene.points(sponsor).await, Points { revoked: 10, ..Points::default() });
}

#[tokio::test]
async fn points_of_somebody_who_is_locked_wait_until_they_would_mature_and_no_longer() {
    let scene = Scene::new().await;
    let (lock, unlock) = ("locked_at = now(), locked_why = 'x'", "locked_at = null, locked_why = null");
    for of_the_sponsor in [true, false] {
        let (sponsor, friend) = (scene.user().await, scene.user().await);
        let locked = if of_the_sponsor { sponsor } else { friend };
        let invitation = scene.is_accepted(sponsor, friend).await;
        scene.follow(invitation, noon()).await;
        scene.change(locked, lock).await;
        scene.follow(invitation, days(1)).await;
        assert_eq!(scene.no_points(invitation).await, Some(NoPoints::UnderReview));
        assert_eq!(scene.points(sponsor).await.pending, 10);
        scene.change(locked, unlock).await;
        scene.follow(invitation, days(2)).await;
        assert_eq!((scene.no_points(invitation).await, scene.points(sponsor).await.pending), (None, 10));
        scene.change(locked, lock).await;
        let known = scene.follow(invitation, days(14)).await;
        assert_eq!(known.awards[0].reason, Some(AwardReason::UnderReview));
        assert_eq!(scene.points(sponsor).await, Points { revoked: 10, ..Points::default() });
    }
}

#[tokio::test]
async fn a_pot_that_paid_out_what_others_gave_matures_points_at_once() {
    let scene = Scene::new().await;
    let (invitation, sponsor, pot) = scene.followed().await;
    let gift = scene.confirmed(pot, 5_000).await;
    scene.fee(gift, 50).await;
    scene.follow(invitation, noon()).await;
    scene.settles(pot).await;
    let known = scene.follow(invitation, days(1)).await;
    assert!(known.awards.iter().all(|award| award.reason == Some(AwardReason::PotSettled)), "{known:?}");
    assert_eq!(scene.points(sponsor).await.available(), 19);
}

#[tokio::test]
async fn a_pot_that_was_empty_or_had_credit_alone_matures_no_points_before_their_time() {
    let scene = Scene::new().await;
    for has_credit in [false, true] {
        let (invitation, sponsor, pot) = scene.followed().await;
        if has_credit {
            scene.uses(scene.sponsor(10).await, pot).await;
        }
        scene.follow(invitation, noon()).await;
        scene.settles(pot).await;
        scene.follow(invitation, days(13)).await;
        assert_eq!(scene.points(sponsor).await, Points { pending: 14, ..Points::default() });
        scene.follow(invitation, days(14)).await;
        assert_eq!(scene.points(sponsor).await.available(), 14, "in time");
    }
}

/// A thousand of them with `WOLO_ROUNDS=1000`.
#[tokio::test(flavor = "multi_thread")]
async fn a_ring_of_people_who_all_accept_at_once_keeps_what_a_line_of_them_would() {
    let scene = Scene::new().await;
    for round in 0..rounds() {
        // Every third ring has nothing but mail addresses.
        let (length, by_mail) = (2 + i64::from(round % 7), round % 3 == 2);
        let mut ring = Vec::new();
        for _ in 0..length {
            ring.push(if by_mail { scene.mail_user().await } else { scene.user().await });
        }
        let mut invited = Vec::new();
        for (place, sponsor) in ring.iter().enumerate() {
            invited.push((scene.invited(*sponsor).await, ring[(place + 1) % ring.len()]));
        }
        join_all(invited.iter().map(|(invitation, friend)| scene.accept(*invitation, *friend))).await;
        for day in [0, 1, 14, 15] {
            for (invitation, _) in &invited {
                scene.follow(*invitation, days(day)).await;
            }
        }
        let mut kept = 0;
        for sponsor in &ring {
            kept += scene.points(*sponsor).await.available();
        }
        let of_a_line = if by_mail { 0 } else { 10 * (length - 1) };
        assert_eq!(kept, of_a_line, "a ring of {length}, by mail: {by_mail}");
    }
}

#[tokio::test]
async fn what_was_given_and_what_was_used_stand_in_one_list_that_is_read_in_pages() {
    let scene = Scene::new().await;
    let (invitation, sponsor, pot) = scene.followed().await;
    let gift = scene.confirmed(pot, 5_000).await;
    scene.fee(gift, 50).await;
    scene.follow(invitation, days(-20)).await;
    scene.follow(invitation, days(-6)).await;
    let (other, given_up) = (scene.open().await, scene.open().await);
    let returned = scene.uses(sponsor, given_up).await;
    pots::cancel(&scene.pool, given_up, noon()).await.expect("given up");
    let used = scene.uses(sponsor, other).await;
    let second = scene.is_accepted(sponsor, scene.user().await).await;
    scene.follow(second, noon()).await;

    let mut lines = Vec::new();
    let mut connection = scene.pool.acquire().await.expect("a connection");
    let mut page = Page::first(1);
    loop {
        let part = points::history(&mut connection, sponsor, page).await.expect("a page");
        let Some(last) = part.last() else { break };
        assert_eq!(part.len(), 1);
        page = Page::after(last.id(), 1);
        lines.extend(part);
    }
    let all = points::history(&mut connection, sponsor, Page::first(100)).await.expect("all of it");
    assert_eq!(lines, all);
    let told: Vec<_> = all
        .iter()
        .map(|line| match line {
            Line::Award(award) => (Some(award.rule), None),
            Line::Conversion(one) => (None, Some((one.id, one.pot, one.returned_at.is_some()))),
        })
        .collect();
    let expected = [
        (Some(PointsRule::InvitationAccepted), None),
        (None, Some((used, other, false))),
        (None, Some((returned, given_up, true))),
        (Some(PointsRule::FirstGift), None),
        (Some(PointsRule::PotOpened), None),
        (Some(PointsRule::InvitationAccepted), None),
    ];
    assert_eq!(told, expected);
    // Nobody reads on from a line of somebody else's.
    let api = scene.pool_as("wolo_api").await;
    let stranger = scene.user().await;
    let mut tx = Context::user(stranger).begin(&api).await.expect("a transaction");
    let page = Page::after(LineId::Conversion(used), 10);
    assert_eq!(points::history(&mut tx, sponsor, page).await.expect("a page"), []);
}

#[tokio::test]
async fn nobody_but_who_works_here_reads_why_points_were_taken_back_by_hand() {
    let scene = Scene::new().await;
    let sponsor = scene.user().await;
    let invitation = scene.is_accepted(sponsor, scene.user().await).await;
    let award = scene.follow(invitation, noon()).await.awards[0].id;
    points::revoke(&scene.pool, award, Doer::new("operator:awa", "a ring of accounts"))
        .await
        .expect("an answer");
    let api = scene.pool_as("wolo_api").await;
    for caller in [Context::leaders(), Context::user(sponsor), Context::staff(scene.user().await)] {
        for column in ["note", "by_whom"] {
            let mut tx = caller.begin(&api).await.expect("a transaction");
            let sql = format!("select {column} from sponsorship.award_steps");
            let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.expect_err(column);
            let code = error.as_database_error().and_then(|refusal| refusal.code().map(String::from));
            assert_eq!(code.as_deref(), Some("42501"), "{error}");
        }
    }
    let mut tx = Context::user(sponsor).begin(&api).await.expect("a transaction");
    let seen = points::of_invitation(&mut *tx, invitation).await.expect("points");
    assert_eq!(seen[0].reason, Some(AwardReason::ByHand), "that it was done they see");
}
