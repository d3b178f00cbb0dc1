//! Looking at the ledger as a whole, and ending discrepancies.

use wolo_activities::{DiscrepancySteps, LedgerSteps, PayoutSteps};
use wolo_database::{Page, discrepancies, halts, reconciliation};
use wolo_domain::ids::DiscrepancyId;
use wolo_domain::money::Xof;
use wolo_domain::pots::HoldReason;
use wolo_domain::reconciliation::{Line, LineType, Reference};
use wolo_workflows::steps::discrepancies::{Clearing, DiscrepancyAnswer, ResolveDiscrepancy};
use wolo_workflows::steps::ledger::{CheckLedger, LedgerVerdict, ResumePayouts};
use wolo_workflows::steps::payouts::{PayoutAnswer, SendPayout};

use crate::scene::{SAME_KEY, Scene, failure, noon};

fn finance() -> ResumePayouts {
    ResumePayouts { by: "operator:test".to_owned(), reason: "mended".to_owned() }
}

/// What a bad restore might do: a pot holds less than nothing.
#[expect(clippy::disallowed_methods, reason = "a test breaks what the crate never would")]
async fn force(scene: &Scene, sql: String) {
    let owner = scene.pool_as("wolo").await;
    let mut connection = owner.acquire().await.expect("a connection");
    let replica = sqlx::query("set session_replication_role = replica").execute(&mut *connection).await;
    replica.expect("no triggers");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.expect("a change");
}

#[tokio::test]
async fn a_broken_rule_stops_payouts_until_it_holds_and_finance_lets_them_go_on() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    let sound = LedgerVerdict::Sound { payouts_stopped: false };
    assert_eq!(scene.does(LedgerSteps::check, CheckLedger::default()).await, sound);

    let turn = format!("update money.ledger_entries set amount = -amount where account = 'pot:{pot}'");
    force(&scene, turn.clone()).await;
    for _ in 0..2 {
        let verdict = scene.does(LedgerSteps::check, CheckLedger::default()).await;
        let LedgerVerdict::Broken { violations } = verdict else { panic!("{verdict:?}") };
        assert!(violations.contains(&format!("{pot} holds -9 900 XOF")), "{violations:?}");
    }
    let held = PayoutAnswer::Held { reason: HoldReason::Books };
    assert_eq!(
        scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await,
        held
    );
    assert_eq!(scene.wave.executed_payouts(&order.key()).len(), 0);
    let refused = scene.does(LedgerSteps::resume, finance()).await;
    assert!(matches!(refused, LedgerVerdict::Broken { .. }), "{refused:?}");

    force(&scene, turn).await;
    let stopped = LedgerVerdict::Sound { payouts_stopped: true };
    assert_eq!(
        scene.does(LedgerSteps::check, CheckLedger::default()).await,
        stopped,
        "a person lets them go on"
    );
    for _ in 0..2 {
        assert_eq!(scene.does(LedgerSteps::resume, finance()).await, LedgerVerdict::Resumed);
    }
    assert_eq!(halts::standing(&scene.pool).await.expect("a look"), None);
    assert_eq!(
        scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await,
        PayoutAnswer::Succeeded
    );
    scene.judge().await;
}

#[tokio::test]
async fn a_discrepancy_is_resolved_once_and_only_with_a_reason() {
    let scene = Scene::new().await;
    let line = Line {
        wave_id: "T1".to_owned(),
        kind: LineType::MerchantPayment,
        at: scene.wave.now(),
        amount: Xof::new(700),
        fee: None,
        in_francs: true,
        is_reversal: false,
        reference: Reference::None,
        session: None,
    };
    let (day, now) = (scene.wave.now().date_naive(), scene.wave.now());
    reconciliation::compare(&scene.pool, day, &[line], &[], now).await.expect("a comparison");
    let found = discrepancies::all(&scene.pool, None, false, Page::first(9)).await.expect("one");
    let resolve = |clearing, reason: &str| ResolveDiscrepancy {
        discrepancy: found[0].id,
        by: "operator:test".to_owned(),
        reason: reason.to_owned(),
        clearing,
    };
    let ask = async |resolve| scene.does(DiscrepancySteps::resolve, resolve).await;
    let refused = |answer: DiscrepancyAnswer| matches!(answer, DiscrepancyAnswer::Refused { .. });
    assert!(refused(ask(resolve(Clearing::ToFees, " ")).await));
    assert!(refused(ask(resolve(Clearing::Nothing, "looked at")).await), "money stands in suspense for it");
    let decision = resolve(Clearing::ToFees, "a present to us");
    assert_eq!(ask(decision.clone()).await, DiscrepancyAnswer::Resolved);
    let next_attempt = scene.attempt(2).run(DiscrepancySteps::resolve, decision.clone()).await;
    assert_eq!(next_attempt.expect("an answer"), DiscrepancyAnswer::Resolved, "the first could not say so");
    let first =
        DiscrepancyAnswer::Already { by: "operator:test".to_owned(), why: "a present to us".to_owned() };
    // Whoever decides once more, whatever they decide, hears what was decided.
    for other in
        [resolve(Clearing::ToFees, "something else"), resolve(Clearing::Nothing, "a present to us"), decision]
    {
        assert_eq!(ask(other).await, first);
    }
    let unknown = DiscrepancyId::from_uuid(uuid::Uuid::max());
    let nowhere = ResolveDiscrepancy { discrepancy: unknown, ..resolve(Clearing::Nothing, "looked at") };
    assert!(refused(ask(nowhere).await));
    scene.judge().await;
}

#[tokio::test]
async fn books_that_cannot_be_checked_stop_payouts_after_some_tries() {
    let scene = Scene::new().await;
    force(&scene, "revoke select on money.payout_orders from wolo_worker".to_owned()).await;
    for (attempt, is_stopped) in [(4, false), (5, true), (6, true)] {
        failure(scene.attempt(attempt).run(LedgerSteps::check, CheckLedger::default()).await);
        let halt = halts::standing(&scene.pool).await.expect("a look");
        assert_eq!(halt.is_some(), is_stopped, "{attempt}");
        assert!(halt.is_none_or(|halt| halt.reason.starts_with("the books cannot be checked")));
    }
    force(&scene, "grant select on money.payout_orders to wolo_worker".to_owned()).await;
    assert_eq!(scene.does(LedgerSteps::resume, finance()).await, LedgerVerdict::Resumed);
}
