//! Guardians on their pages: a link that brings nothing by itself, a code, and what can be said with it.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header;
use secrecy::ExposeSecret as _;
use serde_json::json;
use uuid::Uuid;
use wolo_domain::consents::{ConsentText, Purpose, Shown};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, NoticeId, UserId};
use wolo_sandbox::phones;

use crate::app::{TestApp, born, key};
use crate::guardian::{Browser, agreement, as_fields, mother, other, value_of};
use crate::health::port_of;
use crate::reply::Reply;
use crate::sabotage::Wire;

#[tokio::test]
async fn a_minor_names_a_guardian_and_sees_what_came_of_it() {
    let app = TestApp::start().await;
    let (minor, phone, key) = (app.minor().await, phones::unused(), key());
    let asked = app.name_guardian(minor, &key, &mother(&phone)).await.expect(201);
    assert_eq!(
        (&asked["stage"], &asked["process"]),
        (&json!("requested"), &json!(format!("consent/{minor}")))
    );
    assert!(asked["answer_by"].is_string() && !asked.to_string().contains(&phone), "{asked}");
    assert_eq!(app.name_guardian(minor, &key, &mother(&phone)).await.expect(201), asked, "once");

    let mine = app.mine(minor, "/api/identity/consents").await;
    assert_eq!(mine["consents"].as_array().unwrap().len(), 1);
    let one = &mine["consents"][0];
    assert_eq!((&one["id"], &one["relationship"]), (&asked["id"], &json!("mother")));
    assert_eq!((&one["phone"], &one["history"][0]["stage"]), (&asked["to"], &json!("requested")));
    assert!(!mine.to_string().contains(&phone), "{mine}");
    let others = app.mine(app.minor().await, "/api/identity/consents").await;
    assert_eq!(others["consents"], json!([]));

    // The link in the message follows from the request and our secret, and opens the guardian's page.
    let id: ConsentId = asked["id"].as_str().unwrap().parse().unwrap();
    let token = link_of(&app, id);
    let browser = Browser { app: &app, link: format!("/g/{token}"), cookie: None };
    assert!(browser.page().await.contains("Votre accord pour Awa"));

    // Another name makes the first link good for nothing, and after three nobody is asked for a while.
    app.name_guardian(minor, &crate::app::key(), &mother(&phones::unused())).await.is(201);
    let over = browser.page().await;
    assert!(over.contains("quelqu&#39;un d&#39;autre") || over.contains("quelqu'un d'autre"), "{over}");
    assert!(!over.contains("<form"), "{over}");
    browser.post("/code", &[]).await.is(409);
    app.name_guardian(minor, &crate::app::key(), &mother(&phones::unused())).await.is(201);
    let fourth = app.name_guardian(minor, &crate::app::key(), &mother(&phones::unused())).await;
    assert!(fourth.headers.contains_key(header::RETRY_AFTER));
    fourth.problem(429, "too_many_guardians");
}

/// Whoever sends a guardian the link again, the API to the next case's process and the commands, asks for it here.
#[tokio::test]
async fn a_link_that_is_made_again_is_the_one_that_was_sent_or_none() {
    let app = TestApp::start().await;
    let minor = app.minor().await;
    let mut asked = Vec::new();
    for _ in 0..2 {
        let one = app.name_guardian(minor, &key(), &mother(&phones::unused())).await.expect(201);
        asked.push(one["id"].as_str().unwrap().parse::<ConsentId>().unwrap());
    }
    let made = async |settings: &wolo_bootstrap::Settings, consent| {
        wolo_api::guardian_link(&app.pool, settings, consent).await.unwrap()
    };
    for consent in &asked {
        let sent = format!("{}/g/{}", app.base, link_of(&app, *consent));
        assert_eq!(made(&app.settings, *consent).await, Some(sent));
    }
    let mut rotated = app.settings.clone();
    rotated.accounts.pepper = "another secret of at least thirty-two characters".into();
    assert_eq!(made(&rotated, asked[0]).await, None, "a dead one");
    assert_eq!(made(&app.settings, ConsentId::from_uuid(Uuid::now_v7())).await, None);
}

/// As the API makes it.
fn link_of(app: &TestApp, consent: ConsentId) -> String {
    let pepper = hmac::Key::new(HMAC_SHA256, app.settings.accounts.pepper.expose_secret().as_bytes());
    let mut made = hmac::Context::with_key(&pepper);
    for part in [&b"guardian link"[..], consent.uuid().as_bytes()] {
        made.update(&(part.len() as u64).to_be_bytes());
        made.update(part);
    }
    URL_SAFE_NO_PAD.encode(&made.sign().as_ref()[..16])
}

#[tokio::test]
async fn nobody_names_themselves_another_minor_or_anybody_for_an_adult() {
    let app = TestApp::start().await;
    let minor = app.minor().await;
    let has = |user: UserId, phone: &str| {
        format!("update people.users set phone = '{phone}' where user_id = '{}' returning phone", user.uuid())
    };
    let (own, friends) = (phones::unused(), phones::unused());
    app.read::<String>(&has(minor, &own)).await;
    app.read::<String>(&has(app.minor().await, &friends)).await;
    let refused = app.name_guardian(minor, &key(), &mother(&own)).await.problem(422, "own_guardian");
    assert_eq!(refused["errors"][0]["field"], "guardian.phone");
    app.name_guardian(minor, &key(), &mother(&friends)).await.problem(403, "guardian_is_minor");
    let adult = app.person(10).await;
    app.name_guardian(adult, &key(), &mother(&phones::unused())).await.problem(409, "consent_not_needed");
    let ghost = UserId::from_uuid(Uuid::now_v7());
    app.name_guardian(ghost, &key(), &mother(&phones::unused())).await.problem(403, "account_unknown");
    let nobody = json!({ "guardian": { "name": " ", "phone": "77" }, "relationship": "mother" });
    let wrong = app.name_guardian(minor, &key(), &nobody).await;
    wrong.wrong_field(422, "guardian.name");
    wrong.wrong_field(422, "guardian.phone");
    assert_eq!(app.mine(minor, "/api/identity/consents").await["consents"], json!([]));
}

#[tokio::test]
async fn a_link_that_was_passed_on_brings_nothing() {
    let app = TestApp::start().await;
    let requested = app.requested(app.minor().await).await;
    let browser = app.browser(&requested);
    let page = browser.page().await;
    for part in ["Votre accord pour Awa", "Qui nous sommes", "Recevoir mon code", "lang=en"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    for secret in [&*requested.phone, "Planted", "/give", "/withdraw", "/refuse"] {
        assert!(!page.contains(secret), "{secret} is in {page}");
    }
    for (step, fields) in [("/give", agreement("1985-02-03")), ("/refuse", vec![]), ("/withdraw", vec![])] {
        browser.post(step, &as_fields(&fields)).await.is(403);
        let request = app.post(&format!("{}{step}", browser.link)).form(&as_fields(&fields));
        Reply::of(request).await.problem(403, "guardian_unproved");
    }
    browser.get("/withdraw").await.is(403);
    assert_eq!(app.stage_of(requested.id).await, "requested");
    let english = browser.get("?lang=en").await;
    assert!(english.body.contains("Your consent for Awa") && english.body.contains("/code?lang=en"));
    for wrong in ["nothing", "%00", "a%20b"] {
        Reply::of(app.get(&format!("/g/{wrong}"))).await.problem(404, "consent_unknown");
    }
}

#[tokio::test]
async fn a_code_goes_to_the_phone_that_was_named_and_is_for_one_consent_alone() {
    let app = TestApp::start().await;
    let (mine, theirs) = (app.requested(app.minor().await).await, app.requested(app.minor().await).await);
    let mut browser = app.browser(&mine);
    let code_id = browser.code().await;
    let code = app.code(&mine.phone).await;
    let wrong = browser.shows(&code_id, &other(&code)).await;
    assert!(wrong.status == 401 && value_of(&wrong.body, "code_id") == code_id, "{}", wrong.body);
    browser.shows("nothing", &code).await.is(401);
    // Given back on the page of another consent it is nothing, and stays good on its own.
    let mut elsewhere = app.browser(&theirs);
    elsewhere.shows(&code_id, &code).await.is(401);
    assert_eq!(elsewhere.cookie, None);
    let otp = json!({ "code_id": code_id, "code": code });
    app.send("/api/users/auth/otp/verify", &otp).await.problem(401, "code_wrong");
    browser.shows(&code_id, &code).await.is(303);
    browser.shows(&code_id, &code).await.is(401);
    // A session is for one consent: carried elsewhere it is none.
    elsewhere.cookie.clone_from(&browser.cookie);
    elsewhere.gives().await.is(403);
    assert_eq!(app.stage_of(theirs.id).await, "requested");
    // Whoever guesses has a few tries, and whoever asks a few codes.
    let (code_id, fresh) = (elsewhere.code().await, app.code(&theirs.phone).await);
    for _ in 0..app.settings.accounts.code_tries {
        elsewhere.shows(&code_id, &other(&fresh)).await.is(401);
    }
    elsewhere.shows(&code_id, &fresh).await.is(401);
    for _ in 0..2 {
        elsewhere.code().await;
    }
    let told = elsewhere.post("/code", &[]).await;
    told.is(429);
    assert!(told.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_session_ends_and_another_sites_page_has_no_word() {
    let app = TestApp::start().await;
    let requested = app.requested(app.minor().await).await;
    let browser = app.guardian(&requested).await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
        for step in ["/code", "/session", "/give", "/refuse", "/withdraw"] {
            let request = app.post(&format!("{}{step}", browser.link)).header(name, value);
            let request = request.header(header::COOKIE, browser.cookie.as_ref().unwrap());
            Reply::of(request.form(&as_fields(&agreement("1985-02-03"))))
                .await
                .problem(403, "from_elsewhere");
        }
    }
    let over = format!(
        "update minors.guardian_sessions set expires_at = now() where consent_id = '{}' returning proof",
        requested.id.uuid()
    );
    app.read::<String>(&over).await;
    browser.gives().await.is(403);
    assert!(browser.page().await.contains("Recevoir mon code"));
    assert_eq!(app.stage_of(requested.id).await, "requested");
}

#[tokio::test]
async fn while_the_database_or_the_engine_is_away_a_browser_reads_so_and_how_to_try_again() {
    let app = TestApp::start().await;
    let engine = Wire::to(port_of(&app.world().temporal.address())).await;
    let database = Wire::to(app.world().postgres.port()).await;
    let cut = app
        .with(|layers| {
            layers
                .set("temporal.address", format!("http://{}", engine.address))
                .set("database.url", format!("postgres://wolo_api@{}/wolo?sslmode=disable", database.address))
        })
        .await;
    let requested = app.requested(app.minor().await).await;
    let known = app.guardian(&requested).await.cookie;
    let browser = Browser { app: &cut, link: format!("/g/{}", requested.token), cookie: known };
    browser.page().await;
    engine.cut();
    let refused = browser.post("/refuse", &[]).await;
    assert!(refused.status == 503 && refused.body.contains(&format!("href=\"{}\">Réessayer", browser.link)));
    assert!(refused.body.contains("revenez à la page") && refused.headers.contains_key("retry-after"));
    database.cut();
    for path in [browser.link.clone(), format!("/i/{}", requested.token)] {
        let page = Reply::of(browser.with_cookie(cut.get(&path))).await;
        assert!(page.status == 503 && page.header("content-type").starts_with("text/html"), "{}", page.body);
        assert!(page.body.contains(&format!("href=\"{path}\">Réessayer</a>")), "{}", page.body);
        Reply::of(cut.get(&path)).await.problem(503, "store_unavailable");
    }
}

#[tokio::test]
async fn a_guardian_agrees_to_every_point_once_and_sees_to_what() {
    let app = TestApp::start().await;
    let minor = app.minor().await;
    let requested = app.requested(minor).await;
    let browser = app.guardian(&requested).await;
    let form = browser.page().await;
    for part in ["name=\"purpose\" value=\"payout\" required", "Je suis le parent", "Refuser"] {
        assert!(form.contains(part), "{part} is not in {form}");
    }
    let all = agreement("1985-02-03");
    for left_out in ["purpose", "guardian", "birth_date"] {
        let fields: Vec<_> = as_fields(&all).into_iter().filter(|(name, _)| *name != left_out).collect();
        let reply = browser.post("/give", &fields).await;
        assert!(reply.status == 422 && reply.body.contains("role=\"alert\""), "{left_out}: {}", reply.body);
    }
    let some: Vec<_> =
        as_fields(&all).into_iter().filter(|(_, value)| *value != Purpose::Payout.as_str()).collect();
    browser.post("/give", &some).await.is(422);
    let foreign: Vec<_> =
        all.iter().map(|(name, value)| (*name, if *name == "hash" { "00" } else { value })).collect();
    browser.post("/give", &foreign).await.is(409);
    let born = born(17, 10).day().to_string();
    browser.post("/give", &as_fields(&agreement(&born))).await.is(403);
    assert_eq!(app.stage_of(requested.id).await, "requested");

    // Twice at once, and once more.
    let (one, two) = tokio::join!(browser.gives(), browser.gives());
    one.is(303);
    two.is(303);
    assert_eq!(browser.gives().await.header("location"), browser.link);
    let page = browser.page().await;
    let hash = Shown::of(&ConsentText::current(Language::French)).hash;
    for part in ["Ce que vous avez accepté", &hash, "consent-1", "par SMS", "/withdraw", "Qui nous sommes"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("/give") && !page.contains("/refuse"), "{page}");
    browser.post("/refuse", &[]).await.is(409);
    let one = app.mine(minor, "/api/identity/consents").await["consents"][0].clone();
    assert_eq!(one["stage"], "given");
    let history = one["history"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    let agreed = &history[1]["agreed"];
    assert_eq!((&agreed["hash"], &agreed["proof"]), (&json!(hash), &json!("code_by_sms")));
    assert_eq!(agreed["purposes"].as_array().unwrap().len(), 4);
    // Without a session the same link shows that it is given, and nothing to press but for a code.
    let stranger = app.browser(&requested).page().await;
    assert!(!stranger.contains(&hash) && !stranger.contains("/withdraw"), "{stranger}");
    app.name_guardian(minor, &key(), &mother(&phones::unused())).await.problem(409, "consent_there");
}

#[tokio::test]
async fn a_guardian_who_refuses_is_asked_no_more() {
    let app = TestApp::start().await;
    let requested = app.requested(app.minor().await).await;
    let browser = app.guardian(&requested).await;
    browser.get("/withdraw").await.is(409);
    for _ in 0..2 {
        browser.post("/refuse", &[]).await.is(303);
    }
    assert_eq!(app.stage_of(requested.id).await, "refused");
    let page = browser.page().await;
    assert!(page.contains("refusé") && !page.contains("<form"), "{page}");
    browser.gives().await.is(409);
    browser.post("/withdraw", &[]).await.is(409);
    // Of one that nobody has answered in time the page says so, before its process does.
    let late = app.requested(app.minor().await).await;
    let lapsed = format!(
        "update minors.consents set answer_by = now() where consent_id = '{}' returning stage",
        late.id.uuid()
    );
    app.read::<String>(&lapsed).await;
    let browser = app.browser(&late);
    let page = browser.page().await;
    assert!(page.contains("à temps") && !page.contains("<form"), "{page}");
    browser.post("/code", &[]).await.is(409);
}

#[tokio::test]
async fn when_a_withdrawal_is_answered_no_gift_begins_any_more() {
    let app = TestApp::start().await;
    let minor = app.minor().await;
    let requested = app.requested(minor).await;
    let browser = app.guardian(&requested).await;
    browser.gives().await.is(303);
    let wanted = json!({ "title": "x", "visibility": "public" });
    let pot = app.make_pot(minor, &key(), &wanted).await.expect(201)["id"].as_str().unwrap().to_owned();
    let id: wolo_domain::ids::PotId = pot.parse().unwrap();
    // As if the identities were approved and the pot open.
    let released = format!(
        "update pots.holds set released_at = greatest(now(), since) where pot_id = '{}' and released_at is null returning reason",
        id.uuid()
    );
    app.read::<String>(&released).await;
    let opened = format!(
        "update pots.pots set stage = 'open', opened_at = now() where pot_id = '{}' returning stage",
        id.uuid()
    );
    app.read::<String>(&opened).await;
    let gift = json!({ "pot": pot, "amount": 500 });
    app.give(None, &key(), &gift).await.is(201);

    let question = browser.get("/withdraw").await;
    assert!(question.status == 200 && question.body.contains("14 jours"), "{}", question.body);
    for _ in 0..2 {
        browser.post("/withdraw", &[]).await.is(303);
    }
    assert_eq!(app.stage_of(requested.id).await, "withdrawn");
    let refused = app.give(None, &key(), &gift).await;
    assert!(matches!(refused.status.as_u16(), 404 | 409), "{}", refused.body);
    let page = browser.page().await;
    assert!(page.contains("retiré votre accord") && !page.contains("/refuse"), "{page}");
    assert_eq!(browser.get("/withdraw").await.header("location"), browser.link);
    browser.gives().await.is(303);
    assert_eq!(app.stage_of(requested.id).await, "given", "the same guardian has come back");
}

#[tokio::test]
async fn reviewers_see_every_consent_and_where_nobody_is_reached() {
    use wolo_domain::accounts::Role;

    let app = TestApp::start().await;
    let requested = app.requested(app.minor().await).await;
    let token = app.staff_token(app.person(100).await, Role::Reviewer);
    let ask = async |path: &str| Reply::of(app.get(path).bearer_auth(&token)).await;
    let list = ask("/api/admin/consents?stage=requested&limit=100").await.expect(200);
    let listed = list["consents"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["id"] == requested.id.to_string()), "{list}");
    assert!(listed.iter().all(|one| one["stage"] == "requested"), "{list}");
    let one = ask(&format!("/api/admin/consents/{}", requested.id)).await.expect(200);
    assert_eq!(
        (&one["guardian"], &one["history"][0]["stage"]),
        (&json!("Fatou Planted-Ndiaye"), &json!("requested"))
    );
    assert!(!one.to_string().contains(&requested.phone), "{one}");
    ask("/api/admin/consents/csn_0193a5c2f0f07c3ab1d2e3f405162738").await.problem(404, "consent_unknown");
    ask("/api/admin/consents?stage=happy").await.wrong_field(422, "stage");
    ask("/api/admin/consents?flagged=true").await.is(200);
}

#[tokio::test]
async fn on_which_way_the_code_came_is_how_it_is_known_who_consented() {
    let app = TestApp::start().await;
    let minor = app.minor().await;
    let requested = app.requested(minor).await;
    let mut browser = app.browser(&requested);
    let code_id = browser.code().await;
    let carried = format!("select notice_id from people.codes where code_id = '{code_id}'");
    let notice: Uuid = app.read(&carried).await;
    // What the process of the message writes: refused on one way, taken on the next.
    let told = format!(
        "with notice as (
             insert into notices.notices (notice_id, process, event, person, kind, category)
             values ('{notice}', 'x', '{notice}', 'nobody', 'one_time_code', 'security') returning notice_id
         )
         insert into notices.attempts (notice_id, number, channel, provider, state, provider_id, code)
         select '{notice}'::uuid, number, channel, 'x', state, provider_id, code
         from notice, (values (1, 'whatsapp', 'accepted', '{notice}', null), (2, 'sms', 'refused', null, 'x'))
             as tried (number, channel, state, provider_id, code)
         returning channel"
    );
    app.read::<String>(&told).await;
    let letter = app.letters(&requested.phone).await.pop().unwrap();
    let event: Uuid =
        app.read(&format!("select outbox_id from ops.outbox where business_key = 'code/{code_id}'")).await;
    assert_eq!((letter.or_email, notice), (None, NoticeId::of_letter(event).uuid()));
    let code = app.code(&requested.phone).await;
    browser.shows(&code_id, &code).await.is(303);
    browser.gives().await.is(303);
    let one = app.mine(minor, "/api/identity/consents").await["consents"][0].clone();
    assert_eq!(one["history"][1]["agreed"]["proof"], "code_by_whatsapp");
    assert!(browser.page().await.contains("par WhatsApp"));
}
