//! Row level security, asked in plain SQL without any condition: what comes back is what a query that forgot its
//! conditions would show.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use wolo_database::idempotency::{self, Claim, Claimed};
use wolo_database::pots::Hold;
use wolo_database::webhooks::{self, Webhook};
use wolo_database::{Context, Pool, donations, pots};
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};

use crate::scene::{Scene, gift, noon, settings};

/// Tables in which nothing personal stands: ids, amounts and words of our own.
const OPAQUE: [&str; 15] = [
    "audit.checkpoints",
    "money.ledger_entries",
    "money.ledger_transactions",
    "money.payout_approvals",
    "money.payout_decisions",
    "money.payout_orders",
    "money.payouts",
    "money.reconciliations",
    "money.statement_lines",
    "ops.histories",
    "ops.histories_mark",
    "ops.processes",
    "ops.restores",
    "pots.sweeps",
    // Keyed hashes of contacts, and instants.
    "sponsorship.contacts",
];

/// Two people who have the same of everything.
struct Two {
    scene: Scene,
    api: Pool,
    awa: Person,
    moussa: Person,
}

struct Person {
    user: UserId,
    private: PotId,
    by_link: PotId,
    gift: DonationId,
}

impl Two {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let (awa, moussa) = (Person::new(&scene).await, Person::new(&scene).await);
        let api = scene.pool_as("wolo_api").await;
        for scope in [awa.user, moussa.user].map(|user| user.to_string()) {
            assert!(matches!(claim(&api, &scope).await, Claimed::Fresh { .. }));
        }
        let webhook = Webhook { provider: "wave", event_id: "EV_1", kind: "x", subject: None, raw: b"{}" };
        webhooks::receive(&api, webhook).await.expect("a receipt");
        Self { scene, api, awa, moussa }
    }

    async fn seen_by(&self, context: Context<'_>) -> Seen {
        let mut tx = context.begin(&self.api).await.expect("a transaction");
        Seen {
            people: all(&mut tx, "select user_id from people.users").await,
            pots: all(&mut tx, "select pot_id from pots.pots").await,
            holds: all(&mut tx, "select pot_id from pots.holds").await,
            gifts: all(&mut tx, "select donation_id from money.donations").await,
            keys: count(&mut tx, "select count(*) from ops.idempotency_keys").await,
            events: count(&mut tx, "select count(*) from ops.webhook_inbox").await,
        }
    }
}

impl Person {
    async fn new(scene: &Scene) -> Self {
        let hidden = PotSettings { visibility: Visibility::Private, ..settings() };
        let private = scene.open_with(hidden).await;
        let user = scene.owner_of(private).await;
        let by_link = scene.open_with(PotSettings { visibility: Visibility::Link, ..settings() }).await;
        scene
            .force(&format!(
                "update pots.pots set birthday = '2032-01-01', owner_id = '{}' where pot_id = '{}'",
                user.uuid(),
                by_link.uuid()
            ))
            .await;
        pots::hold(&scene.pool, private, HoldReason::Float, "the wallet is short", noon())
            .await
            .expect("a hold");
        let new = gift(private, 1_000);
        donations::request(&scene.pool, &new).await.expect("a gift");
        Self { user, private, by_link, gift: new.id }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    people: Vec<uuid::Uuid>,
    pots: Vec<uuid::Uuid>,
    holds: Vec<uuid::Uuid>,
    gifts: Vec<uuid::Uuid>,
    keys: i64,
    events: i64,
}

async fn claim(api: &Pool, scope: &str) -> Claimed {
    let claim = Claim {
        scope,
        key: "k",
        fingerprint: b"f",
        subject: "s",
        abandoned_after: std::time::Duration::from_mins(1),
    };
    idempotency::claim(api, claim).await.expect("a claim")
}

#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
async fn all(connection: &mut PgConnection, sql: &'static str) -> Vec<uuid::Uuid> {
    let mut ids: Vec<_> = sqlx::query_scalar(sql).fetch_all(connection).await.expect(sql);
    ids.sort_unstable();
    ids
}

#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect(sql)
}

fn sorted<const N: usize>(mut ids: [uuid::Uuid; N]) -> Vec<uuid::Uuid> {
    ids.sort_unstable();
    ids.to_vec()
}

#[tokio::test]
async fn who_says_nothing_sees_nothing() {
    let two = Two::new().await;
    let mut connection = two.api.acquire().await.expect("a connection");
    for table in &guarded(&two.scene).await {
        if readable(&two.scene, table).await.is_none() {
            continue;
        }
        let sql = format!("select 1 from {table}");
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.expect(table);
        assert_eq!(rows.len(), 0, "{table}");
    }
    // Saying who one is does not outlast the transaction in which it was said.
    let mut tx = Context::user(two.awa.user).begin(&two.api).await.expect("a transaction");
    assert_eq!(all(&mut tx, "select user_id from people.users").await.len(), 1);
    tx.commit().await.expect("a commit");
    drop(connection);
    for _ in 0..8 {
        let mut connection = two.api.acquire().await.expect("a connection");
        assert_eq!(all(&mut connection, "select user_id from people.users").await.len(), 0);
    }
}

#[tokio::test]
async fn what_somebody_left_open_on_a_connection_reaches_nobody_after_them() {
    let two = Two::new().await;
    let api = two.scene.pool_of(1, "wolo_api").await;
    let foreign = serde_json::json!({ "role": "user", "sub": two.moussa.user.uuid() });
    // Cut off after it had begun, and failed after it had begun.
    for left in [
        format!("begin; select set_config('request.jwt.claims', '{foreign}', true)"),
        "begin; select 1 / 0".to_owned(),
    ] {
        let mut connection = api.acquire().await.expect("a connection");
        let _ = sqlx::raw_sql(AssertSqlSafe(left.clone())).execute(&mut *connection).await;
        drop(connection);
        let mut tx = Context::user(two.awa.user).begin(&api).await.expect(&left);
        assert_eq!(all(&mut tx, "select user_id from people.users").await, [two.awa.user.uuid()]);
        tx.commit().await.expect("a commit");
    }
}

#[tokio::test]
async fn nobody_sees_a_row_of_somebody_else_whatever_the_query_forgot() {
    let two = Two::new().await;
    for me in [&two.awa, &two.moussa] {
        let seen = two.seen_by(Context::user(me.user)).await;
        let expected = Seen {
            people: vec![me.user.uuid()],
            pots: sorted([me.private.uuid(), me.by_link.uuid()]),
            holds: vec![me.private.uuid()],
            gifts: vec![me.gift.uuid()],
            ..Seen::default()
        };
        assert_eq!(seen, expected);
    }
    assert_eq!(two.seen_by(Context::visitor()).await, Seen::default());
    let seen = two.seen_by(Context::visitor().with_donation(two.awa.gift)).await;
    assert_eq!(seen, Seen { gifts: vec![two.awa.gift.uuid()], ..Seen::default() });
    let slug = pots::pot(&two.scene.pool, two.awa.by_link).await.expect("a look").expect("a pot").slug;
    let seen = two.seen_by(Context::visitor().with_link(&slug)).await;
    assert_eq!(seen, Seen { pots: vec![two.awa.by_link.uuid()], ..Seen::default() });
    let slug = pots::pot(&two.scene.pool, two.awa.private).await.expect("a look").expect("a pot").slug;
    assert_eq!(two.seen_by(Context::visitor().with_link(&slug)).await, Seen::default());
}

/// One row of everything that is about a person, in each table whose rows belong to one.
fn account_rows(user: UserId) -> String {
    let user = user.uuid();
    let session = uuid::Uuid::new_v4();
    format!(
        "insert into people.passwords (user_id, hash) values ('{user}', 'x');
         insert into people.second_factors (user_id, secret) values ('{user}', 'x');
         insert into people.recovery_codes (user_id, code_hash) values ('{user}', 'x');
         insert into people.roles (user_id, role, granted_by, reason) values ('{user}', 'support', 'x', 'x');
         insert into people.birth_date_changes (change_id, user_id, was, becomes, changed_by, reason)
             values ('{user}', '{user}', '2000-01-01', '2000-01-02', 'x', 'x');
         insert into people.preferences (user_id, muted) values ('{user}', array['news']);
         insert into pots.reports (report_id, pot_id, reporter_id, reason)
             select gen_random_uuid(), pot_id, '{user}', 'other' from pots.pots where owner_id = '{user}' limit 1;
         insert into people.identities (issuer, subject, user_id) values ('x', '{user}', '{user}');
         insert into people.registrations (registration_id, name, birth_date, phone, language)
             values ('{user}', 'x', '2000-01-01', '+221770000000', 'fr');
         insert into people.codes (code_id, purpose, contact_hash, code_hash, user_id, tries_left, expires_at)
             values ('{user}', 'sign_in', 'x', 'x', '{user}', 5, now());
         insert into people.guesses (target, count) values (convert_to('{user}', 'utf8'), 1);
         insert into people.sessions (session_id, user_id, proofs, expires_at)
             values ('{session}', '{user}', array['pwd'], now());
         insert into people.refresh_tokens (token_hash, session_id, generation)
             values (convert_to('{user}', 'utf8'), '{session}', 0);
         insert into ops.outbox (outbox_id, topic, business_key, user_id, payload)
             values (gen_random_uuid(), 'x', '{user}', '{user}', '{{}}');
         insert into ops.webhook_inbox (provider, event_id, kind, raw) values ('wave', '{user}', 'x', 'x');
         insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts)
             values ('{user}', 'unmatched', '{user}', '2031-03-01', 'x', '{{}}');
         insert into notices.notices (notice_id, process, event, person, kind, category, user_id)
             values ('{user}', 'x', '{user}', '{user}', 'welcome', 'news', '{user}');
         insert into notices.attempts (notice_id, number, channel, provider, state, provider_id)
             values ('{user}', 1, 'sms', 'orange', 'accepted', '{user}');
         insert into notices.receipts (provider, event_id, notice_id, number, fate, at)
             values ('orange', '{user}', '{user}', 1, 'read', now());
         insert into notices.opt_outs (channel, address, how) values ('sms', '{user}', 'reply');
         insert into notices.conversations (address, last_inbound_at) values ('{user}', now());
         insert into notices.devices (device_id, user_id, token, platform)
             values ('{user}', '{user}', '{user}', 'web');
         insert into notices.heard (provider, event_id) values ('twilio', '{user}');
         insert into analytics.events (event_id, kind, at) values ('{user}', 'page_viewed', now());
         insert into people.sign_in_nonces (nonce_hash, expires_at)
             values (convert_to('{user}', 'utf8'), now());
         insert into money.payouts (payout_id, pot_id, amount, planned_at)
             select pot_id, pot_id, 1, now() from pots.pots where owner_id = '{user}' and visibility = 'private';
         insert into money.payout_recipients (payout_id, clearance, phone)
             select pot_id, 1, '+221770000000' from pots.pots
             where owner_id = '{user}' and visibility = 'private';
         insert into money.certificates (pot_id, document, digest, lines, key_id)
             select pot_id, 'x', sha256('x'), 2, 'x' from pots.pots
             where owner_id = '{user}' and visibility = 'private';
         insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
         )
             values ('{user}', '{user}', 'x', '{user}@example.sn', 'friend', sha256('{user}'), gen_random_uuid(),
                     now() + interval '1 day');
         insert into minors.consents (
             consent_id, minor_id, guardian_name, guardian_is, language, token_hash, stage, since, requested_at, answer_by
         )
             values ('{user}', '{user}', 'x', 'mother', 'fr', sha256('consent {user}'), 'requested', now(), now(), now());
         insert into minors.guardians (consent_id, phone) values ('{user}', '+221770000000');
         insert into minors.consent_events (consent_id, number, event, at) values ('{user}', 1, 'requested', now());
         insert into minors.guardian_sessions (session_hash, consent_id, proof, expires_at)
             values (sha256('session {user}'), '{user}', 'code_by_sms', now());
         insert into sponsorship.days (sponsor_id, day, invitations) values ('{user}', now(), 1);
         insert into sponsorship.awards (
             award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at
         )
             values ('{user}', '{user}', 'x', 'invitation_accepted', '{user}', 10, now(), now());
         insert into sponsorship.award_steps (award_id, stage, reason) values ('{user}', 'matured', 'time');
         insert into sponsorship.conversions (conversion_id, user_id, points, pot_id, credit, at)
             select pot_id, owner_id, 10, pot_id, 1000, now() from pots.pots
             where owner_id = '{user}' and visibility = 'private';
         insert into minors.cases (case_id, subject_id, approvals_needed, opened_at, since)
             values ('{user}', '{user}', 1, now(), now());
         insert into minors.documents (
             document_id, case_id, party, kind, media, sha256, bytes, pages, added_at
         )
             values ('{user}', '{user}', 'person', 'passport', 'png', sha256('{user}'), 1, 1, now());
         insert into minors.looks (look_id, case_id, document_id, round, reviewer_id, reason, looked_at)
             values ('{user}', '{user}', '{user}', 1, '{user}', 'x', now());
         insert into minors.decisions (
             decision_id, case_id, round, reviewer_id, verdict, reasons, note, seen, decided_at
         )
             values ('{user}', '{user}', 1, '{user}', 'approve', '{{}}', 'x', array[sha256('{user}')], now());
         insert into audit.entries (day, number, line, seal, hash, key_id)
             select '2031-03-01', count(*) + 1, json_build_object('id', '{user}', 'by', 'x', 'about', '{user}')::text,
                    decode(repeat('00', 64), 'hex'), decode(repeat('00', 32), 'hex'), 'x' from audit.entries;
         insert into money.halts (halt_id, reason, lifted_at, lifted_by, lift_reason)
             values ('{user}', 'x', now(), 'x', 'x');
         insert into sponsorship.conversions_returned (conversion_id)
             select pot_id from pots.pots where owner_id = '{user}' and visibility = 'private'"
    )
}

/// What the API's role may read of a table: its columns, if there are any.
async fn readable(scene: &Scene, table: &str) -> Option<String> {
    let columns = format!(
        "select string_agg(attname, ', ') from pg_attribute
         where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped
           and has_column_privilege('wolo_api', attrelid, attnum, 'select')"
    );
    scene.read(&columns).await
}

#[tokio::test]
async fn no_table_shows_a_row_of_somebody_else_to_a_query_without_conditions() {
    let two = Two::new().await;
    for person in [&two.awa, &two.moussa] {
        two.scene.force(&account_rows(person.user)).await;
    }
    let mut read = Vec::new();
    let mut tx = Context::user(two.awa.user).begin(&two.api).await.expect("a transaction");
    for table in guarded(&two.scene).await {
        let both: i64 = two.scene.read(&format!("select count(*) from {table}")).await;
        assert!(both >= 2, "{table} has nothing to show: give it a row for each person");
        let Some(columns) = readable(&two.scene, &table).await else { continue };
        let sql = format!("select (row({columns}))::text as told from {table}");
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.expect(&table);
        for row in &rows {
            let told: String = row.get("told");
            let foreign = [two.moussa.user.uuid(), two.moussa.private.uuid(), two.moussa.by_link.uuid()];
            assert!(!foreign.iter().any(|id| told.contains(&id.to_string())), "{table} tells {told}");
        }
        if !rows.is_empty() {
            read.push((table, rows.len()));
        }
    }
    let own = [
        // A minor sees whom they have named, and no more where that person is reached.
        ("minors.cases", 1),
        ("minors.consent_events", 1),
        ("minors.consents", 1),
        ("minors.documents", 1),
        ("money.certificates", 1),
        ("money.donations", 1),
        ("notices.attempts", 1),
        ("notices.devices", 1),
        ("notices.notices", 1),
        ("notices.receipts", 1),
        ("people.birth_date_changes", 1),
        ("people.identities", 1),
        ("people.preferences", 1),
        ("people.roles", 1),
        ("people.sessions", 1),
        ("people.users", 1),
        ("pots.holds", 1),
        ("pots.pots", 2),
        ("pots.reports", 1),
        ("sponsorship.award_steps", 1),
        ("sponsorship.awards", 1),
        ("sponsorship.conversions", 1),
        ("sponsorship.conversions_returned", 1),
        ("sponsorship.days", 1),
        ("sponsorship.invitations", 1),
    ];
    assert_eq!(read, own.map(|(table, rows)| (table.to_owned(), rows)));
}

#[tokio::test]
async fn whose_case_it_is_sees_it_and_reviewers_alone_see_who_looked_and_what_they_said() {
    let two = Two::new().await;
    for person in [&two.awa, &two.moussa] {
        two.scene.force(&account_rows(person.user)).await;
    }
    let seen_by = async |context: Context<'_>| {
        let mut tx = context.begin(&two.api).await.expect("a transaction");
        [
            count(&mut tx, "select count(*) from minors.cases").await,
            count(&mut tx, "select count(*) from minors.documents").await,
            count(&mut tx, "select count(*) from minors.decisions").await,
            count(&mut tx, "select count(*) from minors.looks").await,
        ]
    };
    assert_eq!(seen_by(Context::user(two.awa.user)).await, [1, 1, 0, 0]);
    assert_eq!(seen_by(Context::reviewer(two.awa.user)).await, [2, 2, 2, 2]);
    assert_eq!(seen_by(Context::visitor()).await, [0, 0, 0, 0]);
    let support = two.scene.person().await.id;
    assert_eq!(
        seen_by(Context::staff(support)).await,
        [0, 0, 0, 0],
        "support has no business with documents"
    );
}

#[tokio::test]
async fn a_key_belongs_to_its_scope_also_when_it_is_written() {
    let two = Two::new().await;
    let awa = two.awa.user.to_string();
    let mut tx = two.api.begin().await.expect("a transaction");
    let claims = format!("select set_config('request.jwt.claims', '{{\"keys\": \"{awa}\"}}', true)");
    sqlx::raw_sql(AssertSqlSafe(claims)).execute(&mut *tx).await.expect("claims");
    assert_eq!(count(&mut tx, "select count(*) from ops.idempotency_keys").await, 1);
    let changed = sqlx::raw_sql("update ops.idempotency_keys set subject = 'mine'").execute(&mut *tx).await;
    assert_eq!(changed.expect("an update").rows_affected(), 1);
    let foreign = format!(
        "insert into ops.idempotency_keys (scope, key, fingerprint, subject) values ('{}', 'x', '', '')",
        two.moussa.user
    );
    let error = sqlx::raw_sql(AssertSqlSafe(foreign)).execute(&mut *tx).await.expect_err("a foreign key");
    assert_eq!(
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
        Some("42501")
    );
}

#[tokio::test]
async fn the_worker_and_the_owner_see_all() {
    let two = Two::new().await;
    for role in ["wolo_worker", "wolo"] {
        let pool = two.scene.pool_as(role).await;
        let mut connection = pool.acquire().await.expect("a connection");
        assert_eq!(all(&mut connection, "select pot_id from pots.pots").await.len(), 4, "{role}");
        assert_eq!(all(&mut connection, "select user_id from people.users").await.len(), 4, "{role}");
    }
    let pot = pots::pot(&two.scene.pool, two.awa.private).await.expect("a look").expect("a pot");
    let hold = Hold { reason: HoldReason::Float, note: "the wallet is short".to_owned(), since: noon() };
    assert_eq!(pot.holds, [hold]);
}

/// Every table that row level security is forced on.
async fn guarded(scene: &Scene) -> Vec<String> {
    tables(scene, "relrowsecurity and relforcerowsecurity").await
}

async fn tables(scene: &Scene, which: &str) -> Vec<String> {
    let owner = scene.pool_as("wolo").await;
    let sql = format!(
        "select relnamespace::regnamespace || '.' || relname as name from pg_class
         where relkind in ('r', 'p') and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'public')
           and {which}
         order by 1"
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&owner).await.expect("tables");
    rows.iter().map(|row| row.get("name")).collect()
}

#[tokio::test]
async fn no_table_with_anything_personal_is_without_its_policies() {
    let scene = Scene::new().await;
    let unguarded = tables(&scene, "not (relrowsecurity and relforcerowsecurity)").await;
    assert_eq!(unguarded, OPAQUE, "a new table has policies, or a reason to stand in OPAQUE");
    // A role that holds a grant on a guarded table has a policy that says on which rows.
    let forgotten: i64 = scene
        .read(
            "select count(*)
             from pg_class
             cross join unnest(array['wolo_api', 'wolo_worker']) as role
             where relrowsecurity and has_any_column_privilege(role, oid, 'select')
               and not exists (
                   select from pg_policies
                   where schemaname = relnamespace::regnamespace::text and tablename = relname and role = any(roles)
               )",
        )
        .await;
    assert_eq!(forgotten, 0);
    // And no policy speaks to everybody, or to roles that do not exist yet.
    let loose: i64 = scene.read("select count(*) from pg_policies where 'public' = any(roles)").await;
    assert_eq!(loose, 0);
}

#[tokio::test]
async fn no_function_runs_with_its_owners_powers() {
    let scene = Scene::new().await;
    let definers: i64 = scene
        .read(
            "select count(*) from pg_proc
             where prosecdef and pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema')",
        )
        .await;
    assert_eq!(definers, 0);
}
