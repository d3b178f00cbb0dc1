//! Guardians' consents under many hands: everybody at once, those who may not, and those who see but a part.

use chrono::NaiveDate;
use futures::future::{join, join_all};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::birth_dates::{self, Correcting};
use wolo_database::consents::{self, Asking, Ending, Filter, Giving, HandingOver, Withdrawing};
use wolo_database::{Context, Page};
use wolo_domain::consents::{ConsentEnd, ConsentStage, token_hash};
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use crate::consents::{days, given, guardian, of, rules};
use crate::scene::{Scene, noon};

#[tokio::test]
async fn a_guardian_of_many_is_found() {
    let scene = Scene::new().await;
    let fatou = guardian();
    for number in 1..=5 {
        let minor = scene.child().await;
        let new = of(minor, fatou.clone());
        assert!(matches!(scene.ask(&new, noon()).await, Asking::Asked(_)));
        let Giving::Given { minors_of_guardian, .. } = scene.give(minor, new.id, noon()).await else {
            panic!("not given")
        };
        assert_eq!(minors_of_guardian, number);
        assert_eq!(rules().is_flagged(minors_of_guardian), number == 5);
    }
    scene.given_consent(scene.child().await).await;
    let list = async |filter| {
        let page = Page::first(10);
        consents::list(&scene.pool, filter, page).await.expect("a list").len()
    };
    assert_eq!(list(Filter::default()).await, 6);
    let of = |minors| Filter { minors_of_guardian: Some(minors), ..Filter::default() };
    assert_eq!((list(of(5)).await, list(of(6)).await), (5, 0));
    let refused = Filter { stage: Some(ConsentStage::Refused), ..Filter::default() };
    assert_eq!(list(refused).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_who_answer_at_once_one_decides() {
    let scene = Scene::new().await;
    for round in 0..10 {
        let minor = scene.child().await;
        let consent = scene.requested_consent(minor).await;
        let answers = join_all((0..20).map(async |number| match (number + round) % 4 {
            0 => {
                scene.end_consent(minor, consent, ConsentEnd::Refused).await
                    == Ending::InForce { stage: ConsentStage::Given }
            }
            1 => {
                scene.end_consent(minor, consent, ConsentEnd::Lapsed).await
                    == Ending::InForce { stage: ConsentStage::Given }
            }
            2 => given(&scene.give(minor, consent, days(1)).await),
            _ => !matches!(
                consents::hand_over(&scene.pool, consent, days(1)).await.expect("an answer"),
                HandingOver::HandedOver { .. }
            ),
        }))
        .await;
        let stage = scene.consent_is(consent).await;
        assert_eq!(scene.history(consent).await, [ConsentStage::Requested, stage]);
        // Everybody heard the same: that it was given, or that it was not.
        let said: Vec<_> =
            answers.into_iter().enumerate().filter(|(number, _)| (number + round) % 4 != 3).collect();
        let is_given = stage == ConsentStage::Given;
        assert!(said.iter().all(|(_, heard)| *heard == is_given), "{stage}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_often_it_is_given_and_withdrawn_at_once_a_pot_is_held_when_it_stands_withdrawn() {
    let scene = Scene::new().await;
    for _ in 0..10 {
        let minor = scene.child().await;
        let pot = scene.pot_of(minor).await;
        let consent = scene.given_consent(minor).await;
        scene.let_go(pot).await;
        join_all((0..20).map(async |number| {
            if number % 2 == 0 {
                scene.withdraw(minor, consent, days(2)).await;
            } else {
                scene.give(minor, consent, days(3)).await;
            }
        }))
        .await;
        // Until identities are approved a consent alone lets nothing go.
        assert!(scene.is_held(pot).await);
        let history = scene.history(consent).await;
        assert_eq!(history.last(), Some(&scene.consent_is(consent).await));
        assert!(history.windows(2).all(|pair| pair[0] != pair[1]), "{history:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_birth_date_is_corrected_while_its_guardian_speaks_and_neither_is_in_the_others_way() {
    let scene = Scene::new().await;
    let operator = scene.pool_as("wolo").await;
    let doer = Doer::new("operator", "a test");
    for round in 1..=20 {
        let minor = scene.child().await;
        scene.pot_of(minor).await;
        let consent = scene.given_consent(minor).await;
        let corrections = [2018, 2017, 2016].map(|year| {
            let born = BirthDate::new(NaiveDate::from_ymd_opt(year, 3, round).expect("a day"));
            birth_dates::correct(&operator, minor, born, doer, noon())
        });
        let rules = rules();
        let withdraw = consents::withdraw(&scene.pool, minor, consent, &rules, days(1));
        let (corrected, withdrawn) = join(join_all(corrections), withdraw).await;
        for answer in corrected {
            assert_eq!(answer.expect("an answer"), Correcting::Corrected);
        }
        assert!(matches!(withdrawn.expect("an answer"), Withdrawing::Withdrawn { .. }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_guardians_who_are_named_at_once_three_are_asked_and_one_is_waited_for() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let named: Vec<_> = (0..20).map(|_| of(minor, guardian())).collect();
    let answers = join_all(named.iter().map(|new| scene.ask(new, noon()))).await;
    let asked = answers.iter().filter(|answer| matches!(answer, Asking::Asked(_))).count();
    let too_many = answers.iter().filter(|answer| matches!(answer, Asking::TooMany { .. })).count();
    assert_eq!((asked, too_many), (3, 17));
    let stages: Vec<_> =
        consents::of_minor(&scene.pool, minor).await.expect("a look").iter().map(|one| one.stage).collect();
    assert_eq!(stages.iter().filter(|stage| stage.is_in_force()).count(), 1);
}

#[tokio::test]
async fn nobody_changes_what_happened_to_a_consent() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    scene.given_consent(minor).await;
    for (role, why) in [("wolo", "23001"), ("wolo_worker", "42501"), ("wolo_api", "42501")] {
        let pool = scene.pool_as(role).await;
        for sql in [
            "update minors.consent_events set at = now()",
            "delete from minors.consent_events",
            "truncate minors.consent_events",
        ] {
            let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect_err(sql);
            let code = error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .map(std::borrow::Cow::into_owned);
            assert_eq!(code.as_deref(), Some(why), "{role}: {sql}");
        }
    }
    assert_eq!(scene.read::<i64>("select count(*) from minors.consent_events").await, 2);
}

#[tokio::test]
async fn a_guardian_sees_their_own_by_the_link_and_a_minor_not_where_the_guardian_is_reached() {
    let scene = Scene::new().await;
    let (minor, other) = (scene.child().await, scene.child().await);
    let consent = scene.given_consent(minor).await;
    scene.given_consent(other).await;
    let api = scene.pool_as("wolo_api").await;
    let hash = token_hash(&consent.to_string());
    let seen = async |context: Context<'_>| {
        let mut tx = context.begin(&api).await.expect("a transaction");
        let found = consents::list(&mut *tx, Filter::default(), Page::first(10)).await.expect("a list");
        let events = consents::events(&mut *tx, consent).await.expect("events").len();
        let reached = consents::reached(&mut *tx, consent).await.expect("a look").is_some();
        (found.into_iter().map(|one| one.id).collect::<Vec<_>>(), events, reached)
    };
    assert_eq!(seen(Context::visitor()).await, (vec![], 0, false));
    let token = hex::encode(hash);
    assert_eq!(seen(Context::visitor().with_consent(&token)).await, (vec![consent], 2, true));
    assert_eq!(seen(Context::user(minor)).await, (vec![consent], 2, false));
    let staff = seen(Context::staff(UserId::from_uuid(Uuid::now_v7()))).await;
    assert_eq!((staff.0.len(), staff.1, staff.2), (2, 2, true));
    let mut tx = Context::visitor().with_consent(&token).begin(&api).await.expect("a transaction");
    let own = consents::of_link(&mut *tx, &hash).await.expect("a look").expect("a consent");
    assert_eq!((own.id, own.stage), (consent, ConsentStage::Given));
    assert_eq!(format!("{own:?}"), format!("Consent({consent} given)"));
    for sql in ["update minors.consents set stage = 'given'", "insert into minors.guardians values (null)"] {
        let mut tx = Context::visitor().with_consent(&token).begin(&api).await.expect("a transaction");
        assert!(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.is_err(), "{sql}");
    }
}
