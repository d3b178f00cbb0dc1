//! Giving with the form of a pot's page.

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use wolo_domain::ids::PotId;
use wolo_domain::pots::{PotSettings, Visibility};

use crate::app::{TestApp, key, settings};
use crate::reply::Reply;

impl TestApp {
    fn form(&self, pot: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        self.post(&format!("/p/{pot}")).header(ACCEPT, "text/html").form(fields)
    }

    async fn gifts_of(&self, pot: PotId) -> i64 {
        self.read(&format!("select count(*) from money.donations where pot_id = '{}'", pot.uuid())).await
    }
}

fn value<'a>(page: &'a Reply, name: &str) -> &'a str {
    let field = page.body.split(&format!("name=\"{name}\"")).nth(1).unwrap();
    field.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn a_gift_is_begun_on_the_page_paid_at_wave_and_leads_back_to_the_page() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(PotSettings { visibility: Visibility::Link, ..settings() }).await;
    let page = app.page(&format!("/p/{slug}")).await;
    let fields = [
        ("key", value(&page, "key")),
        ("amount", "5 000 F"),
        ("name", "Moussa"),
        ("phone", "77 123 45 67"),
        ("message", "Bravo !\r\nTa cousine"),
        ("utf8", "✓"),
    ];
    let sent = Reply::of(app.form(&slug, &fields)).await;
    sent.is(303);
    let wave = sent.header(LOCATION.as_str()).to_owned();
    assert!(wave.starts_with(&app.settings.wave.url.origin().ascii_serialization()), "{wave}");
    let (donation, gift): (String, String) = {
        let id: uuid::Uuid = app
            .read(&format!("select donation_id from money.donations where pot_id = '{}'", pot.uuid()))
            .await;
        let kept = format!(
            "select message || '|' || donor_name || '|' || amount from money.donations where donation_id = '{id}'"
        );
        (format!("don_{}", id.simple()), app.read(&kept).await)
    };
    assert_eq!(gift, "Bravo !\nTa cousine|Moussa|5000");
    app.wave().pay(&app.session(&donation), None).unwrap();
    app.until_stage(&donation, "confirmed").await;

    // The gift's page leads back to the pot by the link that this browser came by, and no other browser by any.
    let cookie = sent.header(SET_COOKIE.as_str()).to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(cookie.contains(&format!("Path=/api/payments/status/{donation};")), "{cookie}");
    let status = || app.get(&format!("/api/payments/status/{donation}")).header(ACCEPT, "text/html");
    let back = Reply::of(status().header(COOKIE, cookie.split(';').next().unwrap())).await;
    assert!(
        back.body.contains("Merci !") && back.body.contains(&format!("href=\"/p/{slug}\"")),
        "{}",
        back.body
    );
    let other = Reply::of(status()).await;
    assert!(!other.body.contains("/p/") && !other.body.contains(&slug), "{}", other.body);
    let forged = Reply::of(status().header(COOKIE, "pot=\"><script>")).await;
    assert!(!forged.body.contains("/p/") && !forged.body.contains("<script>"));
    let page = app.page(&format!("/p/{slug}")).await;
    assert!(page.body.contains("Bravo !\nTa cousine") && page.body.contains("1\u{a0}cadeau</strong>"));
}

#[tokio::test]
async fn a_public_pot_is_led_back_to_by_its_id() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let donation = app.given(&pot.to_string(), serde_json::json!({})).await;
    let status = app.page(&format!("/api/payments/status/{donation}")).await;
    assert!(status.body.contains(&format!("href=\"/p/{pot}\"")), "{}", status.body);
}

#[tokio::test]
async fn pressing_twice_at_once_or_later_gives_once() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    let key = key();
    let fields = [("key", &*key), ("amount", "700"), ("name", ""), ("message", "")];
    let (one, other) = tokio::join!(Reply::of(app.form(&slug, &fields)), Reply::of(app.form(&slug, &fields)));
    let again = Reply::of(app.form(&slug, &fields)).await;
    for sent in [&one, &other, &again] {
        sent.is(303);
        assert_eq!(sent.header("location"), one.header("location"));
    }
    assert_eq!(app.gifts_of(pot).await, 1);
    // Going back and writing another amount is another gift, which is asked about once more.
    let changed = Reply::of(app.form(&slug, &[("key", &*key), ("amount", "900")])).await;
    changed.is(422);
    assert!(changed.body.contains("Ce formulaire a déjà servi") && changed.body.contains("value=\"900\""));
    assert_ne!(value(&changed, "key"), key);
    assert_eq!(app.gifts_of(pot).await, 1);
    Reply::of(app.form(&slug, &[("key", value(&changed, "key")), ("amount", "900")])).await.is(303);
    assert_eq!(app.gifts_of(pot).await, 2);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    let long = "x".repeat(501);
    for (field, typed, words) in [
        ("amount", "", "Écrivez un montant en francs, comme 5 000."),
        ("amount", "beaucoup", "Écrivez un montant en francs, comme 5 000."),
        ("amount", "99", "Un cadeau est d&#39;au moins 100"),
        ("amount", "1000001", "Un cadeau est d&#39;au plus 1 000 000"),
        ("phone", "77", "Ce n&#39;est pas un numéro de téléphone"),
        ("name", "a\u{0}", "Ce texte a des caractères de contrôle."),
        ("message", &long, "Ce texte a plus de 500 caractères."),
    ] {
        let key = key();
        let mut fields = vec![
            ("key", &*key),
            ("amount", "500"),
            ("name", "Moussa"),
            ("message", "Bravo"),
            ("anonymous", "yes"),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, typed));
        let page = Reply::of(app.form(&slug, &fields)).await;
        page.is(422);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let fault = format!("id=\"{field}-fault\">{words}");
        assert!(page.body.contains(&fault), "{field} {typed}: {}", page.body);
        let place = page.body.split(&format!("id=\"{field}\"")).nth(1).unwrap();
        let place = &place[..place.find('>').unwrap()];
        assert!(
            place.contains("aria-invalid=\"true\"") && place.contains(&format!("{field}-fault")),
            "{place}"
        );
        let kept =
            if field == "name" { "name=\"anonymous\" value=\"yes\" checked" } else { "value=\"Moussa\"" };
        assert!(page.body.contains(kept), "{field}: {}", page.body);
        assert_ne!(value(&page, "key"), key);
    }
    assert_eq!(app.gifts_of(pot).await, 0);
    // In the language of whoever reads it.
    let english = app.form(&slug, &[("amount", "99")]).header("accept-language", "en");
    assert!(Reply::of(english).await.body.contains("A gift is at least 100"));
}

#[tokio::test]
async fn what_belongs_to_no_field_stands_above_the_form() {
    let app = TestApp::start().await;
    let (_, slug) =
        app.opened(PotSettings { allow_anonymous: false, allow_messages: false, ..settings() }).await;
    for (field, words) in [("anonymous", "anonym"), ("message", "message")] {
        let page = Reply::of(app.form(&slug, &[("amount", "500"), ("key", &key()), (field, "oui")])).await;
        page.is(422);
        let above = page.body.split("role=\"alert\">").nth(1).unwrap().split("</p>").next().unwrap();
        assert!(above.to_lowercase().contains(words), "{above}");
    }
}

#[tokio::test]
async fn a_form_that_another_sites_page_has_sent_is_refused() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    let (once, again) = (key(), key());
    let sent = |header: &'static str, value: &'static str, key: &str| {
        Reply::of(app.form(&slug, &[("key", key), ("amount", "500")]).header(header, value))
    };
    for (header, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
        let refused = sent(header, value, &once).await;
        refused.is(403);
        assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
    }
    assert_eq!(app.gifts_of(pot).await, 0);
    sent("sec-fetch-site", "same-origin", &again).await.is(303);
    assert_eq!(app.gifts_of(pot).await, 1);
}
