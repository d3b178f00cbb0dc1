use std::time::Duration;

use wolo_domain::money::Xof;
use wolo_providers::ProviderError;
use wolo_providers::wave::{CheckoutStatus, Currency, Expiry, PaymentStatus};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};

use crate::setting::{Setting, gift};

#[tokio::test]
async fn a_session_is_opened_read_and_found() {
    let setting = Setting::start().await;
    let created = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap();
    assert_eq!(created.amount, Xof::new(5000));
    assert_eq!(created.currency, Currency::Xof);
    assert_eq!(created.client_reference.as_deref(), Some("don_1"));
    assert!(created.is_open() && !created.is_paid());
    assert!(created.wave_launch_url.as_str().contains(&created.id));
    assert!(created.when_expires > created.when_created.unwrap());

    assert_eq!(setting.wave.checkout(&created.id).await.unwrap(), created);
    assert_eq!(setting.wave.search_checkouts("don_1").await.unwrap(), [created]);
    assert_eq!(setting.wave.search_checkouts("don_2").await.unwrap(), []);
}

#[tokio::test]
async fn a_reference_is_sent_as_it_is_whatever_is_in_it() {
    let setting = Setting::start().await;
    for reference in ["don/1", "don 1&client_reference=x", "don+é%2F", "don\"\\"] {
        let created = setting.wave.create_checkout(&gift(reference, 100)).await.unwrap();
        assert_eq!(setting.wave.search_checkouts(reference).await.unwrap(), [created], "{reference}");
    }
}

#[tokio::test]
async fn a_paid_session_is_complete_and_succeeded() {
    let setting = Setting::start().await;
    let id = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
    setting.emulator.fail_payment(&id, Some("insufficient-funds")).unwrap();
    let failed = setting.wave.checkout(&id).await.unwrap();
    assert!(failed.is_open(), "a failed attempt is not an end");
    assert_eq!(failed.last_payment_error.unwrap().code, "insufficient-funds");

    setting.emulator.pay(&id, None).unwrap();
    let paid = setting.wave.checkout(&id).await.unwrap();
    assert!(paid.is_paid());
    assert_eq!(
        (paid.checkout_status, paid.payment_status),
        (CheckoutStatus::Complete, PaymentStatus::Succeeded)
    );
    assert!(paid.transaction_id.is_some() && paid.when_completed.is_some());
}

#[tokio::test]
async fn a_session_that_is_lost_on_its_way_back_is_found_by_its_reference() {
    let setting = Setting::start().await;
    setting.emulator.fault(FaultRule::once(Endpoint::CheckoutCreate, Fault::LostReply));
    let error = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap_err();
    assert!(error.may_have_happened());
    let found = setting.wave.search_checkouts("don_1").await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].is_open());
}

#[tokio::test]
async fn an_expired_session_says_so_and_expiring_twice_has_one_effect() {
    let setting = Setting::start().await;
    let id = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
    assert_eq!(setting.wave.expire_checkout(&id).await.unwrap(), Expiry::Expired);
    assert_eq!(setting.wave.expire_checkout(&id).await.unwrap(), Expiry::AlreadyEnded);
    assert_eq!(setting.wave.checkout(&id).await.unwrap().checkout_status, CheckoutStatus::Expired);

    let paid = setting.wave.create_checkout(&gift("don_2", 5000)).await.unwrap().id;
    setting.emulator.pay(&paid, None).unwrap();
    assert_eq!(setting.wave.expire_checkout(&paid).await.unwrap(), Expiry::AlreadyEnded);
    assert!(setting.wave.checkout(&paid).await.unwrap().is_paid());

    let late = setting.wave.create_checkout(&gift("don_3", 5000)).await.unwrap().id;
    setting.emulator.move_clock(Duration::from_hours(1));
    assert_eq!(setting.wave.checkout(&late).await.unwrap().checkout_status, CheckoutStatus::Expired);
}

#[tokio::test]
async fn refunding_twice_gives_back_once() {
    let setting = Setting::start().await;
    let before = setting.wave.balance().await.unwrap();
    let id = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
    setting.emulator.pay(&id, None).unwrap();
    setting.emulator.fault(FaultRule::once(Endpoint::CheckoutRefund, Fault::LostReply));
    assert!(setting.wave.refund_checkout(&id).await.unwrap_err().may_have_happened());
    setting.wave.refund_checkout(&id).await.unwrap();
    setting.wave.refund_checkout(&id).await.unwrap();
    assert_eq!(setting.wave.balance().await.unwrap(), before);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_code() {
    let setting = Setting::start().await;
    for id in ["cos-unknown", "cos-1wolo99999999"] {
        let errors = [
            setting.wave.checkout(id).await.unwrap_err(),
            setting.wave.expire_checkout(id).await.unwrap_err(),
            setting.wave.refund_checkout(id).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.refusal(), Some("checkout-session-not-found"), "{error:?}");
        }
    }
    let unpaid = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
    let error = setting.wave.refund_checkout(&unpaid).await.unwrap_err();
    assert_eq!(error.refusal(), Some("checkout-refund-failed"));
    for francs in [0, -5] {
        let error = setting.wave.create_checkout(&gift("don_2", francs)).await.unwrap_err();
        assert_eq!(error.refusal(), Some("request-validation-error"), "{francs}");
    }
}

#[tokio::test]
async fn an_id_that_would_leave_its_place_is_never_sent() {
    let setting = Setting::start().await;
    for id in ["", "..", "../payout", "search", "a/b", "a?b=c"] {
        // "search" is shaped like an id; Wave's own path wins there and its answer is no session.
        let error = setting.wave.checkout(id).await.unwrap_err();
        if id != "search" {
            assert_eq!(error.refusal(), Some("invalid-identifier"), "{id}");
        }
    }
    assert_eq!(setting.emulator.calls(Endpoint::CheckoutGet), 0);
}

#[tokio::test]
async fn a_session_for_another_amount_is_not_taken() {
    let setting = Setting::start().await;
    setting.emulator.fault(FaultRule::once(Endpoint::CheckoutCreate, Fault::OtherAmount { amount: 50 }));
    let error = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
}
