//! Comparing a day of Wave's statement with our books.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use temporalio_client::WorkflowTerminateOptions;
use wolo_activities::{DonationSteps, PayoutSteps, RefundSteps, StatementSteps, failure};
use wolo_database::{Page, discrepancies, reconciliation};
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Account;
use wolo_sandbox::wave::{Endpoint, Fault, MovementKind, Options, PlantedLine, RetryAfter};
use wolo_workflows::ids;
use wolo_workflows::refund::{Refund, RefundPatience};
use wolo_workflows::steps::payouts::{PayoutAnswer, SendPayout};
use wolo_workflows::steps::refunds::{BeginRefunds, GiveBack, GivingBack};
use wolo_workflows::steps::statements::{ReconcileDay, ReconciledDay};

use crate::scene::{Failed, SAME_KEY, Scene, failure, noon};

/// A wallet whose statement comes in pages of two lines.
async fn scene() -> Scene {
    let options = Options { opening_balance: 1_000_000, page_size: 2, ..Options::default() };
    Scene::with(options).await.connected().await
}

fn today(scene: &Scene) -> ReconcileDay {
    let now = scene.wave.now();
    ReconcileDay {
        run: "run-1".to_owned(),
        day: now.date_naive(),
        whole: false,
        started_at: now,
        settled_until: now + TimeDelta::minutes(1),
        refund: RefundPatience::default(),
    }
}

/// What came of a comparison, without the day.
fn of(
    day: &ReconcileDay,
    [lines, matched, repaired, fees_booked, opened, closed]: [u64; 6],
) -> ReconciledDay {
    ReconciledDay { day: day.day, lines, matched, repaired, fees_booked, opened, closed }
}

async fn open(scene: &Scene) -> Vec<DiscrepancyKind> {
    let open = discrepancies::all(&scene.pool, None, false, Page::first(50)).await.expect("discrepancies");
    let mut kinds: Vec<_> = open.into_iter().map(|one| one.kind).collect();
    kinds.sort_unstable();
    kinds
}

/// What our wallet holds by our books, and at Wave, without what it held at first.
async fn wallets(scene: &Scene) -> (i64, i64) {
    let at_wave = scene.wave.look(|book| book.balance() - book.opening());
    (-scene.balance(Account::WaveFloat).await, at_wave)
}

#[tokio::test]
async fn a_day_of_gifts_and_payouts_is_matched_page_by_page_and_twice_has_one_effect() {
    let scene = scene().await;
    let (_, order) = scene.payable(Some(1)).await;
    let sent =
        scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await;
    assert_eq!(sent, PayoutAnswer::Succeeded);
    let pot = scene.open_pot().await;
    scene.given(pot, 5_000).await;
    let day = today(&scene);
    let (attempt, heartbeats) = scene.attempt_after(1, None::<()>);
    let first = attempt.run(StatementSteps::reconcile, day.clone()).await.expect("the deed is done");
    assert_eq!(first, of(&day, [3, 3, 0, 1, 0, 0]));
    assert_eq!(*heartbeats.borrow(), 1);
    let second = ReconcileDay { run: "run-2".to_owned(), ..day.clone() };
    assert_eq!(scene.does(StatementSteps::reconcile, second).await, of(&day, [3, 3, 0, 0, 0, 0]));
    let (ours, at_wave) = wallets(&scene).await;
    assert_eq!(ours, at_wave);
    let runs = reconciliation::last_runs(&scene.pool, 9).await.expect("runs");
    let told: Vec<_> = runs.into_iter().map(|(run, _)| (run.run, run.lines, run.fees_booked)).collect();
    assert_eq!(told, [("run-2".to_owned(), 3, 0)]);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_whose_process_is_gone_is_settled_by_waves_record_alone() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (gift, _, session) = scene.asked(pot, 5_000).await;
    scene.wave.pay(&session, None).expect("Wave takes it");
    let day = today(&scene);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [1, 0, 1, 0, 0, 0]));
    assert_eq!(scene.stage_of(gift).await, DonationStage::Confirmed);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [1, 1, 0, 1, 0, 0]));
    assert_eq!(scene.balance(Account::Pot(pot)).await, 4_950);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_was_written_off_and_paid_all_the_same_goes_back() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (gift, _, session) = scene.asked(pot, 5_000).await;
    wolo_database::donations::expire(&scene.pool, gift, 0).await.expect("an end");
    scene.wave.pay(&session, None).expect("Wave takes it");
    let day = today(&scene);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await.repaired, 1);
    assert_eq!(scene.stage_of(gift).await, DonationStage::RefundDue);
    let refund = scene.temporal().get_workflow_handle::<Refund>(ids::refund(gift));
    refund.terminate(WorkflowTerminateOptions::default()).await.expect("its refund was started");
    assert_eq!(scene.does(RefundSteps::give_back, GiveBack { donation: gift }).await, GivingBack::Refunded);
    // The refund made a line of its own, which is matched like the payment.
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [2, 2, 0, 0, 0, 0]));
    assert_eq!(wallets(&scene).await, (0, 0));
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_finance_gave_back_in_the_portal_leaves_its_pot_and_no_refund_is_booked_besides() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (given_back, kept) = (scene.given(pot, 5_000).await, scene.given(pot, 1_000).await);
    let page = wolo_database::donations::donation(&scene.pool, given_back).await.expect("a look");
    let page = page.and_then(|gift| gift.checkout).expect("a page").id;
    scene.client.refund_checkout(&page).await.expect("Wave gives it back, as it does for its portal");
    let day = today(&scene);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [3, 2, 1, 2, 0, 0]));
    assert_eq!(scene.stage_of(given_back).await, DonationStage::Refunded);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [3, 3, 0, 0, 0, 0]));
    assert_eq!(scene.balance(Account::Pot(pot)).await, 990);
    // The pot is given up afterwards: the other gift goes back, and this one is back.
    wolo_database::pots::cancel(&scene.pool, pot, noon()).await.expect("it is given up");
    let begin = BeginRefunds { pot, patience: RefundPatience::default(), at: noon() };
    assert_eq!(scene.does(RefundSteps::begin_all, begin).await.count, 1);
    for gift in [given_back, kept] {
        assert_eq!(
            scene.does(RefundSteps::give_back, GiveBack { donation: gift }).await,
            GivingBack::Refunded
        );
    }
    scene.does(StatementSteps::reconcile, day).await;
    assert_eq!((open(&scene).await, wallets(&scene).await), (vec![], (0, 0)));
    scene.judge().await;
    let refund = scene.temporal().get_workflow_handle::<Refund>(ids::refund(kept));
    refund.terminate(WorkflowTerminateOptions::default()).await.expect("its refund was started");
}

#[tokio::test]
async fn a_refund_that_cannot_be_started_is_not_passed_over() {
    let scene = Scene::new().await.connected_to_nothing().await;
    let pot = scene.open_pot().await;
    let (gift, _, session) = scene.asked(pot, 5_000).await;
    wolo_database::donations::expire(&scene.pool, gift, 0).await.expect("an end");
    scene.wave.pay(&session, None).expect("Wave takes it");
    let failed = scene.fails(StatementSteps::reconcile, today(&scene)).await;
    assert!(!failed.for_good, "{failed:?}");
    assert_eq!(scene.stage_of(gift).await, DonationStage::RefundDue, "that much is written down");
}

#[tokio::test]
async fn a_gift_that_cannot_be_settled_is_told_of_and_does_not_hide_the_others() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (gift, _, _) = scene.asked(pot, 5_000).await;
    // Wave's statement says paid, and its session says open.
    let line = PlantedLine {
        client_reference: Some(gift.to_string()),
        ..PlantedLine::new(MovementKind::ApiCheckout, 4_950, 50)
    };
    scene.wave.plant_lines(vec![line]);
    scene.given(pot, 1_000).await;
    let day = today(&scene);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [2, 1, 0, 1, 0, 0]));
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await, of(&day, [2, 1, 0, 0, 1, 0]));
    assert_eq!(open(&scene).await, [DiscrepancyKind::GiftNotSettled]);
    assert_eq!(scene.stage_of(gift).await, DonationStage::Requested);
}

#[tokio::test]
async fn lines_of_every_kind_get_the_kind_that_they_are() {
    use DiscrepancyKind::{
        AmountDiffers, FeeMissing, NamesDisagree, OtherCurrency, PaidTwice, PayoutReversed, SecondPayment,
        Unmatched, Unreadable,
    };
    let scene = scene().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await;
    let pot = scene.open_pot().await;
    let (gift, other) = (scene.given(pot, 5_000).await, scene.given(pot, 5_000).await);
    let session = async |gift: DonationId| {
        let found = wolo_database::donations::donation(&scene.pool, gift).await.expect("a look");
        found.and_then(|gift| gift.checkout).expect("a page").id
    };
    let line = |kind, amount, fee, reference: Option<String>| PlantedLine {
        client_reference: reference,
        ..PlantedLine::new(kind, amount, fee)
    };
    let odd = |fields: serde_json::Value| fields.as_object().cloned().expect("fields");
    let out = -(9_900 + 99);
    scene.wave.receive_payment(7_000, "+221770000005");
    scene.wave.plant_lines(vec![
        line(MovementKind::MerchantSweep, -500, 0, None),
        line(MovementKind::ApiCheckout, 4_950, 50, Some(gift.to_string())),
        PlantedLine {
            checkout_session_id: Some(session(other).await),
            ..line(MovementKind::ApiCheckout, 4_950, 50, Some(gift.to_string()))
        },
        PlantedLine {
            is_reversal: true,
            ..line(MovementKind::ApiCheckoutRefund, -4_950, -50, Some(gift.to_string()))
        },
        line(MovementKind::ApiPayout, out, 99, Some(order.key())),
        line(MovementKind::ApiPayoutReversal, -out, -99, Some(order.key())),
        PlantedLine { odd: odd(json!({ "currency": "USD" })), ..line(MovementKind::ApiCheckout, 1, 0, None) },
        PlantedLine { odd: odd(json!({ "amount": "1.5" })), ..line(MovementKind::ApiCheckout, 1, 0, None) },
        PlantedLine {
            odd: odd(json!({ "fee": null, "transaction_id": "T_UNSAID" })),
            ..line(MovementKind::ApiCheckout, 4_950, 0, None)
        },
    ]);
    let day = today(&scene);
    let reconciled = scene.does(StatementSteps::reconcile, day.clone()).await;
    // The refund by hand takes its gift out of the pot.
    assert_eq!((reconciled.lines, reconciled.matched, reconciled.repaired), (14, 4, 1));
    let mut expected = vec![
        Unmatched,
        Unmatched,
        Unmatched,
        SecondPayment,
        NamesDisagree,
        PaidTwice,
        PayoutReversed,
        OtherCurrency,
        Unreadable,
    ];
    expected.sort_unstable();
    assert_eq!(open(&scene).await, expected);
    assert_eq!(reconciled.opened, 9);
    assert_eq!(scene.does(StatementSteps::reconcile, day).await.opened, 0);

    // A line that says something else tomorrow than what our books have: less, or no fee at all.
    let moved = scene.wave.look(|book| book.movements().len());
    assert_eq!(moved, 14);
    let third = scene.given(pot, 2_000).await;
    let paid = wolo_database::donations::donation(&scene.pool, third).await.expect("a look").expect("a gift");
    let wave_id = paid.payment.expect("a payment").wave_transaction_id;
    let tomorrow = scene.wave.now() + TimeDelta::days(1);
    let again = |fields| PlantedLine {
        when: Some(tomorrow),
        odd: odd(fields),
        ..line(MovementKind::ApiCheckout, 1_980, 20, Some(third.to_string()))
    };
    for (fields, kind) in [
        (json!({ "transaction_id": wave_id, "fee": null }), FeeMissing),
        (json!({ "transaction_id": wave_id, "fee": "19" }), AmountDiffers),
    ] {
        scene.wave.plant_lines(vec![again(fields)]);
        let next = ReconcileDay { day: tomorrow.date_naive(), settled_until: tomorrow, ..today(&scene) };
        scene.does(StatementSteps::reconcile, next).await;
        assert!(open(&scene).await.contains(&kind), "{kind}");
    }
}

#[tokio::test]
async fn what_is_ours_and_not_at_wave_is_told_once_the_day_is_over() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (gift, _, _) = scene.asked(pot, 5_000).await;
    let at: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().expect("an instant");
    let payment = wolo_database::donations::Payment {
        wave_transaction_id: "T_NOWHERE".to_owned(),
        amount: wolo_domain::money::Xof::new(5_000),
        currency: "XOF".to_owned(),
        at,
    };
    wolo_database::donations::confirm(&scene.pool, gift, &payment, 0).await.expect("a stage");
    let day = ReconcileDay { day: at.date_naive(), ..today(&scene) };
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await.opened, 0, "it may come yet");
    let over = ReconcileDay { whole: true, run: "run-2".to_owned(), ..day.clone() };
    for opened in [1, 0] {
        assert_eq!(scene.does(StatementSteps::reconcile, over.clone()).await.opened, opened);
    }
    assert_eq!(open(&scene).await, [DiscrepancyKind::MissingAtWave]);
    // The line comes after all.
    let late = PlantedLine {
        when: Some(at),
        client_reference: Some(gift.to_string()),
        odd: json!({ "transaction_id": "T_NOWHERE" }).as_object().cloned().expect("fields"),
        ..PlantedLine::new(MovementKind::ApiCheckout, 4_950, 50)
    };
    scene.wave.plant_lines(vec![late]);
    let third = ReconcileDay { run: "run-3".to_owned(), ..over };
    assert_eq!(scene.does(StatementSteps::reconcile, third).await, of(&day, [1, 1, 0, 1, 0, 1]));
    assert_eq!(open(&scene).await, []);
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_was() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    for _ in 0..3 {
        scene.given(pot, 5_000).await;
    }
    let day = today(&scene);
    let page = scene.client.statement_page(day.day, None).await.expect("a page");
    let told = json!({
        "after": page.next.expect("another page"), "lines": 2,
        "matched": 2, "repaired": 0, "fees_booked": 2, "opened": 0, "closed": 0,
    });
    let calls = scene.wave.calls(Endpoint::Transactions);
    let (attempt, _) = scene.attempt_after(2, Some(told));
    let done = attempt.run(StatementSteps::reconcile, day.clone()).await.expect("the deed is done");
    assert_eq!(done, of(&day, [3, 3, 0, 3, 0, 0]));
    assert_eq!(scene.wave.calls(Endpoint::Transactions), calls + 1, "the first page is not read again");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 15_000 - 50, "nor are its fees booked");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let scene = scene().await;
    let pot = scene.open_pot().await;
    let (gift, _, session) = scene.asked(pot, 5_000).await;
    scene.wave.pay(&session, None).expect("Wave takes it");
    let day = today(&scene);
    let seven = Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) };
    for (endpoint, fault, expected) in [
        (
            Endpoint::Transactions,
            Fault::ErrorBefore { status: 503 },
            Failed::again(failure::WAVE_UNREACHABLE),
        ),
        (Endpoint::Transactions, Fault::MalformedReply, Failed::again(failure::WAVE_UNEXPECTED)),
        (Endpoint::Transactions, seven, Failed::again_after(failure::WAVE_THROTTLED, 7)),
        (Endpoint::CheckoutGet, Fault::ErrorBefore { status: 503 }, Failed::again(failure::WAVE_UNREACHABLE)),
    ] {
        scene.bend(endpoint, fault);
        assert_eq!(scene.fails(StatementSteps::reconcile, day.clone()).await, expected, "{endpoint:?}");
    }
    // Of one gift Wave says something that cannot be read: the others are compared all the same.
    scene.bend(Endpoint::CheckoutGet, Fault::MalformedReply);
    assert_eq!(scene.does(StatementSteps::reconcile, day.clone()).await.repaired, 0);
    assert_eq!(scene.stage_of(gift).await, DonationStage::Requested);
    scene.given(pot, 1_000).await;
    scene.given(pot, 1_000).await;
    let attempt = scene.attempt(1);
    attempt.cancel();
    let failed = failure(attempt.run(StatementSteps::reconcile, day).await);
    assert_eq!(failed, Failed::again(failure::INTERRUPTED));
    assert_eq!(
        scene.does(DonationSteps::settle, crate::scene::settle(gift)).await,
        wolo_workflows::steps::donations::Settlement::Confirmed
    );
}
