//! What is done with somebody's points.

use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_activities::{PointsSteps, PotSteps};
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::steps::points::{ConvertPoints, Converting};
use wolo_workflows::steps::pots::{Cancelling, HoldPot, PotMoment};

use crate::scene::{Scene, noon};

fn ten_for(user: UserId, pot: PotId) -> ConvertPoints {
    let conversion = ConversionId::from_uuid(Uuid::now_v7());
    ConvertPoints { conversion, user, points: 10, credit: Xof::new(1_000), pot, at: noon() }
}

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
        assert_eq!(scene.does(PointsSteps::convert, convert).await, Converting::Converted);
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
    assert_eq!(scene.does(PointsSteps::convert, ten_for(sponsor, pot)).await, Converting::Converted);
    for _ in 0..2 {
        let cancelled = scene.does(PotSteps::cancel, PotMoment { pot, at: noon() }).await;
        assert_eq!(cancelled, Cancelling::Cancelled);
        assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
        assert_eq!(scene.balance(Account::Promotions).await, 0);
    }
    scene.judge().await;
}

#[tokio::test]
async fn something_else_under_one_id_is_tried_again_until_somebody_looks() {
    let scene = Scene::new().await;
    let (sponsor, pot) = (sponsor(&scene, 20).await, scene.open_pot().await);
    let convert = ten_for(sponsor, pot);
    assert_eq!(scene.does(PointsSteps::convert, convert).await, Converting::Converted);
    let other = ConvertPoints { points: 20, ..convert };
    assert!(!scene.fails(PointsSteps::convert, other).await.for_good);
    scene.judge().await;
}
