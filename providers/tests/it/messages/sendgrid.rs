use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use wolo_domain::contacts::Email;
use wolo_providers::mail::{Mail, Sender};
use wolo_providers::messages::Remedy;
use wolo_providers::sendgrid::{SendGrid, SendGridAccess, remedy};
use wolo_providers::{ProviderError, Sent};

use super::{Recorder, schemas};

async fn setting() -> (Recorder, SendGrid) {
    let recorder = Recorder::start().await;
    let sendgrid = SendGrid::new(SendGridAccess {
        http: recorder.access(),
        api_key: SecretString::from("SG.ours"),
        from: Sender { email: "bonjour@wolo.example".parse().unwrap(), name: "WOLO".to_owned() },
    })
    .unwrap();
    (recorder, sendgrid)
}

fn awa() -> Email {
    "awa@example.sn".parse().unwrap()
}

fn mail() -> Mail {
    Mail {
        to: awa(),
        subject: "La cagnotte d'Awa est ouverte 🎉".to_owned(),
        text: "Bonjour Awa".to_owned(),
        html: "<p>Bonjour Awa</p>".to_owned(),
        unsubscribe: None,
    }
}

#[tokio::test]
async fn a_mail_is_sent_as_sendgrids_document_wants_it() {
    let (recorder, sendgrid) = setting().await;
    recorder.will_answer(202, &[("x-message-id", "msgwolo1")], "");
    assert_eq!(sendgrid.send(&mail(), "ntf_1").await.unwrap().id, "msgwolo1");
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v3/mail/send"));
    assert_eq!(request.headers["authorization"], "Bearer SG.ours");
    let expected = json!({
        "personalizations": [{"to": [{"email": "awa@example.sn"}], "custom_args": {"notification_id": "ntf_1"}}],
        "from": {"email": "bonjour@wolo.example", "name": "WOLO"},
        "subject": "La cagnotte d'Awa est ouverte 🎉",
        "content": [{"type": "text/plain", "value": "Bonjour Awa"}, {"type": "text/html", "value": "<p>Bonjour Awa</p>"}],
        "tracking_settings": {"click_tracking": {"enable": false}, "open_tracking": {"enable": false}},
    });
    assert_eq!(request.json(), expected);
    assert_eq!(schemas::sendgrid_mail(&request.json()), Ok(()));
}

#[tokio::test]
async fn a_mail_that_can_be_refused_says_how_with_one_click() {
    let (recorder, sendgrid) = setting().await;
    recorder.will_answer(202, &[("x-message-id", "msgwolo1")], "");
    let mail = Mail { unsubscribe: "https://wolo.example/n/abc".parse().ok(), ..mail() };
    sendgrid.send(&mail, "ntf_1").await.unwrap();
    let body = recorder.the_request().json();
    let expected = json!({"List-Unsubscribe": "<https://wolo.example/n/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"});
    assert_eq!(body["personalizations"][0]["headers"], expected);
    assert_eq!(schemas::sendgrid_mail(&body), Ok(()));
}

#[tokio::test]
async fn what_a_send_comes_to_is_told_apart() {
    let (recorder, sendgrid) = setting().await;
    recorder.will_answer(202, &[], "");
    let error = sendgrid.send(&mail(), "ntf_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { .. }) && error.may_have_happened(), "{error:?}");

    recorder.will_answer(
        429,
        &[("retry-after", "3")],
        r#"{"errors":[{"field":null,"message":"too many requests"}]}"#,
    );
    match sendgrid.send(&mail(), "ntf_1").await.unwrap_err() {
        ProviderError::Throttled { retry_after } => assert_eq!(retry_after, Some(Duration::from_secs(3))),
        other => panic!("{other:?}"),
    }

    let field = "personalizations.0.to.0.email";
    let body = json!({"errors": [{"message": "Does not contain a valid address.", "field": field}]});
    recorder.will_answer(400, &[], &body.to_string());
    let error = sendgrid.send(&mail(), "ntf_1").await.unwrap_err();
    assert_eq!(error.refusal().map(remedy), Some(Remedy::AddressGone));

    recorder.will_answer(503, &[], "<html>");
    let error = sendgrid.send(&mail(), "ntf_1").await.unwrap_err();
    let open = matches!(error, ProviderError::Unreachable { sent: Sent::Perhaps, status: Some(503), .. });
    assert!(open, "{error:?}");

    let error = sendgrid.send(&mail(), "awa@example.sn").await.unwrap_err();
    assert_eq!(error.refusal(), Some("invalid-identifier"));
    assert_eq!(recorder.asked(), 4);
}

#[tokio::test]
async fn a_bounce_is_read_and_forgotten() {
    let (recorder, sendgrid) = setting().await;
    recorder.will_answer(200, &[], "[]");
    assert_eq!(sendgrid.bounce(&awa()).await.unwrap(), None);
    let request = recorder.the_request();
    let target = "/v3/suppression/bounces/awa@example.sn";
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", target));

    let body = r#"[{"created":1780000000,"email":"awa@example.sn","reason":"550 no such user awa@example.sn","status":"5.1.1"}]"#;
    recorder.will_answer(200, &[], body);
    let bounce = sendgrid.bounce(&awa()).await.unwrap().unwrap();
    assert_eq!((bounce.status.as_str(), bounce.created.timestamp()), ("5.1.1", 1_780_000_000));
    assert!(!format!("{bounce:?}").contains("awa@"));
    recorder.the_request();

    for status in [204, 404] {
        recorder.will_answer(status, &[], r#"{"errors":[{"message":"resource not found","field":null}]}"#);
        sendgrid.forget_bounce(&awa()).await.unwrap();
        let request = recorder.the_request();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("DELETE", target));
    }
}

#[tokio::test]
async fn an_address_is_put_on_the_global_list_and_taken_off() {
    let (recorder, sendgrid) = setting().await;
    recorder.will_answer(201, &[], r#"{"recipient_emails":["awa@example.sn"]}"#);
    sendgrid.suppress(&awa()).await.unwrap();
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v3/asm/suppressions/global"));
    assert_eq!(request.json(), json!({"recipient_emails": ["awa@example.sn"]}));

    for status in [204, 404] {
        recorder.will_answer(status, &[], r#"{"errors":[{"message":"not found","field":null}]}"#);
        sendgrid.end_suppression(&awa()).await.unwrap();
        let request = recorder.the_request();
        let target = "/v3/asm/suppressions/global/awa@example.sn";
        assert_eq!((request.method.as_str(), request.target.as_str()), ("DELETE", target));
    }
    recorder.will_answer(403, &[], r#"{"errors":[{"message":"access forbidden","field":null}]}"#);
    assert_eq!(sendgrid.end_suppression(&awa()).await.unwrap_err().refusal(), Some("403"));
}
