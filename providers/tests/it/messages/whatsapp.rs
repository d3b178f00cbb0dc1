use std::net::TcpListener;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use wolo_domain::people::Phone;
use wolo_providers::messages::{HttpAccess, Remedy};
use wolo_providers::whatsapp::{
    Button, ButtonFill, Buttons, Category, Message, NewTemplate, Template, TemplateButton, TemplateForm,
    TemplateStatus, WhatsApp, WhatsAppAccess, remedy,
};
use wolo_providers::{BreakerState, ProviderError, Sent};

use super::{Recorder, schemas};

const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+221770000001","wa_id":"221770000001"}],
    "messages":[{"id":"wamid.WOLO000001","message_status":"accepted"}]}"#;
const DONE: &str = r#"{"success":true}"#;

fn client(http: &HttpAccess) -> WhatsApp {
    WhatsApp::new(WhatsAppAccess {
        http: HttpAccess { base_url: format!("{}v25.0", http.base_url).parse().unwrap(), ..http.clone() },
        phone_number_id: "1001".to_owned(),
        business_account_id: "2002".to_owned(),
        access_token: SecretString::from("EAA-ours"),
    })
    .unwrap()
}

async fn setting() -> (Recorder, WhatsApp) {
    let recorder = Recorder::start().await;
    let whatsapp = client(&recorder.access());
    (recorder, whatsapp)
}

fn awa() -> Phone {
    "+221770000001".parse().unwrap()
}

fn text() -> Message {
    Message::Text("Bonjour Awa, la cagnotte « 30 ans » est ouverte 🎉".to_owned())
}

fn template() -> Message {
    Message::Template(Template {
        name: "pot_opened".to_owned(),
        language: "fr".to_owned(),
        picture: Some("777".to_owned()),
        body: vec!["Awa".to_owned(), "5 000 F CFA".to_owned()],
        buttons: vec![ButtonFill::Url("pot/abc".to_owned()), ButtonFill::QuickReply("STOP".to_owned())],
    })
}

fn buttons() -> Message {
    let button = |id: &str, title: &str| Button { id: id.to_owned(), title: title.to_owned() };
    Message::Buttons(Buttons {
        text: "Moussa vous invite.".to_owned(),
        footer: Some("WOLO".to_owned()),
        buttons: vec![button("accept_01", "Accepter"), button("refuse_01", "Refuser")],
    })
}

fn document() -> Message {
    Message::Document {
        media_id: "777".to_owned(),
        filename: "recu.pdf".to_owned(),
        caption: "Votre reçu".to_owned(),
    }
}

#[tokio::test]
async fn each_kind_of_message_is_sent_as_metas_document_wants_it() {
    let (recorder, whatsapp) = setting().await;
    for (message, kind, content) in [
        (
            text(),
            "text",
            json!({"body": "Bonjour Awa, la cagnotte « 30 ans » est ouverte 🎉", "preview_url": false}),
        ),
        (
            template(),
            "template",
            json!({"name": "pot_opened", "language": {"code": "fr"}, "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": "777"}}]},
                {"type": "body", "parameters": [{"type": "text", "text": "Awa"}, {"type": "text", "text": "5 000 F CFA"}]},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "pot/abc"}]},
                {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [{"type": "payload", "payload": "STOP"}]},
            ]}),
        ),
        (
            buttons(),
            "interactive",
            json!({"type": "button", "body": {"text": "Moussa vous invite."}, "footer": {"text": "WOLO"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "accept_01", "title": "Accepter"}},
                {"type": "reply", "reply": {"id": "refuse_01", "title": "Refuser"}},
            ]}}),
        ),
        (document(), "document", json!({"id": "777", "filename": "recu.pdf", "caption": "Votre reçu"})),
    ] {
        recorder.will_answer(200, &[], ACCEPTED);
        let handed = whatsapp.send(&awa(), &message, "ntf_01J0WOLO").await.unwrap();
        assert_eq!(handed.id, "wamid.WOLO000001");
        let request = recorder.the_request();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v25.0/1001/messages"));
        assert_eq!(request.headers["authorization"], "Bearer EAA-ours");
        let expected = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+221770000001",
            "biz_opaque_callback_data": "ntf_01J0WOLO", "type": kind, kind: content});
        assert_eq!(request.json(), expected);
        assert_eq!(schemas::whatsapp_message(&request.json()), Ok(()));
    }
}

#[tokio::test]
async fn what_is_known_to_be_refused_is_not_sent() {
    let (recorder, whatsapp) = setting().await;
    let long = Message::Text("x".repeat(4097));
    for (reference, message, code) in [
        ("ntf_1", &long, "text-length"),
        ("", &text(), "invalid-identifier"),
        ("awa@example.sn", &text(), "invalid-identifier"),
    ] {
        let error = whatsapp.send(&awa(), message, reference).await.unwrap_err();
        assert_eq!(error.refusal(), Some(code));
        assert!(!error.may_have_happened());
        assert_eq!(remedy(code), Remedy::Ours);
    }
    assert_eq!(recorder.asked(), 0);
}

#[tokio::test]
async fn a_success_that_names_no_message_is_open() {
    let (recorder, whatsapp) = setting().await;
    for body in
        ["", "{}", r#"{"messages":[]}"#, r#"{"messages":[{"id":""}]}"#, r#"{"messages":[{"id":"a b"}]}"#]
    {
        recorder.will_answer(200, &[], body);
        let error = whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { .. }), "{body}: {error:?}");
        assert!(error.may_have_happened());
    }
}

#[tokio::test]
async fn a_code_decides_whatever_its_status() {
    let (recorder, whatsapp) = setting().await;
    for status in [400, 429, 500] {
        recorder.will_answer(
            status,
            &[],
            r#"{"error":{"code":131047,"message":"(#131047) Re-engagement message"}}"#,
        );
        let error = whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err();
        assert_eq!(error.refusal().map(remedy), Some(Remedy::AsTemplate), "{status}");

        recorder.will_answer(status, &[("retry-after", "7")], r#"{"error":{"code":130429}}"#);
        match whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err() {
            ProviderError::Throttled { retry_after } => assert_eq!(retry_after, Some(Duration::from_secs(7))),
            other => panic!("{status}: {other:?}"),
        }

        recorder.will_answer(status, &[], r#"{"error":{"code":131016}}"#);
        let error = whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unreachable { sent: Sent::Perhaps, .. }),
            "{status}: {error:?}"
        );
    }
}

#[tokio::test]
async fn five_troubles_in_a_row_pause_the_calls_even_under_the_status_of_a_refusal() {
    let (recorder, whatsapp) = setting().await;
    for _ in 0..5 {
        recorder.will_answer(400, &[], r#"{"error":{"code":131000}}"#);
        whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err();
    }
    assert_eq!(whatsapp.breaker(), BreakerState::Open);
    let error = whatsapp.send(&awa(), &text(), "ntf_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{error:?}");
    assert_eq!(recorder.asked(), 5);
}

#[tokio::test]
async fn a_server_that_is_not_there_has_sent_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let http = Recorder::start().await.access();
    let http = HttpAccess { base_url: format!("http://127.0.0.1:{port}").parse().unwrap(), ..http };
    let error = client(&http).send(&awa(), &text(), "ntf_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{error:?}");
}

#[tokio::test]
async fn a_message_is_marked_as_read() {
    let (recorder, whatsapp) = setting().await;
    recorder.will_answer(200, &[], DONE);
    whatsapp.mark_read("wamid.IN1").await.unwrap();
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v25.0/1001/messages"));
    let expected = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN1"});
    assert_eq!(request.json(), expected);

    recorder.will_answer(200, &[], r#"{"success":false}"#);
    let error = whatsapp.mark_read("wamid.IN1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_is_given_looked_up_and_taken_back() {
    let (recorder, whatsapp) = setting().await;
    recorder.will_answer(200, &[], r#"{"id":"777"}"#);
    let id = whatsapp.upload(b"%PDF-1.7 wolo".to_vec(), "application/pdf", "recu.pdf").await.unwrap();
    assert_eq!(id, "777");
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v25.0/1001/media"));
    let kind = request.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 5, "{body}");
    assert!(parts[1].contains("name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"), "{body}");
    assert!(parts[2].contains("name=\"type\"\r\n\r\napplication/pdf\r\n"), "{body}");
    assert!(
        parts[3].contains("name=\"file\"; filename=\"recu.pdf\"\r\nContent-Type: application/pdf\r\n"),
        "{body}"
    );
    assert!(parts[3].contains("\r\n\r\n%PDF-1.7 wolo\r\n"), "{body}");

    let file = r#"{"messaging_product":"whatsapp","url":"https://lookaside.fbsbx.com/x","mime_type":"application/pdf",
        "sha256":"ab","file_size":13,"id":"777"}"#;
    recorder.will_answer(200, &[], file);
    let found = whatsapp.media("777").await.unwrap();
    assert_eq!((found.mime_type.as_str(), found.file_size), ("application/pdf", 13));
    assert_eq!(recorder.the_request().target, "/v25.0/777?phone_number_id=1001");

    recorder.will_answer(200, &[], file);
    let error = whatsapp.media("778").await.map(drop).unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
    recorder.the_request();

    recorder.will_answer(200, &[], DONE);
    whatsapp.delete_media("777").await.unwrap();
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("DELETE", "/v25.0/777"));

    let error = whatsapp.delete_media("777/../1001").await.unwrap_err();
    assert_eq!(error.refusal(), Some("invalid-identifier"));
    assert_eq!(recorder.asked(), 0);
}

#[tokio::test]
async fn templates_are_read_page_by_page() {
    let (recorder, whatsapp) = setting().await;
    let template = |name: &str, status: &str| json!({"id": "1", "name": name, "language": "fr", "status": status, "category": "UTILITY", "components": []});
    let cursors = json!({"before": "a", "after": "QVFI"});
    let page = json!({"data": [template("pot_opened", "APPROVED"), template("gift", "LIMIT_EXCEEDED")],
        "paging": {"cursors": cursors, "next": "https://graph.facebook.com/x"}});
    recorder.will_answer(200, &[], &page.to_string());
    let first = whatsapp.templates(None).await.unwrap();
    let statuses: Vec<_> = first.templates.iter().map(|template| template.status).collect();
    assert_eq!(statuses, [TemplateStatus::Approved, TemplateStatus::Unknown]);
    let target = recorder.the_request().target;
    assert_eq!(
        target,
        "/v25.0/2002/message_templates?fields=id%2Cname%2Clanguage%2Cstatus%2Ccategory&limit=100"
    );

    recorder.will_answer(200, &[], &json!({"data": [], "paging": {"cursors": cursors}}).to_string());
    let last = whatsapp.templates(first.next.as_deref()).await.unwrap();
    assert_eq!((last.templates.len(), last.next), (0, None));
    assert!(recorder.the_request().target.ends_with("&after=QVFI"));

    recorder.will_answer(200, &[], r#"{"data":[]}"#);
    assert_eq!(whatsapp.templates(None).await.unwrap().next, None);
}

#[tokio::test]
async fn a_template_is_handed_in_as_metas_document_wants_it() {
    let (recorder, whatsapp) = setting().await;
    recorder.will_answer(200, &[], r#"{"id":"5","status":"PENDING","category":"MARKETING"}"#);
    let template = NewTemplate {
        name: "birthday_wish".to_owned(),
        language: "fr".to_owned(),
        form: TemplateForm::Words {
            category: Category::Utility,
            body: "Bonjour {{1}}, c'est votre jour.".to_owned(),
            examples: vec!["Awa".to_owned()],
            buttons: vec![
                TemplateButton::QuickReply { text: "Ne plus recevoir".to_owned() },
                TemplateButton::Url {
                    text: "Voir".to_owned(),
                    url: "https://wolo.example/{{1}}".to_owned(),
                    example: ["https://wolo.example/pot".to_owned()],
                },
            ],
        },
    };
    let known = whatsapp.create_template(&template).await.unwrap();
    assert_eq!((known.status, known.category), (TemplateStatus::Pending, Category::Marketing));
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v25.0/2002/message_templates"));
    let expected = json!({"name": "birthday_wish", "language": "fr", "category": "UTILITY", "components": [
        {"type": "BODY", "text": "Bonjour {{1}}, c'est votre jour.", "example": {"body_text": [["Awa"]]}},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Ne plus recevoir"},
            {"type": "URL", "text": "Voir", "url": "https://wolo.example/{{1}}", "example": ["https://wolo.example/pot"]}]},
    ]});
    assert_eq!(request.json(), expected);
    assert_eq!(schemas::whatsapp_template(&request.json()), Ok(()));

    recorder.will_answer(400, &[], r#"{"error":{"code":100,"error_subcode":2388024}}"#);
    let error = whatsapp.create_template(&template).await.unwrap_err();
    assert_eq!(error.refusal(), Some("100"));
}

#[tokio::test]
async fn a_template_for_codes_has_metas_words_and_a_button_that_copies() {
    let (recorder, whatsapp) = setting().await;
    recorder.will_answer(200, &[], r#"{"id":"6","status":"APPROVED","category":"AUTHENTICATION"}"#);
    let (name, language) = ("one_time_code".to_owned(), "fr".to_owned());
    let form = TemplateForm::Code { copy: "Copier le code".to_owned() };
    let known = whatsapp.create_template(&NewTemplate { name, language, form }).await.unwrap();
    assert_eq!((known.status, known.category), (TemplateStatus::Approved, Category::Authentication));
    let asked = recorder.the_request().json();
    let expected = json!({"name": "one_time_code", "language": "fr", "category": "AUTHENTICATION", "components": [
        {"type": "BODY", "add_security_recommendation": true},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copier le code"}]},
    ]});
    assert_eq!(asked, expected);
    assert_eq!(schemas::whatsapp_template(&asked), Ok(()));
}

#[tokio::test]
async fn meta_is_asked_to_tell_us_about_the_account() {
    let (recorder, whatsapp) = setting().await;
    recorder.will_answer(200, &[], r#"{"success":true}"#);
    whatsapp.subscribe().await.unwrap();
    let request = recorder.the_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v25.0/2002/subscribed_apps"));
    recorder.will_answer(200, &[], r#"{"success":false}"#);
    assert!(whatsapp.subscribe().await.is_err());
}
