//! Starting the pots of those whose birthday comes.

use chrono::{NaiveDate, Utc};
use wolo_activities::BirthdaySteps;
use wolo_database::people;
use wolo_domain::ids::UserId;
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::PotRules;
use wolo_workflows::birthday_sweep::BirthdayPots;
use wolo_workflows::payout::PayoutPatience;
use wolo_workflows::pot_lifecycle::PotPatience;
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::birthdays::{FindUnswept, StartPots, StartedPots, SweptDay};

use crate::scene::Scene;

pub(crate) fn pots() -> BirthdayPots {
    let payout = PayoutPatience {
        recheck_seconds: 60,
        longest_pause_seconds: 3_600,
        retry_seconds: 20,
        unknown_after_seconds: 900,
        float_retry_seconds: 900,
        same_key_seconds: 72_000,
        never_paid_after_seconds: 259_200,
        continue_after_events: 2_000,
    };
    BirthdayPots {
        rules: PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 },
        patience: PotPatience {
            payout,
            payout_rules: PayoutRules::default(),
            refund: RefundPatience::default(),
            continue_after_events: 2_000,
        },
        target: Xof::new(25_000),
    }
}

async fn born(scene: &Scene, birth_date: &str) -> UserId {
    let id = UserId::from_uuid(uuid::Uuid::now_v7());
    let birth_date = BirthDate::new(birth_date.parse().expect("a day"));
    let user = people::User { id, name: "Awa".to_owned(), birth_date, phone: None, email: None };
    people::add_user(&scene.pool, &user).await.expect("a person");
    id
}

/// Nobody serves the processes here, so no pot is written down: the engine alone knows that they have begun.
#[tokio::test]
async fn a_pot_is_begun_once_however_often_its_page_is() {
    let scene = Scene::new().await.connected().await;
    let (first, second) = (born(&scene, "1988-02-29").await, born(&scene, "1990-02-28").await);
    let birthday: NaiveDate = "2027-02-28".parse().expect("a day");
    let start = |after, limit| StartPots { birthday, pots: pots(), after, limit, at: Utc::now() };
    let page = async |after, limit| scene.does(BirthdaySteps::start_pots, start(after, limit)).await;
    assert_eq!(page(None, 1).await, StartedPots { last: Some(first), celebrants: 1, started: 1 });
    assert_eq!(page(Some(first), 1).await, StartedPots { last: Some(second), celebrants: 1, started: 1 });
    assert_eq!(page(Some(second), 1).await, StartedPots { last: None, celebrants: 0, started: 0 });
    assert_eq!(page(None, 5).await, StartedPots { last: None, celebrants: 2, started: 0 });
}

#[tokio::test]
async fn a_day_is_due_until_it_is_noted() {
    let scene = Scene::new().await;
    born(&scene, "1990-05-17").await;
    let today = Utc::now().date_naive();
    let find = async || {
        let find = FindUnswept { today, look_back_days: 30, swept: Some(Vec::new()) };
        scene.does(BirthdaySteps::find_unswept, find).await
    };
    assert_eq!(find().await, Some(today));
    let birthday = today + chrono::Days::new(30);
    let day = SweptDay { day: today, birthday, celebrants: 2, started: 1 };
    scene.does(BirthdaySteps::record_sweep, day).await;
    assert_eq!(find().await, None);
}

#[tokio::test]
async fn a_swept_day_is_due_once_more_when_somebody_has_come_who_celebrates_soon() {
    let scene = Scene::new().await;
    born(&scene, "1990-05-17").await;
    let today: NaiveDate = "2027-02-10".parse().expect("a day");
    let find = async |swept| {
        let find = FindUnswept { today, look_back_days: 30, swept };
        scene.does(BirthdaySteps::find_unswept, find).await
    };
    let all_came_today = async || {
        let came = "update people.users set created_at = '2027-02-10T08:00:00Z'";
        sqlx::raw_sql(came).execute(&scene.pool).await.expect("a change");
    };
    all_came_today().await;
    assert_eq!(find(None).await, Some(today));
    let birthday = today + chrono::Days::new(30);
    scene
        .does(BirthdaySteps::record_sweep, SweptDay { day: today, birthday, celebrants: 0, started: 0 })
        .await;
    assert_eq!(find(Some(Vec::new())).await, None);
    born(&scene, "1990-02-28").await;
    all_came_today().await;
    let day: NaiveDate = "2027-01-29".parse().expect("a day");
    assert_eq!(find(Some(Vec::new())).await, Some(day), "thirty days before the birthday");
    assert_eq!(find(Some(vec![day])).await, None, "whoever has swept it does not sweep it again");
    assert_eq!(find(None).await, None, "one of before does not ask for it");
}

#[tokio::test]
async fn without_the_engine_a_page_is_tried_again() {
    let scene = Scene::new().await.connected_to_nothing().await;
    born(&scene, "1990-02-28").await;
    let birthday: NaiveDate = "2027-02-28".parse().expect("a day");
    let start = StartPots { birthday, pots: pots(), after: None, limit: 5, at: Utc::now() };
    let failed = scene.fails(BirthdaySteps::start_pots, start).await;
    assert!(!failed.for_good, "{failed:?}");
}
