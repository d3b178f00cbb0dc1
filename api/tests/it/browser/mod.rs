//! Our pages in a real browser. A pot's page, on a phone: it looks right, it changes by itself, and one can give with it. The admin
//! pages: [`desk`].
//!
//! Pictures of what was seen are kept under `target/screenshots`. Where there is no chromedriver the tests say so and pass, unless
//! `WOLO_BROWSER=required`.

mod desk;
mod driver;

use std::time::Duration;

use serde_json::json;
use wolo_domain::pots::{PotSettings, Visibility};

use crate::app::{TestApp, key, settings};
use driver::Browser;

/// A phone that many have.
const PHONE: (u32, u32) = (360, 740);

impl TestApp {
    /// A pot that somebody would have.
    async fn festive(&self) -> (String, String) {
        let settings = PotSettings {
            description: "Awa a trente ans cette année ! Elle rêve d'un vélo pour aller au travail le long de la corniche. \
                          Chaque franc compte, et chaque mot aussi."
                .to_owned(),
            visibility: Visibility::Public,
            ..settings()
        };
        let (_, slug) = self.opened(settings).await;
        for gift in [
            json!({ "amount": 10_000, "name": "Moussa Diop", "message": "Joyeux anniversaire ma sœur ! Que Dieu te garde." }),
            json!({ "amount": 2_000, "message": "Bonne fête, à samedi !", "anonymous": true }),
            json!({ "amount": 500, "name": "Tata Khady", "message": "Que des belles choses pour toi, inch'Allah.\nOn t'embrasse fort depuis Thiès." }),
        ] {
            self.given(&slug, gift).await;
        }
        (format!("{}/p/{slug}", self.base), slug)
    }
}

#[tokio::test]
async fn a_gift_appears_on_a_phone_by_itself_and_another_is_given_with_it() {
    let app = TestApp::start().await;
    let Some(browser) = Browser::start(PHONE).await else { return };
    let (address, slug) = app.festive().await;
    browser.open(&address).await;
    browser.keep("pot-360").await;
    browser.fits("a phone").await;

    // Nobody has touched anything: with the page itself that makes three requests. From the first sign of somebody it is kept up to date.
    assert_eq!(browser.ask("return String(performance.getEntriesByType('resource').length)").await, "2");
    browser.ask("scrollBy(0, 40); return ''").await;

    // Somebody else gives.
    let sum = "return document.querySelector('[data-live=collected]').textContent";
    assert_eq!(browser.ask(sum).await, "12\u{202f}500\u{a0}F\u{a0}CFA");
    let gift = json!({ "pot": slug, "amount": 5000, "name": "Ibou", "message": "De la part de Ibou" });
    let given = app.give(None, &key(), &gift).await.expect(201);
    let donation = given["donation"].as_str().unwrap().to_owned();
    app.wave().pay(&app.session(&donation), None).unwrap();
    app.until_stage(&donation, "confirmed").await;
    browser.until(sum, "17\u{202f}500\u{a0}F\u{a0}CFA", Duration::from_secs(3)).await;
    assert_eq!(
        browser
            .ask("return document.querySelector('[role=progressbar]').getAttribute('aria-valuenow')")
            .await,
        "70"
    );
    let wishes =
        "return String(document.getElementById('wishes').textContent.includes('De la part de Ibou'))";
    browser.until(wishes, "true", Duration::from_secs(5)).await;

    // And the one who looks gives too.
    browser.click("[data-amount=\"2000\"]").await;
    assert_eq!(browser.ask("return document.getElementById('amount').value").await, "2000");
    browser.type_into("#name", "Fatou").await;
    browser.type_into("#message", "Bonne route sur ton vélo !").await;
    browser.keep("pot-360-form").await;
    browser.click("#form button:not([type=button])").await;
    let pay = "form[action$=\"/pay\"] button";
    browser.until_there(pay).await;
    browser.keep("wave-360").await;
    browser.click(pay).await;
    browser.until_there("a[href^=\"/p/\"]").await;
    browser
        .until("return String(document.body.textContent.includes('Merci'))", "true", Duration::from_secs(20))
        .await;
    browser.keep("gift-360").await;
    browser.click("a[href^=\"/p/\"]").await;
    browser.until(sum, "19\u{202f}500\u{a0}F\u{a0}CFA", Duration::from_secs(5)).await;
    browser
        .until(
            "return document.getElementById('wishes').querySelector('.words').textContent",
            "Bonne route sur ton vélo !",
            Duration::from_secs(5),
        )
        .await;
    browser.said_nothing_bad_of(&app.base).await;
}

#[tokio::test]
async fn the_pages_fit_small_phones_and_look_right_by_night_and_without_their_script() {
    let app = TestApp::start().await;
    let Some(browser) = Browser::start(PHONE).await else { return };
    let (address, slug) = app.festive().await;
    browser.resize(320, 640).await;
    browser.open(&address).await;
    browser.fits("a small phone").await;
    browser.keep("pot-320").await;
    browser.keep_whole("pot-320-whole").await;
    browser.resize(PHONE.0, PHONE.1).await;
    browser.dark().await;
    browser.open(&address).await;
    browser.keep_whole("pot-360-dark-whole").await;
    browser.open(&app.base).await;
    browser.keep_whole("home-360-dark-whole").await;
    browser.light().await;
    browser.keep_whole("home-360-whole").await;
    browser.fits("the first page").await;
    browser.open(&address).await;
    browser.keep_whole("pot-360-whole").await;
    browser.open(&format!("{}/p/nothing-that-is-there-0", app.base)).await;
    browser.keep("lost-360").await;
    browser.open(&format!("{}/p/{slug}/picture.png", app.base)).await;
    browser.resize(1200, 630).await;
    browser.keep("picture").await;
    browser.open(&address).await;
    browser.keep_whole("pot-1200-whole").await;
    browser.open(&app.base).await;
    browser.keep_whole("home-1200-whole").await;
    browser.said_nothing_bad_of(&app.base).await;

    // Without its script all of it is there, and the form is a form.
    browser.resize(PHONE.0, PHONE.1).await;
    browser.without_scripts().await;
    browser.open(&address).await;
    browser.type_into("#amount", "12").await;
    browser.click("#form button:not([type=button])").await;
    browser.until_there("#amount-fault").await;
    browser.keep_whole("pot-360-wrong-whole").await;
}

/// What pages have told of a pot, in the order of the words.
async fn told(app: &TestApp, slug: &str) -> String {
    let sql = format!(
        "select coalesce(string_agg(kind || coalesce(' ' || way, ''), ', ' order by kind), '') from analytics.events
         join pots.pots using (pot_id) where slug = '{slug}' and kind in ('page_viewed', 'give_pressed', 'shared')"
    );
    app.read(&sql).await
}

#[tokio::test]
async fn what_a_visitor_does_is_told_when_they_leave_and_nothing_of_whoever_wants_none_of_it() {
    let app = TestApp::start().await;
    let Some(browser) = Browser::start(PHONE).await else { return };
    let (pot, slug) = app.opened(settings()).await;
    let address = format!("{}/p/{slug}", app.base);
    // WhatsApp is elsewhere.
    let stay =
        "document.querySelector('.whatsapp').addEventListener('click', (event) => event.preventDefault())";
    let visit = async || {
        browser.open(&address).await;
        browser.ask(stay).await;
        browser.click(".hero .button").await;
        browser.click(".whatsapp").await;
        browser.click(".whatsapp").await;
        let heard = format!("select count(*) from analytics.events where pot_id = '{}'", pot.uuid());
        let before = app.read::<i64>(&heard).await;
        browser.open(&app.base).await;
        before
    };
    assert_eq!(visit().await, 0, "nothing is told before they leave");
    let all = "give_pressed, page_viewed, shared whatsapp";
    app.until(async || (told(&app, &slug).await == all).then_some(())).await;
    browser.said_nothing_bad_of(&app.base).await;

    browser.wants_no_tracking().await;
    visit().await;
    browser.open(&address).await;
    let heeded = "return String(navigator.globalPrivacyControl)";
    assert_eq!(browser.ask(heeded).await, "true");
    assert_eq!(told(&app, &slug).await, all, "and nothing more");
}
