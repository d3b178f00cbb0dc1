//! Our client for Firebase against its emulator.

use std::time::Duration;

use futures::future::join_all;
use secrecy::SecretString;
use wolo_providers::fcm::{Fcm, FcmAccess, Push, ServiceAccount, remedy};
use wolo_providers::messages::Remedy;
use wolo_providers::{ProviderError, Sent};
use wolo_sandbox::faults::{Fault, FaultRule};
use wolo_sandbox::fcm::{self as emulator, Endpoint, Options};

use crate::handing::{http, place, refused, tells_each_failure_apart};

fn access(emulator: &emulator::Fcm) -> FcmAccess {
    let account = SecretString::from(emulator.service_account());
    FcmAccess { http: http(emulator.base_url()), account: ServiceAccount::read(&account).unwrap() }
}

async fn setting() -> (emulator::Fcm, Fcm) {
    let options = Options { place: place(), ..Options::default() };
    let emulator = emulator::Fcm::start(options).await.unwrap();
    let fcm = Fcm::new(access(&emulator)).unwrap();
    (emulator, fcm)
}

fn push(device: &str) -> Push {
    Push {
        device: device.into(),
        title: "L’anniversaire d’Awa".to_owned(),
        text: "Plus que 7 jours.".to_owned(),
        link: Some("https://wolo.example/p/1".parse().unwrap()),
        lives: Duration::from_hours(24),
        reference: "ntf_1".to_owned(),
    }
}

#[tokio::test]
async fn a_push_arrives_with_its_words_and_its_link() {
    let (emulator, fcm) = setting().await;
    let handed = fcm.send(&push("device-1")).await.unwrap();
    let sent = emulator.look(|book| book.messages().to_vec()).remove(0);
    assert_eq!((sent.name, sent.device.as_str()), (handed.id, "device-1"));
    assert_eq!(sent.title.as_deref(), Some("L’anniversaire d’Awa"));
    assert_eq!(sent.message["data"]["link"], "https://wolo.example/p/1");
    assert_eq!(sent.collapse_key.as_deref(), Some("ntf_1"));
}

#[tokio::test]
async fn one_token_serves_all_until_it_is_not_taken_any_more() {
    let (emulator, fcm) = setting().await;
    let push = push("device-1");
    let answers = join_all((0..20).map(|_| fcm.send(&push))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((emulator.calls(Endpoint::Token), emulator.calls(Endpoint::Send)), (1, 20));
    emulator.move_clock(Duration::from_hours(1));
    fcm.send(&push).await.unwrap();
    emulator.revoke_tokens();
    fcm.send(&push).await.unwrap();
    assert_eq!((emulator.calls(Endpoint::Token), emulator.calls(Endpoint::Send)), (3, 24));
}

#[tokio::test]
async fn without_a_token_nothing_was_sent() {
    let (emulator, fcm) = setting().await;
    emulator.fault(FaultRule::once(Endpoint::Token, Fault::ErrorAfter { status: 503 }));
    let error = fcm.send(&push("device-1")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{error:?}");
    // The account of another project, with another key.
    let elsewhere = emulator.service_account().replace("wolo@wolo-sandbox", "somebody@elsewhere");
    let account = ServiceAccount::read(&SecretString::from(elsewhere)).unwrap();
    let stranger = Fcm::new(FcmAccess { account, ..access(&emulator) }).unwrap();
    assert_eq!(stranger.send(&push("device-1")).await.unwrap_err().refusal(), Some("invalid_grant"));
    assert_eq!(emulator.calls(Endpoint::Send), 0);
}

#[tokio::test]
async fn a_device_that_is_gone_is_told_from_one_that_is_to_be_tried_again() {
    let (emulator, fcm) = setting().await;
    for (device, code) in
        [("dead-1", "UNREGISTERED"), ("mismatch-1", "SENDER_ID_MISMATCH"), ("never one", "invalid-device")]
    {
        let error = fcm.send(&push(device)).await.unwrap_err();
        assert_eq!(error.refusal(), Some(code), "{device}");
        assert_eq!(remedy(code), Remedy::AddressGone);
    }
    for device in ["quota-1", "down-1"] {
        let error = fcm.send(&push(device)).await.unwrap_err();
        let second = Some(Duration::from_secs(1));
        assert!(
            matches!(error, ProviderError::Throttled { retry_after } if retry_after == second),
            "{error:?}"
        );
        fcm.send(&push(device)).await.unwrap();
    }
    emulator.switch(true);
    assert_eq!(fcm.send(&push("device-1")).await.unwrap_err().refusal(), Some("UNREGISTERED"));
}

#[tokio::test]
async fn each_failure_is_told_apart() {
    let (emulator, _) = setting().await;
    let push = push("device-1");
    let send = async || Fcm::new(access(&emulator)).unwrap().send(&push).await;
    tells_each_failure_apart(&emulator, Endpoint::Send, send).await;
    for (status, code, expected) in [
        (400, "INVALID_ARGUMENT", Remedy::Ours),
        (401, "THIRD_PARTY_AUTH_ERROR", Remedy::Ours),
        (403, "SENDER_ID_MISMATCH", Remedy::AddressGone),
        (404, "UNREGISTERED", Remedy::AddressGone),
    ] {
        let error = refused(&emulator, Endpoint::Send, (status, code), send).await;
        assert_eq!(error.refusal(), Some(code));
        assert_eq!(remedy(code), expected, "{code}");
    }
    // Firebase does not always say how long.
    emulator.fault(FaultRule::once(Endpoint::Send, Fault::TooManyRequests { retry_after: None }));
    let error = send().await.unwrap_err();
    let minute = Some(Duration::from_mins(1));
    assert!(matches!(error, ProviderError::Throttled { retry_after } if retry_after == minute), "{error:?}");
}

#[tokio::test]
async fn a_reference_that_no_device_could_collapse_by_is_not_sent() {
    let (emulator, fcm) = setting().await;
    for reference in ["", "é", "a b", &"x".repeat(65)] {
        let error =
            fcm.send(&Push { reference: reference.to_owned(), ..push("device-1") }).await.unwrap_err();
        assert_eq!(error.refusal(), Some("invalid-reference"), "{reference}");
    }
    fcm.send(&Push { reference: "x".repeat(64), ..push("device-1") }).await.unwrap();
    assert_eq!(emulator.calls(Endpoint::Send), 1);
}
