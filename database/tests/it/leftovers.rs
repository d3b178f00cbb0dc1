//! What is forgotten after its time, and what is not.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wolo_database::accounts::leftovers::{self, Forgotten};

use crate::scene::Scene;

const WEEK: TimeDelta = TimeDelta::days(7);
const QUARTER: TimeDelta = TimeDelta::days(90);

/// The database's time, because what is forgotten was written by it.
async fn now(scene: &Scene) -> DateTime<Utc> {
    scene.read("select clock_timestamp()").await
}

/// A code, a wish for an account and a guess of this age in minutes, and a session that ended or runs out then.
async fn left(scene: &Scene, user: Uuid, minutes: i64, session_days: i64) {
    let (code, registration, session) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let then = format!("clock_timestamp() - interval '{minutes} minutes'");
    let ended = format!("clock_timestamp() - interval '{session_days} days'");
    for sql in [
        format!(
            "insert into people.registrations (registration_id, name, birth_date, phone, language, created_at)
             values ('{registration}', 'Awa', '1990-01-01', '+221771234567', 'fr', {then})"
        ),
        format!(
            "insert into people.codes (code_id, purpose, contact_hash, code_hash, registration_id, tries_left, created_at,
                                       expires_at)
             values ('{code}', 'register', 'h', 'h', '{registration}', 5, {then}, {then})"
        ),
        format!("insert into people.guesses (target, count, started_at) values ('{code}', 1, {then})"),
        format!(
            "insert into people.sessions (session_id, user_id, proofs, created_at, expires_at)
             values ('{session}', '{user}', '{{otp}}', {ended}, {ended} + interval '1 hour')"
        ),
        format!("insert into people.refresh_tokens (token_hash, session_id, generation) values ('{session}', '{session}', 0)"),
        format!(
            "insert into sponsorship.contacts (contact_hash, asked_at, counts_until)
             values (sha256('{code}'), array[{then}], {then})"
        ),
    ] {
        scene.force(&sql).await;
    }
}

async fn counts(scene: &Scene) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "people.codes",
        "people.registrations",
        "people.guesses",
        "people.sessions",
        "people.refresh_tokens",
        "sponsorship.contacts",
    ] {
        counts.push(scene.read(&format!("select count(*) from {table}")).await);
    }
    counts
}

#[tokio::test]
async fn what_is_old_goes_what_is_young_stays_and_twice_is_once() {
    let scene = Scene::new().await;
    let user = scene.person().await.id.uuid();
    let week = WEEK.num_minutes();
    for (minutes, session_days) in [(week + 1, 91), (week + 100_000, 400), (week - 1, 89), (0, -1)] {
        left(&scene, user, minutes, session_days).await;
    }
    let worker = scene.pool_as("wolo_worker").await;
    let now = now(&scene).await;
    let forgotten = leftovers::forget(&worker, now - WEEK, now - QUARTER).await.expect("room is made");
    assert_eq!(forgotten, Forgotten { codes: 2, registrations: 2, guesses: 2, sessions: 2, invited: 2 });
    assert_eq!(counts(&scene).await, [2, 2, 2, 2, 2, 2]);
    let again = leftovers::forget(&worker, now - WEEK, now - QUARTER).await.expect("nothing is left to do");
    assert_eq!(again, Forgotten::default());
    assert_eq!(counts(&scene).await, [2, 2, 2, 2, 2, 2]);
}

#[tokio::test]
async fn a_session_that_was_ended_long_ago_goes_though_it_could_have_lived_on() {
    let scene = Scene::new().await;
    let user = scene.person().await.id.uuid();
    for (ended, lives) in
        [("now() - interval '91 days'", "signed_out"), ("now() - interval '1 day'", "locked")]
    {
        scene
            .force(&format!(
                "insert into people.sessions (session_id, user_id, proofs, expires_at, ended_at, ended_why)
                 values (gen_random_uuid(), '{user}', '{{otp}}', now() + interval '1 day', {ended}, '{lives}')"
            ))
            .await;
    }
    let now = now(&scene).await;
    let forgotten = leftovers::forget(&scene.pool, now - WEEK, now - QUARTER).await.expect("room is made");
    assert_eq!(forgotten, Forgotten { sessions: 1, ..Forgotten::default() });
    let left: String = scene.read("select ended_why from people.sessions").await;
    assert_eq!(left, "locked");
}

#[tokio::test]
async fn much_that_has_gathered_goes_portion_by_portion() {
    let scene = Scene::new().await;
    scene
        .force(
            "insert into people.guesses (target, count, started_at)
             select int4send(n), 1, now() - interval '8 days' from generate_series(1, 4000) as n",
        )
        .await;
    let now = now(&scene).await;
    let forgotten = leftovers::forget(&scene.pool, now - WEEK, now - QUARTER).await.expect("room is made");
    assert_eq!(forgotten.guesses, 4_000);
}
