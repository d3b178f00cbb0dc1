//! What the providers of messages tell us, and what others tell us in their name.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::notices;
use wolo_domain::ids::NoticeId;
use wolo_domain::notices::{Channel, Kind};
use wolo_sandbox::phones;

use crate::app::{RECEIPTS_OF_ORANGE, TestApp};
use crate::health::port_of;
use crate::notifications::seconds_ago;
use crate::reply::Reply;
use crate::sabotage::Wire;

const WHATSAPP: &str = "/api/notifications/receipts/whatsapp";
const SENDGRID: &str = "/api/notifications/receipts/sendgrid";
const TWILIO: &str = "/api/notifications/receipts/twilio";

fn tag(algorithm: hmac::Algorithm, secret: &str, message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), message.as_bytes()).as_ref().to_vec()
}

/// Of the providers' own kinds, made as they make them.
fn wamid() -> String {
    format!("wamid.{}", Uuid::new_v4().simple())
}

fn sid() -> String {
    format!("SM{}", Uuid::new_v4().simple())
}

fn change(field: &str, value: &Value) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }] })
}

fn status(id: &str, word: &str) -> Value {
    json!({ "id": id, "status": word, "timestamp": seconds_ago(0).to_string(), "recipient_id": "221770000001" })
}

fn written(from: &str, at: i64, content: &Value) -> Value {
    let mut message = json!({ "from": &from[1..], "id": wamid(), "timestamp": at.to_string() });
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    change("messages", &json!({ "messages": [message] }))
}

fn text(body: &str) -> Value {
    json!({ "type": "text", "text": { "body": body } })
}

impl TestApp {
    fn by_meta(&self, body: &str) -> RequestBuilder {
        let secret = &self.world().whatsapp.options().app_secret;
        let signature = format!("sha256={}", hex::encode(tag(hmac::HMAC_SHA256, secret, body)));
        self.post(WHATSAPP).header("x-hub-signature-256", signature).body(body.to_owned())
    }

    async fn meta_tells(&self, body: &Value) -> Reply {
        Reply::of(self.by_meta(&body.to_string())).await
    }

    fn by_twilio(&self, query: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let fields_signed: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
        let token = &self.world().twilio.options().auth_token;
        let signed = format!("{}{TWILIO}{query}{fields_signed}", self.base);
        let signature = STANDARD.encode(tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token, &signed));
        self.post(&format!("{TWILIO}{query}")).header("x-twilio-signature", signature).form(fields)
    }

    async fn twilio_tells(&self, query: &str, fields: &[(&str, &str)]) -> Reply {
        Reply::of(self.by_twilio(query, fields)).await
    }

    async fn orange_tells(&self, secret: &str, id: &str, word: &str) -> Reply {
        let body = json!({ "deliveryInfoNotification": { "callbackData": id,
            "deliveryInfo": { "address": "tel:+221770000001", "deliveryStatus": word } } });
        Reply::of(self.post(&format!("/api/notifications/receipts/orange/{secret}")).json(&body)).await
    }

    /// A message that WhatsApp has taken, by Meta's name.
    async fn taken_by_whatsapp(&self) -> (NoticeId, String) {
        let notice = self.message(None, Kind::DaysLeft, None).await.id;
        let id = wamid();
        self.handed_over(notice, Channel::WhatsApp, "whatsapp", &id).await;
        (notice, id)
    }

    async fn receipts_of(&self, notice: NoticeId) -> i64 {
        let notice = notice.uuid();
        self.read(&format!("select count(*) from notices.receipts where notice_id = '{notice}'")).await
    }
}

/// SendGrid, with a key of its own.
struct Mailer(EcdsaKeyPair);

impl Mailer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn public_key(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().unwrap();
        STANDARD.encode(der.as_ref())
    }

    fn tells(&self, app: &TestApp, at: i64, events: &Value) -> RequestBuilder {
        let body = events.to_string();
        let signature = self.0.sign(&SystemRandom::new(), format!("{at}{body}").as_bytes()).unwrap();
        app.post(SENDGRID)
            .header("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.as_ref()))
            .header("x-twilio-email-event-webhook-timestamp", at.to_string())
            .body(body)
    }
}

async fn with_mailer(app: &TestApp) -> (TestApp, Mailer) {
    let mailer = Mailer::new();
    let app = app.with(|layers| layers.set("sendgrid.webhook_keys", mailer.public_key())).await;
    (app, mailer)
}

fn event(word: &str, email: &str, more: &Value) -> Value {
    let id = Uuid::new_v4().to_string();
    let mut event = json!({ "event": word, "email": email, "timestamp": seconds_ago(0), "sg_event_id": id });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[tokio::test]
async fn meta_finds_the_address_to_be_ours_only_when_it_knows_our_word() {
    let app = TestApp::start().await;
    let ours = &app.world().whatsapp.options().verify_token;
    let ask = async |mode: &str, token: &str| {
        let query = [("hub.mode", mode), ("hub.verify_token", token), ("hub.challenge", "1158201444")];
        Reply::of(app.get(WHATSAPP).query(&query)).await
    };
    let reply = ask("subscribe", ours).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "1158201444"));
    assert!(reply.header("content-type").starts_with("text/plain"));
    for (mode, token) in [("subscribe", "another"), ("subscribe", ""), ("unsubscribe", ours)] {
        ask(mode, token).await.problem(401, "sender_unknown");
    }
    Reply::of(app.get(WHATSAPP)).await.problem(401, "sender_unknown");
    assert!(app.world().whatsapp.shake_hands(&format!("{}{WHATSAPP}", app.base)).await);
}

#[tokio::test]
async fn what_is_not_proved_to_be_a_providers_is_not_taken() {
    let app = TestApp::start().await;
    let (notice, id) = app.taken_by_whatsapp().await;
    let body = change("messages", &json!({ "statuses": [status(&id, "read")] })).to_string();
    let secret = &app.world().whatsapp.options().app_secret;
    let good = hex::encode(tag(hmac::HMAC_SHA256, secret, &body));
    let whatsapp = |headers: &[&str]| {
        let post = app.post(WHATSAPP).body(body.clone());
        headers.iter().fold(post, |post, header| post.header("x-hub-signature-256", *header))
    };
    let (signed, bare) = (format!("sha256={good}"), good.clone());
    let other = format!("sha256={}", hex::encode(tag(hmac::HMAC_SHA256, "another", &body)));
    for headers in
        [vec![], vec![""], vec![bare.as_str()], vec![&other], vec![&signed, &signed], vec!["sha256=00"]]
    {
        Reply::of(whatsapp(&headers)).await.problem(401, "sender_unknown");
    }
    let changed =
        app.post(WHATSAPP).header("x-hub-signature-256", &signed).body(body.replace("read", "sent"));
    Reply::of(changed).await.problem(401, "sender_unknown");

    app.orange_tells("another", "1", "DeliveredToTerminal").await.problem(401, "sender_unknown");

    let sms = sid();
    let fields = [("MessageSid", sms.as_str()), ("MessageStatus", "delivered")];
    Reply::of(app.post(TWILIO).form(&fields)).await.problem(401, "sender_unknown");
    let elsewhere = app.by_twilio("?reference=x", &fields).build().unwrap();
    let signature = elsewhere.headers()["x-twilio-signature"].clone();
    let moved = app.post(TWILIO).header("x-twilio-signature", signature).form(&fields);
    Reply::of(moved).await.problem(401, "sender_unknown");

    let (mailing, mailer) = with_mailer(&app).await;
    let events = json!([event("delivered", "awa@example.sn", &json!({}))]);
    Reply::of(mailing.post(SENDGRID).json(&events)).await.problem(401, "sender_unknown");
    Reply::of(Mailer::new().tells(&mailing, seconds_ago(0), &events)).await.problem(401, "sender_unknown");
    for at in [seconds_ago(2 * 86_400), seconds_ago(-3_600)] {
        Reply::of(mailer.tells(&mailing, at, &events)).await.problem(401, "sender_unknown");
    }
    assert_eq!(Reply::of(mailer.tells(&mailing, seconds_ago(60), &events)).await.status, 200);
    assert_eq!(app.stage(notice).await, "accepted");
    assert_eq!(app.receipts_of(notice).await, 0);
}

#[tokio::test]
async fn a_provider_that_we_do_not_use_tells_nothing() {
    let app = TestApp::start().await;
    let none = [
        "whatsapp.access_token",
        "whatsapp.phone_number_id",
        "whatsapp.webhook_verify_token",
        "twilio.account_sid",
        "twilio.auth_token",
        "twilio.sender",
        "orange.client_id",
        "orange.client_secret",
        "orange.receipt_secrets",
    ];
    let bare = app.with(|layers| none.into_iter().fold(layers, |layers, key| layers.set(key, ""))).await;
    let body = change("messages", &json!({ "statuses": [] }));
    bare.meta_tells(&body).await.problem(401, "sender_unknown");
    bare.twilio_tells("", &[("MessageSid", &sid()), ("MessageStatus", "sent")])
        .await
        .problem(401, "sender_unknown");
    bare.orange_tells(RECEIPTS_OF_ORANGE, "1", "MessageWaiting").await.problem(401, "sender_unknown");
}

#[tokio::test]
async fn receipts_count_once_and_in_any_order_and_one_bad_item_loses_no_other() {
    let app = TestApp::start().await;
    let (one, id_of_one) = app.taken_by_whatsapp().await;
    let (two, id_of_two) = app.taken_by_whatsapp().await;
    let mut stranger = status(&wamid(), "delivered");
    stranger["biz_opaque_callback_data"] = json!("ntf_00000000000000000000000000000000-1");
    let odd = json!({ "id": "a\u{0}b", "status": "read", "timestamp": "1" });
    assert!(odd.to_string().contains("\\u0000"));
    let body = change(
        "messages",
        &json!({ "statuses": [
            odd, { "id": 5 }, status(&id_of_one, "read"), stranger, status(&id_of_two, "failed"),
            status(&id_of_one, "delivered"), status(&id_of_one, "sent"), status(&id_of_one, "of tomorrow"),
        ] }),
    );
    for _ in 0..2 {
        assert_eq!(app.meta_tells(&body).await.status, 200);
    }
    // At another door, which has not seen it.
    let other = app.with(|layers| layers).await;
    assert_eq!(other.meta_tells(&body).await.status, 200);
    assert_eq!(app.stage(one).await, "read");
    assert_eq!((app.receipts_of(one).await, app.receipts_of(two).await), (3, 1));
    let late = change("messages", &json!({ "statuses": [status(&id_of_two, "delivered")] }));
    assert_eq!(app.meta_tells(&late).await.status, 200);
    assert_eq!(app.stage(two).await, "delivered");
}

#[tokio::test]
async fn what_is_genuine_and_cannot_be_read_is_kept_and_not_accepted() {
    let app = TestApp::start().await;
    let body = format!("{{\"entry\": \"{}\"}}", Uuid::new_v4());
    Reply::of(app.by_meta(&body)).await.problem(422, "event_unreadable");
    let kept = format!(
        "select count(*) from ops.webhook_inbox
         where provider = 'whatsapp' and handled_at is null and raw = convert_to('{body}', 'UTF8')"
    );
    assert_eq!(app.read::<i64>(&kept).await, 1);
    let large = " ".repeat(32 * 1024 + 1);
    Reply::of(app.post(TWILIO).body(large)).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn a_receipt_of_orange_that_is_faster_than_its_answer_comes_again() {
    let app = TestApp::start().await;
    let notice = app.message(None, Kind::DaysLeft, None).await.id;
    let attempt = notices::Attempt { notice, number: 1 };
    let id = Uuid::new_v4().to_string();
    // Handed over, and not answered yet.
    notices::begin(&app.pool, attempt, Channel::Sms, "orange").await.unwrap();
    app.orange_tells(RECEIPTS_OF_ORANGE, &id, "DeliveredToTerminal").await.problem(503, "not_yet");
    let answer = notices::Answer::Accepted { provider_id: id.clone() };
    notices::answer(&app.pool, attempt, &answer).await.unwrap();
    for _ in 0..2 {
        let reply = app.orange_tells(RECEIPTS_OF_ORANGE, &id, "DeliveredToTerminal").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!((app.stage(notice).await.as_str(), app.receipts_of(notice).await), ("delivered", 1));
}

#[tokio::test]
async fn a_message_whose_sending_was_not_answered_is_known_by_our_own_name() {
    let app = TestApp::start().await;
    let notice = app.message(None, Kind::DaysLeft, None).await.id;
    let attempt = notices::Attempt { notice, number: 1 };
    notices::begin(&app.pool, attempt, Channel::Sms, "twilio").await.unwrap();
    notices::answer(&app.pool, attempt, &notices::Answer::Unknown).await.unwrap();
    let (sms, query) = (sid(), format!("?reference={notice}-1"));
    let fields = [("MessageSid", sms.as_str()), ("MessageStatus", "delivered")];
    assert_eq!(app.twilio_tells(&query, &fields).await.status, 200);
    assert_eq!(app.stage(notice).await, "delivered");
    // A name that is not ours is nobody's.
    let fields = [("MessageSid", sms.as_str()), ("MessageStatus", "failed")];
    assert_eq!(app.twilio_tells("?reference=x-1", &fields).await.status, 200);
    assert_eq!(app.receipts_of(notice).await, 1);
}

#[tokio::test]
async fn a_mail_that_comes_back_for_good_closes_its_address_and_so_does_a_wish() {
    let app = TestApp::start().await;
    let (app, mailer) = with_mailer(&app).await;
    let address = |name: &str| format!("{name}.{}@example.sn", Uuid::new_v4().simple());
    let [gone, full, wishes, spammed] = ["gone", "full", "wishes", "spammed"].map(address);
    let notice = app.message(None, Kind::DaysLeft, None).await.id;
    let reference = json!({ "notification_id": format!("{notice}-1"), "type": "bounce", "status": "5.1.1" });
    notices::begin(&app.pool, notices::Attempt { notice, number: 1 }, Channel::Email, "sendgrid")
        .await
        .unwrap();
    let events = json!([
        7,
        event("bounce", &gone, &reference),
        event("bounce", &full, &json!({ "type": "blocked" })),
        event("unsubscribe", &wishes.to_uppercase(), &json!({})),
        event("spamreport", &spammed, &json!({})),
    ]);
    for at in [seconds_ago(30), seconds_ago(20)] {
        assert_eq!(Reply::of(mailer.tells(&app, at, &events)).await.status, 200);
    }
    assert_eq!(app.receipts_of(notice).await, 1);
    for (address, closed) in [(&gone, true), (&full, false), (&wishes, true), (&spammed, true)] {
        assert_eq!(app.is_closed(Channel::Email, address).await, closed, "{address}");
    }
    let again = json!([event("group_resubscribe", &wishes, &json!({}))]);
    assert_eq!(Reply::of(mailer.tells(&app, seconds_ago(0), &again)).await.status, 200);
    assert!(!app.is_closed(Channel::Email, &wishes).await);
    // What was said before is repeated, in another delivery; it says nothing new.
    assert_eq!(Reply::of(mailer.tells(&app, seconds_ago(1), &events)).await.status, 200);
    assert!(!app.is_closed(Channel::Email, &wishes).await);
}

#[tokio::test]
async fn who_writes_stop_to_us_gets_nothing_more_there_until_they_write_start() {
    let app = TestApp::start().await;
    let awa = phones::unused();
    let closed = async || app.is_closed(Channel::WhatsApp, &awa).await;
    let heard = async |body: &Value| assert_eq!(app.meta_tells(body).await.status, 200);
    heard(&written(&awa, seconds_ago(90), &text("stop it please"))).await;
    assert!(!closed().await);
    let window: bool =
        app.read(&format!("select exists (select from notices.conversations where address = '{awa}')")).await;
    assert!(window, "who writes may be answered");
    let stop = written(&awa, seconds_ago(80), &text("Arrêt"));
    heard(&stop).await;
    assert!(closed().await);
    // Said before the stop, and come after it.
    heard(&written(&awa, seconds_ago(85), &text("START"))).await;
    assert!(closed().await);
    heard(&written(&awa, seconds_ago(60), &text("start"))).await;
    assert!(!closed().await);
    // The same words in another delivery are no new ones.
    let mut repeated = stop;
    repeated["entry"][0]["id"] = json!("2");
    heard(&repeated).await;
    assert!(!closed().await);
    let button = json!({ "type": "button", "button": { "payload": "STOP", "text": "Ne plus recevoir" } });
    heard(&written(&awa, seconds_ago(50), &button)).await;
    assert!(closed().await);
    assert!(!app.is_closed(Channel::Sms, &awa).await);
}

#[tokio::test]
async fn who_tells_whatsapp_that_they_want_no_more_of_us_is_believed() {
    let app = TestApp::start().await;
    let awa = phones::unused();
    let wish = |value: &str, at: i64| {
        change(
            "user_preferences",
            &json!({ "user_preferences": [{ "wa_id": &awa[1..], "detail": "x",
            "category": "marketing_messages", "value": value, "timestamp": at }] }),
        )
    };
    for (value, at, closed) in [("stop", 60, true), ("resume", 70, true), ("resume", 50, false)] {
        assert_eq!(app.meta_tells(&wish(value, seconds_ago(at))).await.status, 200);
        assert_eq!(app.is_closed(Channel::WhatsApp, &awa).await, closed, "{value} {at}");
    }
}

#[tokio::test]
async fn a_stop_by_sms_closes_sms_and_an_old_start_that_is_shown_again_does_not_open_it() {
    let app = TestApp::start().await;
    let awa = phones::unused();
    let (first, second, third) = (sid(), sid(), sid());
    let says = async |sms: &str, body: &str, wish: Option<&str>| {
        let mut fields =
            vec![("MessageSid", sms), ("SmsStatus", "received"), ("From", awa.as_str()), ("Body", body)];
        fields.extend(wish.map(|wish| ("OptOutType", wish)));
        assert_eq!(app.twilio_tells("", &fields).await.status, 200);
        app.is_closed(Channel::Sms, &awa).await
    };
    assert!(says(&first, "ARRET", None).await);
    assert!(!says(&second, "START", Some("START")).await);
    assert!(says(&third, "x", Some("STOP")).await);
    // Said again, it is heard and changes nothing: a later word stands.
    assert!(says(&second, "START", Some("START")).await);
    let seen: i64 = app.read(&format!("select count(*) from notices.opt_outs where address = '{awa}'")).await;
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn a_receipt_that_cannot_be_passed_on_is_not_answered_with_200() {
    let app = TestApp::start().await;
    let engine = Wire::to(port_of(&app.world().temporal.address())).await;
    let cut = app.with(|layers| layers.set("temporal.address", format!("http://{}", engine.address))).await;
    let (notice, id) = app.taken_by_whatsapp().await;
    let awa = phones::unused();
    let mut body = written(&awa, seconds_ago(5), &text("STOP"));
    body["entry"][0]["changes"][0]["value"]["statuses"] = json!([status(&id, "delivered")]);
    engine.cut();
    let failed = cut.meta_tells(&body).await;
    assert_eq!(failed.status, 503, "{}", failed.body);
    assert_eq!(failed.header("retry-after"), "3");
    // What did not need the engine is done.
    assert_eq!(app.stage(notice).await, "delivered");
    assert!(app.is_closed(Channel::WhatsApp, &awa).await);
    engine.mend();
    cut.until(async || (cut.meta_tells(&body).await.status == 200).then_some(())).await;
    assert_eq!(app.receipts_of(notice).await, 1);
}
