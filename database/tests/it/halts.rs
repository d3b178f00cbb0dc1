//! What stops payouts, and what finds that they must be stopped.

use wolo_database::audit::Doer;
use wolo_database::halts::{self, Halting};
use wolo_database::ledger::{self, Violation};
use wolo_database::payouts::{self, Beginning, Plan};
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::scene::{Scene, noon, xof};

#[tokio::test]
async fn no_order_begins_while_payouts_are_stopped_and_one_that_has_begun_goes_on() {
    let scene = Scene::new().await;
    let (pot, begun, planned) =
        (scene.closed_with_money().await, scene.closed_with_money().await, scene.closed_with_money().await);
    let order = |pot| PayoutOrder::first(PayoutId::of_pot(pot));
    for pot in [begun, planned] {
        payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    }
    let sending = async |pot| payouts::begin_order(&scene.pool, order(pot), noon()).await.expect("an answer");
    assert_eq!(sending(begun).await, Beginning::Begun { amount: xof(4_950), again: false });

    assert_eq!(halts::standing(&scene.pool).await.expect("a look"), None);
    assert_eq!(
        halts::halt(&scene.pool, "a pot holds less than nothing").await.expect("a halt"),
        Halting::New
    );
    assert_eq!(halts::halt(&scene.pool, "and something else").await.expect("a halt"), Halting::Already);
    let standing = halts::standing(&scene.pool).await.expect("a look").expect("a halt");
    assert_eq!(standing.reason, "a pot holds less than nothing");

    let held = HoldReason::Books;
    assert_eq!(
        payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan"),
        Plan::Held { reason: held }
    );
    assert_eq!(sending(planned).await, Beginning::Held { reason: held });
    assert_eq!(sending(begun).await, Beginning::Begun { amount: xof(4_950), again: true });
    scene.confirmed(scene.open().await, 1_000).await;

    assert!(halts::lift(&scene.pool, Doer::new("operator:test", "mended")).await.expect("a lifting"));
    assert!(
        !halts::lift(&scene.pool, Doer::new("operator:test", "mended")).await.expect("a lifting"),
        "there is none"
    );
    assert_eq!(scene.events("audit").await, 1);
    assert_eq!(sending(planned).await, Beginning::Begun { amount: xof(4_950), again: false });
    assert!(matches!(
        payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan"),
        Plan::Ready { .. }
    ));
    assert_eq!(halts::halt(&scene.pool, "again").await.expect("a halt"), Halting::New);
}

type Expected<'a> = &'a dyn Fn(&Violation) -> bool;

/// What breaks a rule of the books behind everybody's back, and the violation that it is.
#[tokio::test]
async fn each_rule_that_is_broken_is_seen() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let gift = scene.a_gift_of(pot).await;
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    scene.judge().await;
    let (gift_id, payout_id, pot_id) = (gift.uuid(), order.payout.uuid(), pot.uuid());
    let replica = "set session_replication_role = replica;";
    let donation = gift;
    let broken: [(String, String, Expected); 8] = [
        (
            format!("update money.donations set fee = 49 where donation_id = '{gift_id}'"),
            format!("update money.donations set fee = 50 where donation_id = '{gift_id}'"),
            &|one| *one == Violation::FeeNotInBooks { donation },
        ),
        (
            format!("{replica} update money.donations set stage = 'expired', fee = null, wave_transaction_id = null,
                     paid_amount = null, paid_currency = null, paid_at = null where donation_id = '{gift_id}'"),
            format!("{replica} update money.donations set stage = 'confirmed', fee = 50, wave_transaction_id = 'T_{gift}',
                     paid_amount = 5000, paid_currency = 'XOF', paid_at = now() where donation_id = '{gift_id}'"),
            &|one| *one == Violation::PostedAgainstStage { donation },
        ),
        (
            format!("update money.payout_orders set outcome = 'unknown' where payout_id = '{payout_id}'"),
            format!("update money.payout_orders set outcome = 'open' where payout_id = '{payout_id}'"),
            &|one| *one == Violation::OrdersDisagree { payout: order.payout },
        ),
        (
            "insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts, suspense)
             values ('00000000-0000-0000-0000-00000000dead', 'unmatched', 'x', '2031-03-01', 'x', '{}', 5)"
                .to_owned(),
            "delete from money.discrepancies".to_owned(),
            &|one| *one == Violation::SuspenseNotOwned { held: xof(0), owned: xof(5) },
        ),
        (
            format!("{replica} alter table money.ledger_transactions drop constraint ledger_transactions_posted_once;
                     insert into money.ledger_transactions (transaction_id, kind, business_key)
                     values ('00000000-0000-0000-0000-00000000dead', 'donation_fee', '{gift}')"),
            "delete from money.ledger_transactions where transaction_id = '00000000-0000-0000-0000-00000000dead'"
                .to_owned(),
            &|one| matches!(one, Violation::PostedTwice { .. }),
        ),
        (
            format!("{replica} update pots.pots set stage = 'settled', settled_at = now() where pot_id = '{pot_id}'"),
            format!("update pots.pots set stage = 'paying_out', settled_at = null where pot_id = '{pot_id}'"),
            &|one| *one == Violation::SettledNotEmpty { pot, balance: xof(4_950) },
        ),
        (
            format!("{replica} update money.payouts set stage = 'succeeded', wave_payout_id = 'pt-x', fee = 0,
                     ended_at = now() where payout_id = '{payout_id}'"),
            format!("update money.payouts set stage = 'sent', wave_payout_id = null, fee = null,
                     ended_at = null where payout_id = '{payout_id}'"),
            &|one| *one == Violation::PayoutNotInBooks { payout: order.payout },
        ),
        (
            "insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts, suspense)
             values ('00000000-0000-0000-0000-00000000dead', 'missing_at_wave', 'x', '2031-03-01', 'x', '{}', 0)"
                .to_owned(),
            "delete from money.discrepancies".to_owned(),
            &|one| matches!(one, Violation::NotAsAtWave { kind: DiscrepancyKind::MissingAtWave, .. }),
        ),
    ];
    for (attack, repair, expected) in broken {
        scene.force(&attack).await;
        let violations = ledger::check(&scene.pool).await.expect("a verdict");
        assert!(violations.iter().any(expected), "{attack}: {violations:?}");
        assert!(violations.iter().all(|one| !one.to_string().is_empty()));
        scene.force(&format!("{replica} {repair}")).await;
        scene.judge().await;
    }
}

#[tokio::test]
async fn a_refund_that_is_not_posted_is_seen() {
    let scene = Scene::new().await;
    let gift = scene.confirmed(scene.open().await, 1_000).await;
    let sql = format!(
        "set session_replication_role = replica;
         update money.donations set stage = 'refunded', refund_sent_at = now() where donation_id = '{}'",
        gift.uuid()
    );
    scene.force(&sql).await;
    let violations = ledger::check(&scene.pool).await.expect("a verdict");
    assert!(violations.contains(&Violation::RefundNotInBooks { donation: gift }), "{violations:?}");
}
