use wolo_database::Page;
use wolo_database::people::{self, Adding};
use wolo_domain::ids::UserId;
use wolo_domain::people::Phone;

use crate::scene::Scene;

#[tokio::test]
async fn a_person_is_added_once_and_found() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    assert_eq!(people::add_user(&scene.pool, &awa).await.expect("again"), Adding::Existing);
    assert_eq!(people::user(&scene.pool, awa.id).await.expect("a look"), Some(awa.clone()));
    let nobody = UserId::from_uuid(awa.id.uuid().max(uuid::Uuid::max()));
    assert_eq!(people::user(&scene.pool, nobody).await.expect("a look"), None);
    assert_eq!(people::profile(&scene.pool, nobody).await.expect("a look"), None);
}

#[tokio::test]
async fn one_phone_belongs_to_one_account() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let mut moussa = awa.clone();
    moussa.id = UserId::from_uuid(uuid::Uuid::max());
    assert_eq!(people::add_user(&scene.pool, &moussa).await.expect("an answer"), Adding::PhoneTaken);
    assert_eq!(people::user(&scene.pool, moussa.id).await.expect("a look"), None);
}

#[tokio::test]
async fn one_mail_address_belongs_to_one_account() {
    let scene = Scene::new().await;
    let mut awa = scene.person().await;
    for (id, phone, email, answer) in [
        (1, "+221771234568", "awa@example.sn", Adding::Added),
        (2, "+221771234569", "awa@example.sn", Adding::EmailTaken),
    ] {
        awa.id = UserId::from_uuid(uuid::Uuid::from_u128(id));
        (awa.phone, awa.email) = (Some(phone.parse().expect("a phone")), Some(email.to_owned()));
        assert_eq!(people::add_user(&scene.pool, &awa).await.expect("an answer"), answer);
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended() {
    let scene = Scene::new().await;
    let mut everybody = Vec::new();
    for _ in 0..3 {
        everybody.push(scene.person().await);
    }
    let first = people::users(&scene.pool, Page::first(2)).await.expect("a page");
    let second = people::users(&scene.pool, Page::after(first[1].id, 2)).await.expect("a page");
    assert_eq!([first, second].concat(), everybody);
}

#[tokio::test]
async fn a_damaged_phone_is_an_inconsistency_and_is_not_repeated() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    scene.force("update people.users set phone = '+1999999999999'").await;
    let error = people::user(&scene.pool, awa.id).await.expect_err("a damaged row");
    assert_eq!(error.to_string(), format!("phone of {} in people.users contradicts the rules", awa.id));
    assert!(!error.may_pass());
}

#[tokio::test]
async fn what_is_personal_shows_in_no_error_and_no_debug() {
    let scene = Scene::new().await;
    let mut awa = scene.person().await;
    let phone = awa.phone.as_ref().map(Phone::reveal).expect("a phone").to_owned();
    awa.id = UserId::from_uuid(uuid::Uuid::max());
    awa.phone = None;
    awa.name = String::new();
    awa.email = Some(format!("{phone}@example.org"));
    // The database tells the whole failing row with this refusal; we do not.
    let error = people::add_user(&scene.pool, &awa).await.expect_err("a nameless person");
    assert_eq!(error.to_string(), "the rule users_have_a_name does not allow this");
    let shown = format!("{error:?} {error} {awa:?}");
    assert!(!shown.contains(&phone) && !shown.contains("1990"), "{shown}");
}
