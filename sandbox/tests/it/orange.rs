//! The emulator of Orange's SMS, through its real HTTP.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use wolo_sandbox::emulator::Place;
use wolo_sandbox::faults::{WebhookFault, WebhookFaultRule};
use wolo_sandbox::inbox::{Channel, Inbox};
use wolo_sandbox::orange::{Book, Options, Orange, Status};
use wolo_sandbox::telling::DeliveryState;

use crate::facts::SOON;
use crate::receiver::{Letter, Receiver};

const AWA: &str = "+221770000001";

/// Somebody who sends, and hears what is told.
struct Sender {
    orange: Orange,
    receiver: Receiver,
}

impl Sender {
    async fn open() -> Self {
        Self::with(Place::quick()).await
    }

    async fn with(place: Place) -> Self {
        let options = Options { place, pace: Duration::ZERO, ..Options::default() };
        let orange = Orange::start(options).await.unwrap();
        let receiver = Receiver::open().await;
        orange.register_webhook(&receiver.url);
        Self { orange, receiver }
    }

    fn token_request(&self, client_secret: &str) -> RequestBuilder {
        Client::new()
            .post(format!("{}/oauth/v3/token", self.orange.base_url()))
            .basic_auth(&self.orange.options().client_id, Some(client_secret))
    }

    async fn token(&self) -> String {
        let secret = &self.orange.options().client_secret;
        let request = self.token_request(secret).form(&[("grant_type", "client_credentials")]);
        let (status, answer) = answer(request).await;
        assert_eq!((status, &answer["expires_in"]), (200, &json!("3600")));
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn request(&self, token: &str, body: &Value) -> RequestBuilder {
        let path = "smsmessaging/v1/outbound/tel%3A%2B2210000/requests";
        Client::new().post(format!("{}/{path}", self.orange.base_url())).bearer_auth(token).json(body)
    }

    async fn send(&self, body: &Value) -> (u16, Value) {
        answer(self.request(&self.token().await, body)).await
    }

    /// Sends what is taken, and answers its name.
    async fn sent(&self, to: &str) -> String {
        let (status, answer) = self.send(&text(to, "Bonjour")).await;
        assert_eq!(status, 201, "{answer}");
        let resource = answer["outboundSMSMessageRequest"]["resourceURL"].as_str().unwrap();
        resource.rsplit('/').next().unwrap().to_owned()
    }

    async fn becomes(&self, id: &str, status: Status) {
        let so = |book: &Book| book.message(id).filter(|message| message.status == status).map(drop);
        self.orange.wait_for(so, SOON).await.unwrap();
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn text(to: &str, words: &str) -> Value {
    json!({ "outboundSMSMessageRequest": {
        "address": format!("tel:{to}"), "senderAddress": "tel:+2210000", "senderName": "WOLO",
        "outboundSMSTextMessage": { "message": words },
    } })
}

/// What is said of a message, without order.
fn statuses(letters: &[Letter], id: &str) -> Vec<String> {
    let told = letters.iter().map(|letter| letter.json()["deliveryInfoNotification"].clone());
    let mut statuses: Vec<_> = told
        .filter(|told| told["callbackData"] == id)
        .map(|told| told["deliveryInfo"]["deliveryStatus"].as_str().unwrap().to_owned())
        .collect();
    statuses.sort_unstable();
    statuses
}

/// The code of a refusal, in whichever shape it is written.
fn code(answer: &Value) -> String {
    let exceptions = &answer["requestError"];
    ["serviceException", "policyException"]
        .iter()
        .find_map(|shape| exceptions[shape]["messageId"].as_str().map(ToOwned::to_owned))
        .unwrap_or_else(|| answer["code"].to_string())
}

#[tokio::test]
async fn a_token_is_given_for_the_credentials_and_for_nothing_else() {
    let sender = Sender::open().await;
    sender.token().await;
    let good = [("grant_type", "client_credentials")];
    let secret = sender.orange.options().client_secret.clone();
    let request = || sender.token_request(&secret);
    let stranger = sender.token_request("another").form(&good);
    for (request, status, error) in [
        (stranger, 401, "invalid_client"),
        (request().form(&[("grant_type", "password")]), 400, "unsupported_grant_type"),
        (request().form(&[good[0], ("scope", "all")]), 400, "invalid_request"),
        (request().json(&json!({ "grant_type": "client_credentials" })), 400, "invalid_request"),
    ] {
        let (given, answer) = answer(request).await;
        assert_eq!((given, &answer["error"]), (status, &json!(error)));
    }
    assert_eq!(sender.orange.book().tokens(), 1);
}

#[tokio::test]
async fn a_token_opens_until_its_end_on_the_emulators_clock() {
    let sender = Sender::open().await;
    let token = sender.token().await;
    let order = text(AWA, "Bonjour");
    let send = async |token: &str| {
        let (status, answer) = answer(sender.request(token, &order)).await;
        (status, answer["code"].clone())
    };
    sender.orange.move_clock(Duration::from_secs(3590));
    assert_eq!(send(&token).await.0, 201);
    sender.orange.move_clock(Duration::from_secs(10));
    assert_eq!(send(&token).await, (401, json!(42)));
    assert_eq!(send("nobody's").await, (401, json!(41)));
    let url = format!("{}/sms/admin/v1/contracts", sender.orange.base_url());
    assert_eq!(answer(Client::new().get(url)).await.1["code"], 40);
    let fresh = sender.token().await;
    sender.orange.revoke_tokens();
    assert_eq!(send(&fresh).await, (401, json!(41)));
}

#[tokio::test]
async fn what_orange_does_not_document_is_refused() {
    let sender = Sender::open().await;
    let changed = |place: &str, value: Value| {
        let mut order = text(AWA, "Bonjour");
        *order["outboundSMSMessageRequest"].pointer_mut(place).unwrap() = value;
        order
    };
    let mut unknown = text(AWA, "Bonjour");
    unknown["outboundSMSMessageRequest"]["colour"] = json!("red");
    let mut missing = text(AWA, "Bonjour");
    missing["outboundSMSMessageRequest"].as_object_mut().unwrap().remove("senderAddress");
    for (order, expected) in [
        (unknown, "SVC0002"),
        (missing, "23"),
        (json!("text"), "SVC0002"),
        (changed("/address", json!("+221770000001")), "SVC0004"),
        (changed("/address", json!("tel:+22177")), "SVC0004"),
        (changed("/address", json!(["tel:+221770000001", "tel:+221770000002"])), "SVC0002"),
        (changed("/senderAddress", json!("tel:+2219999")), "SVC0002"),
        (changed("/senderName", json!("OTHER")), "SVC0002"),
        (changed("/outboundSMSTextMessage/message", json!("")), "SVC0002"),
        (changed("/outboundSMSTextMessage/message", json!("x".repeat(1531))), "SVC0280"),
    ] {
        let (status, answer) = sender.send(&order).await;
        assert_eq!((status, code(&answer).as_str()), (400, expected), "{order}");
    }
    // A list of one is let pass; an address that is not escaped is not.
    assert_eq!(sender.send(&changed("/address", json!(["tel:+221770000001"]))).await.0, 201);
    let token = sender.token().await;
    let plain = format!("{}/smsmessaging/v1/outbound/tel:+2210000/requests", sender.orange.base_url());
    let request = Client::new().post(&plain).bearer_auth(&token).json(&text(AWA, "Bonjour"));
    assert_eq!(answer(request).await.0, 400);
    let plain = plain.replace("tel:+", "tel%3A%2B");
    let request = Client::new().post(plain).bearer_auth(&token).body(text(AWA, "Bonjour").to_string());
    assert_eq!(answer(request).await.1["code"], 22);
    let elsewhere = Client::new().get(format!("{}/v1/messages", sender.orange.base_url()));
    assert_eq!(
        answer(elsewhere).await,
        (
            404,
            json!({
                "code": 60, "message": "Resource not found", "description": "Resource not found",
            })
        )
    );
    assert_eq!(sender.orange.look(|book| book.messages().len()), 1);
}

#[tokio::test]
async fn a_text_arrives_and_every_step_is_told() {
    let inbox = Inbox::start(0).await.unwrap();
    let sender = Sender::with(Place { inbox: inbox.slot(), ..Place::quick() }).await;
    let id = sender.sent(AWA).await;
    let letters = sender.receiver.wait(2).await;
    assert_eq!(statuses(&letters, &id), ["DeliveredToNetwork", "DeliveredToTerminal"]);
    sender.becomes(&id, Status::DeliveredToTerminal).await;
    let arrived = inbox.messages_to(AWA).remove(0);
    assert_eq!(
        (arrived.channel, arrived.carrier, arrived.text.as_str()),
        (Channel::Sms, Some("Orange"), "Bonjour")
    );
}

#[tokio::test]
async fn some_numbers_end_badly_and_nobody_is_reached_while_it_is_off() {
    let sender = Sender::open().await;
    let impossible = sender.sent("+221770000081").await;
    sender.becomes(&impossible, Status::DeliveryImpossible).await;
    let waiting = sender.sent("+221770000082").await;
    sender.becomes(&waiting, Status::MessageWaiting).await;
    let (status, answer) = sender.send(&text("+221770000083", "Bonjour")).await;
    assert_eq!((status, &answer["code"]), (500, &json!(1)));
    sender.orange.switch(true);
    let unreached = sender.sent(AWA).await;
    sender.becomes(&unreached, Status::DeliveryImpossible).await;
    let letters = sender.receiver.wait(3).await;
    assert_eq!(statuses(&letters, &impossible), ["DeliveryImpossible"]);
    assert_eq!(statuses(&letters, &waiting), ["MessageWaiting"]);
    assert_eq!(statuses(&letters, &unreached), ["DeliveryImpossible"]);
}

#[tokio::test]
async fn receipts_come_twice_out_of_order_or_from_somebody_else_when_told_to() {
    let sender = Sender::open().await;
    let once = |event: &str, fault| WebhookFaultRule::once(fault).of(event);
    sender.orange.webhook_fault(once("DeliveredToTerminal", WebhookFault::Duplicate { copies: 1 }));
    sender.orange.webhook_fault(once("DeliveredToNetwork", WebhookFault::Reordered));
    let id = sender.sent(AWA).await;
    let letters = sender.receiver.wait(3).await;
    assert_eq!(statuses(&letters[..1], &id), ["DeliveredToTerminal"], "the last word comes first");
    let expected = ["DeliveredToNetwork", "DeliveredToTerminal", "DeliveredToTerminal"];
    assert_eq!(statuses(&letters, &id), expected);

    // Whoever forges one does not know our address to its end.
    sender.orange.webhook_fault(once("DeliveryImpossible", WebhookFault::Forged));
    sender.sent("+221770000081").await;
    let refused = |all: &[wolo_sandbox::emulator::Delivery]| {
        all.iter().any(|one| one.fault == Some("forged") && one.state == DeliveryState::Refused)
    };
    sender.orange.wait_for_deliveries(refused, SOON).await.unwrap();
    assert_eq!(sender.receiver.letters().len(), 3);
}

#[tokio::test]
async fn each_part_costs_a_unit_until_there_is_none() {
    let sender = Sender::open().await;
    sender.orange.buy(4, Duration::from_hours(1));
    assert_eq!(sender.send(&text(AWA, &"x".repeat(160))).await.0, 201);
    assert_eq!(sender.orange.look(Book::units_left), 3);
    assert_eq!(sender.send(&text(AWA, &"x".repeat(161))).await.0, 201);
    assert_eq!(sender.orange.look(Book::units_left), 1);
    let (status, answer) = sender.send(&text(AWA, &"x".repeat(161))).await;
    assert_eq!((status, code(&answer).as_str()), (403, "POL0001"));
    assert_eq!(sender.orange.look(|book| (book.units_left(), book.messages().len())), (1, 2));
}
