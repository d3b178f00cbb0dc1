//! A provider in trouble is left alone for a moment, and nobody else waits for it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use wolo_providers::{BreakerState, ProviderError, Sent};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};

use crate::setting::Setting;

const TROUBLE: Fault = Fault::ErrorBefore { status: 503 };
const SOON: Duration = Duration::from_millis(10);

fn was_not_sent(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unreachable { sent: Sent::No, status: None, .. })
}

/// Asks until the guard turns a question away, and tells how many were sent.
async fn asks_until_turned_away(setting: &Setting) -> u64 {
    let before = setting.emulator.calls(Endpoint::Balance);
    for _ in 0..100 {
        let error = setting.wave.balance().await.expect_err("Wave is in trouble");
        if was_not_sent(&error) {
            return setting.emulator.calls(Endpoint::Balance) - before;
        }
    }
    panic!("the guard lets everything through");
}

#[tokio::test]
async fn a_provider_in_trouble_is_asked_once_a_second_until_it_is_well_again() {
    let setting = Setting::start().await;
    setting.emulator.fault(FaultRule::always(Endpoint::Balance, TROUBLE));
    assert_eq!(asks_until_turned_away(&setting).await, 5);
    assert_eq!(setting.wave.breaker(), BreakerState::Open);

    let before = setting.emulator.calls(Endpoint::Balance);
    let began = Instant::now();
    while setting.emulator.calls(Endpoint::Balance) < before + 2 {
        assert!(setting.wave.balance().await.is_err());
        tokio::time::sleep(SOON).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(1_500), "two tries are not a second apart");

    setting.emulator.clear_faults();
    let began = Instant::now();
    while setting.wave.balance().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5), "it is well, and is left alone");
        tokio::time::sleep(SOON).await;
    }
    assert_eq!(setting.wave.breaker(), BreakerState::Closed);
    let answers = join_all((0..20).map(|_| setting.wave.balance())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn a_provider_that_says_no_is_well() {
    let setting = Setting::start().await;
    for _ in 0..30 {
        let error = setting.wave.checkout("cos-none").await.expect_err("there is none");
        assert_eq!(error.refusal(), Some("checkout-session-not-found"));
    }
    assert_eq!(setting.wave.breaker(), BreakerState::Closed);
}
