//! Our client for Twilio against its emulator, and what it sends against Twilio's own description.

use std::time::Duration;

use chrono::Utc;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use wolo_providers::messages::{Fate, Remedy, WebhookError};
use wolo_providers::twilio::webhook::{self, Event, Wish};
use wolo_providers::twilio::{Sender, Twilio, TwilioAccess, remedy};
use wolo_sandbox::faults::{WebhookFault, WebhookFaultRule};
use wolo_sandbox::twilio::{self as emulator, Endpoint, Options};

use crate::handing::{Letter, Webhook, http, phone, place, refused, tells_each_failure_apart};

const AWA: &str = "+33612345678";
const TEXT: &str = "Awa & vous : 5 000 F = 100 % ! à bientôt";

fn access(emulator: &emulator::Twilio, webhook: &Webhook) -> TwilioAccess {
    TwilioAccess {
        http: http(emulator.base_url()),
        account_sid: emulator.options().account_sid.clone(),
        auth_token: SecretString::from(emulator.options().auth_token.as_str()),
        sender: Sender::From("WOLO".to_owned()),
        status_callback: webhook.url.clone(),
    }
}

struct Setting {
    emulator: emulator::Twilio,
    twilio: Twilio,
    webhook: Webhook,
}

impl Setting {
    async fn start() -> Self {
        let options = Options { place: place(), pace: Duration::from_millis(1), ..Options::default() };
        let emulator = emulator::Twilio::start(options).await.unwrap();
        let webhook = Webhook::open().await;
        let twilio = Twilio::new(access(&emulator, &webhook)).unwrap();
        Self { emulator, twilio, webhook }
    }

    fn genuine(&self, letter: &Letter) -> Result<(), WebhookError> {
        let header = letter.headers[webhook::SIGNATURE_HEADER].to_str().unwrap();
        let token = self.emulator.options().auth_token.as_str();
        let tokens = [SecretString::from("the new one"), SecretString::from(token)];
        webhook::verify(&letter.body, &letter.url, header, &tokens)
    }

    async fn next(&mut self) -> Event {
        let letter = self.webhook.next().await;
        self.genuine(&letter).unwrap();
        webhook::parse(&letter.body, &letter.url, Utc::now()).unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_text_is_handed_over_and_its_receipts_name_it_and_our_reference() {
    let mut setting = Setting::start().await;
    let handed = setting.twilio.send(&phone(AWA), TEXT, "ntf_1/é &x").await.unwrap();
    let sent = setting.emulator.look(|book| book.message(&handed.id).cloned()).unwrap();
    assert_eq!((sent.to.as_str(), sent.from.as_str(), sent.text.as_str()), (AWA, "WOLO", TEXT));
    let mut fates = Vec::new();
    for _ in 0..2 {
        let Event::Receipt(receipt) = setting.next().await else { panic!("nobody has answered") };
        assert_eq!(receipt.provider_id.as_ref(), Some(&handed.id));
        assert_eq!(receipt.reference.as_deref(), Some("ntf_1/é &x"));
        fates.push(receipt.fate);
    }
    assert!(fates.contains(&Fate::Sent) && fates.contains(&Fate::Delivered), "{fates:?}");
}

#[tokio::test]
async fn a_text_goes_by_a_service_where_we_have_one() {
    let setting = Setting::start().await;
    let service = setting.emulator.options().service_sid.clone();
    let sender = Sender::Service(service.clone());
    let twilio = Twilio::new(TwilioAccess { sender, ..access(&setting.emulator, &setting.webhook) }).unwrap();
    let handed = twilio.send(&phone(AWA), TEXT, "ntf_1").await.unwrap();
    assert_eq!(setting.emulator.look(|book| book.message(&handed.id).unwrap().from.clone()), service);
}

#[tokio::test]
async fn what_becomes_of_it_says_what_is_to_be_done() {
    let mut setting = Setting::start().await;
    for (to, code, expected) in
        [("+221770000074", "30003", Remedy::OtherChannel), ("+221770000075", "30005", Remedy::AddressGone)]
    {
        setting.twilio.send(&phone(to), TEXT, "ntf_1").await.unwrap();
        let mut failures = Vec::new();
        for _ in 0..2 {
            let Event::Receipt(receipt) = setting.next().await else { panic!("nobody has answered") };
            if let Fate::Failed(refusal) = receipt.fate {
                failures.push(refusal);
            }
        }
        let [refusal] = failures.as_slice() else { panic!("{to}: {failures:?}") };
        assert_eq!((refusal.code.as_str(), refusal.remedy), (code, expected));
    }
}

#[tokio::test]
async fn a_receipt_that_twilio_has_not_signed_is_not_believed() {
    let mut setting = Setting::start().await;
    setting.emulator.webhook_fault(WebhookFaultRule::always(WebhookFault::Forged));
    setting.twilio.send(&phone(AWA), TEXT, "ntf_1").await.unwrap();
    let letter = setting.webhook.next().await;
    assert_eq!(setting.genuine(&letter), Err(WebhookError::Mismatch));
}

#[tokio::test]
async fn whoever_answers_stop_gets_nothing_more_until_they_answer_start() {
    let mut setting = Setting::start().await;
    setting.emulator.register_webhook(setting.webhook.url.as_str());
    for (word, wish, refusal) in [("Stop", Wish::Stop, Some("21610")), ("START", Wish::Start, None)] {
        setting.emulator.write(AWA, word);
        let Event::Answer(answer) = setting.next().await else { panic!("nothing was sent") };
        assert_eq!((answer.from.reveal(), answer.wish), (AWA, Some(wish)));
        assert_eq!(answer.text.expose(), word);
        let outcome = setting.twilio.send(&phone(AWA), TEXT, "ntf_1").await;
        assert_eq!(outcome.as_ref().err().and_then(|error| error.refusal()), refusal);
    }
    assert_eq!(remedy("21610"), Remedy::OptedOut);
}

#[tokio::test]
async fn each_failure_is_told_apart() {
    let setting = Setting::start().await;
    let (emulator, awa) = (&setting.emulator, phone(AWA));
    let send =
        async || Twilio::new(access(emulator, &setting.webhook)).unwrap().send(&awa, TEXT, "ntf_1").await;
    tells_each_failure_apart(emulator, Endpoint::Messages, send).await;
    for (status, code, expected) in [
        (400, "21211", Remedy::AddressGone),
        (400, "21408", Remedy::Ours),
        (400, "21610", Remedy::OptedOut),
        (400, "21612", Remedy::OtherChannel),
        (400, "21614", Remedy::OtherChannel),
    ] {
        let error = refused(emulator, Endpoint::Messages, (status, code), send).await;
        assert_eq!(error.refusal(), Some(code));
        assert_eq!(remedy(code), expected, "{code}");
    }
    let stranger = TwilioAccess {
        auth_token: SecretString::from("another"),
        ..access(&setting.emulator, &setting.webhook)
    };
    let error = Twilio::new(stranger).unwrap().send(&awa, TEXT, "ntf_1").await.unwrap_err();
    assert_eq!(error.refusal(), Some("20003"));
}

/// Whether Twilio's own description lets a form pass.
fn judge(form: &Value) -> Result<(), String> {
    let mut document: Value = serde_json::from_str(include_str!("../schemas/twilio.json")).unwrap();
    let pointer = "/paths/~12010-04-01~1Accounts~1%7BAccountSid%7D~1Messages.json/post/requestBody/content/application~1x-www-form-urlencoded/schema";
    let schema = document.pointer_mut(&pointer.replace("%7B", "{").replace("%7D", "}")).unwrap();
    // Twilio passes over what it does not know; we are not to send any of it.
    schema["additionalProperties"] = json!(false);
    document["$ref"] = json!(format!("#{pointer}"));
    let validator = jsonschema::options().should_validate_formats(true).build(&document).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(form).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

#[tokio::test]
async fn what_we_send_is_what_twilio_describes() {
    let setting = Setting::start().await;
    let service = Sender::Service(setting.emulator.options().service_sid.clone());
    let by_service = TwilioAccess { sender: service, ..access(&setting.emulator, &setting.webhook) };
    for twilio in [setting.twilio.clone(), Twilio::new(by_service).unwrap()] {
        let handed = twilio.send(&phone(AWA), TEXT, "ntf_1").await.unwrap();
        let form = setting.emulator.look(|book| book.message(&handed.id).unwrap().form.clone());
        let form: Map<String, Value> = form.into_iter().map(|(name, value)| (name, json!(value))).collect();
        let form = Value::Object(form);
        assert_eq!(judge(&form), Ok(()));
        for (name, bad) in [("Colour", json!("red")), ("Body", json!(5)), ("MessagingServiceSid", json!("x"))]
        {
            let mut form = form.clone();
            form[name] = bad;
            assert!(judge(&form).is_err(), "{name}");
        }
    }
}
