//! A pot and its owner's birth date stay together, whoever comes first: the correction, the making of the pot, its opening, or
//! its move.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use wolo_database::audit::Doer;
use wolo_database::birth_dates::{self, Correcting, PotUnderWay};
use wolo_database::people::User;
use wolo_database::pots::{self, Moving, NewPot, Opening, Pot, Scheduling};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotRules, PotStage, Timeline};

use crate::scene::{Scene, at, new_pot, noon, settings};

const RIGHT: &str = "1990-12-24";

fn timeline(birthday: &str) -> Timeline {
    Timeline::plan(birthday.parse().expect("a day"), noon(), &PotRules::default())
}

impl Scene {
    /// As the operator, who alone may.
    async fn correct(&self, user: UserId, to: &str) -> Correcting {
        let operator = self.pool_as("wolo").await;
        let to = BirthDate::new(to.parse().expect("a day"));
        birth_dates::correct(&operator, user, to, Doer::new("operator:test", "the papers say so"), noon())
            .await
            .expect("an answer")
    }

    async fn schedule(&self, new: &NewPot) -> Scheduling {
        pots::schedule(&self.pool, new).await.expect("an answer")
    }

    async fn opens(&self, pot: PotId) -> Opening {
        pots::open(&self.pool, pot, noon()).await.expect("an answer")
    }

    async fn moves(&self, pot: PotId, to: &str) -> Moving {
        pots::move_birthday(&self.pool, pot, &timeline(to), noon()).await.expect("an answer")
    }

    async fn row(&self, pot: PotId) -> Option<Pot> {
        pots::pot(&self.pool, pot).await.expect("a look")
    }

    /// Keeps everybody from somebody's row, so that whoever comes to it queues there in the order of coming.
    async fn blocked(&self, user: &User) -> Transaction<'static, Postgres> {
        let owner = self.pool_as("wolo").await;
        let mut obstacle = owner.begin().await.expect("a transaction");
        let lock = format!("select from people.users where user_id = '{}' for update", user.id.uuid());
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *obstacle).await.expect("a lock");
        obstacle
    }

    /// Waits until so many queue.
    async fn queue(&self, count: i64) {
        let long = async { while self.waiting().await < count {} };
        tokio::time::timeout(Duration::from_secs(20), long).await.expect("they wait for the row");
    }
}

fn scheduled() -> Scheduling {
    Scheduling::Scheduled { holds: vec![], found: None }
}

fn another<T>(of: impl Fn(chrono::NaiveDate) -> T) -> T {
    of("2031-12-24".parse().expect("a day"))
}

#[tokio::test]
async fn a_pot_is_not_written_for_a_birthday_that_was_corrected_before() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let new = new_pot(&awa, settings());
    assert_eq!(scene.correct(awa.id, RIGHT).await, Correcting::Corrected);
    let told = another(|birthday| Scheduling::AnotherBirthday { birthday });
    assert_eq!(scene.schedule(&new).await, told);
    assert!(scene.row(new.id).await.is_none(), "nothing is written");
    let right = NewPot { timeline: timeline("2031-12-24"), ..new };
    assert_eq!(scene.schedule(&right).await, scheduled());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_correction_that_comes_first_is_heeded_by_whoever_makes_the_pot() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let new = new_pot(&awa, settings());
    let obstacle = scene.blocked(&awa).await;
    let making = async {
        scene.queue(1).await;
        scene.schedule(&new).await
    };
    let clear = async {
        scene.queue(2).await;
        obstacle.rollback().await.expect("a release");
    };
    let (corrected, made, ()) = tokio::join!(scene.correct(awa.id, RIGHT), making, clear);
    let told = another(|birthday| Scheduling::AnotherBirthday { birthday });
    assert_eq!((corrected, made), (Correcting::Corrected, told));
    assert!(scene.row(new.id).await.is_none(), "nothing is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pot_that_is_made_first_does_not_open_before_it_is_moved() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let new = new_pot(&awa, settings());
    let obstacle = scene.blocked(&awa).await;
    let correct = async {
        scene.queue(1).await;
        scene.correct(awa.id, RIGHT).await
    };
    let clear = async {
        scene.queue(2).await;
        obstacle.rollback().await.expect("a release");
    };
    let (made, corrected, ()) = tokio::join!(scene.schedule(&new), correct, clear);
    assert_eq!((made, corrected), (scheduled(), Correcting::Corrected));
    assert_eq!(scene.opens(new.id).await, another(|birthday| Opening::AnotherBirthday { birthday }));
    assert_eq!(scene.row(new.id).await.map(|pot| pot.stage), Some(PotStage::Scheduled));
    assert_eq!(scene.moves(new.id, "2031-12-24").await, Moving::Moved { holds: vec![] });
    assert_eq!(scene.opens(new.id).await, Opening::Opened);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_correction_at_the_moment_of_the_opening_is_made_or_refused_and_never_half() {
    let scene = Scene::new().await;
    for correction_first in [true, false] {
        let awa = scene.person().await;
        let new = new_pot(&awa, settings());
        assert_eq!(scene.schedule(&new).await, scheduled());
        let obstacle = scene.blocked(&awa).await;
        let correct = async {
            scene.queue(i64::from(!correction_first)).await;
            scene.correct(awa.id, RIGHT).await
        };
        let open = async {
            scene.queue(i64::from(correction_first)).await;
            scene.opens(new.id).await
        };
        let clear = async {
            scene.queue(2).await;
            obstacle.rollback().await.expect("a release");
        };
        let (corrected, opening, ()) = tokio::join!(correct, open, clear);
        let expected = if correction_first {
            (Correcting::Corrected, another(|birthday| Opening::AnotherBirthday { birthday }))
        } else {
            (Correcting::UnderWay(PotUnderWay { pot: new.id, stage: PotStage::Open }), Opening::Opened)
        };
        assert_eq!((corrected, opening), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_comes_first_a_pot_is_never_open_for_another_birthday_than_its_owners() {
    let scene = Scene::new().await;
    let operator = scene.pool_as("wolo").await;
    let right = BirthDate::new(RIGHT.parse().expect("a day"));
    let (mut opened, mut corrected) = (0, 0);
    for round in 0..64 {
        let awa = scene.person().await;
        let new = new_pot(&awa, settings());
        // Now and then the pot is made in the race too.
        if round % 2 == 0 {
            assert_eq!(scene.schedule(&new).await, scheduled());
        }
        let make_and_open = async {
            let made = scene.schedule(&new).await;
            matches!(made, Scheduling::Scheduled { .. }) && scene.opens(new.id).await == Opening::Opened
        };
        let correct =
            birth_dates::correct(&operator, awa.id, right, Doer::new("operator:test", "papers"), noon());
        let (is_open, correcting) = tokio::join!(make_and_open, correct);
        let is_corrected = correcting.as_ref().expect("an answer") == &Correcting::Corrected;
        assert!(is_open != is_corrected, "round {round}: open {is_open}, {correcting:?}");
        opened += u32::from(is_open);
        corrected += u32::from(is_corrected);
    }
    println!("64 rounds: {opened} opened first, {corrected} were corrected first");
}

#[tokio::test]
async fn of_two_corrections_the_move_of_the_first_is_not_written_after_the_second() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    for day in ["1990-11-20", RIGHT] {
        assert_eq!(scene.correct(owner, day).await, Correcting::Corrected);
    }
    assert_eq!(scene.moves(pot, "2031-12-24").await, Moving::Moved { holds: vec![] });
    assert_eq!(
        scene.moves(pot, "2031-11-20").await,
        another(|birthday| Moving::AnotherBirthday { birthday })
    );
    let days = scene.row(pot).await.map(|pot| pot.birthday);
    assert_eq!(days, Some("2031-12-24".parse().expect("a day")));
}

#[tokio::test]
async fn a_pot_that_is_there_is_found_whatever_its_owners_birthday_is_by_now() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let new = new_pot(&awa, settings());
    assert_eq!(scene.schedule(&new).await, scheduled());
    assert_eq!(scene.correct(awa.id, RIGHT).await, Correcting::Corrected);
    let Scheduling::Scheduled { found: Some(found), .. } = scene.schedule(&new).await else {
        panic!("it is there");
    };
    assert_eq!(found.stage, PotStage::Scheduled);
}

#[tokio::test]
async fn whose_owner_is_a_minor_after_all_does_not_open_before_anybody_has_moved_it() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    // The day was right, and the year was not.
    assert_eq!(scene.correct(owner, "2020-03-20").await, Correcting::Corrected);
    let held = scene.row(pot).await.expect("a pot").holds;
    assert_eq!(held.len(), 1, "nobody else sees it from the correction on");
    for _ in 0..2 {
        assert_eq!(scene.opens(pot).await, Opening::Held { reason: HoldReason::Consent });
    }
    assert_eq!(scene.read::<i64>("select count(*) from pots.holds").await, 1, "held once");
}

#[tokio::test]
async fn a_hold_for_consent_is_lifted_from_whoever_is_grown_up_and_set_again_from_whoever_is_not() {
    let scene = Scene::new().await;
    let awa = scene.person_born("2020-03-20").await;
    let new = new_pot(&awa, settings());
    let held = vec![HoldReason::Consent];
    assert_eq!(scene.schedule(&new).await, Scheduling::Scheduled { holds: held.clone(), found: None });
    pots::hold(&scene.pool, new.id, HoldReason::Moderation, "a look", noon()).await.expect("a hold");
    assert_eq!(scene.correct(awa.id, "1990-03-20").await, Correcting::Corrected);
    let moderated = Moving::Moved { holds: vec![HoldReason::Moderation] };
    for _ in 0..2 {
        assert_eq!(scene.moves(new.id, "2031-03-20").await, moderated, "consent alone is lifted");
    }
    // Nobody has consented meanwhile: a guardian is to be asked.
    assert_eq!(scene.correct(awa.id, "2020-03-20").await, Correcting::Corrected);
    let later = at("2031-03-02T12:00:00Z");
    let days = timeline("2031-03-20");
    let moved = pots::move_birthday(&scene.pool, new.id, &days, later).await.expect("an answer");
    assert_eq!(moved, Moving::Moved { holds: vec![HoldReason::Moderation, HoldReason::Consent] });
}

#[tokio::test]
async fn a_guardian_who_has_consented_is_not_asked_again_at_the_opening() {
    let scene = Scene::new().await;
    let awa = scene.person_born("2020-03-20").await;
    let new = new_pot(&awa, settings());
    scene.schedule(&new).await;
    // Lifting the hold is not consenting.
    pots::release(&scene.pool, new.id, HoldReason::Consent, noon()).await.expect("a release");
    assert_eq!(scene.opens(new.id).await, Opening::Held { reason: HoldReason::Consent });
    scene.answer_for(awa.id).await;
    assert_eq!(scene.opens(new.id).await, Opening::Opened);
}

#[tokio::test]
async fn what_was_approved_for_another_birth_date_does_not_count() {
    let scene = Scene::new().await;
    let awa = scene.person_born("2020-03-20").await;
    let new = new_pot(&awa, settings());
    scene.answer_for(awa.id).await;
    assert_eq!(scene.schedule(&new).await, Scheduling::Scheduled { holds: vec![], found: None });
    assert_eq!(scene.correct(awa.id, "2019-03-20").await, Correcting::Corrected);
    assert_eq!(scene.opens(new.id).await, Opening::Held { reason: HoldReason::Consent });
}

#[tokio::test]
async fn the_owner_is_told_of_a_move_once_and_not_of_one_that_opens_the_pot() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let owner = scene.owner_of(pot).await;
    let told = async || {
        let keys = "select array_agg(business_key order by business_key) from ops.outbox
                    where topic = 'pot_announced' and business_key like '%/moved%'";
        scene.read::<Option<Vec<String>>>(keys).await.unwrap_or_default()
    };
    assert_eq!(scene.correct(owner, RIGHT).await, Correcting::Corrected);
    for _ in 0..2 {
        assert_eq!(scene.moves(pot, "2031-12-24").await, Moving::Moved { holds: vec![] });
    }
    assert_eq!(told().await, [format!("{pot}/moved_20310301T120000")]);
    assert_eq!(scene.correct(owner, "1990-03-10").await, Correcting::Corrected);
    assert_eq!(scene.moves(pot, "2031-03-10").await, Moving::Moved { holds: vec![] });
    assert_eq!(told().await.len(), 1, "it opens at once, and tells of that");
}
