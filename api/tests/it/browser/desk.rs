//! The admin pages in a real browser: one comes in with a second factor that is set up there, all pages are come to by the menu, none is
//! wider than a phone, and no finger leaves the keyboard.

use chrono::Utc;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use wolo_database::audit;
use wolo_database::notices::{self, End};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Action, Happening, Record};
use wolo_domain::notices::{Channel, Kind};
use wolo_domain::seals::SealingKey;

use super::PHONE;
use super::driver::{Browser, ENTER, TAB};
use crate::app::{TestApp, key};
use crate::cases::picture;
use crate::reply::Reply;
use crate::staff::{PASSWORD, hired, totp};

/// A desk.
const DESK: (u32, u32) = (1200, 900);

const FIRST: &str = "Aujourd’hui";

/// The pages of the menu, and what each says of what the test has put there.
const PAGES: [(&str, &str, &str); 7] = [
    ("today", "/admin", FIRST),
    ("stuck", "/admin/stuck", "wolo pots release"),
    ("cases", "/admin/cases", "wolo cases take"),
    ("discrepancies", "/admin/discrepancies", "wolo discrepancies show"),
    ("messages", "/admin/messages", "wolo notices show"),
    ("figures", "/admin/figures", "Cadeaux"),
    ("audit", "/admin/audit", "role_granted"),
];

impl TestApp {
    /// Something for each page to show.
    async fn a_busy_day(&self) {
        self.festive().await;
        self.a_case_waits().await;
        self.a_message_fails().await;
        self.something_is_found().await;
        // No worker carries on what is noted here, so the line is put there by hand.
        let record = Record {
            id: Uuid::now_v7(),
            at: Utc::now(),
            by: "operator:aminata@wolo".to_owned(),
            happening: Happening::new(Action::RoleGranted, self.person(100).await).with("role", "finance"),
            reason: "Elle rejoint l'équipe des finances à Dakar et garde les comptes de la semaine."
                .to_owned(),
        };
        let seal = SealingKey::from_seed("test", &[7; 32]).unwrap();
        audit::append(&self.pool, &record, &seal).await.unwrap();
        self.a_pot_is_held().await;
    }

    /// That Wave moved money of which we know nothing.
    async fn something_is_found(&self) {
        let found = format!(
            "insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts)
             values ('{}', 'unmatched', 'T_{}', current_date,
                     'Wave paid 2500 XOF of which no gift, payout or refund of ours knows anything', '{{}}')
             returning kind",
            Uuid::now_v7(),
            key(),
        );
        self.read::<String>(&found).await;
    }

    async fn a_case_waits(&self) {
        let person = self.person(100).await;
        let case = self.opened_case(person, None).await;
        self.send_document(person, case, &key(), picture(77)).await.expect(201);
        let submit = self.post(&format!("/api/identity/cases/{case}/submit"));
        Reply::of(submit.bearer_auth(self.token(person))).await.is(200);
    }

    async fn a_message_fails(&self) {
        let person = self.person(100).await;
        let lost = self.message(Some(person), Kind::GiftReceipt, None).await.id;
        self.handed_over(lost, Channel::Sms, "orange", &key()).await;
        notices::end(&self.pool, lost, End::GivenUp("SVC0004")).await.unwrap();
    }

    /// Until the page that names what does not go on names it.
    async fn a_pot_is_held(&self) {
        let owner = self.person(10).await;
        let made = self.make_pot(owner, &key(), &json!({ "title": "x" })).await.expect(201);
        let pot = made["id"].as_str().unwrap();
        let token = self.staff_token(self.person(100).await, Role::Superadmin);
        let asked = |method, path: &str| self.request(method, path).bearer_auth(&token);
        let hold = asked(Method::POST, &format!("/api/admin/pots/{pot}/hold"));
        Reply::of(hold.json(&json!({ "reason": "a look" }))).await.is(204);
        self.until(async || {
            let told = Reply::of(asked(Method::GET, "/api/admin/stuck")).await.expect(200);
            told["stuck"].to_string().contains(pot).then_some(())
        })
        .await;
    }
}

impl Browser {
    async fn says(&self, words: &str) {
        let there = format!("return String(document.body.textContent.includes({}))", json!(words));
        self.until(&there, "true", crate::app::SOON).await;
    }

    /// Looks at the page that is open at both widths.
    async fn seen(&self, name: &str) {
        for (width, height) in [DESK, PHONE] {
            self.resize(width, height).await;
            self.keep_whole(&format!("desk-{width}-{name}")).await;
            self.fits(&format!("{name}, {width} wide")).await;
        }
    }

    async fn focused(&self, id: &str) {
        self.until("return document.activeElement.id", id, crate::app::SOON).await;
    }
}

/// Signs in for the first time, and sets the second factor up: the address that its device has read.
async fn comes_in(app: &TestApp, browser: &Browser, phone: &str) -> String {
    browser.open(&format!("{}/admin", app.base)).await;
    browser.until_there("#password").await;
    browser.seen("login").await;
    browser.type_into("#contact", phone).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("button[value=password]").await;
    let set_up = "form[action$=\"/enrol\"] button";
    browser.until_there(set_up).await;
    browser.seen("second-factor-first").await;
    browser.click(set_up).await;
    browser.until_there(".secret svg").await;
    browser.seen("enrol").await;
    let secret = "return document.querySelector('a[href^=\"otpauth:\"]').getAttribute('href')";
    let uri = browser.ask(secret).await.as_str().unwrap().to_owned();
    browser.type_into("#code", &totp(&uri, 0)).await;
    browser.click("form button").await;
    browser.says(FIRST).await;
    uri
}

#[tokio::test]
async fn whoever_works_here_comes_in_with_a_device_and_goes_through_all_pages() {
    let app = TestApp::start().await;
    let Some(browser) = Browser::start(PHONE).await else { return };
    app.a_busy_day().await;
    let (_, phone) = hired(&app, Role::Superadmin).await;
    let uri = comes_in(&app, &browser, &phone).await;
    for (name, path, words) in PAGES {
        browser.click(&format!(".top nav a[href=\"{path}\"]")).await;
        browser.until_there(&format!("[aria-current=page][href=\"{path}\"]")).await;
        browser.says(words).await;
        browser.seen(name).await;
    }
    // What comes while the first page is looked at is shown without anybody's doing.
    browser.click(".top nav a[href=\"/admin\"]").await;
    browser.until_there("[aria-current=page][href=\"/admin\"]").await;
    browser.ask("window.opened = 'once'; document.activeElement.blur(); return ''").await;
    let found = "document.querySelector('.tile:has(a[href=\"/admin/discrepancies\"]) b').textContent";
    let before = browser.ask(&format!("return {found}")).await.as_str().unwrap().to_owned();
    app.something_is_found().await;
    let renewed = format!("return String({found} !== '{before}')");
    browser.until(&renewed, "true", crate::app::SOON).await;
    browser.until("return window.opened", "once", crate::app::SOON).await;
    // One chooses the period, and there is a chart of it.
    browser.click(".top nav a[href=\"/admin/figures\"]").await;
    let choose = "document.getElementById('by').value = 'week'; return ''";
    browser.until_there("#by").await;
    browser.ask(choose).await;
    browser.click(".filter button").await;
    browser.until("return new URL(location).searchParams.get('by') || ''", "week", crate::app::SOON).await;
    browser.until_there("#gifts .chart rect").await;
    browser.seen("figures-by-week").await;
    browser.open(&format!("{}/admin/figures?lang=en", app.base)).await;
    browser.says("Figures").await;
    browser.dark().await;
    browser.seen("figures-english-dark").await;
    browser.open(&format!("{}/admin", app.base)).await;
    browser.says(FIRST).await;
    browser.seen("today-dark").await;
    browser.light().await;
    browser.said_nothing_bad_of(&app.base).await;

    // Left, nothing is shown any more; and the next time no mouse is needed.
    browser.click("form[action=\"/admin/logout\"] button").await;
    browser.focused("contact").await;
    browser.open(&format!("{}/admin/audit", app.base)).await;
    browser.focused("contact").await;
    browser.press(&format!("{phone}{TAB}")).await;
    browser.focused("password").await;
    browser.press(&format!("{PASSWORD}{ENTER}")).await;
    browser.focused("code").await;
    browser.seen("second-factor").await;
    browser.said_nothing_bad_of(&app.base).await;
    browser.press(&format!("000000{ENTER}")).await;
    browser.until_there("[role=alert]").await;
    browser.seen("second-factor-wrong").await;
    browser.focused("code").await;
    browser.press(&format!("{}{ENTER}", totp(&uri, 1))).await;
    browser.says(FIRST).await;
}
