use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use wolo_database::ledger::{self, FeeBooking, FeeLine, Posting, Violation};
use wolo_database::{Error, Page, donations, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::{Account, Transaction, TransactionKind};

use crate::scene::{Scene, checkout, key, noon, wave_id, xof};

#[tokio::test]
async fn a_fact_is_posted_once_and_another_under_its_name_is_refused() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 1_000).await;
    let write_down = async |fact: Transaction| {
        let mut tx = scene.pool.begin().await.expect("a transaction");
        let posting = ledger::post(&mut tx, &fact).await?;
        tx.commit().await.expect("a commit");
        Ok::<_, Error>(posting)
    };
    let fact = |francs, wave: &str| {
        Transaction::donation(donation, pot, xof(francs), wave.to_owned()).expect("a fact")
    };
    assert_eq!(write_down(fact(1_000, "T1")).await.expect("a posting"), Posting::New);
    assert_eq!(write_down(fact(1_000, "T1")).await.expect("a posting"), Posting::Already);
    for other in [fact(1_001, "T1"), fact(1_000, "T2")] {
        let error = write_down(other).await.expect_err("another fact");
        assert!(matches!(error, Error::Inconsistency { column: "business_key", .. }), "{error}");
    }
    let late = Transaction::late_donation(donation, xof(1_000), "T1".to_owned()).expect("a fact");
    let error = write_down(late).await.expect_err("one movement, two facts");
    assert!(matches!(error, Error::Inconsistency { column: "provider_tx_id", .. }), "{error}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 1_000);
}

#[tokio::test]
async fn the_fee_of_a_gift_is_booked_once_by_any_of_its_names() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    donations::attach_checkout(&scene.pool, donation, &checkout(donation)).await.expect("a checkout");
    assert_eq!(
        scene.fee(donation, 50).await,
        FeeBooking::NotInPot { donation, stage: DonationStage::Requested },
        "paid without our having heard"
    );
    let paid = crate::scene::payment(donation, 5_000);
    donations::confirm(&scene.pool, donation, &paid, 0).await.expect("a confirmation");

    let (wave_id, page, reference) = (wave_id(donation), format!("cos-{donation}"), donation.to_string());
    let line =
        FeeLine { wave_transaction_id: &wave_id, checkout_id: None, client_reference: None, fee: xof(50) };
    let lines = [
        FeeLine { checkout_id: Some(&page), ..line },
        FeeLine { client_reference: Some(&reference), ..line },
        line,
    ];
    for (line, expected) in
        lines.into_iter().zip([FeeBooking::Booked, FeeBooking::Already, FeeBooking::Already])
    {
        assert_eq!(ledger::book_donation_fee(&scene.pool, line).await.expect("a fee"), expected);
    }
    let other = FeeLine { fee: xof(51), ..line };
    let error = ledger::book_donation_fee(&scene.pool, other).await.expect_err("another fee");
    assert!(matches!(error, Error::Inconsistency { column: "fee", .. }), "{error}");
    let strange = FeeLine { wave_transaction_id: "T_strange", client_reference: Some("INV-7"), ..line };
    assert_eq!(
        ledger::book_donation_fee(&scene.pool, strange).await.expect("an answer"),
        FeeBooking::NotOurs
    );
    let mixed = FeeLine { wave_transaction_id: "T_strange", client_reference: Some(&reference), ..line };
    let error = ledger::book_donation_fee(&scene.pool, mixed).await.expect_err("another payment of our gift");
    assert!(matches!(error, Error::Inconsistency { .. }), "{error}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 4_950);
    scene.judge().await;
}

#[tokio::test]
async fn names_of_two_gifts_in_one_line_are_loud() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let (one, other) = (scene.confirmed(pot, 1_000).await, scene.confirmed(pot, 1_000).await);
    let (wave_id, reference) = (wave_id(one), other.to_string());
    let line = FeeLine {
        wave_transaction_id: &wave_id,
        checkout_id: None,
        client_reference: Some(&reference),
        fee: xof(10),
    };
    assert!(matches!(ledger::book_donation_fee(&scene.pool, line).await, Err(Error::Inconsistency { .. })));
}

#[tokio::test]
async fn a_gift_may_cost_nothing_and_never_more_than_itself() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let (free, dear) = (scene.confirmed(pot, 1_000).await, scene.confirmed(pot, 1_000).await);
    assert_eq!(scene.fee(free, 0).await, FeeBooking::Booked);
    assert_eq!(scene.fee(free, 0).await, FeeBooking::Already);
    let (wave_id, mut line) = (
        wave_id(dear),
        FeeLine { wave_transaction_id: "", checkout_id: None, client_reference: None, fee: xof(1_001) },
    );
    line.wave_transaction_id = &wave_id;
    let error = ledger::book_donation_fee(&scene.pool, line).await.expect_err("more than was given");
    assert!(matches!(&error, Error::Conflict { rule } if rule == "donations_fee_within_the_gift"), "{error}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 2_000);
}

#[tokio::test]
async fn balances_and_the_history_of_a_pot_are_read_from_the_entries() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    scene.confirmed(scene.open().await, 700).await;
    let balances = ledger::balances(&scene.pool).await.expect("balances");
    let expected = BTreeMap::from([
        (Account::WaveFloat, xof(-5_650)),
        (Account::Fees, xof(0)),
        (Account::RefundsDue, xof(0)),
        (Account::Promotions, xof(0)),
        (Account::Suspense, xof(0)),
    ]);
    assert_eq!((balances.accounts, balances.pots), (expected, xof(5_650)));

    let first = ledger::of_pot(&scene.pool, pot, Page::first(1)).await.expect("a page");
    let rest = ledger::of_pot(&scene.pool, pot, Page::after(first[0].id, 5)).await.expect("a page");
    let posted: Vec<_> = first.into_iter().chain(rest).collect();
    let kinds: Vec<_> = posted.iter().map(|posted| posted.kind).collect();
    assert_eq!(kinds, [TransactionKind::Donation, TransactionKind::DonationFee]);
    assert!(posted.iter().all(|posted| posted.entries.len() == 2));
    assert!(
        posted
            .iter()
            .all(|posted| posted.entries.iter().map(|entry| entry.amount.francs()).sum::<i64>() == 0)
    );
    assert_eq!(posted[0].entries[1].account, Account::Pot(pot));
}

/// Statements that must fail, run together in one transaction; the refusal's constraint.
async fn refused(pool: &wolo_database::Pool, statements: &[&str]) -> String {
    let mut tx = pool.begin().await.expect("a transaction");
    let mut failed = None;
    for statement in statements {
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut *tx).await {
            failed = Some(error);
            break;
        }
    }
    let error = match failed {
        Some(error) => error,
        None => tx.commit().await.expect_err("a refusal at commit"),
    };
    let refusal = error.as_database_error().expect("a refusal by the database");
    refusal.constraint().unwrap_or(refusal.code().as_deref().unwrap_or_default()).to_owned()
}

const TRANSACTION: &str = "insert into money.ledger_transactions (transaction_id, kind, business_key)
     values ('00000000-0000-0000-0000-00000000dead', 'refund', 'attack')";

fn entry(account: &str, amount: i64) -> String {
    format!(
        "insert into money.ledger_entries (transaction_id, account, amount)
         values ('00000000-0000-0000-0000-00000000dead', '{account}', {amount})"
    )
}

#[tokio::test]
async fn the_database_refuses_what_is_not_balanced() {
    let scene = Scene::new().await;
    let [plus, minus] = [entry("suspense", 5), entry("fees", -5)];
    for role in ["wolo", "wolo_worker"] {
        let pool = scene.pool_as(role).await;
        let unbalanced = "ledger_transactions_are_balanced";
        assert_eq!(refused(&pool, &[TRANSACTION]).await, unbalanced, "no entries");
        assert_eq!(refused(&pool, &[TRANSACTION, &plus]).await, unbalanced, "one half");
        assert_eq!(refused(&pool, &[TRANSACTION, &plus, &entry("fees", -4)]).await, unbalanced);
        assert_eq!(
            refused(&pool, &[TRANSACTION, &plus, &entry("fees", 0)]).await,
            "ledger_entries_move_something"
        );
        let account = "ledger_entries_account_is_known";
        assert_eq!(refused(&pool, &[TRANSACTION, &plus, &entry("pocket", -5)]).await, account);
        assert_eq!(refused(&pool, &[TRANSACTION, &plus, &plus]).await, "ledger_entries_one_per_account");
        let nowhere = entry("pot:pot_00000000000000000000000000000bad", -5);
        assert_eq!(refused(&pool, &[TRANSACTION, &plus, &nowhere]).await, "ledger_entries_pot_id_fkey");
    }
    // Balanced, so it stands; and then it is complete.
    let mut tx = scene.pool.begin().await.expect("a transaction");
    for statement in [TRANSACTION, &plus, &minus] {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await.expect("an insert");
    }
    tx.commit().await.expect("a balanced transaction");
    let more = [entry("promotions", 9), entry("refunds_due", -9)];
    assert_eq!(
        refused(&scene.pool, &[&more[0], &more[1]]).await,
        "ledger_entries_written_with_transaction",
        "also what is balanced in itself"
    );
}

#[tokio::test]
async fn nobody_rewrites_history() {
    let scene = Scene::new().await;
    scene.closed_with_money().await;
    let attacks = [
        "update money.ledger_entries set amount = amount * 2",
        "update money.ledger_entries set amount = 1 where false",
        "delete from money.ledger_entries",
        "truncate money.ledger_entries",
        "update money.ledger_transactions set kind = 'refund'",
        "delete from money.ledger_transactions",
        "truncate money.ledger_transactions cascade",
    ];
    let owner = scene.pool_as("wolo").await;
    for attack in attacks {
        assert_eq!(refused(&owner, &[attack]).await, "ledger_is_append_only", "{attack}");
    }
    for role in ["wolo_worker", "wolo_api"] {
        let pool = scene.pool_as(role).await;
        for attack in attacks {
            assert_eq!(refused(&pool, &[attack]).await, "42501", "{role}: {attack}");
        }
    }
    scene.judge().await;
}

#[tokio::test]
async fn the_judge_sees_what_is_wrong() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let gift = donations::of_pot(&scene.pool, pot, Page::first(1)).await.expect("a page")[0].id;
    scene.judge().await;
    // Behind the triggers' back, as a bad restore might.
    scene
        .force(&format!(
            "set session_replication_role = replica;
             update money.ledger_entries set amount = -amount where account = 'pot:{pot}' and amount > 0"
        ))
        .await;
    let violations = ledger::check(&scene.pool).await.expect("a verdict");
    assert!(violations.contains(&Violation::BookNotZero { sum: xof(-10_000) }), "{violations:?}");
    assert!(violations.contains(&Violation::NegativePot { pot, balance: xof(-5_050) }), "{violations:?}");
    assert!(violations.contains(&Violation::DonationNotInBooks { donation: gift }), "{violations:?}");
    assert!(violations.iter().any(|v| matches!(v, Violation::TransactionNotZero { .. })), "{violations:?}");
    assert_eq!(violations.len(), 4, "{violations:?}");

    let error = pots::settle(&scene.pool, pot, noon(), &key()).await.expect_err("it is not empty");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    let unknown = DonationId::from_uuid(uuid::Uuid::max());
    assert_eq!(donations::donation(&scene.pool, unknown).await.expect("a look"), None);
}

#[tokio::test]
async fn a_transaction_under_a_malformed_key_or_about_nothing_breaks_a_rule_and_not_the_check() {
    let scene = Scene::new().await;
    let keys = ["don_x", "don_0192f0c1a2b3c4d5e6f708192a3b4c5d", "pay_1", "nobody", "cnv_1"];
    for (key, kind) in keys.into_iter().zip(["donation", "refund", "payout", "suspense_cleared", "credit"]) {
        scene
            .force(&format!(
                "with posted as (
                     insert into money.ledger_transactions (transaction_id, kind, business_key)
                     values (gen_random_uuid(), '{kind}', '{key}') returning transaction_id
                 )
                 insert into money.ledger_entries (transaction_id, account, amount)
                 select transaction_id, account, amount
                 from posted, (values ('wave_float', -1), ('fees', 1)) as entry (account, amount)"
            ))
            .await;
    }
    let violations = ledger::check(&scene.pool).await.expect("a verdict");
    let about_nothing = violations.iter().filter(|one| matches!(one, Violation::AboutNothing { .. })).count();
    assert_eq!((violations.len(), about_nothing), (5, 5), "{violations:?}");
}
