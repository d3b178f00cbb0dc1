//! What happens to a minor from her first sign to the payout to her mother, each word of it a planted one.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::{Datelike as _, Days, NaiveDate, Utc};
use rand::RngExt as _;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use wolo_bootstrap::Shutdown;
use wolo_control::{Control, ids};
use wolo_domain::accounts::Role;
use wolo_domain::consents::{ConsentText, Purpose, Shown};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::Visibility;
use wolo_worker::Worker;

use crate::app::{RECEIPTS_OF_ORANGE, SOON, TestApp, key};
use crate::pictures::png;
use crate::reply::Reply;
use crate::searching::{Kind, Planted};

static HEALTH: OnceLock<SocketAddr> = OnceLock::new();

pub(crate) fn health_of_worker() -> SocketAddr {
    *HEALTH.get().unwrap()
}

/// How many friends give.
const FRIENDS: usize = 22;

struct Story {
    app: TestApp,
    planted: Vec<Planted>,
    number: u32,
}

struct Account {
    user: UserId,
    token: String,
    phone: String,
}

/// A guardian's browser.
struct Browser {
    link: String,
    cookie: String,
}

pub(crate) async fn told() -> (TestApp, Vec<Planted>) {
    let app = TestApp::start().await;
    let mut settings = app.settings.clone();
    let url = settings.database.url.expose_secret().replace("wolo_api@", "wolo_worker@");
    settings.database.url = SecretString::from(url);
    settings.worker.queues.retain(|queue| queue == "notices");
    settings.worker.health_listen.set_port(0);
    settings.notices.quiet_from_hour = settings.notices.quiet_until_hour;
    // With the version of Meta's API, which nobody speaks to in other tests.
    let meta = format!("{}/v25.0", app.world().whatsapp.base_url());
    settings.channels.whatsapp.as_mut().unwrap().url = meta.parse().unwrap();
    let worker = Worker::start(&settings, Shutdown::new()).await.unwrap();
    HEALTH.set(worker.health_address()).unwrap();
    tokio::spawn(worker.end());
    let receipts = format!("{}/api/notifications/receipts/orange/{RECEIPTS_OF_ORANGE}", app.base);
    app.world().orange.register_webhook(&receipts);
    let mut story =
        Story { app, planted: Vec::new(), number: rand::rng().random_range(1_000_000..8_000_000) };
    story.is_told().await;
    (story.app, story.planted)
}

impl Story {
    async fn is_told(&mut self) {
        self.wallet_has_something().await;
        let birthday = Utc::now().date_naive() + Days::new(20);
        let born = birthday.with_year(birthday.year() - 17).unwrap_or(birthday - Days::new(365 * 17));
        let minor = self.registers("the minor", born).await;
        let (pot, slug) = self.makes_a_pot(&minor).await;
        let mother = self.names_her_mother(&minor).await;
        let browser = self.her_mother_agrees(&mother).await;
        let case = self.documents_are_sent(&minor, &browser).await;
        self.two_reviewers_look(&minor, &browser, &case).await;
        self.friends_give(pot, &slug).await;
        self.it_is_paid_out(pot).await;
        self.things_go_wrong(&minor, &browser, &case).await;
    }

    fn plant(&mut self, kind: Kind, what: &str, text: String) -> String {
        self.planted.push(Planted::text(kind, what, &text));
        text
    }

    fn mark(&mut self) -> String {
        self.number += 1;
        let letters = rand::rng().random::<u64>();
        // Letters alone: a name is one.
        format!("{letters:016x}").bytes().map(|byte| char::from(b'a' + byte % 26)).collect()
    }

    fn name(&mut self, what: &str) -> String {
        let mark = self.mark();
        self.plant(Kind::Name, &format!("the name of {what}"), format!("Q{mark}"))
    }

    fn phone(&mut self, what: &str) -> String {
        self.number += 1;
        // Some endings mean something to those who carry messages or money here; this one does not.
        let phone = format!("+22177{:05}45", self.number % 100_000);
        self.plant(Kind::Phone, &format!("the phone of {what}"), phone)
    }

    fn words(&mut self, what: &str) -> String {
        let mark = self.mark();
        self.plant(Kind::Words, what, format!("mot {mark}"))
    }

    /// The payout's fee is WOLO's own: somebody else's gift is in the wallet.
    async fn wallet_has_something(&self) {
        let (pot, _) = self.app.open_pot(Visibility::Public).await;
        let (_, session) = self.app.begun(pot, 10_000).await;
        self.app.wave().pay(&session, None).unwrap();
    }

    async fn message<T>(&self, phone: &str, look: impl Fn(&str) -> Option<T>) -> T {
        let found =
            self.app.world().inbox.wait_for(phone, SOON, |messages| {
                messages.iter().rev().find_map(|message| look(&message.text))
            });
        found
            .await
            .unwrap_or_else(|| panic!("no such message came; the log ends with {}", crate::end_of_the_log()))
    }

    async fn code(&mut self, what: &str, phone: &str) -> String {
        let known: Vec<String> = Vec::new();
        let code = self
            .message(phone, |text| {
                let mut numbers = text.split(|one: char| !one.is_ascii_digit());
                numbers
                    .find(|word| word.len() == 6 && !known.contains(&(*word).to_owned()))
                    .map(str::to_owned)
            })
            .await;
        self.plant(Kind::Code, &format!("a code to {what}"), code)
    }

    async fn registers(&mut self, what: &str, born: NaiveDate) -> Account {
        let (first, last, phone) =
            (self.name(what), self.name(&format!("{what} (family)")), self.phone(what));
        let mark = self.mark();
        let password =
            self.plant(Kind::Password, &format!("the password of {what}"), format!("sesame {mark}"));
        let wanted = json!({ "name": format!("{first} {last}"), "birth_date": born, "phone": phone, "password": password });
        let sent = self.app.send("/api/users/auth/register", &wanted).await.expect(202);
        let code = self.code(what, &phone).await;
        let device = self.words(&format!("the device of {what}"));
        let given = json!({ "code_id": sent["code_id"], "code": code, "device": device });
        let session = self.app.send("/api/users/auth/otp/verify", &given).await.expect(200);
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        let token = self.plant(Kind::Session, &format!("the access token of {what}"), text("access_token"));
        self.plant(Kind::Session, &format!("the refresh token of {what}"), text("refresh_token"));
        Account { user: text("user").parse().unwrap(), token, phone }
    }

    async fn makes_a_pot(&mut self, minor: &Account) -> (PotId, String) {
        let mail = format!("{}@example.sn", self.mark());
        let mail = self.plant(Kind::Mail, "the minor's mail address", mail);
        let contact = self.app.post("/api/users/profile/contact").bearer_auth(&minor.token);
        Reply::of(contact.json(&json!({ "email": mail }))).await.is(202);
        let wanted = json!({ "title": self.words("the pot's title"), "description": self.words("the pot's description") });
        let made = self.app.post("/api/pots").bearer_auth(&minor.token).header("idempotency-key", key());
        let made = Reply::of(made.json(&wanted)).await.expect(201);
        let slug = self.plant(Kind::Link, "the pot's link", made["slug"].as_str().unwrap().to_owned());
        (made["id"].as_str().unwrap().parse().unwrap(), slug)
    }

    /// Where the request went.
    async fn names_her_mother(&mut self, minor: &Account) -> String {
        let (first, last) = (self.name("the guardian"), self.name("the guardian (family)"));
        let (phone, mark) = (self.phone("the guardian"), self.mark());
        let mail = self.plant(Kind::Mail, "the guardian's mail address", format!("{mark}@example.sn"));
        let guardian = json!({ "name": format!("{first} {last}"), "phone": phone, "email": mail });
        let wanted = json!({ "guardian": guardian, "relationship": "mother" });
        let request = self.app.post("/api/identity/consents").bearer_auth(&minor.token);
        Reply::of(request.header("idempotency-key", key()).json(&wanted)).await.is(201);
        phone
    }

    async fn her_mother_agrees(&mut self, phone: &str) -> Browser {
        let token = self
            .message(phone, |text| {
                Some(text.split("/g/").nth(1)?.split_whitespace().next()?.trim_end_matches('.').to_owned())
            })
            .await;
        let token = self.plant(Kind::Link, "the guardian's link", token);
        let mut browser = Browser { link: format!("/g/{token}"), cookie: String::new() };
        self.get(&browser, "").await.is(200);
        let page = self.post(&browser, "/code", &[]).await;
        let code_id = value_of(&page.body, "code_id");
        let code = self.code("the guardian", phone).await;
        let wrong = self.plant(
            Kind::Code,
            "a wrong code of the guardian",
            format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000),
        );
        self.post(&browser, "/session", &[("code_id", &code_id), ("code", &wrong)]).await.is(401);
        let let_in = self.post(&browser, "/session", &[("code_id", &code_id), ("code", &code)]).await;
        let cookie = let_in.header("set-cookie").split(';').next().unwrap().to_owned();
        browser.cookie.clone_from(&cookie);
        self.plant(Kind::Session, "the guardian's session", cookie.split_once('=').unwrap().1.to_owned());
        // A day on which nobody else was born.
        let born = self.plant(Kind::BirthDate, "the guardian's birth date", "1961-08-23".to_owned());
        let shown = Shown::of(&ConsentText::current(Language::French));
        let language = shown.language.to_string();
        let mut fields = vec![
            ("text", &*shown.text),
            ("hash", &*shown.hash),
            ("language", &*language),
            ("guardian", "yes"),
            ("birth_date", &*born),
        ];
        fields.extend(Purpose::ALL.iter().map(|purpose| ("purpose", purpose.as_str())));
        self.post(&browser, "/give", &fields).await.is(303);
        browser
    }

    /// A picture of noise, and what of it could be found again.
    fn picture(&mut self, what: &str) -> Vec<u8> {
        let mut lines = Vec::new();
        for _ in 0..64 {
            lines.push(0);
            lines.extend((0..64).map(|_| rand::rng().random::<u8>()));
        }
        for at in [100, 1_500, 3_000] {
            // Within one line of pixels: what stands between is the format's.
            let at = at - at % 65 + 5;
            self.planted.push(Planted::document(&format!("pixels of {what}"), &lines[at..at + 24]));
        }
        png(64, 64, &lines)
    }

    async fn documents_are_sent(&mut self, minor: &Account, browser: &Browser) -> String {
        let own = "/api/identity/cases";
        let case = self
            .app
            .until(async || {
                let cases = Reply::of(self.app.get(own).bearer_auth(&minor.token)).await.expect(200);
                Some(cases["cases"].get(0)?["id"].as_str()?.to_owned())
            })
            .await;
        let picture = self.picture("the minor's document");
        let path = format!("/api/identity/cases/{case}/documents?kind=identity_card");
        let request = self.app.post(&path).bearer_auth(&minor.token).header("idempotency-key", key());
        Reply::of(request.header(header::CONTENT_TYPE, "application/octet-stream").body(picture))
            .await
            .is(201);
        self.guardian_sends(browser, "the guardian's first document").await;
        self.post(browser, "/documents/submit", &[]).await.is(303);
        case
    }

    async fn guardian_sends(&mut self, browser: &Browser, what: &str) {
        let page = self.get(browser, "/documents").await;
        let name = value_of(&page.body, "name");
        let (picture, file) = (self.picture(what), self.words(&format!("the name of the file of {what}")));
        let form = Form::new()
            .text("name", name)
            .text("party", "guardian")
            .text("kind", "passport")
            .part("file", Part::bytes(picture).file_name(format!("{file}.png")));
        let request = self.app.post(&format!("{}/documents", browser.link)).multipart(form);
        Reply::of(with(browser, request)).await.is(303);
    }

    async fn two_reviewers_look(&mut self, minor: &Account, browser: &Browser, case: &str) {
        let born = NaiveDate::from_ymd_opt(1985, 5, 5).unwrap();
        let (first, second) =
            (self.registers("a reviewer", born).await, self.registers("another reviewer", born).await);
        let mut desks = Vec::new();
        for reviewer in [&first, &second] {
            let role = format!(
                "insert into people.roles (user_id, role, granted_by, reason) values ('{}', 'reviewer', 'a test', 'a test') returning role",
                reviewer.user.uuid()
            );
            self.app.read::<String>(&role).await;
            let token = self.app.staff_token(reviewer.user, Role::Reviewer);
            desks.push(self.plant(Kind::Session, "a reviewer's token", token));
        }
        self.review(&desks[0], case, "take", &json!({})).await.is(204);
        let seen = self.looks(&desks[0], case, "asks").await;
        let note = self.words("the note of the reviewer who asks");
        self.review(
            &desks[0],
            case,
            "ask",
            &json!({ "reason": note, "reasons": ["unreadable"], "seen": seen }),
        )
        .await
        .is(200);
        self.guardian_sends(browser, "the guardian's second document").await;
        let submit = self.app.post(&format!("/api/identity/cases/{case}/submit")).bearer_auth(&minor.token);
        Reply::of(submit).await.is(200);
        self.review(&desks[0], case, "take", &json!({})).await.is(204);
        for desk in &desks {
            let seen = self.looks(desk, case, "approves").await;
            let note = self.words("the note of a reviewer who approves");
            self.review(desk, case, "approve", &json!({ "reason": note, "seen": seen })).await.is(200);
        }
    }

    /// The hashes of what was looked at. What is shown is looked for, too.
    async fn looks(&mut self, desk: &str, case: &str, who: &str) -> Vec<Value> {
        let full =
            Reply::of(self.app.get(&format!("/api/admin/cases/{case}")).bearer_auth(desk)).await.expect(200);
        let documents = full["documents"].as_array().unwrap().clone();
        for document in &documents {
            let look = format!("/api/admin/cases/{case}/documents/{}/look", document["id"].as_str().unwrap());
            let reason = self.words(&format!("why a reviewer looks who {who}"));
            let request = self.app.post(&look).bearer_auth(desk).json(&json!({ "reason": reason }));
            let shown = request.send().await.unwrap();
            assert_eq!(shown.status(), 200);
            let shown = shown.bytes().await.unwrap();
            for at in [shown.len() / 3, shown.len() / 2] {
                self.planted
                    .push(Planted::document("a piece of a document as it is kept", &shown[at..at + 24]));
            }
        }
        documents.iter().map(|document| document["sha256"].clone()).collect()
    }

    async fn review(&self, desk: &str, case: &str, step: &str, body: &Value) -> Reply {
        let request = self.app.post(&format!("/api/admin/cases/{case}/{step}")).bearer_auth(desk);
        Reply::of(request.json(body)).await
    }

    async fn friends_give(&mut self, pot: PotId, slug: &str) {
        let opened = async || {
            wolo_database::pots::pot(&self.app.pool, pot).await.unwrap().filter(|pot| pot.opened_at.is_some())
        };
        self.app.until(opened).await;
        for number in 0..FRIENDS {
            let friend = format!("friend {number}");
            let (name, phone, message) =
                (self.name(&friend), self.phone(&friend), self.words(&format!("the wish of {friend}")));
            let gift =
                json!({ "pot": slug, "amount": 1_000, "name": name, "phone": phone, "message": message });
            let given = self.app.give(None, &key(), &gift).await.expect(201);
            let donation = given["donation"].as_str().unwrap().to_owned();
            let session = self.app.session(&donation);
            self.app.wave().pay(&session, Some(&phone)).unwrap();
            self.app.until_stage(&donation, "confirmed").await;
        }
    }

    async fn it_is_paid_out(&self, pot: PotId) {
        let client = wolo_bootstrap::temporal::connect(&self.app.settings.temporal).await.unwrap();
        let control = Control::new(client);
        control.forward(&ids::pot_lifecycle(pot), Duration::from_hours(24 * 22)).await.unwrap();
        let settled = async || {
            wolo_database::pots::pot(&self.app.pool, pot)
                .await
                .unwrap()
                .filter(|pot| pot.settled_at.is_some())
        };
        tokio::time::timeout(SOON * 2, async { while settled().await.is_none() {} })
            .await
            .unwrap_or_else(|_| panic!("it does not settle; the log ends with {}", crate::end_of_the_log()));
    }

    /// Each refusal is an occasion to repeat what was said.
    async fn things_go_wrong(&mut self, minor: &Account, browser: &Browser, case: &str) {
        let words = self.words("what was asked for by a wrong address");
        let words = words.replace(' ', "-");
        Reply::of(self.app.get(&format!("/api/pots/{words}"))).await.is(404);
        Reply::of(self.app.get(&format!("/{words}?phone={}", minor.phone))).await.is(404);
        Reply::of(self.app.get(&format!("/g/{words}"))).await.is(404);
        let no_name = json!({ "name": self.words("a name that is none") + "\u{0}", "birth_date": "x", "phone": self.phone("nobody") });
        self.app.send("/api/users/auth/register", &no_name).await.is(422);
        let torn = format!("{{\"name\": \"{}\", ", self.name("whoever sends half a body"));
        let torn = self
            .app
            .post("/api/users/auth/register")
            .header(header::CONTENT_TYPE, "application/json")
            .body(torn);
        assert!(Reply::of(torn).await.status.is_client_error());
        let mark = self.mark();
        let wrong = self.plant(Kind::Password, "a wrong password", format!("sesame {mark}"));
        self.app
            .send("/api/users/auth/login", &json!({ "phone": minor.phone, "password": wrong }))
            .await
            .is(401);
        let nobody = self.phone("whoever has no account");
        self.app.send("/api/users/auth/login", &json!({ "phone": nobody, "password": wrong })).await.is(401);
        let no_picture = self.words("what is no picture");
        let path = format!("/api/identity/cases/{case}/documents?kind=identity_card");
        let request = self.app.post(&path).bearer_auth(&minor.token).header("idempotency-key", key());
        assert!(Reply::of(request.body(no_picture)).await.status.is_client_error());
        self.post(browser, "/documents", &[("name", "x")]).await;
        let export = Reply::of(self.app.get("/api/users/export").bearer_auth(&minor.token)).await;
        assert!(export.body.contains(&minor.phone), "the export has what is theirs");
        self.post(browser, "/withdraw", &[]).await.is(303);
    }

    async fn get(&self, browser: &Browser, step: &str) -> Reply {
        Reply::of(with(browser, self.app.get(&format!("{}{step}", browser.link)))).await
    }

    async fn post(&self, browser: &Browser, step: &str, fields: &[(&str, &str)]) -> Reply {
        Reply::of(with(browser, self.app.post(&format!("{}{step}", browser.link)).form(fields))).await
    }
}

/// A page of somebody else on this machine.
pub(crate) fn request_to(address: &str) -> RequestBuilder {
    reqwest::Client::builder().no_proxy().build().unwrap().get(address)
}

fn with(browser: &Browser, request: RequestBuilder) -> RequestBuilder {
    let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
    request.header(header::COOKIE, &browser.cookie)
}

/// What stands in a field of a page's form.
fn value_of(page: &str, name: &str) -> String {
    let field =
        page.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {page}"));
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
