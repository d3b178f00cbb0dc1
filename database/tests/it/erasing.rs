//! Erasing somebody: recognisable values are planted wherever a person's data may stand, and looked for everywhere afterwards.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;
use wolo_database::audit::Doer;
use wolo_database::closures::{self, Closing, Erasing, Restoring, Standing, ToGiveUp};
use wolo_database::people::{self, Adding};
use wolo_database::{accounts, birthdays, points};
use wolo_domain::accounts::Role;
use wolo_domain::closures::UnderWay;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;
use wolo_domain::points::AwardReason;

use crate::scene::{Scene, at, noon};

const DOER: Doer<'static> = Doer::new("operator:fatou", "they asked for it");

/// What is planted, as it would be found: in text, and in bytes as the database shows them.
const PLANTED: [&str; 5] = ["canary", "63616e617279", "770424242", "373730343234323432", "1977-04-24"];

/// Somebody of whom there is something in every table that has something of anybody, and nothing under way.
pub(crate) async fn fill(scene: &Scene, user: UserId) {
    scene.force(&planted(user)).await;
}

#[expect(clippy::too_many_lines, reason = "a row of every table")]
fn planted(user: UserId) -> String {
    let (id, text) = (user.uuid(), user.to_string());
    format!(
        "update people.users set name = 'Canary Ndiaye', birth_date = '1977-04-24', phone = '+221770424242',
                email = 'Canary@example.sn', locked_at = now(), locked_why = 'canary words' where user_id = '{id}';
         insert into people.passwords (user_id, hash) values ('{id}', 'canary hash');
         insert into people.second_factors (user_id, secret) values ('{id}', 'canary secret');
         insert into people.recovery_codes (user_id, code_hash) values ('{id}', 'canary code');
         insert into people.roles (user_id, role, granted_by, reason) values ('{id}', 'support', 'x', 'canary words');
         insert into people.birth_date_changes (change_id, user_id, was, becomes, changed_by, reason)
             values ('{id}', '{id}', '1977-04-24', '1977-04-25', 'x', 'canary words');
         insert into people.preferences (user_id, muted) values ('{id}', array['news']);
         insert into people.identities (issuer, subject, user_id) values ('https://accounts.google.com', 'canary', '{id}');
         insert into people.registrations (registration_id, name, birth_date, phone, language)
             values ('{id}', 'Canary', '1977-04-24', '+221770424242', 'fr');
         insert into people.codes (code_id, purpose, contact_hash, code_hash, user_id, email, tries_left, expires_at)
             values ('{id}', 'verify_contact', 'x', 'x', '{id}', 'canary@example.sn', 5, now());
         insert into people.codes (code_id, purpose, contact_hash, code_hash, phone, tries_left, expires_at)
             values (gen_random_uuid(), 'sign_in', 'x', 'x', '+221770424242', 5, now());
         insert into people.sessions (session_id, user_id, device, proofs, expires_at)
             values ('{id}', '{id}', 'canary device', array['pwd'], now() + interval '7 days');
         insert into people.refresh_tokens (token_hash, session_id, generation) values ('canary token', '{id}', 0);
         insert into notices.notices (notice_id, process, event, person, kind, category, user_id)
             values ('{id}', 'x', 'welcome', '{text}', 'welcome', 'news', '{id}');
         insert into notices.attempts (notice_id, number, channel, provider, state, provider_id)
             values ('{id}', 1, 'whatsapp', 'whatsapp', 'accepted', 'wamid.canary');
         insert into notices.receipts (provider, event_id, notice_id, number, fate, at)
             values ('whatsapp', 'wamid.canary read', '{id}', 1, 'read', now());
         insert into notices.notices (notice_id, process, event, person, kind, category, mail_to)
             values (gen_random_uuid(), 'x', 'x', 'x', 'welcome', 'news', 'canary@EXAMPLE.sn');
         insert into notices.opt_outs (channel, address, how) values ('sms', '+221770424242', 'reply'),
             ('email', 'Canary@example.sn', 'reply');
         insert into notices.conversations (address, last_inbound_at) values ('+221770424242', now());
         insert into notices.devices (device_id, user_id, token, platform) values ('{id}', '{id}', 'canary token', 'web');
         insert into pots.pots (
             pot_id, owner_id, stage, title, description, target, visibility, show_donor_names, show_amounts,
             allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, opened_at, closed_at,
             closing_recorded_at, settled_at
         )
             values ('{id}', '{id}', 'settled', 'Canary title', 'canary description', 25000, 'public', true, true,
                     true, true, false, '2030-04-24', now(), now(), now(), now(), now(), now());
         insert into pots.holds (pot_id, reason, note, since) values ('{id}', 'moderation', 'canary words', now());
         insert into pots.reports (report_id, pot_id, reporter_id, reason, words)
             values ('{id}', '{id}', '{id}', 'other', 'canary words');
         insert into pots.reports (report_id, pot_id, reason, resolved_at, resolved_by, resolution)
             values (gen_random_uuid(), '{id}', 'fraud', now(), 'x', 'canary words');
         insert into money.donations (
             donation_id, pot_id, amount, stage, donor_name, donor_phone, message, anonymous, wave_transaction_id,
             paid_amount, paid_currency, paid_at, ended_at
         )
             values (gen_random_uuid(), '{id}', 500, 'confirmed', 'Moussa', '+221781112233', 'Bravo Canary !', false,
                     'T_to_{id}', 500, 'XOF', now(), now());
         insert into money.payouts (payout_id, pot_id, amount, planned_at) values ('{id}', '{id}', 490, now());
         insert into money.payout_recipients (payout_id, clearance, phone) values ('{id}', 1, '+221770424242');
         insert into money.certificates (pot_id, document, digest, lines, key_id)
             values ('{id}', 'x', sha256('x'), 2, 'x');
         insert into money.donations (
             donation_id, pot_id, amount, stage, donor_user_id, donor_name, donor_phone, message, anonymous,
             wave_transaction_id, paid_amount, paid_currency, paid_at, ended_at
         )
             values ('{id}', '{id}', 700, 'confirmed', '{id}', 'Canary', '+221770424242', 'canary wish', false,
                     'T_by_{id}', 700, 'XOF', now(), now());
         insert into money.donations (donation_id, pot_id, amount, stage, donor_name, donor_phone, anonymous, ended_at)
             values (gen_random_uuid(), '{id}', 700, 'expired', 'Canary without an account', '+221770424242', false, now());
         insert into ops.webhook_inbox (provider, event_id, kind, subject, raw, handled_at)
             values ('wave', 'EV_{id}', 'x', 'don_' || replace('{id}', '-', ''), 'canary 770424242', now());
         insert into ops.idempotency_keys (
             scope, key, fingerprint, subject, status, content_type, response, finished_at
         )
             values ('{text}', 'k', 'f', 's', 201, 'application/json', 'canary', now());
         insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, phone, relationship, token_hash, notice_id, expires_at, ended_as,
             ended_at, ended_by, ended_note
         )
             values ('{id}', '{id}', 'Canary', '+221781112233', 'friend', sha256('{id}'), gen_random_uuid(),
                     now() + interval '1 day', 'cancelled', now(), 'x', 'canary words');
         insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, phone, relationship, token_hash, notice_id, expires_at,
             invitee_id, invitee_name, accepted_at
         )
             select gen_random_uuid(), user_id, 'Moussa', '+221770424242', 'partner', sha256('1{id}'), gen_random_uuid(),
                    now() + interval '1 day', '{id}', 'Canary', now()
             from people.users where user_id <> '{id}' limit 1;
         insert into sponsorship.invitations (
             invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
         )
             select gen_random_uuid(), user_id, 'Moussa', 'canary@example.sn', 'friend', sha256('2{id}'),
                    gen_random_uuid(), now() + interval '1 day'
             from people.users where user_id <> '{id}' limit 1;
         insert into sponsorship.days (sponsor_id, day, invitations) values ('{id}', now(), 1);
         insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
             values ('{id}', '{id}', 'Canary', 'invitation_accepted', '{id}', 10, now(), now());
         insert into sponsorship.award_steps (award_id, stage, reason, by_whom, note)
             values ('{id}', 'revoked', 'by_hand', 'x', 'canary words');
         insert into sponsorship.conversions (conversion_id, user_id, points, pot_id, credit, at)
             values ('{id}', '{id}', 10, '{id}', 1000, now());
         insert into sponsorship.conversions_returned (conversion_id) values ('{id}');
         insert into minors.consents (
             consent_id, minor_id, guardian_name, guardian_phone, guardian_is, language, token_hash, stage, since,
             requested_at
         )
             values ('{id}', '{id}', 'Canary Diop', 'canary', 'mother', 'fr', sha256('3{id}'), 'ended', now(), now());
         insert into minors.guardians (consent_id, phone, email)
             values ('{id}', '+221770424242', 'canary@example.sn');
         insert into minors.consent_events (consent_id, number, event, at) values ('{id}', 1, 'requested', now());
         insert into minors.cases (
             case_id, subject_id, consent_id, approvals_needed, opened_at, stage, round, since, submitted_at,
             decided_at, approved_birth_date, destroy_at, destroyed_at
         )
             values ('{id}', '{id}', '{id}', 2, now(), 'approved', 1, now(), now(), now(), '1977-04-24', now(), now());
         insert into minors.documents (
             document_id, case_id, party, kind, media, sha256, bytes, pages, added_at, destroyed_at
         )
             values ('{id}', '{id}', 'person', 'passport', 'jpeg', sha256('{id}'), 1, 1, now(), now());"
    )
}

/// Every table with what stands in it, as text.
#[expect(clippy::disallowed_methods, reason = "a test reads what the crate never would")]
async fn dump(scene: &Scene) -> BTreeMap<String, String> {
    let owner = scene.pool_as("wolo").await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_schema || '.' || table_name from information_schema.tables
         where table_type = 'BASE TABLE' and table_schema not in ('information_schema', 'pg_catalog', 'public')",
    )
    .fetch_all(&owner)
    .await
    .expect("the tables");
    let mut dump = BTreeMap::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(row_of::text, E'\\n'), '') from {table} row_of");
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&owner).await.expect("a dump");
        dump.insert(table, text.to_lowercase());
    }
    dump
}

/// The tables in which something of what was planted is found.
fn hits(dump: &BTreeMap<String, String>) -> BTreeSet<&str> {
    let is_hit = |text: &str| PLANTED.iter().any(|planted| text.contains(planted));
    dump.iter().filter(|(_, text)| is_hit(text)).map(|(table, _)| table.as_str()).collect()
}

/// Somebody of whom there is everything, beside somebody else, whose account is being closed.
async fn leaving() -> (Scene, UserId) {
    let scene = Scene::new().await;
    scene.person().await;
    let user = scene.person().await.id;
    fill(&scene, user).await;
    let closing = closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    assert_eq!(closing, Closing::Closing { since: noon() });
    (scene, user)
}

#[tokio::test]
async fn of_somebody_who_was_erased_nothing_is_found_anywhere() {
    let (scene, user) = leaving().await;
    let before = dump(&scene).await;
    let personal: BTreeSet<_> = include_str!("../../data-map.csv")
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.split(',').collect();
            let goes = cells.get(2) == Some(&"personal") && ["deleted", "cleared"].contains(cells.get(5)?);
            // What somebody wants to hear has no words of theirs.
            (goes && cells[0] != "people.preferences").then_some(cells[0])
        })
        .collect();
    let hidden: Vec<_> = personal.difference(&hits(&before)).copied().collect();
    assert!(hidden.is_empty(), "the test plants nothing in {hidden:?}");

    let erased = closures::erase(&scene.pool, user, DOER, noon()).await.expect("an erasing");
    assert_eq!(erased, Erasing::Erased);
    let after = dump(&scene).await;
    assert_eq!(hits(&after), BTreeSet::new());
    // What others gave and were paid stands as it was.
    assert!(
        after["money.donations"].contains("moussa") && after["money.donations"].contains("+221781112233")
    );
    for table in ["money.payouts", "money.certificates", "sponsorship.awards", "sponsorship.conversions"] {
        assert!(after[table].contains(&user.uuid().to_string()), "{table} has lost its row");
    }
    let again = closures::erase(&scene.pool, user, DOER, noon()).await.expect("an erasing");
    assert_eq!(again, Erasing::Erased);
    let told: i64 =
        scene.read("select count(*) from ops.outbox where payload::text like '%person_erased%'").await;
    assert_eq!(told, 1, "the trail is told once");
}

#[tokio::test]
async fn whoever_was_erased_is_nobody_to_every_query_and_stays_so() {
    let (scene, user) = leaving().await;
    closures::erase(&scene.pool, user, DOER, noon()).await.expect("an erasing");
    let standing = closures::standing(&scene.pool, user).await.expect("a look");
    assert_eq!(standing, Some(Standing::ErasedAt(noon())));
    let account = accounts::account(&scene.pool, user).await.expect("a look").expect("a row");
    assert!(account.locked && account.phone.is_none() && account.email.is_none());
    assert_eq!(birthdays::celebrant(&scene.pool, user).await.expect("a look"), None);
    // The first of January has no celebrants either.
    let page = wolo_database::Page::first(10);
    let day = at("2032-01-01T00:00:00Z").date_naive();
    assert_eq!(birthdays::celebrants(&scene.pool, day, page).await.expect("a look"), []);
    assert_eq!(closures::restore(&scene.pool, user, DOER).await.expect("an answer"), Restoring::Erased);
    assert_eq!(closures::close(&scene.pool, user, DOER, noon()).await.expect("an answer"), Closing::Erased);
    // Their phone and address are anybody's again.
    let other = people::User {
        id: UserId::from_uuid(uuid::Uuid::now_v7()),
        name: "Moussa".to_owned(),
        birth_date: BirthDate::new("1990-01-02".parse().expect("a day")),
        phone: Some("+221770424242".parse().expect("a phone")),
        email: Some("canary@example.sn".to_owned()),
    };
    assert_eq!(people::add_user(&scene.pool, &other).await.expect("a person"), Adding::Added);
    let owner = scene.pool_as("wolo").await;
    for (attack, rule) in [
        ("update people.users set name = 'Awa' where erased_at is not null", "users_erased_once"),
        ("update people.users set erased_at = null where erased_at is not null", "users_erased_once"),
        ("update sponsorship.awards set name = 'Awa'", "points_are_append_only"),
        ("update sponsorship.awards set points = 1000, name = '—'", "points_are_append_only"),
        ("update sponsorship.award_steps set reason = 'gift_refunded', note = '—'", "points_are_append_only"),
    ] {
        let refused =
            sqlx::raw_sql(AssertSqlSafe(attack.to_owned())).execute(&owner).await.expect_err(attack);
        let refused = refused.as_database_error().and_then(|error| error.constraint().map(ToOwned::to_owned));
        assert_eq!(refused.as_deref(), Some(rule), "{attack}");
    }
}

#[tokio::test]
async fn a_closed_account_lets_nobody_in_and_is_restored_as_it_was_but_for_what_has_ended() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    scene
        .force(&format!(
            "insert into people.roles (user_id, role, granted_by, reason) values ('{0}', 'finance', 'x', 'x');
             insert into people.sessions (session_id, user_id, proofs, expires_at)
                 values ('{0}', '{0}', array['pwd'], now() + interval '7 days');
             insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at
             )
                 values ('{0}', '{0}', 'Awa', 'friend@example.sn', 'friend', sha256('{0}'), '{0}', now() + interval '7 days');
             insert into sponsorship.awards (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
                 values ('{0}', '{0}', 'Awa', 'invitation_accepted', '{0}', 10, now(), now() + interval '14 days');",
            user.uuid()
        ))
        .await;
    for _ in 0..2 {
        let closing = closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
        assert_eq!(closing, Closing::Closing { since: noon() });
    }
    let owner = scene.pool_as("wolo").await;
    let lives = accounts::sessions::lives(&owner, user.uuid(), user).await.expect("a look");
    let locked = async || accounts::account(&owner, user).await.expect("a look").expect("a person").locked;
    assert!(!lives && locked().await);
    assert_eq!(accounts::roles::of_user(&owner, user).await.expect("a look"), []);
    let sums = points::of_user(&scene.pool, user).await.expect("sums");
    assert_eq!((sums.pending, sums.revoked), (0, 10));
    let reason: String = scene.read("select reason from sponsorship.award_steps").await;
    assert_eq!(reason.parse(), Ok(AwardReason::AccountClosed));
    // An operator unlocks no account that is being closed.
    let mut tx = owner.begin().await.expect("a transaction");
    assert!(!accounts::roles::unlock(&mut tx, user, DOER).await.expect("an answer"));
    drop(tx);

    assert_eq!(closures::restore(&scene.pool, user, DOER).await.expect("an answer"), Restoring::Restored);
    assert_eq!(closures::restore(&scene.pool, user, DOER).await.expect("an answer"), Restoring::InUse);
    assert!(!locked().await);
    assert_eq!(closures::standing(&scene.pool, user).await.expect("a look"), Some(Standing::InUse));
    let actions: String = scene
        .read(
            "select string_agg(payload #>> '{happening,action}', ' ' order by created_at, outbox_id)
             from ops.outbox where topic = 'audit'",
        )
        .await;
    assert_eq!(actions, "role_revoked account_closed account_restored");
}

#[tokio::test]
async fn an_account_that_was_locked_before_stays_locked_when_it_is_restored() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let owner = scene.pool_as("wolo").await;
    let mut tx = owner.begin().await.expect("a transaction");
    accounts::roles::lock(&mut tx, user, Doer::new("operator:fatou", "fraud")).await.expect("a lock");
    tx.commit().await.expect("a commit");
    closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    closures::restore(&scene.pool, user, DOER).await.expect("a restoring");
    let why: String = scene.read("select locked_why from people.users where locked_at is not null").await;
    assert_eq!(why, "fraud");
}

#[tokio::test]
async fn nobody_is_erased_while_anything_of_theirs_is_under_way_or_without_having_closed() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let user = scene.owner_of(pot).await;
    let erase = async || closures::erase(&scene.pool, user, DOER, noon()).await.expect("an answer");
    assert_eq!(erase().await, Erasing::InUse);
    closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    let theirs = closures::to_give_up(&scene.pool, user).await.expect("a list");
    assert_eq!((theirs.pots, theirs.invitations), (vec![pot], vec![]));
    assert_eq!(erase().await, Erasing::Waits(UnderWay { pots: 1, ..UnderWay::default() }));
    wolo_database::pots::cancel(&scene.pool, pot, noon()).await.expect("a cancelling");
    // A gift of theirs to somebody else's pot, first asked for and then on its way back.
    let other = scene.open().await;
    let gift = scene.requested(other, 500).await;
    let theirs = |stage: &str| {
        format!(
            "update money.donations
             set donor_user_id = '{}', stage = '{stage}', refund_sent_at = now(),
                 wave_transaction_id = 'T', paid_amount = 500, paid_currency = 'XOF', paid_at = now(),
                 ended_at = case when '{stage}' = 'refunded' then now() end
             where donation_id = '{}'",
            user.uuid(),
            gift.uuid()
        )
    };
    let claimed = format!(
        "update money.donations set donor_user_id = '{}' where donation_id = '{}'",
        user.uuid(),
        gift.uuid()
    );
    scene.force(&claimed).await;
    let waits = Erasing::Waits(UnderWay { gifts: 1, ..UnderWay::default() });
    assert_eq!(erase().await, waits);
    scene.force(&theirs("refund_due")).await;
    assert_eq!(erase().await, waits);
    scene.force(&theirs("refunded")).await;
    assert_eq!(erase().await, Erasing::Erased);
    let nobody = UserId::from_uuid(uuid::Uuid::now_v7());
    let erased = closures::erase(&scene.pool, nobody, DOER, noon()).await.expect("an answer");
    assert_eq!(erased, Erasing::NobodyKnown);
}

#[tokio::test]
async fn a_minors_consent_and_case_are_given_up_while_the_account_is_being_closed_and_not_once_it_is_restored()
 {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let (user, case) = (matter.subject, matter.case);
    let consent = scene.requested_consent(user).await;
    let theirs = async || closures::to_give_up(&scene.pool, user).await.expect("a list");
    assert_eq!(theirs().await, ToGiveUp::default());
    closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    let all = ToGiveUp { consent: Some(consent), cases: vec![case], ..ToGiveUp::default() };
    assert_eq!(theirs().await, all);
    closures::restore(&scene.pool, user, DOER).await.expect("a restoring");
    assert_eq!(theirs().await, ToGiveUp::default());
}

#[tokio::test]
async fn whoever_answers_for_a_minor_does_so_until_the_last_pot_is_paid_out() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let (user, case) = (matter.subject, matter.case);
    let consent = scene.requested_consent(user).await;
    let pot = scene.pot_of(user).await;
    closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    let theirs = async || closures::to_give_up(&scene.pool, user).await.expect("a list");
    let becomes = async |stage: &str| {
        let sql = format!(
            "update pots.pots
             set stage = '{stage}', opened_at = opens_at, closed_at = closes_at, closing_recorded_at = now(),
                 cancelled_at = case when '{stage}' = 'cancelled' then closes_at end
             where pot_id = '{}'",
            pot.uuid()
        );
        scene.force(&sql).await;
    };
    for stage in ["closed", "paying_out"] {
        becomes(stage).await;
        assert_eq!(theirs().await, ToGiveUp::default(), "{stage}");
    }
    becomes("cancelled").await;
    let all = ToGiveUp { consent: Some(consent), cases: vec![case], ..ToGiveUp::default() };
    assert_eq!(theirs().await, all);
}

#[tokio::test]
async fn no_pot_begins_of_an_account_that_is_being_closed_and_one_that_was_there_goes_on() {
    use crate::scene::{new_pot, settings};
    use wolo_database::pots::{self, Scheduling};

    let scene = Scene::new().await;
    let (leaving, staying) = (scene.person().await, scene.person().await);
    let there = new_pot(&staying, settings());
    pots::schedule(&scene.pool, &there).await.expect("a pot");
    for user in [leaving.id, staying.id] {
        closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    }
    let new = pots::schedule(&scene.pool, &new_pot(&leaving, settings())).await.expect("an answer");
    assert_eq!(new, Scheduling::OwnerUnknown);
    let found = pots::schedule(&scene.pool, &there).await.expect("an answer");
    assert!(matches!(found, Scheduling::Scheduled { found: Some(_), .. }), "{found:?}");
}

#[tokio::test]
async fn whoever_works_here_gives_their_role_up_with_their_account() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let owner = scene.pool_as("wolo").await;
    let mut tx = owner.begin().await.expect("a transaction");
    accounts::roles::grant(&mut tx, user, Role::Finance, DOER).await.expect("a grant");
    tx.commit().await.expect("a commit");
    closures::close(&scene.pool, user, DOER, noon()).await.expect("a closing");
    let trusted = wolo_database::notices::trusted_with(&scene.pool, Role::Finance).await.expect("a list");
    assert_eq!(trusted, []);
}
