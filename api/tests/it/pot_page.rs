//! The page of a pot: what it says of each state and under each setting, and to whom it says nothing.

use chrono::Utc;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::pots;
use wolo_domain::ids::PotId;
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};
use wolo_domain::seals::SealingKey;

use crate::app::{TestApp, key, settings};
use crate::reply::Reply;

/// What a page may weigh, with all that it loads, before it is made smaller on its way.
const HEAVIEST: usize = 50 * 1024;

impl TestApp {
    pub(crate) async fn page(&self, path: &str) -> Reply {
        Reply::of(self.get(path).header(ACCEPT, "text/html,*/*;q=0.8")).await
    }

    pub(crate) async fn page_in_english(&self, path: &str) -> Reply {
        Reply::of(self.get(path).header(ACCEPT, "text/html").header(ACCEPT_LANGUAGE, "en-GB")).await
    }

    /// A pot that takes gifts, by the last part of its link.
    pub(crate) async fn opened(&self, settings: PotSettings) -> (PotId, String) {
        let (pot, _) = self.pot(settings).await;
        pots::open(&self.pool, pot, Utc::now()).await.unwrap();
        (pot, self.slug(pot).await)
    }

    /// A gift that has arrived.
    pub(crate) async fn given(&self, pot: &str, more: Value) -> String {
        let mut gift = json!({ "pot": pot, "amount": 5000 });
        let Value::Object(more) = more else { panic!("a gift is an object") };
        gift.as_object_mut().unwrap().extend(more);
        let donation =
            self.give(None, &key(), &gift).await.expect(201)["donation"].as_str().unwrap().to_owned();
        self.wave().pay(&self.session(&donation), None).unwrap();
        self.until_stage(&donation, "confirmed").await;
        donation
    }

    /// Gifts with wishes that have arrived, without a franc of theirs in the books.
    pub(crate) async fn wished(&self, pot: PotId, count: u32) {
        let made: i64 = self
            .read(&format!(
                "with made as (
                     insert into money.donations (
                         donation_id, pot_id, amount, stage, message, anonymous, wave_transaction_id, paid_amount,
                         paid_currency, paid_at, requested_at, ended_at
                     )
                     select gen_random_uuid(), '{pot}', 500, 'confirmed', 'Voeu numero ' || n || '.', false,
                            gen_random_uuid(), 500, 'XOF', now(), now() + n * interval '1 second', now()
                     from generate_series(1, {count}) as n
                     returning 1
                 )
                 select count(*) from made",
                pot = pot.uuid()
            ))
            .await;
        assert_eq!(made, i64::from(count));
    }

    async fn force(&self, pot: PotId, change: &str) {
        let sql =
            format!("update pots.pots set {change} where pot_id = '{}' returning 1::bigint", pot.uuid());
        let _: i64 = self.read(&sql).await;
    }
}

pub(crate) fn named(visibility: Visibility) -> PotSettings {
    PotSettings { visibility, ..settings() }
}

#[tokio::test]
async fn a_page_shows_what_has_come_together_and_how_long_it_is_until_the_day() {
    let app = TestApp::start().await;
    let (_, slug) = app.opened(PotSettings { description: "Pour son vélo.".to_owned(), ..settings() }).await;
    app.given(&slug, json!({ "name": "Moussa Diop", "message": "Bravo, Awa !" })).await;
    app.given(&slug, json!({ "amount": 2500 })).await;
    let page = app.page(&format!("/p/{slug}")).await;
    page.is(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("content-language"), "fr");
    for words in [
        "<h1 id=\"title\">Les 30 ans d&#39;Awa</h1>",
        "L’anniversaire d’Awa",
        "Dans 10\u{a0}jours",
        "7\u{202f}500\u{a0}F\u{a0}CFA",
        "sur 25\u{202f}000\u{a0}F\u{a0}CFA",
        "role=\"progressbar\"",
        "aria-valuenow=\"30\"",
        "2\u{a0}cadeaux",
        "Pour son vélo.",
        "Bravo, Awa !",
        "Moussa Diop",
        "<form method=\"post\"",
        "<html lang=\"fr\">",
        "<main id=\"main\">",
        "class=\"skip\" href=\"#main\"",
    ] {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    let english = app.page_in_english(&format!("/p/{slug}")).await;
    for words in
        ["In 10\u{a0}days", "of 25\u{202f}000", "2\u{a0}gifts", "Go on to Wave", "<html lang=\"en\">"]
    {
        assert!(english.body.contains(words), "{words} is not in {}", english.body);
    }
    // Who follows the link to the other language gets it, whatever the browser says.
    let switched = Reply::of(app.get(&format!("/p/{slug}?lang=en")).header(ACCEPT_LANGUAGE, "fr")).await;
    assert_eq!(switched.header("content-language"), "en");
    assert!(switched.body.contains("href=\"?lang=fr\""));
}

#[tokio::test]
async fn a_page_is_light_and_runs_nothing_that_stands_in_it() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    app.wished(pot, 20).await;
    let page = app.page(&format!("/p/{slug}")).await;
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for rule in [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    let wave = app.settings.wave.url.origin().ascii_serialization();
    assert!(policy.ends_with(&format!("form-action 'self' {wave}")), "{policy}");
    assert!(
        !page.body.contains(" style=") && !page.body.contains("<style") && !page.body.contains(" onclick")
    );

    let loaded: Vec<&str> = page.body.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(loaded.len(), 2, "{loaded:?}");
    let mut weight = page.body.len();
    for file in loaded {
        let asset = Reply::of(app.get(file)).await;
        asset.is(200);
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
        let kind = if file.contains(".css") { "text/css" } else { "text/javascript" };
        assert!(asset.header("content-type").starts_with(kind));
        weight += asset.body.len();
    }
    assert!(weight <= HEAVIEST, "{weight} bytes");
    // A file that was changed has another name; the old one leads nowhere.
    Reply::of(app.get("/assets/wolo.000000000000.css")).await.problem(404, "route_unknown");
    Reply::of(app.get("/assets/wolo.css")).await.problem(404, "route_unknown");
    for (path, kind) in [("/favicon.ico", "image/svg+xml"), ("/robots.txt", "text/plain; charset=utf-8")] {
        let file = Reply::of(app.get(path)).await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, kind));
    }
}

#[tokio::test]
async fn every_stage_is_said_kindly_and_only_an_open_pot_asks_for_gifts() {
    let app = TestApp::start().await;
    let now = Utc::now();
    let form = "<form method=\"post\"";
    let says = async |pot: PotId, words: &str, asks: bool| {
        let page = app.page(&format!("/p/{}", app.slug(pot).await)).await;
        page.is(200);
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
        assert_eq!(page.body.contains(form), asks, "{words}");
    };
    let (scheduled, _) = app.pot(settings()).await;
    says(scheduled, "Cette cagnotte ouvre le", false).await;
    let (open, _) = app.opened(settings()).await;
    says(open, "Continuer vers Wave", true).await;
    let (closed, _) = app.opened(settings()).await;
    pots::close(&app.pool, closed, now).await.unwrap();
    says(closed, "elle ne reçoit plus de cadeaux", false).await;
    pots::hold(&app.pool, closed, HoldReason::Float, "the wallet is short", now).await.unwrap();
    says(closed, "Nous vérifions quelque chose", false).await;
    let (settled, _) = app.opened(settings()).await;
    pots::close(&app.pool, settled, now).await.unwrap();
    let sealing = app.settings.certificates.sealing.as_ref().unwrap();
    let seals = SealingKey::from_pkcs8(&sealing.key_id, sealing.key.expose_secret()).unwrap();
    pots::settle(&app.pool, settled, now, &seals).await.unwrap();
    says(settled, "Tout a été versé", false).await;
    let (cancelled, _) = app.opened(settings()).await;
    pots::cancel(&app.pool, cancelled, now).await.unwrap();
    says(cancelled, "a été annulée", false).await;
    let (paying, _) = app.opened(settings()).await;
    pots::close(&app.pool, paying, now).await.unwrap();
    app.force(paying, "stage = 'paying_out'").await;
    says(paying, "son versement est en cours", false).await;

    // To a form that was opened before the pot closed the pot says where it stands.
    let late =
        app.post(&format!("/p/{}", app.slug(closed).await)).form(&[("amount", "500"), ("key", &key())]);
    let refused = Reply::of(late.header(ACCEPT, "text/html")).await;
    refused.is(409);
    assert!(refused.body.contains("elle ne reçoit plus de cadeaux"), "{}", refused.body);
}

#[tokio::test]
async fn the_day_itself_and_the_days_around_it_have_words_of_their_own() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    for (birthday, words) in [
        ("current_date", "C’est aujourd’hui\u{202f}!"),
        ("current_date + 1", "C’est demain\u{202f}!"),
        ("current_date + 2", "Dans 2\u{a0}jours"),
        ("current_date - 1", "C’était il y a 1\u{a0}jour"),
    ] {
        app.force(pot, &format!("birthday = {birthday}")).await;
        let page = app.page(&format!("/p/{slug}")).await;
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
}

#[tokio::test]
async fn where_amounts_are_hidden_no_figure_of_them_is_anywhere() {
    let app = TestApp::start().await;
    let hidden = PotSettings { show_amounts: false, ..named(Visibility::Public) };
    let (pot, slug) = app.opened(hidden).await;
    app.given(&slug, json!({ "amount": 4321, "message": "Bravo" })).await;
    for path in [
        format!("/p/{slug}"),
        format!("/api/pots/{slug}/donations"),
        format!("/api/pots/{slug}/events"),
        format!("/api/pots/{slug}/share"),
        "/".to_owned(),
    ] {
        let told = app.page(&path).await;
        told.is(200);
        for figure in ["4321", "4\u{202f}321", "progressbar\" aria-label"] {
            assert!(
                path == "/" && figure.starts_with("progress") || !told.body.contains(figure),
                "{path}: {figure}"
            );
        }
    }
    let page = app.page(&format!("/p/{slug}")).await;
    assert!(page.body.contains("1\u{a0}cadeau</strong>") && page.body.contains("Bravo"), "{}", page.body);
    // Its owner is told by the API, and by that alone.
    let owner =
        app.look_at(&pot.to_string(), Some(pots::pot(&app.pool, pot).await.unwrap().unwrap().owner)).await;
    assert_eq!(owner.expect(200)["collected"], 4321);
}

#[tokio::test]
async fn names_are_shown_as_the_owner_and_the_giver_want() {
    let app = TestApp::start().await;
    let told = async |settings: PotSettings, gift: Value| {
        let (_, slug) = app.opened(settings).await;
        app.given(&slug, gift).await;
        let page = app.page(&format!("/p/{slug}")).await;
        page.is(200);
        let list = Reply::of(app.get(&format!("/api/pots/{slug}/donations"))).await.expect(200);
        (page.body, list["gifts"][0].clone())
    };
    let gift = json!({ "name": "Moussa", "message": "Bravo" });
    let hidden = json!({ "name": "Moussa", "message": "Bravo", "anonymous": true });
    let (page, listed) = told(settings(), gift.clone()).await;
    assert!(page.contains("Moussa") && listed["name"] == "Moussa", "{listed}");
    let (page, listed) = told(settings(), hidden).await;
    assert!(!page.contains("Moussa") && page.contains("Anonyme") && page.contains("Bravo"));
    assert!(listed.get("name").is_none() && listed["anonymous"] == true, "{listed}");
    let (page, listed) = told(PotSettings { show_donor_names: false, ..settings() }, gift.clone()).await;
    assert!(
        !page.contains("Moussa") && page.contains("Un proche") && listed.get("name").is_none(),
        "{listed}"
    );
    // What was written before the owner wanted no more messages is not shown any more.
    let (pot, slug) = app.opened(settings()).await;
    app.given(&slug, gift).await;
    app.force(pot, "allow_messages = false, allow_anonymous = false").await;
    let page = app.page(&format!("/p/{slug}")).await;
    assert!(!page.body.contains("Bravo") && !page.body.contains("name=\"message\""));
    assert!(!page.body.contains("name=\"anonymous\""));
    let list = Reply::of(app.get(&format!("/api/pots/{slug}/donations"))).await.expect(200);
    assert!(list["gifts"][0].get("message").is_none());
}

#[tokio::test]
async fn a_surprise_is_kept_until_the_day_from_everybody() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(PotSettings { surprise: true, ..settings() }).await;
    app.given(&slug, json!({ "name": "Moussa", "message": "Bravo" })).await;
    let page = app.page(&format!("/p/{slug}")).await;
    assert!(page.body.contains("c’est une surprise") && page.body.contains("5\u{202f}000\u{a0}F"));
    assert!(!page.body.contains("Moussa") && !page.body.contains("Bravo"));
    let older = app.page(&format!("/p/{slug}?before={}", Utc::now().timestamp_micros() + 60_000_000)).await;
    assert!(!older.body.contains("Moussa") && !older.body.contains("Bravo"));
    // Postgres knows no such year.
    app.page(&format!("/p/{slug}?before=-300000000000000000")).await.is(200);
    let owner = pots::pot(&app.pool, pot).await.unwrap().unwrap().owner;
    for user in [None, Some(owner)] {
        let mut request = app.get(&format!("/api/pots/{slug}/donations"));
        if let Some(user) = user {
            request = request.bearer_auth(app.token(user));
        }
        let list = Reply::of(request).await.expect(200);
        assert_eq!(list, json!({ "gifts": [], "surprise": true, "next": null }));
    }
    app.force(pot, "birthday = current_date").await;
    let page = app.page(&format!("/p/{slug}")).await;
    assert!(page.body.contains("Moussa") && page.body.contains("Bravo"));
}

#[tokio::test]
async fn a_pot_that_is_not_to_be_seen_is_a_friendly_page_that_says_no_more_than_one_that_is_not_there() {
    let app = TestApp::start().await;
    let (private, _) = app.opened(named(Visibility::Private)).await;
    let (linked, _) = app.opened(named(Visibility::Link)).await;
    let (held, held_slug) = app.opened(named(Visibility::Public)).await;
    pots::hold(&app.pool, held, HoldReason::Moderation, "looked at", Utc::now()).await.unwrap();
    let minor = app.person_born(crate::app::born(15, 10)).await;
    let minors =
        app.make_pot(minor, &key(), &json!({ "title": "x", "visibility": "public" })).await.expect(201);
    let nobodys = PotId::from_uuid(Uuid::now_v7()).to_string();
    let unknown = app.page(&format!("/p/{nobodys}")).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.contains("Cette cagnotte est introuvable") && unknown.body.contains("href=\"/\""));
    for hidden in [
        private.to_string(),
        app.slug(private).await,
        linked.to_string(),
        held.to_string(),
        held_slug,
        minors["id"].as_str().unwrap().to_owned(),
        minors["slug"].as_str().unwrap().to_owned(),
        "x".to_owned(),
    ] {
        let page = app.page(&format!("/p/{hidden}")).await;
        assert_eq!((page.status.as_u16(), &page.body), (404, &unknown.body), "{hidden}");
        let gift = app.post(&format!("/p/{hidden}")).form(&[("amount", "500"), ("key", &key())]);
        let refused = Reply::of(gift.header(ACCEPT, "text/html")).await;
        assert_eq!((refused.status.as_u16(), &refused.body), (404, &unknown.body), "{hidden}");
        assert_eq!(Reply::of(app.get(&format!("/p/{hidden}/picture.png"))).await.status, 404, "{hidden}");
    }
    // A public one is shown by its id too, and its link is not told to whoever comes by that.
    let (public, slug) = app.opened(named(Visibility::Public)).await;
    let page = app.page(&format!("/p/{public}")).await;
    page.is(200);
    assert!(!page.body.contains(&slug));
    assert!(page.body.contains(&format!("/p/{public}/picture.png")) && !page.body.contains("noindex"));
    assert!(app.page(&format!("/p/{}", app.slug(linked).await)).await.body.contains("noindex"));
}

#[tokio::test]
async fn whatever_people_have_written_is_text() {
    let app = TestApp::start().await;
    let hostile = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{ 7*7 }}";
    let hostile_settings = PotSettings {
        title: hostile.to_owned(),
        description: hostile.to_owned(),
        ..named(Visibility::Public)
    };
    let (pot, slug) = app.opened(hostile_settings).await;
    app.given(&slug, json!({ "name": hostile, "message": hostile })).await;
    let typed = app.post(&format!("/p/{slug}")).form(&[
        ("amount", hostile),
        ("name", hostile),
        ("phone", hostile),
        ("message", hostile),
        ("key", hostile),
    ]);
    let pages = [
        app.page(&format!("/p/{slug}")).await,
        app.page("/").await,
        Reply::of(typed.header(ACCEPT, "text/html")).await,
        app.page(&format!("/p/{pot}?before=\"><script>alert(1)</script>&lang=\"><script>")).await,
    ];
    for page in &pages {
        assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{}", page.body);
        assert!(!page.body.contains("49</"), "{}", page.body);
    }
    assert!(pages[0].body.matches("&lt;script&gt;alert(1)").count() >= 4, "{}", pages[0].body);
}
