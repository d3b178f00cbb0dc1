//! Identity cases over HTTP: what is sent, by whom, who sees it, and what is decided.

use std::sync::{Arc, Mutex};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, header};
use serde_json::{Value, json};
use temporalio_client::Client;
use wolo_control::identities::{Ending, IdentityInput, IdentityState, Told};
use wolo_control::{Control, TakingUp};
use wolo_domain::accounts::Role;
use wolo_domain::contacts::Language;
use wolo_domain::identities::IdentityRules;
use wolo_domain::ids::{CaseId, ConsentId, UserId};
use wolo_domain::notices::NoticeRules;
use wolo_workflows::notice_delivery::NoticePatience;

use crate::app::{TestApp, key, vault_folder};
use crate::guardian::{Browser, value_of};
use crate::reply::Reply;

impl TestApp {
    /// A case whose process runs.
    pub(crate) async fn opened_case(&self, subject: UserId, consent: Option<ConsentId>) -> CaseId {
        let client: Client = wolo_bootstrap::temporal::connect(&self.settings.temporal).await.unwrap();
        let case =
            consent.map_or_else(|| CaseId::of_adult(subject, 1), |consent| CaseId::of_consent(consent, 1));
        let input = IdentityInput {
            case,
            subject,
            consent,
            name: "Awa".to_owned(),
            told: Told { user: Some(subject), to: None, language: Language::French },
            link: "https://wolo.example/identity".to_owned(),
            rules: IdentityRules::default(),
            notices: NoticeRules::default(),
            notice_patience: NoticePatience::default(),
            continue_after_events: 2_000,
            carried: IdentityState::default(),
        };
        assert_eq!(Control::new(client).open_case(input).await.unwrap(), TakingUp::Started);
        let written = format!("select count(*) from minors.cases where case_id = '{}'", case.uuid());
        self.until(async || (self.read::<i64>(&written).await == 1).then_some(())).await;
        case
    }

    /// A case that is rejected, because what it was for is said to be over.
    async fn gives_up(&self, case: CaseId) {
        let client: Client = wolo_bootstrap::temporal::connect(&self.settings.temporal).await.unwrap();
        let patience = std::time::Duration::from_secs(20);
        let control = Control::new(client);
        self.until(async || control.case_runs(case).await.unwrap().then_some(())).await;
        assert_eq!(control.give_up_case(case, patience).await.unwrap(), Ending::Ended);
    }

    /// Gives somebody a role, as it stands in the books. Their token says by itself what it is good for.
    pub(crate) async fn works_as(&self, user: UserId, role: &str) {
        let sql = format!(
            "insert into people.roles (user_id, role, granted_by, reason) values ('{}', '{role}', 'a test', 'a test') returning role",
            user.uuid()
        );
        self.read::<String>(&sql).await;
    }

    async fn reviewer(&self) -> (UserId, String) {
        let reviewer = self.person(100).await;
        self.works_as(reviewer, "reviewer").await;
        (reviewer, self.staff_token(reviewer, Role::Reviewer))
    }

    pub(crate) async fn send_document(
        &self,
        user: UserId,
        case: CaseId,
        key: &str,
        upload: Vec<u8>,
    ) -> Reply {
        let path = format!("/api/identity/cases/{case}/documents?kind=identity_card");
        let request = self.post(&path).bearer_auth(self.token(user)).header("idempotency-key", key);
        Reply::of(request.header(header::CONTENT_TYPE, "application/octet-stream").body(upload)).await
    }

    async fn review(&self, token: &str, case: CaseId, step: &str, body: &Value) -> Reply {
        let request = self.post(&format!("/api/admin/cases/{case}/{step}")).bearer_auth(token);
        Reply::of(request.json(body)).await
    }

    async fn in_full(&self, token: &str, case: CaseId) -> Value {
        Reply::of(self.get(&format!("/api/admin/cases/{case}")).bearer_auth(token)).await.expect(200)
    }

    /// A minor for whom a guardian has consented, the guardian's browser, and their open case.
    async fn minors_case(&self) -> (UserId, Browser<'_>, CaseId) {
        let minor = self.minor().await;
        let requested = self.requested(minor).await;
        let browser = self.guardian(&requested).await;
        browser.gives().await.is(303);
        let case = self.opened_case(minor, Some(requested.id)).await;
        (minor, browser, case)
    }
}

impl Browser<'_> {
    async fn sends(&self, name: &str, party: &str, upload: Vec<u8>) -> Reply {
        let form = Form::new()
            .text("name", name.to_owned())
            .text("party", party.to_owned())
            .text("kind", "passport")
            .part("photo", Part::bytes(Vec::new()).file_name(""))
            .part("file", Part::bytes(upload).file_name("../../planted-name.png"));
        let request = self.app.post(&format!("{}/documents", self.link)).multipart(form);
        Reply::of(self.with_cookie(request)).await
    }
}

/// How many documents of somebody lie in the vault.
fn kept(subject: UserId) -> usize {
    let folder = vault_folder("documents").join(subject.uuid().to_string());
    let Ok(documents) = std::fs::read_dir(folder) else { return 0 };
    documents.filter(|one| std::fs::read_dir(one.as_ref().unwrap().path()).unwrap().count() > 0).count()
}

/// A grey picture that is as no other.
pub(crate) fn picture(shade: u8) -> Vec<u8> {
    png(8, 8, &[[0].as_slice(), &[shade; 8]].concat().repeat(8))
}

/// A PNG of so many grey pixels, with whatever stands for its lines.
fn png(width: u32, height: u32, lines: &[u8]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let named = [kind, data].concat();
        png.extend(&named);
        png.extend(crc(&named).to_be_bytes());
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[&size[..], &[8, 0, 0, 0, 0]].concat());
    let length = u16::try_from(lines.len()).unwrap();
    let mut stored = vec![0x78, 0x01, 1];
    stored.extend(length.to_le_bytes());
    stored.extend((!length).to_le_bytes());
    stored.extend(lines);
    stored.extend(adler(lines).to_be_bytes());
    chunk(b"IDAT", &stored);
    chunk(b"IEND", b"");
    png
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        ((low + u32::from(*byte)) % 65_521, (high + low + u32::from(*byte)) % 65_521)
    });
    (high << 16) | low
}

#[tokio::test]
async fn a_case_goes_from_the_guardians_phone_over_two_reviewers_to_its_approval() {
    let app = TestApp::start().await;
    let (minor, browser, case) = app.minors_case().await;
    let of_child = key();
    let sent = app.send_document(minor, case, &of_child, picture(10)).await.expect(201);
    assert_eq!(sent["process"], format!("identity/{case}"));
    assert_eq!(app.send_document(minor, case, &of_child, picture(10)).await.expect(201), sent, "once");
    let submit = format!("/api/identity/cases/{case}/submit");
    let submitted = async || Reply::of(app.post(&submit).bearer_auth(app.token(minor))).await;
    let missing = submitted().await.problem(409, "documents_missing");
    assert_eq!(missing["errors"][0]["field"], "guardian");

    let page = browser.get("/documents").await;
    assert!(page.status == 200 && page.body.contains("Carte d'identité"), "{}", page.body);
    let name = value_of(&page.body, "name");
    for _ in 0..2 {
        browser.sends(&name, "guardian", picture(20)).await.is(303);
    }
    browser.sends(&name, "guardian", picture(21)).await.is(409);
    assert_eq!(kept(minor), 2);
    browser.post("/documents/submit", &[]).await.is(303);
    submitted().await.is(200);
    app.send_document(minor, case, &key(), picture(30)).await.problem(409, "case_not_now");
    assert!(browser.get("/documents").await.body.contains("attend d'être examiné"));
    let mine = app.mine(minor, &format!("/api/identity/cases/{case}")).await;
    assert_eq!((&mine["stage"], mine["documents"].as_array().unwrap().len()), (&json!("submitted"), 2));

    let ((a, first), (_, second)) = (app.reviewer().await, app.reviewer().await);
    let list = Reply::of(app.get("/api/admin/cases?stage=submitted&limit=100").bearer_auth(&first)).await;
    assert!(list.expect(200)["cases"].as_array().unwrap().iter().any(|one| one["id"] == case.to_string()));
    let documents = app.in_full(&first, case).await["documents"].as_array().unwrap().clone();
    let seen: Vec<_> = documents.iter().map(|document| document["sha256"].clone()).collect();
    let approval = json!({ "reason": "Tout concorde.", "seen": seen });
    app.review(&first, case, "take", &json!({})).await.is(204);
    app.review(&second, case, "take", &json!({})).await.problem(409, "case_taken");
    app.review(&first, case, "approve", &approval).await.problem(409, "not_looked_at");
    for token in [&first, &second] {
        for document in &documents {
            let look = format!("documents/{}/look", document["id"].as_str().unwrap());
            app.review(token, case, &look, &json!({})).await.problem(422, "request_invalid");
            app.review(token, case, &look, &json!({ "reason": " " })).await.wrong_field(422, "reason");
            let request = app.post(&format!("/api/admin/cases/{case}/{look}")).bearer_auth(token);
            let shown = request.json(&json!({ "reason": "Premier examen." })).send().await.unwrap();
            let told = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
            assert_eq!((shown.status().as_u16(), told("content-type")), (200, "image/png".to_owned()));
            assert_eq!(
                (told("cache-control"), told("content-disposition")),
                ("no-store".into(), "inline".into())
            );
            assert!(shown.bytes().await.unwrap().starts_with(b"\x89PNG"));
        }
    }
    assert_eq!(app.in_full(&first, case).await["looks"].as_array().unwrap().len(), 4);
    let fewer = json!({ "reason": "Tout concorde.", "seen": seen[..1] });
    app.review(&first, case, "approve", &fewer).await.problem(409, "documents_changed");
    let reasons = json!({ "reason": "x", "reasons": ["expired"], "seen": seen });
    app.review(&first, case, "approve", &reasons).await.wrong_field(422, "reasons");
    app.review(&first, case, "reject", &approval).await.wrong_field(422, "reasons");
    let recorded = app.review(&first, case, "approve", &approval).await.expect(200);
    assert_eq!((&recorded["stage"], &recorded["missing"]), (&json!("in_review"), &json!(1)));
    // The same person over another session, with another token.
    let again = app.staff_token(a, Role::Superadmin);
    app.review(&again, case, "approve", &approval).await.problem(409, "decided_before");
    let approved = app.review(&second, case, "approve", &approval).await.expect(200);
    assert_eq!(approved["stage"], "approved");
    let look = format!("documents/{}/look", documents[0]["id"].as_str().unwrap());
    app.review(&first, case, &look, &json!({ "reason": "Encore." })).await.problem(409, "case_not_now");
    let mine = app.mine(minor, "/api/identity/cases").await;
    assert_eq!(mine["cases"][0]["stage"], "approved");
    assert!(!mine.to_string().contains(&a.to_string()), "nobody is told who reviewed");
}

#[tokio::test]
async fn what_is_no_document_is_refused_and_leaves_nothing() {
    let app = TestApp::start().await;
    let (minor, browser, case) = app.minors_case().await;
    let html = b"<html><script>alert(1)</script></html>".to_vec();
    let both = [picture(1), html.clone()].concat();
    let bomb = png(60_000, 60_000, &[0; 64]);
    let mut cut = picture(1);
    cut.truncate(40);
    for (what, upload) in [("html", html), ("both", both), ("bomb", bomb), ("cut", cut), ("nothing", vec![])]
    {
        let reply = app.send_document(minor, case, &key(), upload.clone()).await;
        // What stands behind a picture may be left out as well as refused: it is not taken over.
        if what == "both" && reply.status == 201 {
            continue;
        }
        reply.problem(422, "document_refused");
        let name = uuid::Uuid::new_v4().to_string();
        let page = browser.sends(&name, "person", upload).await;
        assert!(page.status == 422 && page.body.contains("role=\"alert\""), "{what}: {}", page.body);
    }
    let large = vec![0; 10 * 1024 * 1024 + 65 * 1024];
    app.send_document(minor, case, &key(), large.clone()).await.problem(413, "body_too_large");
    browser.sends(&uuid::Uuid::new_v4().to_string(), "person", large).await.is(413);
    let unkind = app.post(&format!("/api/identity/cases/{case}/documents?kind=letter"));
    let unkind = unkind.bearer_auth(app.token(minor)).header("idempotency-key", key()).body(picture(1));
    Reply::of(unkind).await.wrong_field(422, "kind");
    assert!(kept(minor) <= 1, "{}", kept(minor));
}

#[tokio::test]
async fn a_document_for_which_a_case_has_no_room_is_not_kept_and_one_that_is_taken_back_is_destroyed() {
    let app = TestApp::start().await;
    let (minor, browser, case) = app.minors_case().await;
    for shade in 0..6 {
        app.send_document(minor, case, &key(), picture(shade)).await.is(201);
    }
    app.send_document(minor, case, &key(), picture(6)).await.problem(409, "too_many_documents");
    assert_eq!(kept(minor), 6);

    let documents = app.mine(minor, &format!("/api/identity/cases/{case}")).await["documents"].clone();
    let first = documents[0]["id"].as_str().unwrap();
    let path = format!("/api/identity/cases/{case}/documents/{first}");
    let remove =
        async |user: UserId| Reply::of(app.request(Method::DELETE, &path).bearer_auth(app.token(user))).await;
    let other = app.minor().await;
    remove(other).await.problem(404, "case_unknown");
    app.send_document(other, case, &key(), picture(7)).await.problem(404, "case_unknown");
    for _ in 0..2 {
        remove(minor).await.is(204);
    }
    assert_eq!(kept(minor), 5);
    let second = documents[1]["id"].as_str().unwrap();
    browser.post(&format!("/documents/{second}/remove"), &[]).await.is(303);
    browser.post("/documents/doc_0193a5c2f0f07c3ab1d2e3f405162738/remove", &[]).await.is(404);
    assert_eq!(kept(minor), 4);
    // What the guardian has sent the minor does not take back.
    let name = uuid::Uuid::new_v4().to_string();
    browser.sends(&name, "guardian", picture(8)).await.is(303);
    let documents = app.mine(minor, &format!("/api/identity/cases/{case}")).await["documents"].clone();
    let theirs = documents.as_array().unwrap().iter().find(|one| one["party"] == "guardian").unwrap();
    let path = format!("/api/identity/cases/{case}/documents/{}", theirs["id"].as_str().unwrap());
    Reply::of(app.request(Method::DELETE, &path).bearer_auth(app.token(minor)))
        .await
        .problem(404, "document_unknown");
    // Without consent nothing is sent.
    browser.post("/withdraw", &[]).await.is(303);
    browser.sends(&uuid::Uuid::new_v4().to_string(), "guardian", picture(9)).await.is(409);
}

#[tokio::test]
async fn after_a_rejection_the_guardian_sends_again_and_so_does_the_minor() {
    let app = TestApp::start().await;
    let (minor, browser, case) = app.minors_case().await;
    let again = async |case: CaseId| {
        let request = app.post(&format!("/api/identity/cases/{case}/again")).bearer_auth(app.token(minor));
        Reply::of(request).await
    };
    // One that collects documents is the one to send to.
    assert_eq!(again(case).await.expect(200)["id"], case.to_string());
    app.gives_up(case).await;
    let page = browser.get("/documents").await;
    assert!(
        page.body.contains("Envoyer à nouveau") && page.body.contains("/documents/again"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("type=\"file\""), "{}", page.body);
    let foreign =
        app.post(&format!("{}/documents/again", browser.link)).header("sec-fetch-site", "cross-site");
    let foreign = foreign.header(header::COOKIE, browser.cookie.as_ref().unwrap());
    Reply::of(foreign).await.problem(403, "from_elsewhere");
    for _ in 0..2 {
        let begun = browser.post("/documents/again", &[]).await;
        begun.is(303);
        assert_eq!(begun.header("location"), format!("{}/documents", browser.link));
    }
    let page = browser.get("/documents").await;
    assert!(page.body.contains("type=\"file\"") && !page.body.contains("/documents/again"), "{}", page.body);
    let mine = app.mine(minor, "/api/identity/cases").await["cases"].clone();
    let last = mine.as_array().unwrap().last().unwrap().clone();
    assert_eq!((mine.as_array().unwrap().len(), &last["stage"]), (2, &json!("opened")), "{mine}");
    let second: CaseId = last["id"].as_str().unwrap().parse().unwrap();
    browser.sends(&uuid::Uuid::new_v4().to_string(), "guardian", picture(40)).await.is(303);

    app.gives_up(second).await;
    let begun = again(second).await.expect(200);
    assert_eq!(begun["stage"], "opened");
    assert_eq!(again(case).await.expect(200)["id"], begun["id"], "once");
    app.gives_up(begun["id"].as_str().unwrap().parse().unwrap()).await;
    let full = again(case).await;
    assert!(full.headers.contains_key(header::RETRY_AFTER));
    full.problem(429, "too_many_cases");
    let page = browser.post("/documents/again", &[]).await;
    assert!(page.status == 429 && page.body.contains("cette année"), "{}", page.body);
    browser.post("/withdraw", &[]).await.is(303);
    again(case).await.problem(409, "consent_not_given");
    app.send_document(app.minor().await, case, &key(), picture(41)).await.problem(404, "case_unknown");
}

/// What a log was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// This test's own API runs on this thread, and so does what it says.
#[tokio::test]
async fn no_secret_no_phone_no_name_and_no_document_is_in_the_log() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || written.clone())
        .finish();
    // While there is one listener alone, what another thread comes by first is heard by nobody.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let app = TestApp::start().await;
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = app.with(|layers| layers).await;
    let minor = app.minor().await;
    let requested = app.requested(minor).await;
    let browser = app.guardian(&requested).await;
    browser.gives().await.is(303);
    let case = app.opened_case(minor, Some(requested.id)).await;
    app.send_document(minor, case, &key(), picture(99)).await.is(201);
    let name = uuid::Uuid::new_v4().to_string();
    browser.sends(&name, "guardian", picture(98)).await.is(303);
    browser.sends(&uuid::Uuid::new_v4().to_string(), "guardian", b"planted-bytes".to_vec()).await.is(422);
    browser.post("/withdraw", &[]).await.is(303);
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.lines().filter(|line| line.contains("answered")).count() >= 6, "{log}");
    for secret in [&*requested.token, &requested.phone, "Planted", "planted-name", "planted-bytes"] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret} is in {told:?}");
    }
}

#[tokio::test]
async fn what_the_vault_cannot_show_was_not_looked_at_and_does_not_let_anybody_approve() {
    let app = TestApp::start().await;
    let person = app.person(100).await;
    let case = app.opened_case(person, None).await;
    app.send_document(person, case, &key(), picture(91)).await.expect(201);
    let submit = app.post(&format!("/api/identity/cases/{case}/submit"));
    Reply::of(submit.bearer_auth(app.token(person))).await.is(200);
    let (_, token) = app.reviewer().await;
    app.review(&token, case, "take", &json!({})).await.is(204);
    let document = app.in_full(&token, case).await["documents"][0].clone();
    let look = format!("documents/{}/look", document["id"].as_str().unwrap());
    let approval = json!({ "reason": "Tout concorde.", "seen": [document["sha256"]] });
    let why = json!({ "reason": "Premier examen." });
    let folder = vault_folder("documents").join(person.uuid().to_string());
    let elsewhere = folder.with_extension("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    assert!(app.review(&token, case, &look, &why).await.status.is_server_error());
    assert_eq!(app.in_full(&token, case).await["looks"], json!([]));
    app.review(&token, case, "approve", &approval).await.problem(409, "not_looked_at");
    std::fs::rename(&elsewhere, &folder).unwrap();
    let shown = app.post(&format!("/api/admin/cases/{case}/{look}")).bearer_auth(&token).json(&why);
    assert!(shown.send().await.unwrap().bytes().await.unwrap().starts_with(b"\x89PNG"));
    let approved = app.review(&token, case, "approve", &approval).await.expect(200);
    assert_eq!(approved["stage"], "approved");
}
