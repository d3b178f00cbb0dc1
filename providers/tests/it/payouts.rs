use std::time::Duration;

use wolo_domain::money::Xof;
use wolo_providers::ProviderError;
use wolo_providers::wave::{Currency, NameMatch, PayoutStatus, RecipientCheck};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, Options, Person};

use crate::setting::{PERSON, Setting, key, order, question};

#[tokio::test]
async fn a_payout_is_sent_read_and_found() {
    let setting = Setting::start().await;
    let sent = setting.wave.send_payout(&key("k1"), &order("dist_1", 48_500)).await.unwrap();
    assert_eq!(sent.status, PayoutStatus::Succeeded);
    assert_eq!(
        (sent.receive_amount, sent.fee, sent.currency),
        (Xof::new(48_500), Some(Xof::new(485)), Currency::Xof)
    );
    assert_eq!(sent.mobile.as_ref().unwrap().expose(), PERSON);
    assert_eq!(setting.wave.payout(&sent.id).await.unwrap(), sent);
    assert_eq!(setting.wave.search_payouts("dist_1").await.unwrap(), [sent]);
    assert_eq!(setting.wave.search_payouts("dist_2").await.unwrap(), []);
    assert_eq!(setting.wave.balance().await.unwrap(), Xof::new(1_000_000 - 48_500 - 485));
}

#[tokio::test]
async fn the_same_key_after_any_open_outcome_pays_once() {
    for fault in [
        Fault::LostRequest,
        Fault::LostReply,
        Fault::ErrorBefore { status: 500 },
        Fault::ErrorAfter { status: 503 },
        Fault::MalformedReply,
        Fault::OtherAmount { amount: 1 },
    ] {
        let setting = Setting::start().await;
        setting.emulator.fault(FaultRule::once(Endpoint::PayoutCreate, fault.clone()));
        let error = setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap_err();
        assert!(error.may_have_happened(), "{fault:?}: {error:?}");
        let payout = setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap();
        assert_eq!(payout.status, PayoutStatus::Succeeded);
        assert_eq!(setting.emulator.executed_payouts("dist_1").len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn another_order_under_the_same_key_is_refused() {
    let setting = Setting::start().await;
    setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap();
    let error = setting.wave.send_payout(&key("k1"), &order("dist_1", 2000)).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::Refused { code, status: 409, .. } if code == "idempotency-mismatch"),
        "{error:?}"
    );
    assert_eq!(setting.emulator.executed_payouts("dist_1").len(), 1);
}

#[tokio::test]
async fn each_reason_not_to_pay_is_final_and_has_its_code() {
    let setting = Setting::start().await;
    for (digits, code) in [
        ("91", "recipient-account-blocked"),
        ("92", "recipient-account-inactive"),
        ("93", "recipient-limit-exceeded"),
        ("94", "recipient-minor"),
        ("95", "country-mismatch"),
    ] {
        let mut order = order("dist_1", 1000);
        order.mobile = format!("+2217700000{digits}").into();
        let error = setting.wave.send_payout(&key(code), &order).await.unwrap_err();
        assert_eq!(error.refusal(), Some(code));
        assert!(!error.may_have_happened());
        assert!(!format!("{error} {error:?}").contains("22177"), "{error:?}");
    }
    let error = setting.wave.send_payout(&key("much"), &order("dist_1", 10_000_000)).await.unwrap_err();
    assert_eq!(error.refusal(), Some("insufficient-funds"));
    assert_eq!(setting.emulator.executed_payouts("dist_1").len(), 0);
}

#[tokio::test]
async fn a_payout_that_fails_later_is_a_success_over_http_with_a_failure_in_it() {
    let setting = Setting::start().await;
    setting.emulator.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::StaysProcessing));
    let sent = setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap();
    assert_eq!(sent.status, PayoutStatus::Processing);
    setting.emulator.settle_payout(&sent.id, Some("recipient-account-blocked")).unwrap();
    let ended = setting.wave.payout(&sent.id).await.unwrap();
    assert_eq!(ended.status, PayoutStatus::Failed { code: "recipient-account-blocked".to_owned() });
}

#[tokio::test]
async fn reversing_twice_gives_back_once_and_only_within_three_days() {
    let setting = Setting::start().await;
    let before = setting.wave.balance().await.unwrap();
    let sent = setting.wave.send_payout(&key("k1"), &order("dist_1", 1000)).await.unwrap();
    setting.wave.reverse_payout(&sent.id).await.unwrap();
    setting.wave.reverse_payout(&sent.id).await.unwrap();
    assert_eq!(setting.wave.payout(&sent.id).await.unwrap().status, PayoutStatus::Reversed);
    assert_eq!(setting.wave.balance().await.unwrap(), before);

    let late = setting.wave.send_payout(&key("k2"), &order("dist_2", 1000)).await.unwrap();
    setting.emulator.move_clock(Duration::from_hours(73));
    let error = setting.wave.reverse_payout(&late.id).await.unwrap_err();
    assert_eq!(error.refusal(), Some("payout-reversal-time-limit-exceeded"));
    for error in [
        setting.wave.payout("pt-unknown").await.unwrap_err(),
        setting.wave.reverse_payout("pt-unknown").await.unwrap_err(),
    ] {
        assert_eq!(error.refusal(), Some("not-found"));
    }
}

#[tokio::test]
async fn a_recipient_is_compared_with_what_wave_knows() {
    let setting = Setting::start().await;
    let known = |name: Option<&str>| Person { name: name.map(str::to_owned), national_id: None };
    for (person, expected) in [
        (known(Some("Awa Test")), NameMatch::Match),
        (known(Some("Ousmane Xylophone")), NameMatch::NoMatch),
        (known(None), NameMatch::NameNotKnown),
    ] {
        setting.emulator.know_person(PERSON, person);
        let check = setting.wave.verify_recipient(&question(PERSON)).await.unwrap();
        let expected =
            RecipientCheck { within_limits: Some(true), name_match: Some(expected), national_id_match: None };
        assert_eq!(check, expected);
    }
    let limited = setting.wave.verify_recipient(&question("+221770000093")).await.unwrap();
    assert_eq!(limited.within_limits, Some(false));
}

#[tokio::test]
async fn asking_about_one_phone_too_often_is_throttled() {
    let setting = Setting::with(Options::default()).await;
    for _ in 0..30 {
        setting.wave.verify_recipient(&question(PERSON)).await.unwrap();
    }
    let error = setting.wave.verify_recipient(&question(PERSON)).await.unwrap_err();
    assert!(matches!(error, ProviderError::Throttled { retry_after: None }), "{error:?}");
}
