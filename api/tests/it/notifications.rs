//! What people see of their messages, on which phones, and how they want no more of them.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::notices::{self, Answer, Attempt, End, Notice};
use wolo_domain::contacts::Email;
use wolo_domain::ids::{NoticeId, UserId};
use wolo_domain::notices::{Channel, Kind, Withheld};

use crate::app::TestApp;
use crate::reply::Reply;

const MESSAGES: &str = "/api/notifications";
const DEVICES: &str = "/api/notifications/devices";
const PREFERENCES: &str = "/api/users/preferences";

/// A message that is written down, with what its opt-out link shows.
pub(crate) struct Written {
    pub(crate) id: NoticeId,
    pub(crate) link: String,
}

impl TestApp {
    pub(crate) async fn message(&self, user: Option<UserId>, kind: Kind, mail_to: Option<&Email>) -> Written {
        let (event, person) = (Uuid::new_v4().simple().to_string(), "somebody");
        let id = NoticeId::of(&event, person);
        let process = format!("notice/{event}:{person}");
        let notice = Notice { id, process: &process, event: &event, person, kind, user, pot: None, mail_to };
        notices::add(&self.pool, notice).await.unwrap();
        let link = notices::opt_out_secret(&self.pool, id).await.unwrap();
        Written { id, link: format!("/api/notifications/opt-out/{link}") }
    }

    /// A try that a provider has taken under this name.
    pub(crate) async fn handed_over(
        &self,
        notice: NoticeId,
        channel: Channel,
        provider: &str,
        provider_id: &str,
    ) -> Attempt {
        let attempt = Attempt { notice, number: 1 };
        notices::begin(&self.pool, attempt, channel, provider).await.unwrap();
        let answer = Answer::Accepted { provider_id: provider_id.to_owned() };
        notices::answer(&self.pool, attempt, &answer).await.unwrap();
        attempt
    }

    async fn as_user(&self, user: UserId, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.request(method, path).bearer_auth(self.token(user));
        Reply::of(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn seen(&self, user: UserId, path: &str) -> Value {
        self.as_user(user, Method::GET, path, None).await.expect(200)
    }
}

#[tokio::test]
async fn people_see_what_became_of_their_messages_in_their_language() {
    let app = TestApp::start().await;
    let (awa, moussa) = (app.person(10).await, app.person(10).await);
    let welcome = app.message(Some(awa), Kind::Welcome, None).await.id;
    app.message(Some(moussa), Kind::Welcome, None).await;
    let withheld = app.message(Some(awa), Kind::BirthdayWish, None).await.id;
    notices::end(&app.pool, withheld, End::Withheld(Withheld::Muted)).await.unwrap();
    let lost = app.message(Some(awa), Kind::GiftReceipt, None).await.id;
    app.handed_over(lost, Channel::Sms, "orange", &Uuid::new_v4().to_string()).await;
    notices::end(&app.pool, lost, End::GivenUp("SVC0004")).await.unwrap();

    let request = app.get(MESSAGES).bearer_auth(app.token(awa)).header("accept-language", "en");
    let seen = Reply::of(request).await.expect(200)["notifications"].clone();
    let of = |place: usize, fields: [&str; 5]| fields.map(|field| seen[place][field].clone());
    let fields = ["id", "title", "category", "stage", "why_not"];
    let expected = |id: NoticeId, title, category, stage, why: Value| {
        [json!(id), json!(title), json!(category), json!(stage), why]
    };
    assert_eq!(
        of(0, fields),
        expected(lost, "Receipt of your gift", "money", "failed", json!("not_delivered"))
    );
    assert_eq!(seen[0]["channel"], "sms");
    assert_eq!(of(1, fields), expected(withheld, "Happy birthday", "wishes", "failed", json!("muted")));
    assert_eq!(of(2, fields), expected(welcome, "Welcome", "news", "queued", Value::Null));
    assert_eq!(seen.as_array().unwrap().len(), 3);
    let french = app.seen(awa, MESSAGES).await;
    assert_eq!(french["notifications"][2]["title"], "Bienvenue");
}

#[tokio::test]
async fn a_long_list_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let awa = app.person(10).await;
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(json!(app.message(Some(awa), Kind::DaysLeft, None).await.id));
    }
    written.reverse();
    let first = app.seen(awa, &format!("{MESSAGES}?limit=2")).await;
    let next = first["next"].as_str().unwrap();
    let rest = app.seen(awa, &format!("{MESSAGES}?limit=2&after={next}")).await;
    let ids = |page: &Value| {
        page["notifications"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&first), ids(&rest)].concat(), written);
    assert_eq!(rest["next"], Value::Null);
    for (query, field) in [("limit=0", "limit"), ("after=pot_1", "after"), ("of=me", "of")] {
        let reply = app.as_user(awa, Method::GET, &format!("{MESSAGES}?{query}"), None).await;
        reply.wrong_field(422, field);
    }
}

#[tokio::test]
async fn a_phone_is_added_once_and_belongs_to_whoever_added_it_last() {
    let app = TestApp::start().await;
    let (awa, moussa) = (app.person(10).await, app.person(10).await);
    let token = Uuid::new_v4().to_string();
    let phone = json!({ "token": token, "platform": "android" });
    let added = app.as_user(awa, Method::POST, DEVICES, Some(phone.clone())).await.expect(200);
    let again = app.as_user(awa, Method::POST, DEVICES, Some(phone.clone())).await;
    assert_eq!(again.expect(200), added);
    assert!(!again.body.contains(&token));
    assert_eq!(app.seen(awa, DEVICES).await["devices"], json!([added]));
    let theirs = app.as_user(moussa, Method::POST, DEVICES, Some(phone)).await.expect(200);
    assert_eq!(app.seen(awa, DEVICES).await["devices"], json!([]));
    let path = format!("{DEVICES}/{}", theirs["id"].as_str().unwrap());
    app.as_user(awa, Method::DELETE, &path, None).await.problem(404, "device_unknown");
    assert_eq!(app.as_user(moussa, Method::DELETE, &path, None).await.status, 204);
    app.as_user(moussa, Method::DELETE, &path, None).await.problem(404, "device_unknown");
    app.as_user(moussa, Method::DELETE, &format!("{DEVICES}/x"), None).await.problem(404, "device_unknown");
    for (body, field) in [
        (json!({ "token": " ", "platform": "ios" }), "token"),
        (json!({ "token": "x".repeat(4097), "platform": "ios" }), "token"),
        (json!({ "token": "x", "platform": "pager" }), "platform"),
        (json!({ "platform": "ios" }), "token"),
    ] {
        app.as_user(awa, Method::POST, DEVICES, Some(body)).await.wrong_field(422, field);
    }
}

#[tokio::test]
async fn people_choose_the_ways_that_are_tried_and_their_order() {
    let app = TestApp::start().await;
    let awa = app.person(10).await;
    let all = json!(["whatsapp", "sms", "email", "push"]);
    assert_eq!(
        app.seen(awa, PREFERENCES).await,
        json!({ "muted": [], "channels": all, "birthday_pot": true })
    );
    let put = async |body: Value| app.as_user(awa, Method::PUT, PREFERENCES, Some(body)).await;
    let chosen = json!({ "muted": ["news"], "channels": ["email", "push", "email"] });
    let expected = json!({ "muted": ["news"], "channels": ["email", "push"], "birthday_pot": true });
    assert_eq!(put(chosen).await.expect(200), expected);
    // Who speaks of no channels leaves them as they are.
    let kept = put(json!({ "muted": [] })).await.expect(200);
    assert_eq!(kept, json!({ "muted": [], "channels": ["email", "push"], "birthday_pot": true }));
    put(json!({ "muted": [], "channels": [] })).await.wrong_field(422, "channels");
    put(json!({ "muted": [], "channels": ["pigeon"] })).await.wrong_field(422, "channels[0]");
    put(json!({ "muted": ["news", "money"] })).await.wrong_field(422, "muted[1]");
    assert_eq!(app.seen(awa, PREFERENCES).await, kept);
}

#[tokio::test]
async fn looking_at_the_link_in_a_mail_changes_nothing_and_posting_to_it_mutes_its_kind() {
    let app = TestApp::start().await;
    let awa = app.person(10).await;
    let link = app.message(Some(awa), Kind::DaysLeft, None).await.link;
    let page = Reply::of(app.get(&link).header("accept", "text/html").header("accept-language", "en")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("no more reminders") && page.body.contains("<form method=\"post\">"));
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(app.seen(awa, PREFERENCES).await["muted"], json!([]));
    // As a mail program does it: a form, no session, no questions.
    for _ in 0..2 {
        let click = app.post(&link).form(&[("List-Unsubscribe", "One-Click")]);
        assert_eq!(Reply::of(click).await.status, 204);
    }
    assert_eq!(app.seen(awa, PREFERENCES).await["muted"], json!(["reminders"]));
    let wishes = app.message(Some(awa), Kind::ThankYou, None).await.link;
    let done = Reply::of(app.post(&wishes).header("accept", "text/html")).await;
    assert_eq!(done.status, 200);
    assert!(done.body.contains("Vous ne recevrez plus"), "{}", done.body);
    assert_eq!(app.seen(awa, PREFERENCES).await["muted"], json!(["reminders", "wishes"]));
}

#[tokio::test]
async fn who_has_no_account_closes_their_address_with_the_link() {
    let app = TestApp::start().await;
    let address: Email = format!("binta.{}@example.sn", Uuid::new_v4().simple()).parse().unwrap();
    let link = app.message(None, Kind::Invitation, Some(&address)).await.link;
    let page = Reply::of(app.get(&link)).await;
    assert!(page.body.contains("plus aucun e-mail") && !page.body.contains("binta"), "{}", page.body);
    assert!(!app.is_closed(Channel::Email, address.reveal()).await);
    for _ in 0..2 {
        assert_eq!(Reply::of(app.post(&link)).await.status, 204);
    }
    assert!(app.is_closed(Channel::Email, address.reveal()).await);
}

#[tokio::test]
async fn a_link_to_what_must_be_heard_or_to_nothing_is_unknown() {
    let app = TestApp::start().await;
    let awa = app.person(10).await;
    let receipt = app.message(Some(awa), Kind::GiftReceipt, None).await.link;
    let strange =
        ["x", "%00", "a%20b", &"a".repeat(65)].map(|token| format!("/api/notifications/opt-out/{token}"));
    for link in strange.iter().chain([&receipt]) {
        Reply::of(app.get(link)).await.problem(404, "opt_out_unknown");
        Reply::of(app.post(link)).await.problem(404, "opt_out_unknown");
        let page = Reply::of(app.get(link).header("accept", "text/html")).await;
        assert_eq!(page.status, 404);
        assert!(page.body.contains("Lien inconnu"));
    }
    assert_eq!(app.seen(awa, PREFERENCES).await["muted"], json!([]));
}

impl TestApp {
    /// Whether an address wants nothing more on a channel.
    pub(crate) async fn is_closed(&self, channel: Channel, address: &str) -> bool {
        self.read(&format!(
            "select exists (select from notices.opt_outs
                            where channel = '{channel}' and address = '{address}' and ended_at is null)"
        ))
        .await
    }

    /// Where a message stands.
    pub(crate) async fn stage(&self, notice: NoticeId) -> String {
        notices::notice(&self.pool, notice).await.unwrap().unwrap().stage.to_string()
    }
}

pub(crate) fn seconds_ago(seconds: i64) -> i64 {
    Utc::now().timestamp() - seconds
}
