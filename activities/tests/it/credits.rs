//! What is done with somebody's points.

use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_activities::{PointsSteps, PotSteps};
use wolo_database::points::Line;
use wolo_database::{Page, points};
use wolo_domain::ids::{AwardId, ConversionId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::steps::points::{ConvertPoints, Converting, RevokePoints, Revoking};
use wolo_workflows::steps::pots::{Cancelling, HoldPot, PotMoment};

use crate::scene::{Scene, noon};

fn ten_for(user: UserId, pot: PotId) -> ConvertPoints {
    let conversion = ConversionId::from_uuid(Uuid::now_v7());
    let (credit, budget) = (Xof::new(1_000), Xof::new(5_000_000));
    ConvertPoints { conversion, user, points: 10, credit, pot, budget, at: noon() }
}

const CONVERTED: Converting = Converting::Converted { credit: Xof::new(1_000) };

/// Somebody of whom so many points have matured.
async fn sponsor(scene: &Scene, points: u32) -> UserId {
    let sponsor = scene.person_whose_phone_ends_with(None).await;
    let (invitation, award) = (Uuid::now_v7(), Uuid::now_v7());
    let sql = format!(
        "insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
         )
         values ('{invitation}', '{0}', 'Awa', 'friend@example.sn', 'friend', sha256('{invitation}'), '{invitation}', now() + '7 days');
         insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
         values ('{award}', '{0}', 'Awa', 'invitation_accepted', '{invitation}', {points}, now(), now());
         insert into sponsorship.award_steps (award_id, stage, reason) values ('{award}', 'matured', 'time')",
        sponsor.uuid()
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&scene.pool).await.expect("points");
    sponsor
}

#[tokio::test]
async fn points_that_are_converted_twice_are_converted_once() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 10).await, scene.open_pot().await);
    let convert = ten_for(sponsor, pot);
    for _ in 0..2 {
        assert_eq!(scene.does(PointsSteps::convert, convert).await, CONVERTED);
        assert_eq!(scene.balance(Account::Pot(pot)).await, 1_000);
        assert_eq!(scene.balance(Account::Promotions).await, -1_000);
    }
    let short = scene.does(PointsSteps::convert, ten_for(sponsor, pot)).await;
    assert_eq!(short, Converting::NotEnough { available: 0 });
    scene.judge().await;
}

#[tokio::test]
async fn a_pot_that_takes_no_gifts_says_why_it_takes_no_credit() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 10).await, scene.open_pot().await);
    let hold = HoldPot { pot, reason: HoldReason::Moderation, note: "look".to_owned(), at: noon() };
    scene.does(PotSteps::hold, hold).await;
    let refused = scene.does(PointsSteps::convert, ten_for(sponsor, pot)).await;
    assert_eq!(refused, Converting::Held { reason: HoldReason::Moderation });
    scene.does(PotSteps::close, PotMoment { pot, at: noon() }).await;
    let refused = scene.does(PointsSteps::convert, ten_for(sponsor, pot)).await;
    assert_eq!(refused, Converting::NotOpen { stage: PotStage::Closed });
    scene.judge().await;
}

#[tokio::test]
async fn a_pot_that_is_given_up_returns_its_credit_once() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 10).await, scene.open_pot().await);
    assert_eq!(scene.does(PointsSteps::convert, ten_for(sponsor, pot)).await, CONVERTED);
    for _ in 0..2 {
        let cancelled = scene.does(PotSteps::cancel, PotMoment { pot, at: noon() }).await;
        assert_eq!(cancelled, Cancelling::Cancelled);
        assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
        assert_eq!(scene.balance(Account::Promotions).await, 0);
    }
    scene.judge().await;
}

#[tokio::test]
async fn something_else_under_one_id_is_refused_for_good_and_another_price_is_no_something_else() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 20).await, scene.open_pot().await);
    let convert = ten_for(sponsor, pot);
    assert_eq!(scene.does(PointsSteps::convert, convert).await, CONVERTED);
    let other = ConvertPoints { points: 20, ..convert };
    assert_eq!(scene.does(PointsSteps::convert, other).await, Converting::Mismatch);
    let dearer = ConvertPoints { credit: Xof::new(1_500), ..convert };
    assert_eq!(scene.does(PointsSteps::convert, dearer).await, CONVERTED);
    scene.judge().await;
}

#[tokio::test]
async fn a_budget_that_is_spent_says_so_and_takes_nothing() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 20).await, scene.open_pot().await);
    let one = ConvertPoints { budget: Xof::new(1_999), ..ten_for(sponsor, pot) };
    assert_eq!(scene.does(PointsSteps::convert, one).await, CONVERTED);
    let second = ConvertPoints { budget: Xof::new(1_999), ..ten_for(sponsor, pot) };
    assert_eq!(scene.does(PointsSteps::convert, second).await, Converting::BudgetSpent);
    let later = ConvertPoints { budget: Xof::new(2_000), ..second };
    assert_eq!(scene.does(PointsSteps::convert, later).await, CONVERTED);
    scene.judge().await;
}

#[tokio::test]
async fn points_that_are_taken_back_twice_are_taken_back_once_and_only_for_a_reason() {
    let scene = Scene::new().await;
    let sponsor = sponsor(&scene, 10).await;
    let mut connection = scene.pool.acquire().await.expect("a connection");
    let lines = points::history(&mut connection, sponsor, Page::first(1)).await.expect("a look");
    let [Line::Award(award)] = &lines[..] else { panic!("{lines:?}") };
    let (by, reason) = ("operator:awa".to_owned(), "a ring".to_owned());
    let revoke = RevokePoints { award: award.id, by, reason };
    let unsaid = RevokePoints { reason: " ".to_owned(), ..revoke.clone() };
    assert!(matches!(scene.does(PointsSteps::revoke, unsaid).await, Revoking::Refused { .. }));
    assert_eq!(scene.does(PointsSteps::revoke, revoke.clone()).await, Revoking::Revoked);
    assert_eq!(scene.does(PointsSteps::revoke, revoke.clone()).await, Revoking::Already);
    let nothing = RevokePoints { award: AwardId::from_uuid(Uuid::nil()), ..revoke };
    assert!(matches!(scene.does(PointsSteps::revoke, nothing).await, Revoking::Refused { .. }));
    let sums = points::of_user(&scene.pool, sponsor).await.expect("sums");
    assert_eq!((sums.revoked, sums.available()), (10, 0));
}
