//! Figures for the business: what they count, that they are the ledger's, who sees them, and what is taken away of them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Utc};
use futures::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::figures::{self, Difference, Series};
use wolo_database::payouts;
use wolo_database::{Context, Error, Pool, ledger, pots};
use wolo_domain::dakar;
use wolo_domain::figures::{Cell, Export, Figure, Part, Span, Writing};
use wolo_domain::ids::{ConversionId, DiscrepancyId, DonationId, PayoutId, PotId, UserId};
use wolo_domain::ledger::Transaction;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};

use crate::scene::{Scene, noon, xof};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day in a test")
}

fn today() -> NaiveDate {
    dakar::day_of(Utc::now())
}

/// All days that tests are about.
fn always() -> Span {
    Span::new(day("2020-01-01"), day("2032-12-31"), Part::Month).expect("a period")
}

async fn totals(pool: &Pool, figure: Figure, span: Span) -> BTreeMap<&'static str, i64> {
    let series = figures::read(pool, &[figure], span).await.expect("figures").remove(0);
    named(&series, None)
}

fn named(series: &Series, way: Option<&str>) -> BTreeMap<&'static str, i64> {
    let names = series.figure.measures().iter().map(|measure| measure.name);
    names.zip(series.totals_of(way)).filter(|(_, value)| *value != 0).collect()
}

#[tokio::test]
async fn every_figure_is_a_view_with_its_measures_that_says_what_it_counts() {
    let scene = Scene::new().await;
    let meanings = figures::meanings(&scene.pool).await.expect("comments");
    for figure in Figure::ALL {
        let columns: String = scene
            .read(&format!(
                "select string_agg(column_name || ' ' || data_type, ',' order by ordinal_position)
                 from information_schema.columns where table_schema = 'analytics' and table_name = '{figure}'"
            ))
            .await;
        let way = if figure.ways().is_empty() { "" } else { ",way text" };
        let measures = figure.measures().iter().map(|measure| format!(",{} bigint", measure.name));
        assert_eq!(columns, format!("day date{way}{}", measures.collect::<String>()));
        let meaning = meanings.get(&figure).unwrap_or_else(|| panic!("{figure} has no comment"));
        assert!(meaning.contains("Unit: ") && meaning.contains("Source: "), "{figure}: {meaning}");
    }
    assert_eq!(meanings.len(), Figure::ALL.len(), "a view that is no figure: {meanings:?}");
}

#[tokio::test]
async fn a_view_shows_whoever_asks_no_more_than_its_tables_do() {
    let scene = Scene::new().await;
    let bare: Option<String> = scene
        .read(
            "select string_agg(relname, ' ') from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = 'analytics' and relkind = 'v'
               and not coalesce('security_invoker=true' = any (reloptions), false)",
        )
        .await;
    assert_eq!(bare, None);
}

/// Postings of gifts at these instants, as no clock would make them.
async fn posted(scene: &Scene, gifts: &[(&str, i64)]) {
    let pot = scene.open().await;
    for (at, francs) in gifts {
        let (id, account) = (Uuid::now_v7(), format!("pot:{pot}"));
        scene
            .force(&format!(
                "set session_replication_role = replica;
                 insert into money.ledger_transactions (transaction_id, kind, business_key, posted_at)
                     values ('{id}', 'donation', '{id}', '{at}');
                 insert into money.ledger_entries (transaction_id, account, amount)
                     values ('{id}', 'wave_float', -{francs}), ('{id}', '{account}', {francs})"
            ))
            .await;
    }
}

#[tokio::test]
async fn a_figure_is_summed_by_the_day_in_dakar_and_by_weeks_and_months() {
    let scene = Scene::new().await;
    let gifts = [("2026-01-31T23:59:59Z", 100), ("2026-02-01T00:00:00Z", 200), ("2026-02-02T12:00:00Z", 400)];
    posted(&scene, &gifts).await;
    let summed = async |by| {
        let span = Span::new(day("2026-01-31"), day("2026-02-03"), by).expect("a period");
        let series = figures::read(&scene.pool, &[Figure::Gifts], span).await.expect("figures").remove(0);
        let rows = series.rows.into_iter().map(|row| (row.part.to_string(), row.values[1]));
        rows.collect::<Vec<_>>()
    };
    let expected = |rows: &[(&str, i64)]| -> Vec<_> {
        rows.iter().map(|(part, francs)| ((*part).to_owned(), *francs)).collect()
    };
    let days = [("2026-01-31", 100), ("2026-02-01", 200), ("2026-02-02", 400), ("2026-02-03", 0)];
    assert_eq!(summed(Part::Day).await, expected(&days));
    assert_eq!(summed(Part::Week).await, expected(&[("2026-01-26", 300), ("2026-02-02", 400)]));
    assert_eq!(summed(Part::Month).await, expected(&[("2026-01-01", 100), ("2026-02-01", 600)]));
    // What is outside of the period is not in its parts.
    assert_eq!(totals(&scene.pool, Figure::Gifts, Span::day(day("2026-02-01"))).await["francs"], 200);
}

#[tokio::test]
async fn what_happened_to_pots_and_their_money_is_in_the_figures() {
    let scene = Scene::new().await;
    let (empty, given) = (scene.open().await, scene.closed_with_money().await);
    scene.scheduled().await;
    payouts::plan(&scene.pool, given, PayoutRules::default(), noon()).await.expect("a plan");
    let of = async |figure, span| totals(&scene.pool, figure, span).await;
    let span = Span::day(today());
    assert_eq!(of(Figure::Gifts, span).await, BTreeMap::from([("gifts", 1), ("francs", 5_000)]));
    assert_eq!(of(Figure::Fees, span).await, BTreeMap::from([("pots_bore", 50)]));
    assert_eq!(
        of(Figure::PotsByState, span).await,
        BTreeMap::from([("made", 3), ("scheduled", 1), ("open", 1), ("paying_out", 1)])
    );
    // By the process's time.
    assert_eq!(of(Figure::Conversion, span).await, BTreeMap::new());
    let then = Span::day(noon().date_naive());
    assert_eq!(of(Figure::Conversion, then).await, BTreeMap::from([("opened", 2), ("given_to", 1)]));
    // Both owners of open pots registered; one was given to, by nobody whom we know.
    assert_eq!(of(Figure::Registered, span).await, BTreeMap::from([("people", 3)]));
    assert_eq!(of(Figure::Activated, always()).await, BTreeMap::from([("people", 1)]));
    pots::hold(&scene.pool, empty, wolo_domain::pots::HoldReason::Moderation, "", noon())
        .await
        .expect("a hold");
    assert_eq!(of(Figure::PotsByState, span).await["held"], 1);
    scene.judge().await;
}

#[tokio::test]
async fn invitations_messages_and_cases_are_in_the_figures_as_far_as_they_have_come() {
    let scene = Scene::new().await;
    let (sponsor, friend) = (scene.person().await.id.uuid(), scene.person().await.id.uuid());
    scene
        .force(&format!(
            "insert into notices.notices (notice_id, process, event, person, kind, category)
                 select md5(n::text)::uuid, 'x', 'invitation', n::text, 'invitation', 'invitations' from generate_series(1, 3) n;
             insert into notices.attempts (notice_id, number, channel, provider, state, provider_id, code)
                 values (md5('1')::uuid, 1, 'whatsapp', 'whatsapp', 'accepted', 'a', null),
                        (md5('2')::uuid, 1, 'whatsapp', 'whatsapp', 'refused', null, 'x'),
                        (md5('2')::uuid, 2, 'sms', 'orange', 'accepted', 'b', null);
             insert into notices.receipts (provider, event_id, notice_id, number, fate, at)
                 values ('whatsapp', '1', md5('1')::uuid, 1, 'delivered', now()),
                        ('whatsapp', '2', md5('1')::uuid, 1, 'read', now()),
                        ('orange', '3', md5('2')::uuid, 2, 'failed', now());
             insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
             )
                 select md5(n::text)::uuid, '{sponsor}', 'Awa', n || '@example.sn', 'friend', sha256(n::text::bytea), md5(n::text)::uuid,
                        now() + interval '1 day'
                 from generate_series(1, 3) n;
             update sponsorship.invitations set accepted_at = now(), invitee_id = '{friend}', invitee_name = 'x'
                 where notice_id = md5('1')::uuid;
             update sponsorship.invitations set ended_as = 'declined', ended_at = now() where notice_id = md5('3')::uuid;
             insert into minors.cases (
                 case_id, subject_id, approvals_needed, opened_at, stage, round, since, submitted_at, decided_at, reasons, destroy_at
             )
                 values ('{friend}', '{friend}', 1, now(), 'rejected', 1, now(), now() - interval '3 days', now(), array['not_genuine'], now())"
        ))
        .await;
    let span = Span::day(today());
    let of = async |figure| totals(&scene.pool, figure, span).await;
    let funnel = of(Figure::InvitationFunnel).await;
    let expected =
        [("written", 3), ("sent", 2), ("delivered", 2), ("opened", 2), ("accepted", 1), ("declined", 1)];
    assert_eq!(funnel, BTreeMap::from(expected));
    let k = [("people", 2), ("invitations", 3), ("accepted", 1)];
    assert_eq!(of(Figure::KFactor).await, BTreeMap::from(k));
    assert_eq!(of(Figure::Registered).await, BTreeMap::from([("people", 2), ("by_invitation", 1)]));
    assert_eq!(of(Figure::Activated).await, BTreeMap::from([("people", 1)]), "the sponsor");
    let case = of(Figure::IdentityTurnaround).await;
    assert_eq!(case, BTreeMap::from([("decided", 1), ("rejected", 1), ("seconds", 3 * 86_400)]));
    let messages = figures::read(&scene.pool, &[Figure::Messages], span).await.expect("figures").remove(0);
    let whatsapp = [("tried", 2), ("accepted", 1), ("delivered", 1), ("read", 1), ("failed", 1)];
    assert_eq!(named(&messages, Some("whatsapp")), BTreeMap::from(whatsapp));
    let sms = [("tried", 1), ("accepted", 1), ("failed", 1)];
    assert_eq!(named(&messages, Some("sms")), BTreeMap::from(sms));
    assert_eq!(named(&messages, None)["tried"], 3);
}

/// A fact of every kind that the ledger knows, with an amount that no other has.
async fn every_kind(scene: &Scene) {
    let pot = scene.open().await;
    let gift = |number| DonationId::from_uuid(Uuid::from_u128(number));
    let wave = |number: u32| format!("T_{number}");
    let payout = PayoutId::of_pot(pot);
    let discrepancy = |number| DiscrepancyId::from_uuid(Uuid::from_u128(number));
    let conversion = ConversionId::from_uuid(Uuid::from_u128(1));
    let facts = [
        Transaction::donation(gift(1), pot, xof(1_000_001), wave(1)),
        Transaction::late_donation(gift(2), xof(200_003), wave(2)),
        Transaction::odd_donation(gift(3), xof(30_007), wave(3)),
        Transaction::donation_fee(gift(1), pot, xof(11)),
        Transaction::odd_donation_fee(gift(3), true, xof(13)),
        Transaction::odd_donation_fee(gift(4), false, xof(17)),
        Transaction::refund_owed(gift(1), pot, xof(50_021)),
        Transaction::refund(gift(2), xof(100_019)),
        Transaction::payout(payout, pot, xof(300_023), wave(4)),
        Transaction::payout_fee(PayoutOrder::first(payout), xof(3_001)),
        Transaction::unmatched(wave(5), xof(7_919)),
        Transaction::unmatched(wave(6), xof(-4_001)),
        Transaction::suspense_cleared(discrepancy(1), xof(2_003)),
        Transaction::suspense_cleared(discrepancy(2), xof(-1_009)),
        Transaction::credit(conversion, pot, xof(6_007)),
        Transaction::credit_returned(conversion, pot, xof(5_003)),
    ];
    let mut tx = scene.pool.begin().await.expect("a transaction");
    for fact in facts {
        ledger::post(&mut tx, &fact.expect("a fact")).await.expect("a posting");
    }
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn figures_of_money_are_the_ledgers_to_the_franc_whatever_is_posted() {
    let scene = Scene::new().await;
    assert_eq!(figures::differences(&scene.pool).await.expect("a comparison"), []);
    every_kind(&scene).await;
    let kinds: i64 = scene.read("select count(distinct kind) from money.ledger_transactions").await;
    assert_eq!(usize::try_from(kinds), Ok(wolo_domain::ledger::TransactionKind::ALL.len()));
    assert_eq!(figures::differences(&scene.pool).await.expect("a comparison"), []);
}

#[tokio::test]
async fn a_franc_that_the_figures_do_not_have_is_found() {
    let scene = Scene::new().await;
    every_kind(&scene).await;
    scene
        .force(
            "set session_replication_role = replica;
             update money.ledger_entries set amount = amount - 1
             where account = 'wave_float'
               and transaction_id = (select transaction_id from money.ledger_transactions where kind = 'late_donation')",
        )
        .await;
    let found = figures::differences(&scene.pool).await.expect("a comparison");
    let [Difference { account: "wave_float", by_figures, by_ledger }] = found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(by_ledger.francs() - by_figures.francs(), -1);
}

fn refused(error: &Error) {
    assert!(matches!(error, Error::Broken(fault) if fault.code.as_deref() == Some("42501")), "{error:?}");
}

#[tokio::test]
async fn the_api_sums_over_everybody_for_whoever_comes_for_figures_and_for_nobody_else() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let owner = scene.owner_of(pot).await;
    scene.open().await;
    let api = scene.pool_as("wolo_api").await;
    let made = async |context: Context<'_>| {
        let mut tx = context.begin(&api).await.expect("a transaction");
        let series = figures::read(&mut *tx, &Figure::ALL, always()).await.expect("figures");
        let live = figures::live(&mut tx).await.expect("a look");
        let by_state = series.iter().find(|one| one.figure == Figure::PotsByState).expect("a figure");
        (named(by_state, None).get("made").copied().unwrap_or_default(), live.pots["made"])
    };
    assert_eq!(made(Context::figures(owner)).await, (2, 2));
    assert_eq!(made(Context::user(UserId::from_uuid(Uuid::now_v7()))).await.0, 2, "both pots are public");
    scene.force("update pots.pots set visibility = 'private'").await;
    assert_eq!(made(Context::figures(owner)).await, (2, 2));
    assert_eq!(made(Context::user(owner)).await, (1, 1));
    assert_eq!(made(Context::visitor()).await, (0, 0));
}

#[tokio::test]
async fn a_minute_ago_and_a_day_ago_are_told_apart() {
    let scene = Scene::new().await;
    let now = Utc::now();
    let ago = |minutes| (now - chrono::TimeDelta::minutes(minutes)).to_rfc3339();
    let (old, older, young) = (ago(30), ago(24 * 60), ago(0));
    posted(&scene, &[(&old, 100), (&older, 1_000), (&young, 10)]).await;
    let mut worker = scene.pool.acquire().await.expect("a connection");
    let live = figures::live(&mut worker).await.expect("a look");
    assert_eq!(live.gifts_per_minute.len(), 60);
    assert_eq!(live.gifts_per_minute.iter().sum::<i64>(), 2);
    let late = &live.gifts_per_minute[27..30];
    assert_eq!(late.iter().sum::<i64>(), 1, "half an hour ago: {:?}", live.gifts_per_minute);
    assert_eq!(live.messages_waiting, 0);
    assert_eq!(live.pots["open"], 1);
}

fn last_month() -> (NaiveDate, NaiveDate) {
    (dakar::days_before(today(), 30), today())
}

#[tokio::test]
async fn the_api_notes_an_export_in_its_askers_own_name_and_notes_nothing_else() {
    let scene = Scene::new().await;
    let (me, other) = (scene.person().await.id, scene.person().await.id);
    let api = scene.pool_as("wolo_api").await;
    let note = async |context: Context<'_>, by: UserId| {
        let mut tx = context.begin(&api).await?;
        let by = by.to_string();
        let doer = Doer::new(&by, "a test");
        figures::note_export(&mut tx, Export::Gifts, last_month(), Writing::Csv, doer).await?;
        wolo_database::commit(tx).await
    };
    note(Context::figures(me), me).await.expect("a note");
    assert_eq!(scene.events("audit").await, 1);
    refused(&note(Context::figures(me), other).await.expect_err("another name"));
    refused(&note(Context::staff(me), me).await.expect_err("somebody who came for something else"));
    refused(&note(Context::visitor(), me).await.expect_err("a visitor"));
    // Nor anything else that the trail knows.
    let mut tx = Context::figures(me).begin(&api).await.expect("a transaction");
    let forged = format!(
        "insert into ops.outbox (outbox_id, topic, business_key, payload)
         values (gen_random_uuid(), 'audit', 'x', '{{\"by\": \"{me}\", \"happening\": {{\"action\": \"payout_approved\"}}}}')"
    );
    let error = sqlx::raw_sql(AssertSqlSafe(forged)).execute(&mut *tx).await.expect_err("a forged line");
    assert_eq!(
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
        Some("42501")
    );
    assert_eq!(scene.events("audit").await, 1);
}

async fn exported(pool: &Pool, export: Export, days: (NaiveDate, NaiveDate)) -> Vec<Vec<Cell>> {
    let mut tx = pool.begin().await.expect("a transaction");
    let lines = figures::lines(&mut tx, export, days).await.expect("lines");
    lines.try_collect().await.expect("cells")
}

#[tokio::test]
async fn every_export_has_a_cell_for_each_of_its_columns_and_nobodys_name() {
    let scene = Scene::new().await;
    let (pot, donor) = (scene.closed_with_money().await, scene.person().await);
    payouts::plan(&scene.pool, pot, PayoutRules::default(), Utc::now()).await.expect("a plan");
    let donor_id = donor.id.uuid();
    scene
        .force(&format!(
            "update money.donations set donor_user_id = '{donor_id}', donor_name = 'Awa Secret', message = 'Secret';
             insert into notices.notices (notice_id, process, event, person, kind, category, user_id)
                 values ('{donor_id}', 'x', 'x', '{donor_id}', 'welcome', 'news', '{donor_id}');"
        ))
        .await;
    scene.sponsor(10).await;
    for export in Export::ALL {
        let lines = exported(&scene.pool, export, last_month()).await;
        assert!(!lines.is_empty(), "{export}");
        for cells in &lines {
            assert_eq!(cells.len(), export.columns().len(), "{export}: {cells:?}");
            let told = format!("{cells:?}");
            for secret in ["Awa", "Secret", "+221", "@example"] {
                assert!(!told.contains(secret), "{export} tells {secret}: {told}");
            }
        }
        let before = (day("2020-01-01"), day("2020-12-31"));
        assert_eq!(exported(&scene.pool, export, before).await, Vec::<Vec<Cell>>::new(), "{export}");
    }
    let giver = async || exported(&scene.pool, Export::Gifts, last_month()).await[0][3].clone();
    assert_eq!(giver().await, Cell::text(donor.id));
    scene.force("update money.donations set anonymous = true").await;
    assert_eq!(giver().await, Cell::Nothing, "who wants not to be known is not");
    let mut ledger = exported(&scene.pool, Export::Ledger, last_month()).await;
    let amounts = ledger.iter_mut().map(|cells| match cells[5] {
        Cell::Number(amount) => amount,
        ref other => panic!("{other:?}"),
    });
    assert_eq!(amounts.sum::<i64>(), 0);
}

/// Invitations of long ago, so many that no buffer on the way has room for all.
async fn many_invitations(scene: &Scene, count: u32) {
    let sponsor = scene.person().await.id.uuid();
    scene
        .force(&format!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, created_at, expires_at, ended_as,
                 ended_at
             )
             select gen_random_uuid(), '{sponsor}', 'Awa', n || '@example.sn', 'friend', sha256(('{sponsor}' || n)::bytea), gen_random_uuid(),
                    '2021-03-04', '2021-03-11', 'lapsed', '2021-03-11'
             from generate_series(1, {count}) n"
        ))
        .await;
}

const LONG_AGO: (&str, &str) = ("2021-01-01", "2021-12-31");

#[tokio::test]
async fn a_line_of_many_is_read_before_the_last_is_made() {
    const MANY: u32 = 50_000;
    let scene = Scene::new().await;
    many_invitations(&scene, MANY).await;
    let mut tx = scene.pool.begin().await.expect("a transaction");
    let days = (day(LONG_AGO.0), day(LONG_AGO.1));
    let mut lines = figures::lines(&mut tx, Export::Invitations, days).await.expect("lines");
    assert!(lines.try_next().await.expect("a line").is_some());
    // Nobody takes the next one, so the database comes to stand in the middle of them: they are nowhere but there.
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and state = 'active' and wait_event = 'ClientWrite'";
    let stands = async {
        while scene.read::<i64>(waits).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), stands)
        .await
        .expect("all lines were taken at once");
    let mut rest = 0;
    while lines.try_next().await.expect("a line").is_some() {
        rest += 1;
    }
    assert_eq!(rest, MANY - 1);
}

/// What this process has in memory now, or has had at most: in kibibytes.
fn memory(what: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(what)).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test]
#[ignore = "a million lines, alone: cargo test --workspace --test it a_million_lines -- --ignored --nocapture"]
async fn a_million_lines_take_no_more_memory_than_a_few() {
    let scene = Scene::new().await;
    for _ in 0..20 {
        many_invitations(&scene, 50_000).await;
    }
    let days = (day(LONG_AGO.0), day(LONG_AGO.1));
    let before = memory("VmRSS");
    let began = std::time::Instant::now();
    let mut tx = scene.pool.begin().await.expect("a transaction");
    let mut lines = figures::lines(&mut tx, Export::Invitations, days).await.expect("lines");
    let (mut count, mut bytes, mut text) = (0, 0, String::new());
    while let Some(cells) = lines.try_next().await.expect("a line") {
        text.clear();
        Writing::Csv.line(Export::Invitations.columns(), &cells, &mut text);
        count += 1;
        bytes += text.len();
    }
    let grown = memory("VmHWM") - before;
    println!(
        "{count} lines, {bytes} bytes in {} ms; {grown} KiB more memory at most",
        began.elapsed().as_millis()
    );
    assert_eq!(count, 1_000_000);
    assert!(grown < 16 * 1024, "{grown} KiB");
}

/// A pot of the scene's is named nowhere but by its id.
#[tokio::test]
async fn an_id_in_an_export_is_the_one_that_everybody_uses() {
    let scene = Scene::new().await;
    let pot: PotId = scene.closed_with_money().await;
    let gift = scene.a_gift_of(pot).await;
    let line = exported(&scene.pool, Export::Gifts, last_month()).await.remove(0);
    assert_eq!(line[1..3], [Cell::text(gift), Cell::text(pot)]);
}
