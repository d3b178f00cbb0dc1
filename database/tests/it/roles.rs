//! What each role may do. The roles are the last fence: these tests speak SQL, as an attacker would.

use sqlx::AssertSqlSafe;
use wolo_database::donations::{self, Requesting};
use wolo_database::idempotency::{self, Claim, Claimed};
use wolo_database::outbox::{self, Way};
use wolo_database::webhooks::{self, Receipt, Webhook};
use wolo_database::{Context, Error, Page, ledger, payouts, people, pots};
use wolo_domain::donations::DonationRefusal;
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::scene::{Scene, gift, noon, payment};

#[tokio::test]
async fn the_api_reads_what_pages_show() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let api = scene.pool_as("wolo_api").await;
    let owner = scene.owner_of(pot).await;
    let mut tx = Context::user(owner).begin(&api).await.expect("the owner");
    let found = pots::pot(&mut *tx, pot).await.expect("a look").expect("a pot");
    assert_eq!(pots::by_slug(&mut *tx, &found.slug).await.expect("a look"), Some(found.clone()));
    assert_eq!(pots::of_owner(&mut *tx, owner).await.expect("a list").len(), 1);
    assert_eq!(pots::listed(&mut *tx, Page::first(5)).await.expect("a list").len(), 0);
    assert!(people::profile(&mut *tx, owner).await.expect("a look").is_some());
    let gift = scene.a_gift_of(pot).await;
    assert!(donations::donation(&mut *tx, gift).await.expect("a look").is_some());
    drop(tx);
    assert_eq!(payouts::all(&api, None, Page::first(5)).await.expect("a list").len(), 1);
    assert_eq!(ledger::of_pot(&api, pot, Page::first(5)).await.expect("a list").len(), 2);
    ledger::balances(&api).await.expect("balances");
}

#[tokio::test]
async fn the_api_writes_its_inbox_and_its_keys() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let webhook = Webhook { provider: "wave", event_id: "EV_1", kind: "x", subject: None, raw: b"{}" };
    assert_eq!(webhooks::receive(&api, webhook).await.expect("a receipt"), Receipt::First);
    webhooks::mark_handled(&api, "wave", "EV_1").await.expect("a mark");
    let claim = Claim {
        scope: "donate",
        key: "k",
        fingerprint: b"f",
        subject: "don_1",
        abandoned_after: std::time::Duration::from_mins(1),
    };
    let fresh = Claimed::Fresh { subject: "don_1".to_owned() };
    assert_eq!(idempotency::claim(&api, claim).await.expect("a claim"), fresh);
    let (content_type, language) = ("text/plain".to_owned(), None);
    let answer = idempotency::Answer { status: 202, content_type, language, body: vec![] };
    idempotency::finish(&api, "donate", "k", &answer).await.expect("an answer");
}

#[tokio::test]
async fn the_api_writes_no_money_and_no_state() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 1_000).await;
    let api = scene.pool_as("wolo_api").await;
    let refused = |error: Error| {
        assert!(
            matches!(&error, Error::Broken(fault) if fault.code.as_deref() == Some("42501")),
            "{error:?}"
        );
    };
    // For one who has not said who they are there is no pot to give to.
    let unseen = donations::request(&api, &gift(pot, 1_000)).await.expect("an answer");
    assert_eq!(unseen, Requesting::Refused(DonationRefusal::PotUnknown));
    refused(donations::confirm(&api, donation, &payment(donation, 1_000), 0).await.expect_err("a payment"));
    refused(pots::close(&api, pot, noon()).await.expect_err("a closing"));
    refused(pots::hold(&api, pot, HoldReason::Moderation, "", noon()).await.expect_err("a hold"));
    refused(pots::release(&api, pot, HoldReason::Moderation, noon()).await.expect_err("a release"));
    let full = scene.closed_with_money().await;
    refused(payouts::plan(&api, full, PayoutRules::default(), noon()).await.expect_err("a plan"));
    let order = PayoutOrder::first(PayoutId::of_pot(full));
    payouts::plan(&scene.pool, full, PayoutRules::default(), noon()).await.expect("the worker's plan");
    refused(payouts::begin_order(&api, order, noon()).await.expect_err("an order"));
    refused(outbox::take(&api, Way::Prompt, 5, chrono::TimeDelta::minutes(1)).await.expect_err("the outbox"));
    // The worker may, of course.
    assert_eq!(donations::request(&scene.pool, &gift(pot, 1_000)).await.expect("a gift"), Requesting::New);
}

#[tokio::test]
async fn nobody_but_the_owner_goes_where_they_have_no_business() {
    let scene = Scene::new().await;
    scene.closed_with_money().await;
    let everybody = [
        "drop table money.ledger_entries",
        "alter table money.ledger_entries disable trigger all",
        "set session_replication_role = replica",
        "create table money.mine ()",
        "create table public.mine ()",
        "create or replace function money.refuse_rewriting_history() returns trigger language sql as ''",
        "create role mine",
        "delete from money.donations",
        "delete from pots.pots",
        "delete from people.users",
        "select * from public._sqlx_migrations",
        "set role wolo",
    ];
    let worker = [
        "insert into ops.idempotency_keys (scope, key, fingerprint, subject) values ('', 'k', '', '')",
        // When something was posted is the database's own word.
        "insert into money.ledger_transactions (transaction_id, kind, business_key, posted_at)
         values (gen_random_uuid(), 'refund', 'x', '2020-01-01')",
        "insert into money.ledger_transactions (transaction_id, kind, business_key, posted_in)
         values (gen_random_uuid(), 'refund', 'x', '1')",
    ];
    let api = [
        "insert into people.users (user_id, name, birth_date) values (gen_random_uuid(), 'x', '1990-01-01')",
        "update pots.pots set stage = 'open'",
        "update pots.holds set released_at = now()",
        "update money.donations set stage = 'confirmed'",
        "insert into money.donations (donation_id, pot_id, amount, anonymous)
         values (gen_random_uuid(), gen_random_uuid(), 100, true)",
        "insert into money.payouts (payout_id, pot_id, amount, planned_at)
         select gen_random_uuid(), pot_id, 1, now() from pots.pots",
        "update money.payout_orders set outcome = 'refused'",
        "insert into money.ledger_transactions (transaction_id, kind, business_key)
         values (gen_random_uuid(), 'refund', 'x')",
        "insert into money.ledger_entries (transaction_id, account, amount)
         select transaction_id, 'fees', 5 from money.ledger_transactions",
        "select * from ops.outbox",
        "select locked_why from people.users",
        "update people.users set birth_date = '1990-01-01'",
        "insert into people.roles (user_id, role, granted_by, reason)
         select user_id, 'superadmin', '', '' from people.users",
        "select donor_phone from money.donations",
        "select * from money.donations",
        "select pot_id from pots.pots for update",
        "delete from ops.webhook_inbox",
        "delete from ops.idempotency_keys",
    ];
    let roles = [("wolo_worker", &worker[..]), ("wolo_api", &api[..])];
    for (role, own) in roles {
        let pool = scene.pool_as(role).await;
        for attack in everybody.iter().chain(own) {
            let done = sqlx::raw_sql(AssertSqlSafe((*attack).to_owned())).execute(&pool).await;
            let error = done.expect_err(attack);
            let code = error
                .as_database_error()
                .and_then(|refusal| refusal.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{role}: {attack}: {error}");
        }
    }
}

#[tokio::test]
async fn the_roles_are_neither_owner_nor_superuser() {
    let scene = Scene::new().await;
    let powers: i64 = scene
        .read(
            "select count(*) from pg_roles
             where rolname like 'wolo\\_%' and (rolsuper or rolcreatedb or rolcreaterole or rolbypassrls)",
        )
        .await;
    assert_eq!(powers, 0);
    let owned: i64 = scene
        .read("select count(*) from pg_class join pg_roles on relowner = pg_roles.oid where rolname like 'wolo\\_%'")
        .await;
    assert_eq!(owned, 0);
}

/// Plans are long because policies are; compiling one takes seconds.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
async fn no_connection_has_its_plans_compiled() {
    let scene = Scene::new().await;
    let jit: String =
        sqlx::query_scalar("show jit").fetch_one(&scene.pool_as("wolo_api").await).await.expect("a setting");
    assert_eq!(jit, "off");
}
