//! Our client for Orange against its emulator.

use std::time::Duration;

use chrono::Utc;
use futures::future::join_all;
use secrecy::SecretString;
use wolo_providers::messages::{Fate, Remedy};
use wolo_providers::orange::{Orange, OrangeAccess, receipts, remedy};
use wolo_providers::{ProviderError, Sent};
use wolo_sandbox::faults::{Fault, FaultRule};
use wolo_sandbox::orange::{self as emulator, Endpoint, Options};

use crate::handing::{Webhook, http, phone, place, refused, tells_each_failure_apart};

const AWA: &str = "+221770000001";

fn options() -> Options {
    Options { place: place(), pace: Duration::from_millis(1), ..Options::default() }
}

fn access(emulator: &emulator::Orange) -> OrangeAccess {
    OrangeAccess {
        http: http(emulator.base_url()),
        client_id: emulator.options().client_id.clone(),
        client_secret: SecretString::from(emulator.options().client_secret.as_str()),
        sender: emulator.options().sender.clone(),
        sender_name: Some("WOLO".to_owned()),
    }
}

async fn setting() -> (emulator::Orange, Orange) {
    let emulator = emulator::Orange::start(options()).await.unwrap();
    let orange = Orange::new(access(&emulator)).unwrap();
    (emulator, orange)
}

#[tokio::test]
async fn a_text_is_handed_over_and_its_receipts_name_it() {
    for nested_receipts in [false, true] {
        let emulator = emulator::Orange::start(Options { nested_receipts, ..options() }).await.unwrap();
        let orange = Orange::new(access(&emulator)).unwrap();
        let mut webhook = Webhook::open().await;
        emulator.register_webhook(webhook.url.as_str());

        let handed = orange.send(&phone(AWA), "Votre cagnotte est ouverte. Déjà 5 000 F !").await.unwrap();
        let sent = emulator.look(|book| book.message(&handed.id).cloned()).unwrap();
        assert_eq!((sent.to.as_str(), sent.sender_name.as_deref()), (AWA, Some("WOLO")));
        assert_eq!(sent.text, "Votre cagnotte est ouverte. Déjà 5 000 F !");
        // Nobody promises an order.
        let mut fates = Vec::new();
        for _ in 0..2 {
            let letter = webhook.next().await;
            let receipt = receipts::parse(&letter.body, Utc::now()).unwrap().remove(0);
            assert_eq!(receipt.provider_id.as_ref(), Some(&handed.id));
            fates.push(receipt.fate);
        }
        assert!(fates.contains(&Fate::Sent) && fates.contains(&Fate::Delivered), "{fates:?}");
    }
}

#[tokio::test]
async fn a_phone_that_is_not_reached_is_told_by_a_receipt() {
    let (emulator, orange) = setting().await;
    let mut webhook = Webhook::open().await;
    emulator.register_webhook(webhook.url.as_str());
    orange.send(&phone("+221770000081"), "x").await.unwrap();
    let receipt = receipts::parse(&webhook.next().await.body, Utc::now()).unwrap().remove(0);
    let Fate::Failed(refusal) = receipt.fate else { panic!("{receipt:?}") };
    assert_eq!((refusal.code.as_str(), refusal.remedy), ("DeliveryImpossible", Remedy::OtherChannel));
}

#[tokio::test]
async fn one_token_serves_all_until_it_is_not_taken_any_more() {
    let (emulator, orange) = setting().await;
    let awa = phone(AWA);
    let answers = join_all((0..20).map(|_| orange.send(&awa, "x"))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((emulator.calls(Endpoint::Token), emulator.calls(Endpoint::Send)), (1, 20));

    // It ends over there earlier than we think; and is taken back.
    emulator.move_clock(Duration::from_hours(1));
    orange.send(&awa, "x").await.unwrap();
    assert_eq!((emulator.calls(Endpoint::Token), emulator.calls(Endpoint::Send)), (2, 22));
    emulator.revoke_tokens();
    let answers = join_all((0..8).map(|_| orange.send(&awa, "x"))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(emulator.calls(Endpoint::Token), 3);
    assert_eq!(emulator.look(|book| book.messages().len()), 29);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_not_used() {
    let options = Options { token_life: Duration::from_mins(1), ..options() };
    let emulator = emulator::Orange::start(options).await.unwrap();
    let orange = Orange::new(access(&emulator)).unwrap();
    for _ in 0..3 {
        orange.send(&phone(AWA), "x").await.unwrap();
    }
    assert_eq!(emulator.calls(Endpoint::Token), 3);
}

#[tokio::test]
async fn a_token_that_is_never_taken_is_renewed_once_and_no_more() {
    let (emulator, orange) = setting().await;
    emulator.fault(FaultRule::always(Endpoint::Send, Fault::Refused { status: 401, code: "41".to_owned() }));
    let error = orange.send(&phone(AWA), "x").await.unwrap_err();
    assert_eq!(error.refusal(), Some("unauthorized"));
    assert_eq!((emulator.calls(Endpoint::Token), emulator.calls(Endpoint::Send)), (2, 2));
}

#[tokio::test]
async fn without_a_token_nothing_was_sent() {
    let (emulator, orange) = setting().await;
    let awa = phone(AWA);
    for fault in [Fault::ErrorAfter { status: 503 }, Fault::LostReply, Fault::MalformedReply] {
        emulator.fault(FaultRule::once(Endpoint::Token, fault.clone()));
        let error = orange.send(&awa, "x").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{fault:?}: {error:?}");
    }
    let stranger = OrangeAccess { client_secret: SecretString::from("another"), ..access(&emulator) };
    let error = Orange::new(stranger).unwrap().send(&awa, "x").await.unwrap_err();
    assert_eq!(error.refusal(), Some("invalid_client"));
    assert_eq!(emulator.calls(Endpoint::Send), 0);
}

#[tokio::test]
async fn each_failure_is_told_apart() {
    let (emulator, _) = setting().await;
    let awa = phone(AWA);
    let send = async || Orange::new(access(&emulator)).unwrap().send(&awa, "x").await;
    tells_each_failure_apart(&emulator, Endpoint::Send, send).await;
    for (status, code, expected) in [
        (403, "POL0001", Remedy::Ours),
        (400, "SVC0002", Remedy::Ours),
        (400, "SVC0004", Remedy::AddressGone),
        (400, "SVC0280", Remedy::Ours),
        (403, "50", Remedy::Ours),
    ] {
        let error = refused(&emulator, Endpoint::Send, (status, code), send).await;
        assert_eq!(error.refusal(), Some(code));
        assert_eq!(remedy(code), expected, "{code}");
        assert!(!error.may_have_happened());
    }
    let error = refused(&emulator, Endpoint::Send, (403, "53"), send).await;
    assert!(matches!(error, ProviderError::Throttled { .. }), "{error:?}");
    let error = Orange::new(access(&emulator)).unwrap().send(&phone("+221770000083"), "x").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { status: Some(500), .. }), "{error:?}");
}

#[tokio::test]
async fn a_bundle_that_is_used_up_or_over_refuses_and_says_what_is_left() {
    let (emulator, orange) = setting().await;
    let awa = phone(AWA);
    emulator.buy(3, Duration::from_hours(48));
    // Two parts, by a letter that the small alphabet does not have.
    orange.send(&awa, &"ê".repeat(71)).await.unwrap();
    let contracts = orange.contracts("SEN").await.unwrap();
    let [contract] = contracts.as_slice() else { panic!("{contracts:?}") };
    assert_eq!((contract.available_units, contract.status.as_str()), (1, "ACTIVE"));
    let left = contract.expires_at - emulator.now();
    assert!((47..=48).contains(&left.num_hours()), "{left}");

    assert_eq!(orange.send(&awa, &"ê".repeat(71)).await.unwrap_err().refusal(), Some("POL0001"));
    orange.send(&awa, "x").await.unwrap();
    assert_eq!(orange.send(&awa, "x").await.unwrap_err().refusal(), Some("POL0001"));

    emulator.buy(100, Duration::from_hours(1));
    emulator.move_clock(Duration::from_hours(1));
    assert_eq!(orange.send(&awa, "x").await.unwrap_err().refusal(), Some("POL0001"));
    assert_eq!(orange.contracts("SEN").await.unwrap()[0].status, "EXPIRED");
    assert_eq!(orange.contracts("CIV").await.unwrap(), []);
}
