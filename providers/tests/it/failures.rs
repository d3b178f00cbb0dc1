//! Each way of failing, tried on every call.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use wolo_providers::wave::Wave;
use wolo_providers::{ProviderError, Sent};
use wolo_sandbox::wave::{Access, Fault, FaultRule, Options, RetryAfter, WalletState};

use crate::setting::{Call, Setting, access};

/// Makes every call once under `fault` and shows what came of it.
async fn under(fault: Fault, mut check: impl FnMut(Call, ProviderError)) {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    for call in Call::ALL {
        let before = setting.emulator.calls(call.endpoint());
        setting.emulator.fault(FaultRule::once(call.endpoint(), fault.clone()));
        let error = call.make(&setting.another(), &facts).await.expect_err(&format!("{call:?}"));
        check(call, error);
        // One attempt, no more: whether to repeat is not this client's to decide.
        assert_eq!(setting.emulator.calls(call.endpoint()), before + 1, "{call:?}");
    }
    for call in Call::ALL {
        call.make(&setting.wave, &facts)
            .await
            .unwrap_or_else(|error| panic!("{call:?} after the fault: {error:?}"));
    }
}

fn is_unreachable(status: Option<u16>) -> impl FnMut(Call, ProviderError) {
    move |call, error| match &error {
        ProviderError::Unreachable { sent: Sent::Perhaps, status: given, .. } if *given == status => {
            assert!(error.may_have_happened());
        }
        other => panic!("{call:?}: {other:?}"),
    }
}

fn is_unexpected(status: u16) -> impl FnMut(Call, ProviderError) {
    move |call, error| match &error {
        ProviderError::Unexpected { status: Some(given), .. } if *given == status => {
            assert!(error.may_have_happened());
        }
        other => panic!("{call:?}: {other:?}"),
    }
}

#[tokio::test]
async fn every_call_succeeds_when_nothing_is_wrong() {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    for call in Call::ALL {
        call.make(&setting.wave, &facts).await.unwrap_or_else(|error| panic!("{call:?}: {error:?}"));
    }
}

#[tokio::test]
async fn every_call_is_signed_when_the_key_wants_it() {
    let options = Options { opening_balance: 1_000_000, requires_signature: true, ..Options::default() };
    let setting = Setting::with(options).await;
    let facts = setting.facts().await;
    for call in Call::ALL {
        call.make(&setting.wave, &facts).await.unwrap_or_else(|error| panic!("{call:?}: {error:?}"));
    }

    let mut wrong = access(setting.emulator.base_url(), setting.emulator.api_key());
    let unsigned = Wave::new(wrong.clone()).unwrap();
    wrong.signing_secret = Some(SecretString::from("wave_sn_AKS_other"));
    let wrongly_signed = Wave::new(wrong).unwrap();
    for call in Call::ALL {
        let error = call.make(&unsigned, &facts).await.unwrap_err();
        assert_eq!(error.refusal(), Some("missing-signature"), "{call:?}");
        let error = call.make(&wrongly_signed, &facts).await.unwrap_err();
        assert_eq!(error.refusal(), Some("invalid-signature"), "{call:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_has_done_nothing() {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let wave = Wave::new(access(&format!("http://127.0.0.1:{port}"), "key")).unwrap();
    for call in Call::ALL {
        let error = call.make(&wave, &facts).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{call:?}: {error:?}");
        assert!(!error.may_have_happened());
    }
}

#[tokio::test]
async fn a_call_too_many_waits_as_long_as_it_is_told() {
    for (told, expected) in
        [(None, None), (Some(RetryAfter::Seconds(7)), Some(7)), (Some(RetryAfter::Date(7)), Some(8))]
    {
        under(Fault::TooManyRequests { retry_after: told }, |call, error| match error {
            ProviderError::Throttled { retry_after } => match (retry_after, expected) {
                (None, None) => {}
                // A date is counted from now, so it may have lost a second on the way.
                (Some(wait), Some(most)) => {
                    let range = Duration::from_secs(most - 2)..=Duration::from_secs(most);
                    assert!(range.contains(&wait), "{call:?}: {wait:?}");
                }
                other => panic!("{call:?}: {other:?}"),
            },
            other => panic!("{call:?}: {other:?}"),
        })
        .await;
    }
}

#[tokio::test]
async fn trouble_of_theirs_leaves_the_outcome_open_before_and_after_the_work() {
    for status in [408, 500, 503, 504] {
        under(Fault::ErrorBefore { status }, is_unreachable(Some(status))).await;
    }
    under(Fault::ErrorAfter { status: 502 }, is_unreachable(Some(502))).await;
}

#[tokio::test]
async fn a_lost_request_and_a_lost_reply_look_the_same_and_are_open() {
    under(Fault::LostRequest, is_unreachable(None)).await;
    under(Fault::LostReply, is_unreachable(None)).await;
}

#[tokio::test]
async fn a_reply_that_does_not_come_is_open() {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    for call in Call::ALL {
        let impatient = setting.impatient();
        setting.emulator.fault(FaultRule::once(call.endpoint(), Fault::StalledReply));
        let error = call.make(&impatient, &facts).await.unwrap_err();
        is_unreachable(None)(call, error);
    }
}

#[tokio::test]
async fn half_a_reply_proves_nothing() {
    under(Fault::MalformedReply, is_unexpected(200)).await;
}

#[tokio::test]
async fn a_huge_reply_is_dropped_unread() {
    let started = Instant::now();
    let fault = Fault::OtherReply { status: 200, body: "x".repeat(1000), repeat: 100_000, location: None };
    under(fault, is_unexpected(200)).await;
    // Twelve times 100 MB would take much longer to read; the bound is loose for busy machines.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Setting::start().await;
    for status in [301, 302, 307, 308] {
        let location = Some(format!("{}/v1/balance", elsewhere.emulator.base_url()));
        let fault = Fault::OtherReply { status, body: String::new(), repeat: 1, location };
        under(fault, is_unexpected(status)).await;
    }
    assert_eq!(elsewhere.emulator.calls(Call::Balance.endpoint()), 0);
}

#[tokio::test]
async fn a_page_of_some_proxy_is_not_an_answer_of_wave() {
    for status in [200, 400, 403, 404, 422] {
        let body = "<html>not what you wanted</html>".to_owned();
        under(Fault::OtherReply { status, body, repeat: 1, location: None }, is_unexpected(status)).await;
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_carries_its_code() {
    for (status, code) in [
        (400, "request-validation-error"),
        (401, "invalid-auth"),
        (403, "unauthorized-wallet"),
        (404, "not-found"),
        (422, "insufficient-funds"),
    ] {
        under(Fault::Refused { status, code: code.to_owned() }, |call, error| match &error {
            ProviderError::Refused { code: given, status: of, .. } if given == code && *of == status => {
                assert!(!error.may_have_happened());
            }
            other => panic!("{call:?}: {other:?}"),
        })
        .await;
    }
}

#[tokio::test]
async fn a_conflict_is_a_refusal_except_where_it_means_that_a_session_has_ended() {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    for call in Call::ALL {
        let fault = Fault::Refused { status: 409, code: "idempotency-mismatch".to_owned() };
        setting.emulator.fault(FaultRule::once(call.endpoint(), fault));
        let outcome = call.make(&setting.wave, &facts).await;
        if call == Call::ExpireCheckout {
            outcome.unwrap();
        } else {
            assert_eq!(outcome.unwrap_err().refusal(), Some("idempotency-mismatch"), "{call:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_no_longer_counts_and_a_wallet_that_is_closed_are_final() {
    let setting = Setting::start().await;
    let facts = setting.facts().await;
    let nobody = Wave::new(access(setting.emulator.base_url(), "wave_sn_test_other")).unwrap();
    for call in Call::ALL {
        let error = call.make(&nobody, &facts).await.unwrap_err();
        assert_eq!(error.refusal(), Some("no-matching-api-key"), "{call:?}");
    }
    setting.emulator.set_access(Access { wallet: WalletState::Disabled, ..Access::default() });
    for call in Call::ALL {
        let outcome = call.make(&setting.wave, &facts).await;
        // The balance of a disabled wallet can still be read.
        if call != Call::Balance {
            assert_eq!(outcome.unwrap_err().refusal(), Some("disabled-wallet"), "{call:?}");
        }
    }
    setting.emulator.set_access(Access { key_revoked: true, ..Access::default() });
    for call in Call::ALL {
        let error = call.make(&setting.wave, &facts).await.unwrap_err();
        assert_eq!(error.refusal(), Some("api-key-revoked"), "{call:?}");
    }
    // Wave's words name the caller's address; ours do not.
    setting.emulator.set_access(Access { allowed_ips: Some(Vec::new()), ..Access::default() });
    let error = Call::Payout.make(&setting.wave, &facts).await.unwrap_err();
    assert_eq!(error.refusal(), Some("ip-not-allowed"));
    assert!(!format!("{error} {error:?}").contains("127.0.0.1"));
}
