//! The audit trail in the database: who may write it, and that what was done is in it once and in one line after another.

use std::collections::BTreeSet;

use futures::future::join_all;
use sqlx::AssertSqlSafe;
use wolo_database::accounts::roles;
use wolo_database::audit::{self, Doer, Filter};
use wolo_database::outbox::{self, Topic, Way};
use wolo_database::{Context, Page, Pool};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Action, Broken, Checkpoint, Fault, Happening, Place, Record, Trail};
use wolo_domain::ids::UserId;
use wolo_domain::seals::NamedKey;

use crate::scene::{Scene, key, noon};

/// What was noted and is not in the trail, in the order in which it was done.
async fn noted(pool: &Pool) -> Vec<Record> {
    let events =
        outbox::take(pool, Way::Prompt, 1_000, chrono::TimeDelta::seconds(60)).await.expect("events");
    let noted = events.into_iter().filter(|event| event.topic == Topic::Audit);
    let mut noted: Vec<Record> =
        noted.map(|event| serde_json::from_value(event.payload).expect("a record")).collect();
    noted.sort_by_key(|record| record.at);
    noted
}

/// Somebody who is granted a role and loses it again, so often.
async fn does_things(scene: &Scene, times: usize) -> UserId {
    let user = scene.person().await.id;
    let mut operator = scene.pool_as("wolo").await.acquire().await.expect("a connection");
    for _ in 0..times {
        let doer = Doer::new("fatou", "a new season");
        assert!(roles::grant(&mut operator, user, Role::Support, doer).await.expect("a grant"));
        assert!(roles::revoke(&mut operator, user, Role::Support, doer).await.expect("an end"));
    }
    user
}

async fn written(scene: &Scene, times: usize) -> UserId {
    let user = does_things(scene, times).await;
    for record in noted(&scene.pool).await {
        audit::append(&scene.pool, &record, &key()).await.expect("a line");
    }
    user
}

/// As an operator reads it.
async fn verified(scene: &Scene, checkpoints: Vec<Checkpoint>) -> Result<u64, Broken> {
    let pool = &scene.pool_as("wolo").await;
    let keys = vec![NamedKey { id: Some(key().id().to_owned()), key: key().public() }];
    let mut trail = Trail::new(keys, checkpoints);
    for day in audit::days(pool).await.expect("days") {
        trail.day(day, &audit::of_day(pool, day).await.expect("lines"))?;
    }
    trail.end().map(|()| trail.lines())
}

#[tokio::test]
async fn of_the_api_only_who_comes_for_the_trail_reads_it() {
    let scene = Scene::new().await;
    let user = written(&scene, 1).await;
    let api = scene.pool_as("wolo_api").await;
    for (context, lines) in [
        (Context::staff(user), 0),
        (Context::visitor(), 0),
        (Context::figures(user), 0),
        (Context::trail(user), 2),
    ] {
        let mut tx = context.begin(&api).await.expect("a transaction");
        let found = audit::list(&mut *tx, &Filter::default(), Page::first(10)).await.expect("a look");
        assert_eq!(found.len(), lines);
    }
    assert_eq!(audit::list(&api, &Filter::default(), Page::first(10)).await.expect("a look"), []);
}

#[tokio::test]
async fn what_is_done_is_in_the_trail_with_who_and_why() {
    let scene = Scene::new().await;
    let user = written(&scene, 1).await;
    let operator = scene.pool_as("wolo").await;
    let lines = audit::list(&operator, &Filter::default(), Page::first(10)).await.expect("lines");
    let said: Vec<Record> =
        lines.iter().map(|line| line.record().expect("a line that can be read")).collect();
    assert_eq!(said.len(), 2);
    let granted = &said[1];
    assert_eq!((granted.by.as_str(), granted.reason.as_str()), ("fatou", "a new season"));
    assert_eq!(
        (granted.happening.action.as_str(), &granted.happening.about),
        ("role_granted", &user.to_string())
    );
    assert_eq!(granted.happening.details["role"], "support");
    assert_eq!(verified(&scene, Vec::new()).await, Ok(2));

    let about = Filter { about: Some(user.to_string()), by: Some("fatou".to_owned()), day: None };
    assert_eq!(audit::list(&operator, &about, Page::first(10)).await.expect("lines").len(), 2);
    let after = Page { after: Some(lines[0].place), limit: 10 };
    assert_eq!(audit::list(&operator, &about, after).await.expect("lines"), lines[1..]);
    let others = Filter { by: Some("awa".to_owned()), ..Filter::default() };
    assert!(audit::list(&operator, &others, Page::first(10)).await.expect("lines").is_empty());
}

#[tokio::test]
async fn what_was_not_done_is_not_noted() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let mut tx = scene.pool_as("wolo").await.begin().await.expect("a transaction");
    let doer = Doer::new("fatou", "never mind");
    assert!(roles::grant(&mut tx, user, Role::Support, doer).await.expect("a grant"));
    drop(tx);
    let mut operator = scene.pool_as("wolo").await.acquire().await.expect("a connection");
    assert!(!roles::unlock(&mut operator, user, doer).await.expect("nothing to do"));
    assert_eq!(audit::waiting(&scene.pool).await.expect("a count"), 0);
}

#[tokio::test]
async fn many_who_write_at_once_write_one_trail_and_each_thing_once() {
    let scene = Scene::new().await;
    does_things(&scene, 8).await;
    let records = noted(&scene.pool).await;
    let twice = records.iter().chain(&records);
    let key = key();
    let written = join_all(twice.map(|record| audit::append(&scene.pool, record, &key))).await;
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    assert_eq!(verified(&scene, Vec::new()).await, Ok(16));
    let operator = scene.pool_as("wolo").await;
    let lines = audit::list(&operator, &Filter::default(), Page::first(100)).await.expect("lines");
    let ids: BTreeSet<_> = lines.iter().map(|line| line.record().expect("a line").id).collect();
    assert_eq!(ids, records.iter().map(|record| record.id).collect());
}

#[tokio::test]
async fn only_the_auditor_writes_the_trail_and_nobody_rewrites_it() {
    let scene = Scene::new().await;
    written(&scene, 1).await;
    let line = "insert into audit.entries (day, number, line, seal, hash, key_id)
                values ('2026-01-01', 1, '{\"id\": \"00000000-0000-0000-0000-000000000000\", \"by\": \"x\", \"about\": \"y\"}',
                        decode(repeat('00', 64), 'hex'), decode(repeat('00', 32), 'hex'), 'ours')";
    for (role, said) in [("wolo_worker", "permission denied"), ("wolo_api", "permission denied")] {
        let pool = scene.pool_as(role).await;
        let refused = sqlx::raw_sql(line).execute(&pool).await.expect_err("no line").to_string();
        assert!(refused.contains(said), "{role}: {refused}");
    }
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    let note = "insert into ops.outbox (outbox_id, topic, business_key, payload, sealed)
                values (gen_random_uuid(), 'audit', 'x', '{}', '')";
    let refused = sqlx::raw_sql(note).execute(&mut *tx).await.expect_err("nothing is noted by the API");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
    drop(tx);
    let mut tx = scene.pool_as("wolo_api").await.begin().await.expect("a transaction");
    let refused = sqlx::raw_sql("set local role wolo_auditor").execute(&mut *tx).await.expect_err("no role");
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    drop(tx);
    let owner = scene.pool_as("wolo").await;
    for change in
        ["update audit.entries set line = line", "delete from audit.entries", "truncate audit.entries"]
    {
        let refused = sqlx::raw_sql(AssertSqlSafe(change)).execute(&owner).await.expect_err("no change");
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn the_api_notes_that_its_asker_has_read_payloads_and_nothing_else_of_anybody() {
    let scene = Scene::new().await;
    let (who, other) = (scene.person().await.id, scene.person().await.id);
    let api = scene.pool_as("wolo_api").await;
    let read = || Happening::new(Action::PayloadsDecoded, "payloads").with("payloads", 3);
    for (asker, happening, by, is_taken) in [
        (Context::staff(who), read(), who, true),
        (Context::staff(who), read(), other, false),
        (Context::staff(who), Happening::new(Action::RoleGranted, who), who, false),
        (Context::user(who), read(), who, false),
        (Context::visitor(), read(), who, false),
    ] {
        let mut tx = asker.begin(&api).await.expect("a transaction");
        let by = by.to_string();
        let noted = audit::note(&mut tx, happening, Doer::new(&by, "shown")).await;
        assert_eq!(noted.is_ok(), is_taken, "{asker:?} {by}: {noted:?}");
        if is_taken {
            wolo_database::commit(tx).await.expect("it stays");
        }
    }
    let noted = noted(&scene.pool).await;
    assert_eq!(noted.iter().map(|record| record.by.clone()).collect::<Vec<_>>(), [who.to_string()]);
    assert_eq!(noted[0].happening, read());
}

/// What somebody does who may do everything in the database, and switches its guards off first.
async fn as_superuser(scene: &Scene, sql: &'static str) {
    let guards = "alter table audit.entries disable trigger all, drop constraint entries_are_numbered,
                      drop constraint entries_once_for_what_was_done;
                  alter table audit.checkpoints disable trigger all";
    scene.force(guards).await;
    scene.force(sql).await;
}

#[tokio::test]
async fn what_a_superuser_changes_is_named() {
    let changes: [(&str, u32); 5] = [
        ("update audit.entries set line = replace(line, 'a new season', 'an old one') where number = 4", 4),
        ("delete from audit.entries where number = 3", 3),
        ("delete from audit.entries where number = 3;
          update audit.entries set number = number - 1 where number > 3", 3),
        ("update audit.entries set number = -number where number in (2, 5);
          update audit.entries set number = case number when -2 then 5 else 2 end where number < 0", 2),
        ("update audit.entries set number = number + 100 where number > 2;
          update audit.entries set number = number - 99 where number > 100;
          insert into audit.entries (day, number, line, seal, hash, key_id)
          select day, 3, replace(line, substr(line, strpos(line, '\"id\":\"') + 6, 1), 'f'), seal, hash, key_id
          from audit.entries where number = 2", 3),
    ];
    for (change, first) in changes {
        let scene = Scene::new().await;
        written(&scene, 3).await;
        as_superuser(&scene, change).await;
        let broken = verified(&scene, Vec::new()).await.expect_err(change);
        assert_eq!(broken.place.number, first, "{change}: {broken}");
    }
}

#[tokio::test]
async fn an_end_that_was_cut_off_with_its_checkpoints_is_seen_by_one_that_was_kept_elsewhere() {
    let scene = Scene::new().await;
    assert_eq!(audit::write_checkpoint(&scene.pool, noon(), &key()).await.expect("an answer"), None);
    written(&scene, 2).await;
    let first =
        audit::write_checkpoint(&scene.pool, noon(), &key()).await.expect("an answer").expect("a word");
    audit::write_checkpoint(&scene.pool, noon(), &key()).await.expect("the same end is sealed once");
    assert_eq!(
        audit::checkpoints(&scene.pool_as("wolo").await).await.expect("words"),
        std::slice::from_ref(&first)
    );
    as_superuser(&scene, "delete from audit.entries where number > 2; delete from audit.checkpoints").await;
    assert_eq!(verified(&scene, Vec::new()).await, Ok(2), "nothing tells");
    let place = Place { number: 3, ..first.place };
    let cut_off = Broken { place, fault: Fault::CutOff { until: first.place } };
    assert_eq!(verified(&scene, vec![first]).await, Err(cut_off));
}
