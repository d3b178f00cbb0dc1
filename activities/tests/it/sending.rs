//! Sending a payout: whatever happens on the way, Wave's own book shows one movement.

use chrono::TimeDelta;
use sqlx::AssertSqlSafe;
use wolo_activities::{PayoutSteps, failure};
use wolo_database::payouts;
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};
use wolo_domain::pots::HoldReason;
use wolo_providers::wave::{self, IdempotencyKey};
use wolo_sandbox::wave::{Access, Endpoint, Fault, Options, RetryAfter};
use wolo_workflows::steps::payouts::{
    FindPayout, INSUFFICIENT_FUNDS, LoseSight, PayoutAnswer, Plan, PlanPayout, SendPayout, VerifyRecipient,
};

use crate::scene::{Failed, SAME_KEY, Scene, noon};

fn send(order: PayoutOrder) -> SendPayout {
    SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }
}

fn is_unclear(answer: &PayoutAnswer) -> bool {
    matches!(answer, PayoutAnswer::Unclear { .. })
}

impl Scene {
    async fn sends(&self, order: PayoutOrder) -> PayoutAnswer {
        self.does(PayoutSteps::send, send(order)).await
    }

    /// A payout that our books know nothing of.
    async fn leaves(&self, reference: &str, amount: Xof, phone: &str) {
        let key = IdempotencyKey::new(reference.to_owned()).expect("a key");
        let payout = wave::SendPayout {
            receive_amount: amount,
            mobile: phone.to_owned().into(),
            name: None,
            client_reference: reference.to_owned(),
            payment_reason: None,
        };
        self.client.send_payout(&key, &payout).await.expect("it is paid");
    }

    pub(crate) fn movements(&self, order: PayoutOrder) -> usize {
        self.wave.executed_payouts(&order.key()).len()
    }

    async fn phone_becomes(&self, pot: PotId, phone: &str) {
        let row = wolo_database::pots::pot(&self.pool, pot).await.expect("an answer").expect("a pot");
        let sql = format!("update people.users set phone = '{phone}' where user_id = '{}'", row.owner.uuid());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool_as("wolo").await).await.expect("another phone");
    }

    pub(crate) async fn payout(&self, payout: PayoutId) -> payouts::Payout {
        payouts::payout(&self.pool, payout).await.expect("an answer").expect("a payout")
    }
}

#[tokio::test]
async fn a_payout_is_sent_once_and_booked() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    for _ in 0..2 {
        assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    }
    assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (1, 1));
    let paid = scene.wave.executed_payouts(&order.key()).remove(0);
    assert_eq!((paid.order.receive_amount, paid.order.name), (9_900, None));
    let row = scene.payout(order.payout).await;
    assert_eq!(
        (row.stage, row.fee, row.wave_payout_id),
        (PayoutStage::Succeeded, Some(Xof::new(99)), Some(paid.id))
    );
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(
        scene.does(PayoutSteps::plan, PlanPayout { pot, rules: PayoutRules::default(), at: noon() }).await,
        Plan::Paid { amount: Xof::new(9_900), placed: vec![] }
    );
    scene.judge().await;
}

#[tokio::test]
async fn a_reply_that_says_nothing_leaves_it_unclear_and_the_same_order_is_found_not_repeated() {
    for fault in [
        Fault::LostReply,
        Fault::ErrorAfter { status: 500 },
        Fault::MalformedReply,
        Fault::OtherAmount { amount: 9_901 },
        Fault::OtherReply { status: 302, body: String::new(), repeat: 1, location: None },
    ] {
        let scene = Scene::new().await;
        let (_, order) = scene.payable(Some(1)).await;
        scene.bend(Endpoint::PayoutCreate, fault.clone());
        let answer = scene.sends(order).await;
        assert!(is_unclear(&answer), "{fault:?}: {answer:?}");
        assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Sent);
        assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded, "{fault:?}");
        assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (1, 1), "{fault:?}");
        scene.judge().await;
    }
}

#[tokio::test]
async fn an_order_that_wave_does_not_show_is_sent_again_with_the_same_key() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::LostReply);
    assert!(is_unclear(&scene.sends(order).await));
    // The search lags behind; the key does not.
    scene.bend(Endpoint::PayoutSearch, Fault::SearchBlind);
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (1, 2));
}

#[tokio::test]
async fn an_order_whose_key_wave_has_forgotten_is_not_sent_again() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::LostReply);
    assert!(is_unclear(&scene.sends(order).await));
    scene.wave.forget_idempotency_keys();
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.movements(order), 1);
}

#[tokio::test]
async fn an_order_whose_key_is_old_is_looked_for_and_not_sent_again() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::LostReply);
    assert!(is_unclear(&scene.sends(order).await));
    scene.wave.forget_idempotency_keys();
    let at = |hours| SendPayout { at: noon() + TimeDelta::hours(hours), ..send(order) };
    scene.bend(Endpoint::PayoutSearch, Fault::SearchBlind);
    let answer = scene.does(PayoutSteps::send, at(21)).await;
    assert!(matches!(&answer, PayoutAnswer::Unclear { why } if why.contains("21 hours old")), "{answer:?}");
    assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (1, 1));
    assert_eq!(scene.does(PayoutSteps::send, at(21)).await, PayoutAnswer::Succeeded, "it is found");

    let (_, young) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::LostRequest);
    assert!(is_unclear(&scene.sends(young).await));
    let later = SendPayout { at: noon() + TimeDelta::hours(19), ..send(young) };
    assert_eq!(scene.does(PayoutSteps::send, later).await, PayoutAnswer::Succeeded);
}

#[tokio::test]
async fn an_order_that_another_one_has_overtaken_does_nothing_and_says_so() {
    let scene = Scene::new().await;
    let (_, first) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::ShortBalance);
    scene.sends(first).await;
    let second = first.next();
    scene.bend(Endpoint::PayoutCreate, Fault::LostRequest);
    assert!(is_unclear(&scene.sends(second).await));
    let calls = scene.wave.calls(Endpoint::PayoutCreate);
    let overtaken = PayoutAnswer::Overtaken { by: second };
    assert_eq!(scene.sends(first).await, overtaken);
    let find = FindPayout { order: first, wave_payout_id: None, at: noon() };
    assert_eq!(scene.does(PayoutSteps::find, find).await, overtaken);
    scene.does(PayoutSteps::lose_sight, LoseSight { order: first, at: noon() }).await;
    assert_eq!(scene.payout(first.payout).await.stage, PayoutStage::Sent);
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), calls);
    assert_eq!(scene.sends(second).await, PayoutAnswer::Succeeded);
}

#[tokio::test]
async fn a_phone_that_is_changed_after_the_check_is_not_paid_before_it_is_checked() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    let verify = VerifyRecipient { payout: order.payout };
    scene.does(PayoutSteps::verify_recipient, verify).await;
    scene.phone_becomes(pot, "+221770000042").await;
    for _ in 0..2 {
        assert_eq!(scene.sends(order).await, PayoutAnswer::OtherRecipient);
    }
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 0);
    scene.does(PayoutSteps::verify_recipient, verify).await;
    // It goes where it was checked, however often it is sent, and whatever the account says by then.
    scene.bend(Endpoint::PayoutCreate, Fault::LostRequest);
    assert!(is_unclear(&scene.sends(order).await));
    scene.phone_becomes(pot, "+221770000043").await;
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.wave.executed_payouts(&order.key())[0].order.mobile, "+221770000042");
}

#[tokio::test]
async fn an_order_that_did_not_arrive_is_sent_again() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    for fault in [Fault::LostRequest, Fault::ErrorBefore { status: 503 }] {
        scene.bend(Endpoint::PayoutCreate, fault);
        assert!(is_unclear(&scene.sends(order).await));
    }
    scene.does(PayoutSteps::lose_sight, LoseSight { order, at: noon() }).await;
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Unknown);
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    scene.does(PayoutSteps::lose_sight, LoseSight { order, at: noon() }).await;
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Succeeded);
    assert_eq!(scene.movements(order), 1);
}

#[tokio::test]
async fn an_order_that_wave_works_on_is_unclear_until_it_has_ended() {
    for error in [None, Some("recipient-limit-exceeded")] {
        let scene = Scene::new().await;
        let (_, order) = scene.payable(Some(1)).await;
        scene.bend(Endpoint::PayoutCreate, Fault::StaysProcessing);
        for _ in 0..2 {
            assert!(is_unclear(&scene.sends(order).await));
        }
        let id = scene.wave.book().payouts()[0].id.clone();
        scene.wave.settle_payout(&id, error).expect("it ends");
        let expected = match error {
            None => PayoutAnswer::Succeeded,
            Some(code) => PayoutAnswer::Refused { code: code.to_owned() },
        };
        for _ in 0..2 {
            assert_eq!(scene.sends(order).await, expected);
        }
        assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 1);
    }
}

#[tokio::test]
async fn what_has_not_begun_is_tried_again() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    let seven = || Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) };
    for (fault, expected) in [
        (Fault::ErrorBefore { status: 503 }, Failed::again(failure::WAVE_UNREACHABLE)),
        (Fault::LostReply, Failed::again(failure::WAVE_UNREACHABLE)),
        (Fault::MalformedReply, Failed::again(failure::WAVE_UNEXPECTED)),
        (seven(), Failed::again_after(failure::WAVE_THROTTLED, 7)),
    ] {
        scene.bend(Endpoint::Balance, fault);
        assert_eq!(scene.fails(PayoutSteps::send, send(order)).await, expected);
    }
    assert_eq!(scene.payout(order.payout).await.order_number, 0, "nothing has been ordered");
    // Wave did not take the order, and said so.
    scene.bend(Endpoint::PayoutCreate, seven());
    let failed = scene.fails(PayoutSteps::send, send(order)).await;
    assert_eq!(failed, Failed::again_after(failure::WAVE_THROTTLED, 7));
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.movements(order), 1);
}

#[tokio::test]
async fn a_call_that_was_not_executed_is_taken_back_and_the_next_one_is_the_first_again() {
    for (fault, failed) in [
        (Fault::TooManyRequests { retry_after: None }, Failed::again(failure::WAVE_THROTTLED)),
        (
            Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) },
            Failed::again_after(failure::WAVE_THROTTLED, 7),
        ),
    ] {
        let scene = Scene::new().await;
        let (_, order) = scene.payable(Some(1)).await;
        scene.bend(Endpoint::PayoutCreate, fault);
        assert_eq!(scene.fails(PayoutSteps::send, send(order)).await, failed);
        scene.bend(Endpoint::PayoutCreate, Fault::ShortBalance);
        let refused = PayoutAnswer::Refused { code: INSUFFICIENT_FUNDS.to_owned() };
        assert_eq!(scene.sends(order).await, refused, "nothing came before it");
        assert_eq!(scene.sends(order.next()).await, PayoutAnswer::Succeeded);
        assert_eq!((scene.movements(order), scene.movements(order.next())), (0, 1));
        scene.judge().await;
    }
}

#[tokio::test]
async fn a_recipient_that_wave_does_not_pay_is_refused_for_good() {
    for (digits, code) in [
        (91, "recipient-account-blocked"),
        (92, "recipient-account-inactive"),
        (93, "recipient-limit-exceeded"),
        (94, "recipient-minor"),
        (95, "country-mismatch"),
    ] {
        let scene = Scene::new().await;
        let (pot, order) = scene.payable(Some(digits)).await;
        for _ in 0..2 {
            assert_eq!(scene.sends(order).await, PayoutAnswer::Refused { code: code.to_owned() });
        }
        assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (0, 1));
        let row = scene.payout(order.payout).await;
        assert_eq!((row.stage, row.refusal_code.as_deref()), (PayoutStage::Refused, Some(code)));
        assert_eq!(scene.balance(Account::Pot(pot)).await, 9_900);
    }
}

#[tokio::test]
async fn somebody_without_a_phone_is_not_paid() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(None).await;
    let expected = PayoutAnswer::Refused { code: "recipient-without-phone".to_owned() };
    for _ in 0..2 {
        assert_eq!(scene.sends(order).await, expected);
    }
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 0);
}

#[tokio::test]
async fn a_short_wallet_is_seen_before_anything_is_ordered() {
    let scene = Scene::with(Options::default()).await;
    // The wallet holds what the gift brought, which does not cover the fee of sending it on.
    let (_, order) = scene.payable(Some(1)).await;
    for _ in 0..2 {
        assert_eq!(scene.sends(order).await, PayoutAnswer::FloatShort);
    }
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 0);
    assert_eq!(scene.payout(order.payout).await.order_number, 0);
    scene.wave.receive_payment(10_000, "+221770000005");
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
}

#[tokio::test]
async fn an_order_that_may_have_left_does_not_run_into_a_short_wallet() {
    let scene = Scene::with(Options::default()).await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.wave.receive_payment(300, "+221770000005");
    scene.bend(Endpoint::PayoutCreate, Fault::LostRequest);
    assert!(is_unclear(&scene.sends(order).await));
    // The wallet pays somebody else meanwhile.
    scene.leaves("another", Xof::new(150), "+221770000006").await;
    for _ in 0..2 {
        let answer = scene.sends(order).await;
        assert!(matches!(&answer, PayoutAnswer::Unclear { why } if why.contains("too short")), "{answer:?}");
    }
    assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutCreate)), (0, 2));
    scene.wave.receive_payment(10_000, "+221770000007");
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.movements(order), 1);
}

#[tokio::test]
async fn an_order_that_had_left_before_the_books_were_brought_back_is_not_sent_again() {
    for (refused, fault) in [(0, None), (0, Some(Fault::ErrorBefore { status: 503 })), (2, None)] {
        // Paying it has emptied the wallet.
        let scene = Scene::with(Options { opening_balance: 100, ..Options::default() }).await;
        let (_, order) = scene.payable(Some(1)).await;
        let left = PayoutOrder { number: order.number + refused, ..order };
        scene.leaves(&left.key(), Xof::new(9_900), "+221770000001").await;
        scene.wave.forget_idempotency_keys();
        let brought_back = "insert into ops.restores (backup_at) values (now() - interval '2 days')";
        sqlx::raw_sql(brought_back).execute(&scene.pool_as("wolo").await).await.expect("a restore");
        if let Some(fault) = fault {
            // Not before Wave has been asked.
            scene.bend(Endpoint::PayoutSearch, fault);
            scene.fails(PayoutSteps::send, send(order)).await;
        }
        assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
        assert_eq!((scene.movements(left), scene.wave.calls(Endpoint::PayoutCreate)), (1, 1));
        assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Succeeded);
    }
}

#[tokio::test]
async fn an_order_that_finds_the_wallet_short_is_spent_and_the_next_one_is_paid() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::ShortBalance);
    for _ in 0..2 {
        let answer = scene.sends(order).await;
        assert_eq!(answer, PayoutAnswer::Refused { code: INSUFFICIENT_FUNDS.to_owned() });
    }
    assert_eq!(scene.sends(order.next()).await, PayoutAnswer::Succeeded);
    assert_eq!((scene.movements(order), scene.movements(order.next())), (0, 1));
}

#[tokio::test]
async fn a_refusal_of_an_order_that_was_sent_before_proves_nothing() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::LostReply);
    assert!(is_unclear(&scene.sends(order).await));
    for (status, code) in [
        (401, "api-key-revoked"),
        (403, "disabled-wallet"),
        (409, "idempotency-mismatch"),
        (400, "odd"),
        // What was paid has emptied our wallet, and filled the recipient's limit.
        (422, INSUFFICIENT_FUNDS),
        (422, "recipient-limit-exceeded"),
    ] {
        scene.bend(Endpoint::PayoutSearch, Fault::SearchBlind);
        scene.bend(Endpoint::PayoutCreate, Fault::Refused { status, code: code.to_owned() });
        assert!(is_unclear(&scene.sends(order).await), "{code}");
    }
    scene.wave.set_access(Access { key_revoked: true, ..scene.wave.book().access().clone() });
    assert!(is_unclear(&scene.sends(order).await), "not even asked");
    scene.wave.set_access(Access { key_revoked: false, ..scene.wave.book().access().clone() });
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Sent);
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.movements(order), 1);
}

#[tokio::test]
async fn an_order_that_counts_as_refused_and_was_paid_is_the_payout_and_no_other_is_sent() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    // Wave pays, and says that it did not.
    let lie = r#"{"error_code":"insufficient-funds","error_message":"Insufficient funds in wallet."}"#;
    let fault = Fault::OtherReply { status: 422, body: lie.to_owned(), repeat: 1, location: None };
    scene.bend(Endpoint::PayoutCreate, fault);
    let refused = PayoutAnswer::Refused { code: INSUFFICIENT_FUNDS.to_owned() };
    assert_eq!(scene.sends(order).await, refused);
    assert_eq!(scene.movements(order), 1);
    // Nobody knows as long as Wave cannot be asked, and nothing is sent.
    scene.bend(Endpoint::PayoutSearch, Fault::ErrorBefore { status: 503 });
    assert!(is_unclear(&scene.sends(order.next()).await));
    for _ in 0..2 {
        assert_eq!(scene.sends(order.next()).await, PayoutAnswer::Succeeded);
    }
    assert_eq!((scene.movements(order), scene.movements(order.next())), (1, 0));
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
}

#[tokio::test]
async fn a_key_that_somebody_else_has_used_is_unclear_from_the_first_call_on() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(
        Endpoint::PayoutCreate,
        Fault::Refused { status: 409, code: "idempotency-mismatch".to_owned() },
    );
    assert!(is_unclear(&scene.sends(order).await));
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Sent);
}

#[tokio::test]
async fn a_refusal_proves_nothing_when_somebody_else_began_the_order_meanwhile() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    // We are held up before our intent, and another worker takes over; it may have paid by the time we go on.
    scene.bend(Endpoint::Balance, Fault::StalledReply);
    scene.bend(Endpoint::PayoutCreate, Fault::Refused { status: 403, code: "ip-not-allowed".to_owned() });
    let attempt = scene.attempt(1);
    let sending = attempt.run(PayoutSteps::send, send(order));
    let taken_over = async {
        scene.wave.wait_for_stalled(1, crate::scene::LONG).await.expect("we are held up");
        payouts::begin_order(&scene.pool, order, noon()).await.expect("an intent");
        scene.wave.release_stalled(wolo_sandbox::wave::Release::Answer);
    };
    let (answer, ()) = tokio::join!(sending, taken_over);
    assert!(is_unclear(&answer.expect("an answer")));
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Sent);
}

#[tokio::test]
async fn nothing_is_ordered_while_the_pot_is_held() {
    let scene = Scene::new().await;
    let (pot, order) = scene.payable(Some(1)).await;
    let reason = HoldReason::Moderation;
    wolo_database::pots::hold(&scene.pool, pot, reason, "somebody looks", noon()).await.expect("a hold");
    assert_eq!(scene.sends(order).await, PayoutAnswer::Held { reason });
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 0);
    wolo_database::pots::release(&scene.pool, pot, reason, noon()).await.expect("no hold");
    assert_eq!(scene.sends(order).await, PayoutAnswer::Succeeded);
}

#[tokio::test]
async fn what_came_of_an_order_is_booked_by_whoever_comes_after_a_lost_database() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    // The reply is held until the database is gone, as if it had failed in between.
    scene.bend(Endpoint::PayoutCreate, Fault::StalledReply);
    let attempt = scene.attempt(1);
    let sending = attempt.run(PayoutSteps::send, send(order));
    let cut = async {
        scene.wave.wait_for_stalled(1, crate::scene::LONG).await.expect("the order is at Wave");
        scene.pool.close().await;
        scene.wave.release_stalled(wolo_sandbox::wave::Release::Answer);
    };
    let (sent, ()) = tokio::join!(sending, cut);
    assert!(!crate::scene::failure(sent).for_good);
    assert_eq!(scene.movements(order), 1);
    let back = scene.reopened().await;
    assert_eq!(back.sends(order).await, PayoutAnswer::Succeeded);
    assert_eq!((back.movements(order), back.wave.calls(Endpoint::PayoutCreate)), (1, 1));
    back.judge().await;
}

#[tokio::test]
async fn a_deed_that_takes_long_gives_signs_of_life() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    scene.bend(Endpoint::PayoutCreate, Fault::StalledReply);
    let (attempt, mut heartbeats) = scene.attempt_after(1, None::<()>);
    let alive = async {
        heartbeats.wait_for(|count| *count > 0).await.expect("a sign of life");
        scene.wave.release_stalled(wolo_sandbox::wave::Release::Answer);
    };
    let (sent, ()) = tokio::join!(attempt.run(PayoutSteps::send, send(order)), alive);
    assert_eq!(sent.expect("the deed is done"), PayoutAnswer::Succeeded);
}
