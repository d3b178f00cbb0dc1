//! Accounts: each proof counts once, whoever races for it.

use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;
use wolo_database::accounts::codes::{self, About, NewCode, Proved, Sending, Tried};
use wolo_database::accounts::guesses::{self, Guess, Limit};
use wolo_database::accounts::preferences::{self, Preferences};
use wolo_database::accounts::registrations::{self, Made, Registration};
use wolo_database::accounts::sessions::{self, EndReason, NewSession, Rotation};
use wolo_database::accounts::{self, Changing, identities, passwords, roles, second_factors};
use wolo_database::audit::Doer;
use wolo_database::{Context, Error, Pool};
use wolo_domain::accounts::{CodePurpose, Role};
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Category, Channel};
use wolo_domain::people::BirthDate;

use crate::scene::{Scene, unique};

/// Does something in a transaction of the gate's and commits it.
macro_rules! at_the_gate {
    ($api:expr, |$tx:ident| $doing:expr) => {{
        let mut $tx = Context::gate().begin($api).await.expect("a transaction");
        let done = $doing.await;
        $tx.commit().await.expect("a commit");
        done
    }};
}
pub(crate) use at_the_gate;

fn contact() -> Contact {
    format!("+22178{:07}", unique()).parse().expect("a phone")
}

fn wanted(contact: &Contact) -> Registration {
    Registration {
        name: "Awa".to_owned(),
        birth_date: BirthDate::new("1990-03-20".parse().expect("a day")),
        contact: contact.clone(),
        language: Language::French,
        password_hash: Some("hash".to_owned()),
    }
}

fn code<'a>(contact_hash: &'a [u8], code_hash: &'a [u8], about: About) -> NewCode<'a> {
    NewCode {
        purpose: CodePurpose::SignIn,
        contact_hash,
        code_hash,
        about,
        tries: 5,
        lives: TimeDelta::minutes(10),
    }
}

async fn written(api: &Pool, new: NewCode<'_>) -> Uuid {
    match at_the_gate!(api, |tx| codes::write(&mut tx, &new)).expect("a code") {
        Sending::Written(id) => id,
        other @ Sending::TooMany { .. } => panic!("{other:?}"),
    }
}

async fn tried(api: &Pool, id: Uuid, hash: &[u8]) -> Tried {
    at_the_gate!(api, |tx| codes::attempt(&mut tx, id, CodePurpose::SignIn, hash)).expect("a try")
}

#[tokio::test]
async fn an_account_is_made_once_and_of_two_who_prove_one_contact_the_first_has_it() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let contact = contact();
    let first = at_the_gate!(&api, |tx| registrations::remember(&mut tx, &wanted(&contact))).expect("a wish");
    let second =
        at_the_gate!(&api, |tx| registrations::remember(&mut tx, &wanted(&contact))).expect("a wish");
    let [awa, other] = [0, 1].map(|_| UserId::from_uuid(Uuid::now_v7()));
    let made = at_the_gate!(&api, |tx| registrations::fulfil(&mut tx, first, awa)).expect("an account");
    assert_eq!(made, Made::Account(awa));
    let again = at_the_gate!(&api, |tx| registrations::fulfil(&mut tx, first, other)).expect("an answer");
    assert_eq!(again, Made::Gone);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert_eq!(registrations::fulfil(&mut tx, second, other).await.expect("an answer"), Made::ContactTaken);
    drop(tx);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let found = accounts::by_contact(&mut *tx, &contact).await.expect("a look").expect("an account");
    assert_eq!((found.id, found.locked), (awa, false));
    assert_eq!(passwords::hash(&mut *tx, awa).await.expect("a look").as_deref(), Some("hash"));
}

#[tokio::test]
async fn a_code_is_right_once_and_for_its_purpose() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let id = written(&api, code(b"contact", b"right", About::User(user))).await;
    assert_eq!(tried(&api, id, b"wrong").await, Tried::Wrong);
    let other = at_the_gate!(&api, |tx| codes::attempt(&mut tx, id, CodePurpose::ResetPassword, b"right"));
    assert_eq!(other.expect("a try"), Tried::Wrong, "another purpose");
    let tries = join_all((0..16).map(|_| tried(&api, id, b"right"))).await;
    let right = Tried::Right(Proved::User(user));
    assert_eq!(tries.iter().filter(|tried| **tried == right).count(), 1);
    assert_eq!(tried(&api, id, b"right").await, Tried::Wrong, "it is used");
}

#[tokio::test]
async fn no_number_of_parallel_guesses_gets_more_tries_than_there_are() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let id = written(&api, code(b"contact", b"right", About::User(user))).await;
    join_all((0..64).map(|_| tried(&api, id, b"wrong"))).await;
    let left: i32 = scene.read("select tries_left from people.codes").await;
    assert_eq!(left, 0);
    assert_eq!(tried(&api, id, b"right").await, Tried::Wrong, "the right one comes too late");
}

#[tokio::test]
async fn a_newer_code_ends_the_older_one_and_a_late_one_is_wrong() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let old = written(&api, code(b"contact", b"right", About::User(user))).await;
    let new = written(&api, code(b"contact", b"right", About::User(user))).await;
    assert_eq!(tried(&api, old, b"right").await, Tried::Wrong);
    scene.force("update people.codes set expires_at = clock_timestamp() - interval '1 second'").await;
    assert_eq!(tried(&api, new, b"right").await, Tried::Wrong);
}

#[tokio::test]
async fn only_so_many_codes_are_sent_to_one_contact_however_they_are_asked_for() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let asked = join_all((0..16).map(async |_| {
        at_the_gate!(&api, |tx| codes::write(&mut tx, &code(b"contact", b"x", About::Decoy)))
            .expect("an answer")
    }));
    let sent = asked.await.into_iter().filter(|sending| matches!(sending, Sending::Written(_))).count();
    assert_eq!(sent, 3);
    scene.force("update people.codes set created_at = created_at - interval '11 minutes'").await;
    let id = written(&api, code(b"contact", b"x", About::Decoy)).await;
    assert_eq!(tried(&api, id, b"x").await, Tried::Wrong, "a decoy is never right");
    scene.force(
        "insert into people.codes (code_id, purpose, contact_hash, code_hash, tries_left, expires_at, created_at)
         select gen_random_uuid(), 'sign_in', 'busy', '', 5, now(), now() - interval '1 hour' from generate_series(1, 10)",
    )
    .await;
    let sending = at_the_gate!(&api, |tx| codes::write(&mut tx, &code(b"busy", b"x", About::Decoy)));
    assert!(matches!(sending, Ok(Sending::TooMany { .. })), "ten a day: {sending:?}");
}

#[tokio::test]
async fn a_thousand_guesses_at_once_are_allowed_as_often_as_the_limit_says() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let limit = Limit { guesses: 10, window: TimeDelta::minutes(15) };
    let guesses =
        join_all((0..1_000).map(async |_| {
            at_the_gate!(&api, |tx| guesses::count(&mut tx, b"awa", limit)).expect("a count")
        }));
    let allowed = guesses.await.into_iter().filter(|guess| *guess == Guess::Allowed).count();
    assert_eq!(allowed, 10);
    scene.force("update people.guesses set started_at = started_at - interval '16 minutes'").await;
    let later = at_the_gate!(&api, |tx| guesses::count(&mut tx, b"awa", limit)).expect("a count");
    assert_eq!(later, Guess::Allowed);
    at_the_gate!(&api, |tx| guesses::forget(&mut tx, b"awa")).expect("forgotten");
    let rows: i64 = scene.read("select count(*) from people.guesses").await;
    assert_eq!(rows, 0);
}

async fn session(api: &Pool, user: UserId, token: &[u8]) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewSession {
        id,
        user,
        device: Some("Téléphone d'Awa"),
        proofs: &["pwd".to_owned()],
        token_hash: token,
        lives: TimeDelta::days(7),
    };
    at_the_gate!(api, |tx| sessions::begin(&mut tx, &new)).expect("a session");
    id
}

async fn rotate(api: &Pool, presented: &[u8], child: &[u8]) -> Rotation {
    at_the_gate!(api, |tx| sessions::rotate(&mut tx, presented, child, TimeDelta::seconds(30)))
        .expect("an answer")
}

#[tokio::test]
async fn of_sixty_four_uses_of_one_token_one_rotates_it_and_the_others_get_the_same_child() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    for round in 0..200_u8 {
        let (token, child) = ([round, 0], [round, 1]);
        let id = session(&api, user, &token).await;
        let verdicts = join_all((0..64).map(|_| rotate(&api, &token, &child))).await;
        let rotated = verdicts.iter().filter(|verdict| matches!(verdict, Rotation::Rotated(_))).count();
        let repeated = verdicts.iter().filter(|verdict| matches!(verdict, Rotation::Repeated(_))).count();
        assert_eq!((rotated, repeated), (1, 63), "round {round}");
        let live: i64 = scene
            .read(&format!(
                "select count(*) from people.refresh_tokens join people.sessions using (session_id, generation)
                 where session_id = '{id}' and ended_at is null"
            ))
            .await;
        assert_eq!(live, 1);
    }
}

#[tokio::test]
async fn a_token_that_comes_again_late_ends_its_whole_family() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let id = session(&api, user, b"a").await;
    assert!(matches!(rotate(&api, b"a", b"b").await, Rotation::Rotated(_)));
    assert!(matches!(rotate(&api, b"a", b"b").await, Rotation::Repeated(_)), "the reply was lost");
    assert!(matches!(rotate(&api, b"b", b"c").await, Rotation::Rotated(_)));
    // A grandparent is somebody else's, however soon it comes.
    assert_eq!(rotate(&api, b"a", b"b").await, Rotation::Reused { session: id });
    for token in [b"a", b"b", b"c"] {
        assert_eq!(rotate(&api, token, b"d").await, Rotation::Refused);
    }
    let id = session(&api, user, b"e").await;
    assert!(matches!(rotate(&api, b"e", b"f").await, Rotation::Rotated(_)));
    scene.force("update people.sessions set rotated_at = rotated_at - interval '31 seconds'").await;
    assert_eq!(rotate(&api, b"e", b"f").await, Rotation::Reused { session: id });
    assert_eq!(rotate(&api, b"f", b"g").await, Rotation::Refused);
    assert_eq!(rotate(&api, b"nobody's", b"x").await, Rotation::Refused);
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_holder_alone() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let (awa, moussa) = (scene.person().await.id, scene.person().await.id);
    let (one, two) = (session(&api, awa, b"1").await, session(&api, awa, b"2").await);
    let mut tx = Context::user(moussa).begin(&api).await.expect("a transaction");
    assert_eq!(sessions::of_user(&mut *tx, awa).await.expect("a list"), []);
    assert!(!sessions::end(&mut tx, awa, one, EndReason::SignedOut).await.expect("an answer"));
    drop(tx);
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    assert_eq!(sessions::of_user(&mut *tx, awa).await.expect("a list").len(), 2);
    assert!(sessions::end(&mut tx, awa, one, EndReason::SignedOut).await.expect("an answer"));
    assert!(
        !sessions::end(&mut tx, awa, one, EndReason::SignedOut).await.expect("an answer"),
        "it has ended"
    );
    assert!(!sessions::lives(&mut *tx, one, awa).await.expect("a look"));
    assert!(sessions::lives(&mut *tx, two, awa).await.expect("a look"));
    assert_eq!(sessions::end_all(&mut tx, awa, Some(two), EndReason::SignedOut).await.expect("a count"), 0);
    assert_eq!(sessions::end_all(&mut tx, awa, None, EndReason::SignedOut).await.expect("a count"), 1);
    tx.commit().await.expect("a commit");
    assert_eq!(rotate(&api, b"2", b"3").await, Rotation::Refused);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert!(sessions::knows_device(&mut *tx, awa, Some("Téléphone d'Awa")).await.expect("a look"));
    assert!(!sessions::knows_device(&mut *tx, awa, Some("another")).await.expect("a look"));
    assert!(
        sessions::knows_device(&mut *tx, moussa, Some("another")).await.expect("a look"),
        "the first of all"
    );
}

#[tokio::test]
async fn what_somebody_is_trusted_with_changes_with_their_sessions() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let owner = scene.pool_as("wolo").await;
    let awa = scene.person().await.id;
    session(&api, awa, b"1").await;
    let mut operator = owner.acquire().await.expect("a connection");
    assert!(
        roles::grant(&mut operator, awa, Role::Finance, Doer::new("operator:x", "new here"))
            .await
            .expect("a grant")
    );
    assert!(
        !roles::grant(&mut operator, awa, Role::Finance, Doer::new("operator:x", "again"))
            .await
            .expect("a grant")
    );
    assert_eq!(rotate(&api, b"1", b"2").await, Rotation::Refused, "the session knew of no role");
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let grants = roles::of_user(&mut *tx, awa).await.expect("roles");
    assert_eq!((grants.len(), grants[0].role, grants[0].reason.as_str()), (1, Role::Finance, "new here"));
    drop(tx);
    // The API only reads them.
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let refused =
        roles::grant(&mut tx, awa, Role::Superadmin, Doer::new("me", "why not")).await.expect_err("no grant");
    assert!(
        matches!(&refused, Error::Broken(fault) if fault.code.as_deref() == Some("42501")),
        "{refused:?}"
    );
    drop(tx);
    session(&api, awa, b"3").await;
    assert!(
        roles::revoke(&mut operator, awa, Role::Finance, Doer::new("operator:x", "in a test"))
            .await
            .expect("an end")
    );
    assert!(
        !roles::revoke(&mut operator, awa, Role::Finance, Doer::new("operator:x", "in a test"))
            .await
            .expect("an end")
    );
    assert_eq!(rotate(&api, b"3", b"4").await, Rotation::Refused);
    let id = session(&api, awa, b"5").await;
    assert!(roles::lock(&mut operator, awa, Doer::new("test", "stolen phone")).await.expect("a lock"));
    assert!(!roles::lock(&mut operator, awa, Doer::new("test", "again")).await.expect("a lock"));
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert!(!sessions::lives(&mut *tx, id, awa).await.expect("a look"));
    assert!(accounts::account(&mut *tx, awa).await.expect("a look").expect("an account").locked);
    drop(tx);
    assert!(roles::unlock(&mut operator, awa, Doer::new("test", "in a test")).await.expect("an unlock"));
}

#[tokio::test]
async fn a_code_of_a_second_factor_counts_once() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let awa = scene.person().await.id;
    let codes = [b"r1".to_vec(), b"r2".to_vec()];
    assert!(
        at_the_gate!(&api, |tx| second_factors::enrol(&mut tx, awa, b"sealed", &codes)).expect("an answer")
    );
    let uses = join_all((0..16).map(async |_| {
        at_the_gate!(&api, |tx| second_factors::use_step(&mut tx, awa, 7)).expect("an answer")
    }));
    assert_eq!(uses.await.into_iter().filter(|used| *used).count(), 1);
    assert!(!at_the_gate!(&api, |tx| second_factors::use_step(&mut tx, awa, 6)).expect("an answer"), "older");
    let first = at_the_gate!(&api, |tx| second_factors::use_recovery_code(&mut tx, awa, b"r1"));
    assert!(first.expect("an answer"));
    let again = at_the_gate!(&api, |tx| second_factors::use_recovery_code(&mut tx, awa, b"r1"));
    assert!(!again.expect("an answer"));
    // A factor that is confirmed is not replaced by whoever has the password alone.
    assert!(
        !at_the_gate!(&api, |tx| second_factors::enrol(&mut tx, awa, b"other", &codes)).expect("an answer")
    );
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let factor = second_factors::of_user(&mut *tx, awa).await.expect("a look").expect("a factor");
    assert_eq!((factor.sealed_secret.as_slice(), factor.confirmed), (b"sealed".as_slice(), true));
}

#[tokio::test]
async fn contacts_identities_and_preferences_belong_to_one_account() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let (awa, moussa) = (scene.person().await.id, scene.person().await.id);
    let mail: Contact = "awa@example.sn".parse().expect("an address");
    let set = at_the_gate!(&api, |tx| accounts::set_contact(&mut tx, awa, &mail));
    assert_eq!(set.expect("an answer"), Changing::Changed);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert_eq!(accounts::set_contact(&mut tx, moussa, &mail).await.expect("an answer"), Changing::Taken);
    drop(tx);
    assert!(at_the_gate!(&api, |tx| identities::link(&mut tx, awa, "google", "1")).expect("an answer"));
    assert!(at_the_gate!(&api, |tx| identities::link(&mut tx, awa, "google", "1")).expect("an answer"));
    assert!(!at_the_gate!(&api, |tx| identities::link(&mut tx, moussa, "google", "1")).expect("an answer"));
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let found = accounts::by_identity(&mut *tx, "google", "1").await.expect("a look");
    assert_eq!(found.map(|account| account.id), Some(awa));
    drop(tx);
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    assert_eq!(preferences::of_user(&mut *tx, awa).await.expect("a look"), Preferences::default());
    let chosen = Preferences {
        muted: vec![Category::Reminders],
        channels: Some(vec![Channel::Email]),
        birthday_pot: Some(false),
    };
    preferences::set(&mut tx, awa, &chosen).await.expect("set");
    // What nobody speaks of stays.
    let muted = Preferences { channels: None, birthday_pot: None, ..chosen.clone() };
    preferences::set(&mut tx, awa, &muted).await.expect("set");
    assert_eq!(preferences::of_user(&mut *tx, awa).await.expect("a look"), chosen);
    accounts::change_profile(&mut tx, awa, "Awa N.", Language::Wolof).await.expect("changed");
    let account = accounts::account(&mut *tx, awa).await.expect("a look").expect("an account");
    assert_eq!((account.name.as_str(), account.language), ("Awa N.", Language::Wolof));
    let money = Preferences { muted: vec![Category::Money], ..Preferences::default() };
    let muted = preferences::set(&mut tx, awa, &money).await.expect_err("money is heard");
    assert!(matches!(muted, Error::Conflict { rule } if rule == "preferences_mute_what_may_be_muted"));
    drop(tx);
    let mut tx = Context::user(awa).begin(&api).await.expect("a transaction");
    let foreign = accounts::change_profile(&mut tx, moussa, "Mine", Language::French).await;
    assert!(matches!(foreign, Err(Error::Missing { .. })), "a foreign row is not there");
    assert_eq!(passwords::hash(&mut *tx, awa).await.expect("a look"), None, "not even one's own hash");
}
