//! What the emulator sends is taken through a real server, as the API takes it, and given to the verifier as it came.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use chrono::Utc;
use secrecy::SecretString;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wolo_domain::money::Xof;
use wolo_providers::wave::webhook::{EventKind, SIGNATURE_HEADER, SignatureError, parse, verify};
use wolo_sandbox::wave::{Strategy, WebhookEndpoint, WebhookFault, WebhookFaultRule};

use crate::setting::{Setting, gift};

type Delivery = (String, Bytes);

async fn receiver() -> (String, UnboundedReceiver<Delivery>) {
    let (sender, deliveries) = unbounded_channel();
    let take = async |State(sender): State<UnboundedSender<Delivery>>, headers: HeaderMap, body: Bytes| {
        let header = headers[SIGNATURE_HEADER].to_str().unwrap().to_owned();
        sender.send((header, body)).unwrap();
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(take)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, deliveries)
}

#[tokio::test]
async fn a_payment_is_told_verified_and_read() {
    let setting = Setting::start().await;
    let (url, mut deliveries) = receiver().await;
    setting.emulator.register_webhook(&url);
    let secrets = [SecretString::from(setting.emulator.webhook_secret())];

    let id = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
    setting.emulator.fail_payment(&id, None).unwrap();
    let (header, body) = deliveries.recv().await.unwrap();
    verify(&body, &header, &secrets, Utc::now()).unwrap();
    let EventKind::PaymentFailed { session } = parse(&body).unwrap().kind else { panic!("{body:?}") };
    assert_eq!(session.last_payment_error.as_ref().unwrap().code, "insufficient-funds");
    assert!(!session.is_paid());

    setting.emulator.pay(&id, None).unwrap();
    let (header, body) = deliveries.recv().await.unwrap();
    verify(&body, &header, &secrets, Utc::now()).unwrap();
    let event = parse(&body).unwrap();
    let EventKind::CheckoutCompleted { session } = event.kind else { panic!("{body:?}") };
    assert!(session.is_paid());
    assert_eq!((session.id.as_str(), session.amount), (id.as_str(), Xof::new(5000)));

    setting.emulator.deliver_again(&event.id).unwrap();
    let (header, body) = deliveries.recv().await.unwrap();
    verify(&body, &header, &secrets, Utc::now()).unwrap();
    assert_eq!(parse(&body).unwrap().id, event.id);

    setting.emulator.send_test_event();
    let (header, body) = deliveries.recv().await.unwrap();
    verify(&body, &header, &secrets, Utc::now()).unwrap();
    assert!(matches!(parse(&body).unwrap().kind, EventKind::Other(name) if name == "test.test_event"));

    setting.emulator.receive_payment(700, "+221770000001");
    let (header, body) = deliveries.recv().await.unwrap();
    verify(&body, &header, &secrets, Utc::now()).unwrap();
    assert!(
        matches!(parse(&body).unwrap().kind, EventKind::Other(name) if name == "merchant.payment_received")
    );
}

#[tokio::test]
async fn forged_tampered_and_stale_deliveries_are_refused() {
    for (fault, expected) in [
        (WebhookFault::Forged, SignatureError::Mismatch),
        (WebhookFault::Tampered { amount: 1, resigned: false }, SignatureError::Mismatch),
        (WebhookFault::Stale { seconds: 400 }, SignatureError::TooOld),
        (WebhookFault::Stale { seconds: -400 }, SignatureError::FromTheFuture),
    ] {
        let setting = Setting::start().await;
        let (url, mut deliveries) = receiver().await;
        setting.emulator.register_webhook(&url);
        setting.emulator.webhook_fault(WebhookFaultRule::once(fault.clone()));
        let id = setting.wave.create_checkout(&gift("don_1", 5000)).await.unwrap().id;
        setting.emulator.pay(&id, None).unwrap();
        setting.emulator.send_test_event();
        let secrets = [SecretString::from(setting.emulator.webhook_secret())];
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            let (header, body) = deliveries.recv().await.unwrap();
            outcomes.push(verify(&body, &header, &secrets, Utc::now()));
        }
        assert!(outcomes.contains(&Err(expected)) && outcomes.contains(&Ok(())), "{fault:?}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_rotation_of_secrets_loses_nothing() {
    let setting = Setting::start().await;
    let (url, mut deliveries) = receiver().await;
    setting.emulator.register_endpoint(WebhookEndpoint {
        url,
        secrets: vec!["wave_sn_WHS_new".to_owned(), "wave_sn_WHS_old".to_owned()],
        strategy: Strategy::Signing,
        events: Vec::new(),
    });
    setting.emulator.send_test_event();
    let (header, body) = deliveries.recv().await.unwrap();
    for known in ["wave_sn_WHS_new", "wave_sn_WHS_old"] {
        verify(&body, &header, &[SecretString::from(known)], Utc::now()).unwrap();
    }
    let error = verify(&body, &header, &[SecretString::from("wave_sn_WHS_other")], Utc::now());
    assert_eq!(error, Err(SignatureError::Mismatch));
}
