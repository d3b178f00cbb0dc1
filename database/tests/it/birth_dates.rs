use wolo_database::audit::Doer;
use wolo_database::birth_dates::{self, Correcting, PotUnderWay};
use wolo_database::pots::{self, Moving, Pot};
use wolo_database::{Error, people};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotRules, PotStage, Timeline};

use crate::scene::{Scene, noon};

fn born(text: &str) -> BirthDate {
    BirthDate::new(text.parse().expect("a day"))
}

fn timeline(birthday: &str) -> Timeline {
    let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
    Timeline::plan(birthday.parse().expect("a day"), noon(), &rules)
}

/// As the operator, who alone may.
async fn correct(scene: &Scene, user: UserId, to: &str) -> Correcting {
    let operator = scene.pool_as("wolo").await;
    birth_dates::correct(&operator, user, born(to), Doer::new("operator:test", "the papers say so"), noon())
        .await
        .expect("an answer")
}

async fn row(scene: &Scene, pot: PotId) -> Pot {
    pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot")
}

#[tokio::test]
async fn a_birth_date_is_corrected_once_and_who_did_it_is_kept() {
    let scene = Scene::new().await;
    let awa = scene.person_born("1990-03-20").await.id;
    assert_eq!(correct(&scene, awa, "1990-05-20").await, Correcting::Corrected);
    assert_eq!(correct(&scene, awa, "1990-05-20").await, Correcting::Already);
    assert_eq!(scene.events("audit").await, 1);
    let known = people::user(&scene.pool, awa).await.expect("a look").expect("a person");
    assert_eq!(known.birth_date, born("1990-05-20"));
    let operator = scene.pool_as("wolo").await;
    let changes = birth_dates::changes(&operator, awa).await.expect("changes");
    let told: Vec<_> = changes.iter().map(|change| (change.by.as_str(), change.reason.as_str())).collect();
    assert_eq!(told, [("operator:test", "the papers say so")]);
    let nobody = UserId::from_uuid(uuid::Uuid::max());
    assert_eq!(correct(&scene, nobody, "1990-05-20").await, Correcting::NobodyKnown);
}

#[tokio::test]
async fn nobody_rewrites_a_correction_and_only_the_operator_sees_one() {
    let scene = Scene::new().await;
    let awa = scene.person().await.id;
    assert_eq!(correct(&scene, awa, "1990-05-20").await, Correcting::Corrected);
    let operator = scene.pool_as("wolo").await;
    for change in [
        "update people.birth_date_changes set reason = 'another'",
        "delete from people.birth_date_changes",
        "truncate people.birth_date_changes",
    ] {
        let refused = sqlx::raw_sql(change).execute(&operator).await.expect_err("a refusal");
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    for worker in [&scene.pool, &scene.pool_as("wolo_api").await] {
        let hidden = birth_dates::changes(worker, awa).await;
        assert!(matches!(hidden, Err(Error::Broken(fault)) if fault.code.as_deref() == Some("42501")));
    }
}

#[tokio::test]
async fn a_birth_date_stands_while_a_pot_of_its_owner_is_under_way() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    assert_eq!(correct(&scene, owner, "1991-03-20").await, Correcting::Corrected, "it can still move");
    pots::open(&scene.pool, pot, noon()).await.expect("an opening");
    let under_way = |stage| Correcting::UnderWay(PotUnderWay { pot, stage });
    assert_eq!(correct(&scene, owner, "1990-04-21").await, under_way(PotStage::Open));
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    assert_eq!(correct(&scene, owner, "1990-04-21").await, under_way(PotStage::Closed));
    scene.force("update pots.pots set stage = 'paying_out'").await;
    assert_eq!(correct(&scene, owner, "1990-04-21").await, under_way(PotStage::PayingOut));
    scene.force("update pots.pots set stage = 'cancelled', cancelled_at = now()").await;
    assert_eq!(correct(&scene, owner, "1990-04-21").await, Correcting::Corrected);
}

#[tokio::test]
async fn a_scheduled_pot_moves_within_its_year_and_moved_again_stays() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    assert_eq!(correct(&scene, owner, "1990-12-24").await, Correcting::Corrected);
    let days = timeline("2031-12-24");
    for _ in 0..2 {
        let moved = pots::move_birthday(&scene.pool, pot, &days, noon()).await.expect("an answer");
        assert_eq!(moved, Moving::Moved { holds: vec![] });
        let row = row(&scene, pot).await;
        assert_eq!(
            (row.birthday, row.opens_at, row.closes_at),
            (days.birthday, days.opens_at, days.closes_at)
        );
    }
    let refused = pots::move_birthday(&scene.pool, pot, &timeline("2032-01-02"), noon()).await;
    assert!(matches!(refused, Err(Error::Conflict { rule }) if rule == "pots_keep_their_year"));
    pots::open(&scene.pool, pot, noon()).await.expect("an opening");
    let late =
        pots::move_birthday(&scene.pool, pot, &timeline("2031-11-24"), noon()).await.expect("an answer");
    assert_eq!(late, Moving::NotPossible { stage: PotStage::Open });
    assert_eq!(row(&scene, pot).await.birthday, days.birthday, "everybody knows its day");
}

#[tokio::test]
async fn a_moved_pot_of_somebody_who_is_a_minor_after_all_is_held_once() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    assert_eq!(correct(&scene, owner, "2020-12-24").await, Correcting::Corrected);
    let days = timeline("2031-12-24");
    for _ in 0..2 {
        let moved = pots::move_birthday(&scene.pool, pot, &days, noon()).await.expect("an answer");
        assert_eq!(moved, Moving::Moved { holds: vec![HoldReason::Consent] });
    }
    // A guardian who has consented is not asked again.
    scene.answer_for(owner).await;
    let moved = pots::move_birthday(&scene.pool, pot, &days, noon()).await.expect("an answer");
    assert_eq!(moved, Moving::Moved { holds: vec![] });
}
