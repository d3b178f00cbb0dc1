//! The emulator of Twilio's messages, through its real HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use wolo_sandbox::emulator::Place;
use wolo_sandbox::faults::{WebhookFault, WebhookFaultRule};
use wolo_sandbox::inbox::{Channel, Inbox};
use wolo_sandbox::twilio::{Book, Options, Status, Twilio};

use crate::facts::SOON;
use crate::receiver::{Letter, Receiver};

const AWA: &str = "+33612345678";

/// Somebody who sends, and hears what is told.
struct Sender {
    twilio: Twilio,
    receiver: Receiver,
}

type Form = BTreeMap<String, String>;

impl Sender {
    async fn open() -> Self {
        Self::with(Place::quick()).await
    }

    async fn with(place: Place) -> Self {
        let options = Options { place, pace: Duration::ZERO, ..Options::default() };
        let twilio = Twilio::start(options).await.unwrap();
        Self { twilio, receiver: Receiver::open().await }
    }

    fn form(&self, to: &str) -> Form {
        let fields =
            [("To", to), ("From", "WOLO"), ("Body", "Bonjour"), ("StatusCallback", &self.receiver.url)];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn request(&self, auth_token: &str) -> RequestBuilder {
        let account = &self.twilio.options().account_sid;
        Client::new()
            .post(format!("{}/2010-04-01/Accounts/{account}/Messages.json", self.twilio.base_url()))
            .basic_auth(account, Some(auth_token))
    }

    async fn send(&self, form: &Form) -> (u16, Value) {
        answer(self.request(&self.twilio.options().auth_token).form(form)).await
    }

    /// Sends what is taken, and answers its name.
    async fn sent(&self, to: &str) -> String {
        let (status, answer) = self.send(&self.form(to)).await;
        assert_eq!(status, 201, "{answer}");
        answer["sid"].as_str().unwrap().to_owned()
    }

    /// Whether a letter's signature is Twilio's.
    fn has_signed(&self, letter: &Letter) -> bool {
        let mut fields: Vec<_> = url::form_urlencoded::parse(&letter.body).collect();
        fields.sort_unstable();
        let fields: String = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
        let key = self.twilio.options().auth_token.as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        let tag = STANDARD.decode(&letter.headers["x-twilio-signature"]).unwrap();
        hmac::verify(&key, format!("{}{fields}", self.receiver.url).as_bytes(), &tag).is_ok()
    }

    async fn becomes(&self, sid: &str, status: Status) -> Option<u32> {
        let so = |book: &Book| {
            book.message(sid).filter(|message| message.status == status).map(|message| message.code)
        };
        self.twilio.wait_for(so, SOON).await.unwrap()
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn field(letter: &Letter, wanted: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(&letter.body);
    fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

fn statuses(letters: &[Letter]) -> Vec<String> {
    letters.iter().filter_map(|letter| field(letter, "MessageStatus")).collect()
}

#[tokio::test]
async fn what_twilio_does_not_describe_is_refused() {
    let sender = Sender::open().await;
    let (long, service) = ("x".repeat(1601), sender.twilio.options().service_sid.clone());
    for (name, value, code) in [
        ("To", None, 21_604),
        ("To", Some("770000001"), 21_211),
        ("To", Some("+221770000071"), 21_211),
        ("To", Some("+221770000073"), 21_610),
        ("From", None, 21_603),
        ("From", Some("SOMEBODY"), 21_606),
        ("MessagingServiceSid", Some("MG1"), 21_701),
        ("Body", None, 21_602),
        ("Body", Some(long.as_str()), 21_617),
        ("StatusCallback", Some("nowhere"), 21_609),
        ("ValidityPeriod", Some("36001"), 20_001),
        ("Colour", Some("red"), 20_001),
    ] {
        let mut form = sender.form(AWA);
        match value {
            Some(value) => form.insert(name.to_owned(), value.to_owned()),
            None => form.remove(name),
        };
        let (status, answer) = sender.send(&form).await;
        assert_eq!(
            (status, &answer["code"], &answer["status"]),
            (400, &json!(code), &json!(400)),
            "{name} {value:?}"
        );
    }
    let stranger = sender.request("another").form(&sender.form(AWA));
    assert_eq!(answer(stranger).await.1["code"], 20_003);
    assert_eq!(
        answer(sender.request(&sender.twilio.options().auth_token).json(&json!({}))).await.1["code"],
        20_001
    );
    assert_eq!(sender.twilio.look(|book| book.messages().len()), 0);

    let mut by_service = sender.form(AWA);
    by_service.remove("From");
    by_service.insert("MessagingServiceSid".to_owned(), service.clone());
    let (status, answer) = sender.send(&by_service).await;
    assert_eq!(
        (status, &answer["status"], &answer["messaging_service_sid"]),
        (201, &json!("accepted"), &json!(service))
    );
}

#[tokio::test]
async fn a_text_arrives_and_every_step_is_told_where_it_said() {
    let inbox = Inbox::start(0).await.unwrap();
    let sender = Sender::with(Place { inbox: inbox.slot(), ..Place::quick() }).await;
    let sid = sender.sent(AWA).await;
    let letters = sender.receiver.wait(2).await;
    let mut told = statuses(&letters);
    told.sort_unstable();
    assert_eq!(told, ["delivered", "sent"]);
    assert!(letters.iter().all(|letter| field(letter, "MessageSid").as_ref() == Some(&sid)));
    let arrived = inbox.messages_to(AWA).remove(0);
    assert_eq!(
        (arrived.channel, arrived.carrier, arrived.text.as_str()),
        (Channel::Sms, Some("Twilio"), "Bonjour")
    );
}

#[tokio::test]
async fn some_numbers_end_badly_and_nobody_is_reached_while_it_is_off() {
    let sender = Sender::open().await;
    for (to, off, code) in
        [("+221770000074", false, 30_003), ("+221770000075", false, 30_005), (AWA, true, 30_003)]
    {
        sender.twilio.switch(off);
        let sid = sender.sent(to).await;
        assert_eq!(sender.becomes(&sid, Status::Undelivered).await, Some(code), "{to}");
    }
    let letters = sender.receiver.wait(6).await;
    let mut codes: Vec<_> = letters.iter().filter_map(|letter| field(letter, "ErrorCode")).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["30003", "30003", "30005"]);
}

#[tokio::test]
async fn receipts_come_twice_out_of_order_or_from_somebody_else_when_told_to() {
    let sender = Sender::open().await;
    let once = |event: &str, fault| WebhookFaultRule::once(fault).of(event);
    sender.twilio.webhook_fault(once("delivered", WebhookFault::Duplicate { copies: 1 }));
    sender.twilio.webhook_fault(once("sent", WebhookFault::Reordered));
    sender.sent(AWA).await;
    let letters = sender.receiver.wait(3).await;
    assert_eq!(statuses(&letters[..1]), ["delivered"], "the last word comes first");
    let mut told = statuses(&letters);
    told.sort_unstable();
    assert_eq!(told, ["delivered", "delivered", "sent"]);

    assert!(letters.iter().all(|letter| sender.has_signed(letter)));

    sender.twilio.webhook_fault(WebhookFaultRule::always(WebhookFault::Forged));
    sender.sent(AWA).await;
    let letters = sender.receiver.wait(5).await;
    assert!(!letters[3..].iter().any(|letter| sender.has_signed(letter)));
}

#[tokio::test]
async fn a_stop_is_obeyed_and_told_and_a_start_too() {
    let inbox = Inbox::start(0).await.unwrap();
    let sender = Sender::with(Place { inbox: inbox.slot(), ..Place::quick() }).await;
    sender.twilio.register_webhook(&sender.receiver.url);
    for (at, (words, wish, code)) in
        [("merci", None, 201), (" stop ", Some("STOP"), 400), ("Unstop", Some("START"), 201)]
            .into_iter()
            .enumerate()
    {
        let sid = sender.twilio.write(AWA, words);
        let letters = sender.receiver.wait(at + 1).await;
        let told = letters.iter().find(|letter| field(letter, "MessageSid").as_ref() == Some(&sid)).unwrap();
        assert_eq!(field(told, "Body").as_deref(), Some(words));
        assert_eq!(field(told, "OptOutType").as_deref(), wish);
        let mut form = sender.form(AWA);
        // Nobody is told of this one.
        form.remove("StatusCallback");
        assert_eq!(sender.send(&form).await.0, code, "{words}");
    }
}
