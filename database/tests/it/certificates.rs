//! A pot that has settled has a certificate, and a certificate says what the books say.

use chrono::TimeDelta;
use sqlx::AssertSqlSafe;
use wolo_database::donations::{self, Payment};
use wolo_database::payouts::{self, Receipt};
use wolo_database::{Context, Error, certificates, pots};
use wolo_domain::certificates::{Totals, Trust, Verified, verify};
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::{PotSettings, PotStage, Visibility};
use wolo_domain::seals::NamedKey;

use crate::scene::{Scene, checkout, key, noon, payment, settings, wave_now, xof};

/// A pot that was paid out: two gifts, one of which cost nothing, and a third that came too late and went back.
async fn paid_out(scene: &Scene) -> PotId {
    let pot = scene.open().await;
    let gifts = [scene.confirmed(pot, 5_000).await, scene.confirmed(pot, 1_000).await];
    let late = scene.requested(pot, 700).await;
    donations::attach_checkout(&scene.pool, late, &checkout(late)).await.expect("a checkout");
    scene.fee(gifts[0], 50).await;
    scene.fee(gifts[1], 0).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let paid = Payment { at: wave_now() + TimeDelta::minutes(1), ..payment(late, 700) };
    donations::confirm(&scene.pool, late, &paid, 0).await.expect("a stage");
    donations::begin_refund(&scene.pool, late).await.expect("an intent");
    donations::record_refund(&scene.pool, late).await.expect("a refund");

    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an intent");
    let receipt = Receipt { wave_payout_id: format!("pt-{pot}"), received: xof(5_950), fee: xof(60) };
    payouts::record_success(&scene.pool, order, &receipt, noon()).await.expect("a success");
    pot
}

async fn document(scene: &Scene, pot: PotId) -> Option<String> {
    certificates::document(&scene.pool, pot).await.expect("a look")
}

fn read(document: &str) -> Verified {
    let trust = Trust::Keys(vec![NamedKey { id: Some("test".to_owned()), key: key().public() }]);
    verify(document.as_bytes(), &trust).expect("a certificate")
}

#[tokio::test]
async fn a_settled_pot_has_one_certificate_that_says_what_the_books_say() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    assert_eq!(document(&scene, pot).await, None);
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    let first = document(&scene, pot).await.expect("a certificate");
    // Settling again, even later and with another key, changes no byte of it.
    let other = wolo_domain::seals::SealingKey::from_seed("other", &[8; 32]).expect("a key");
    pots::settle(&scene.pool, pot, noon() + TimeDelta::hours(1), &other).await.expect("an end");
    assert_eq!(document(&scene, pot).await.as_deref(), Some(first.as_str()));

    let verified = read(&first);
    assert_eq!((verified.pot, verified.year, verified.settled_at), (pot, 2031, noon()));
    let expected = Totals {
        gift_count: 3,
        gifts: xof(6_700),
        credits: xof(0),
        fees: xof(50),
        refunds: xof(700),
        payout: xof(5_950),
        payout_fee: xof(60),
    };
    assert_eq!(verified.totals, expected);
    let summary = certificates::summary(&scene.pool, pot).await.expect("a look").expect("a certificate");
    assert_eq!((summary.lines, summary.key_id.as_str(), summary.digest.len()), (9, "test", 32));
    assert_eq!(scene.read::<i64>("select count(*) from money.certificates").await, 1);
    scene.judge().await;
}

#[tokio::test]
async fn what_does_not_agree_is_not_certified_and_does_not_settle() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    let pay = PayoutId::of_pot(pot);
    for (change, back) in [
        (
            "update money.donations set paid_amount = 5001, amount = 5001 where amount = 5000",
            "update money.donations set paid_amount = 5000, amount = 5000 where amount = 5001",
        ),
        (
            "update money.donations set wave_transaction_id = 'x' where amount = 5000",
            "update money.donations set wave_transaction_id = 'T_don_' || replace(donation_id::text, '-', '')",
        ),
        (
            "update money.donations set fee = 51 where fee = 50",
            "update money.donations set fee = 50 where fee = 51",
        ),
        (
            "update money.donations set fee = null where fee = 0",
            "update money.donations set fee = 0 where fee is null and stage = 'confirmed'",
        ),
        (
            "update money.ledger_transactions set business_key = 'x' || business_key where kind = 'refund'",
            "update money.ledger_transactions set business_key = substr(business_key, 2) where kind = 'refund'",
        ),
        ("update money.payouts set fee = 61", "update money.payouts set fee = 60"),
        (
            "update money.payouts set wave_payout_id = 'x'",
            &format!("update money.payouts set wave_payout_id = 'pt-{pot}'"),
        ),
        ("update money.payouts set amount = amount + 1", "update money.payouts set amount = amount - 1"),
        // A posting to the pot that no line tells of, although it sums to nothing.
        (
            &format!(
                "insert into money.ledger_transactions (transaction_id, kind, business_key)
                 values ('{0}', 'refund', 'x'), ('{1}', 'donation', 'x');
                 insert into money.ledger_entries (transaction_id, account, amount)
                 values ('{0}', 'pot:{pot}', -9), ('{0}', 'suspense', 9),
                        ('{1}', 'pot:{pot}', 9), ('{1}', 'suspense', -9)",
                pay.uuid(),
                uuid::Uuid::max(),
            ),
            "delete from money.ledger_entries where amount in (9, -9);
             delete from money.ledger_transactions where business_key = 'x'",
        ),
    ] {
        // Behind the triggers' back, as a bad restore might.
        scene.force(&format!("set session_replication_role = replica; {change}")).await;
        let error = pots::settle(&scene.pool, pot, noon(), &key()).await.expect_err(change);
        assert!(matches!(error, Error::Inconsistency { .. }), "{change}: {error}");
        let found = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!((found.stage, document(&scene, pot).await), (PotStage::PayingOut, None), "{change}");
        scene.force(&format!("set session_replication_role = replica; {back}")).await;
    }
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end, when all is as it was");
}

#[tokio::test]
async fn a_certificate_is_never_changed_and_never_goes() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    let before = document(&scene, pot).await;
    for attack in [
        "update money.certificates set document = '[]'",
        "update money.certificates set document = document, digest = digest",
        "delete from money.certificates",
        "truncate money.certificates",
    ] {
        for (role, code) in [("wolo", "23001"), ("wolo_worker", "42501"), ("wolo_api", "42501")] {
            let pool = scene.pool_as(role).await;
            let error = sqlx::raw_sql(AssertSqlSafe(attack)).execute(&pool).await.expect_err(attack);
            let found = error.as_database_error().and_then(|refusal| refusal.code().map(String::from));
            assert_eq!(found.as_deref(), Some(code), "{role}: {attack}: {error}");
        }
    }
    // Neither is there a second one, nor one whose digest is of something else.
    for (what, rule) in [
        ("pot_id, document, digest", "certificates_one_per_pot"),
        ("pot_id, document || ' ', digest", "certificates_digest_is_of_the_document"),
    ] {
        let attack = format!(
            "insert into money.certificates (pot_id, document, digest, lines, key_id)
             select {what}, lines, key_id from money.certificates"
        );
        let error = sqlx::raw_sql(AssertSqlSafe(attack)).execute(&scene.pool).await.expect_err(what);
        assert_eq!(error.as_database_error().and_then(|refusal| refusal.constraint()), Some(rule));
    }
    assert_eq!(document(&scene, pot).await, before);
}

#[tokio::test]
async fn nobody_settles_a_pot_without_its_certificate() {
    let scene = Scene::new().await;
    let pot = paid_out(&scene).await;
    for role in ["wolo", "wolo_worker"] {
        let pool = scene.pool_as(role).await;
        let attack = "update pots.pots set stage = 'settled', settled_at = now()";
        let error = sqlx::raw_sql(attack).execute(&pool).await.expect_err("no certificate");
        let rule = error.as_database_error().and_then(|refusal| refusal.constraint());
        assert_eq!(rule, Some("pots_settle_with_a_certificate"));
    }
    let found = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!(found.stage, PotStage::PayingOut);
}

#[tokio::test]
async fn who_sees_a_pot_sees_its_certificate() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    for (visibility, visitor_sees) in [(Visibility::Public, true), (Visibility::Private, false)] {
        let pot = scene.open_with(PotSettings { visibility, ..settings() }).await;
        let owner = scene.owner_of(pot).await;
        pots::close(&scene.pool, pot, noon()).await.expect("a closing");
        pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
        for (caller, sees) in [(Context::visitor(), visitor_sees), (Context::user(owner), true)] {
            let mut tx = caller.begin(&api).await.expect("a transaction");
            let seen = certificates::document(&mut *tx, pot).await.expect("a look");
            assert_eq!(seen.map(|document| read(&document).lines), sees.then_some(2));
        }
    }
}

/// `cargo test --release -p wolo-database --test it -- --ignored --nocapture a_hundred_thousand_gifts`
#[tokio::test]
#[ignore = "prints how long it takes; worth something in a release build alone"]
async fn a_pot_of_a_hundred_thousand_gifts_settles_in_seconds() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let rows = format!(
        "set session_replication_role = replica;
         create temporary table gift as
             select gen_random_uuid() as id, gen_random_uuid() as arrival, gen_random_uuid() as fee, 'T_' || n as wave
             from generate_series(1, 100000) as n;
         insert into money.donations (donation_id, pot_id, amount, stage, anonymous, wave_transaction_id, paid_amount,
                                      paid_currency, paid_at, fee, ended_at)
             select id, '{0}', 5000, 'confirmed', true, wave, 5000, 'XOF', now(), 50, now() from gift;
         insert into money.ledger_transactions (transaction_id, kind, business_key, provider, provider_tx_id)
             select arrival, 'donation', 'don_' || replace(id::text, '-', ''), 'wave', wave from gift;
         insert into money.ledger_entries (transaction_id, account, amount)
             select arrival, account, amount
             from gift cross join (values ('wave_float', -5000), ('pot:{pot}', 5000)) as entry (account, amount);
         insert into money.ledger_transactions (transaction_id, kind, business_key)
             select fee, 'donation_fee', 'don_' || replace(id::text, '-', '') from gift;
         insert into money.ledger_entries (transaction_id, account, amount)
             select fee, account, amount
             from gift cross join (values ('wave_float', 50), ('pot:{pot}', -50)) as entry (account, amount);
         analyze money.donations, money.ledger_transactions, money.ledger_entries",
        pot.uuid()
    );
    scene.force(&rows).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an intent");
    let receipt = Receipt { wave_payout_id: "pt-1".to_owned(), received: xof(495_000_000), fee: xof(60) };
    payouts::record_success(&scene.pool, order, &receipt, noon()).await.expect("a success");
    let began = std::time::Instant::now();
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    println!("settled with a certificate: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    let document = document(&scene, pot).await.expect("a certificate");
    println!("read from the database: {} bytes, {:?}", document.len(), began.elapsed());
    let began = std::time::Instant::now();
    println!("verified: {} lines, {:?}", read(&document).lines, began.elapsed());
}
