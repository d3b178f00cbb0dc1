//! What is done to the pot itself.

use chrono::{Datelike as _, NaiveDate};
use temporalio_sdk::testing::ActivityEnvironment;
use wolo_activities::PotSteps;
use wolo_database::audit::Doer;
use wolo_domain::certificates::{Trust, verify};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{Announcement, HoldReason, PotRules, PotStage, Timeline};
use wolo_domain::seals::NamedKey;
use wolo_workflows::steps::pots::{
    Announce, Cancelling, Found, HoldPot, MoveBirthday, Moving, Opening, PotMoment, ReleasePot, SchedulePot,
    Scheduling,
};

use crate::scene::{SAME_KEY, Scene, noon, sealing_key};

fn schedule(owner: UserId) -> SchedulePot {
    let new = Scene::new_pot(owner);
    SchedulePot { pot: new.id, owner, settings: new.settings, timeline: new.timeline, at: noon() }
}

async fn stage(scene: &Scene, pot: PotId) -> PotStage {
    wolo_database::pots::pot(&scene.pool, pot).await.expect("an answer").expect("a pot").stage
}

#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
async fn said(scene: &Scene, pot: PotId) -> i64 {
    let announced = "select count(*) from ops.outbox where pot_id = $1 and topic = 'pot_announced'";
    sqlx::query_scalar(announced).bind(pot.uuid()).fetch_one(&scene.pool).await.expect("an answer")
}

/// An operator finds that somebody's birthday is on another day.
async fn corrected(scene: &Scene, owner: UserId, birthday: NaiveDate) {
    let operator = scene.pool_as("wolo").await;
    let born = BirthDate::new(birthday.with_year(1990).expect("a day"));
    wolo_database::birth_dates::correct(
        &operator,
        owner,
        born,
        Doer::new("test", "a test"),
        chrono::Utc::now(),
    )
    .await
    .expect("an answer");
}

#[tokio::test]
async fn a_pot_of_somebody_who_was_born_on_another_day_is_not_made() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let birthday = "2031-05-19".parse().expect("a day");
    corrected(&scene, owner, birthday).await;
    for _ in 0..2 {
        let told = scene.does(PotSteps::schedule, schedule(owner)).await;
        assert_eq!(told, Scheduling::AnotherBirthday { birthday });
    }
}

#[tokio::test]
async fn a_pot_goes_through_its_life_each_step_done_twice() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let new = schedule(owner);
    let pot = new.pot;
    let moment = PotMoment { pot, at: noon() };
    let announce = Announce { pot, what: Announcement::Reminder { days: 7 }, at: noon() };
    for found in [None, Some(Found { stage: PotStage::Scheduled, closed_at: None })] {
        let scheduled = scene.does(PotSteps::schedule, new.clone()).await;
        assert_eq!(scheduled, Scheduling::Scheduled { holds: vec![], found });
    }
    for _ in 0..2 {
        scene.does(PotSteps::open, moment).await;
        assert_eq!(stage(&scene, pot).await, PotStage::Open);
    }
    for _ in 0..2 {
        scene.does(PotSteps::announce, announce).await;
        assert_eq!(said(&scene, pot).await, 2, "the opening and the reminder");
    }
    for _ in 0..2 {
        scene.does(PotSteps::close, moment).await;
        assert_eq!(stage(&scene, pot).await, PotStage::Closed);
    }
    let cancelling = scene.does(PotSteps::cancel, moment).await;
    assert_eq!(cancelling, Cancelling::Cancelled, "an empty pot can be given up");
    let again = scene.does(PotSteps::cancel, moment).await;
    assert_eq!(again, Cancelling::Cancelled);
}

#[tokio::test]
async fn a_pot_of_somebody_unknown_or_of_another_identity_is_not_made() {
    let scene = Scene::new().await;
    let nobody = UserId::from_uuid(uuid::Uuid::now_v7());
    assert_eq!(scene.does(PotSteps::schedule, schedule(nobody)).await, Scheduling::OwnerUnknown);
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    scene.does(PotSteps::schedule, schedule(owner)).await;
    let other = SchedulePot { pot: PotId::from_uuid(uuid::Uuid::now_v7()), ..schedule(owner) };
    assert_eq!(scene.does(PotSteps::schedule, other).await, Scheduling::PotExists);
}

#[tokio::test]
async fn a_pot_moves_once_however_often_it_is_moved_and_not_when_it_is_open() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let new = schedule(owner);
    let pot = new.pot;
    let birthday = new.timeline.birthday + chrono::Days::new(60);
    scene.does(PotSteps::schedule, new).await;
    let timeline = Timeline::plan(birthday, noon(), &PotRules::default());
    let move_it = MoveBirthday { pot, timeline, at: noon() };
    let early = scene.does(PotSteps::move_birthday, move_it.clone()).await;
    let birthday_was = Scene::new_pot(owner).timeline.birthday;
    assert_eq!(early, Moving::AnotherBirthday { birthday: birthday_was }, "the owner was not born then");
    corrected(&scene, owner, birthday).await;
    let told = scene.does(PotSteps::open, PotMoment { pot, at: noon() }).await;
    assert_eq!(told, Opening::AnotherBirthday { birthday });
    for _ in 0..2 {
        let moved = scene.does(PotSteps::move_birthday, move_it.clone()).await;
        assert_eq!(moved, Moving::Moved { holds: vec![] });
        let row = wolo_database::pots::pot(&scene.pool, pot).await.expect("an answer").expect("a pot");
        assert_eq!((row.birthday, row.opens_at), (birthday, move_it.timeline.opens_at));
    }
    let opened = scene.does(PotSteps::open, PotMoment { pot, at: noon() }).await;
    assert_eq!(opened, Opening::Opened);
    let late = scene.does(PotSteps::move_birthday, move_it).await;
    assert_eq!(late, Moving::NotPossible { stage: PotStage::Open });
}

#[tokio::test]
async fn a_pot_that_is_held_opens_when_the_hold_is_lifted() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let new = schedule(owner);
    let pot = new.pot;
    scene.does(PotSteps::schedule, new).await;
    let reason = HoldReason::Moderation;
    for _ in 0..2 {
        let hold = HoldPot { pot, reason, note: "somebody looks at it".to_owned(), at: noon() };
        scene.does(PotSteps::hold, hold).await;
    }
    let moment = PotMoment { pot, at: noon() };
    assert_eq!(scene.does(PotSteps::open, moment).await, Opening::Held { reason });
    for _ in 0..2 {
        scene.does(PotSteps::release, ReleasePot { pot, reason, at: noon() }).await;
    }
    assert_eq!(scene.does(PotSteps::open, moment).await, Opening::Opened);
    assert_eq!(stage(&scene, pot).await, PotStage::Open);
}

#[tokio::test]
async fn a_worker_without_the_key_settles_nothing_and_leaves_it_to_another() {
    let scene = Scene::new().await;
    let pot = scene.payable(Some(1)).await.0;
    let keyless = ActivityEnvironment::builder_with_default()
        .register_activities(PotSteps::new(scene.pool.clone(), None))
        .build();
    let failed = keyless.run(PotSteps::settle, PotMoment { pot, at: noon() }).await.expect_err("no key");
    assert!(format!("{failed:?}").contains("no key to seal with"), "{failed:?}");
}

#[tokio::test]
async fn a_pot_settles_only_when_its_money_has_gone_and_a_contradiction_waits_for_a_person() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    let moment = PotMoment { pot, at: noon() };
    assert!(!scene.fails(PotSteps::settle, moment).await.for_good);
    let send = wolo_workflows::steps::payouts::SendPayout { order, same_key_seconds: SAME_KEY, at: noon() };
    scene.does(wolo_activities::PayoutSteps::send, send).await;
    for _ in 0..2 {
        scene.does(PotSteps::settle, moment).await;
        assert_eq!(stage(&scene, pot).await, PotStage::Settled);
    }
    let certificate = wolo_database::certificates::document(&scene.pool, pot).await.expect("a look");
    let certificate = certificate.expect("a settled pot has a certificate");
    let key = NamedKey { id: None, key: sealing_key().public() };
    let verified = verify(certificate.as_bytes(), &Trust::Keys(vec![key])).expect("it verifies");
    assert_eq!(verified.pot, pot);
    let cancelling = scene.does(PotSteps::cancel, moment).await;
    assert_eq!(cancelling, Cancelling::NotPossible { stage: PotStage::Settled });
    let nowhere = PotMoment { pot: PotId::from_uuid(uuid::Uuid::now_v7()), at: noon() };
    assert!(!scene.fails(PotSteps::close, nowhere).await.for_good);
}
