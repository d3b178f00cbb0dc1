//! Accepting an invitation without having signed in, and invitations whose process is gone.

use chrono::{Days, TimeDelta, Utc};
use reqwest::{RequestBuilder, header};
use serde_json::{Value, json};
use temporalio_client::{Client, WorkflowTerminateOptions};
use wolo_control::Control;
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::invitations::SentInvitation;
use wolo_domain::people::BirthDate;
use wolo_sandbox::phones;
use wolo_workflows::ids;
use wolo_workflows::sponsorship_invitation::{InvitationAnswer, SponsorshipInvitation};

use crate::app::{SOON, TestApp, born, key};
use crate::reply::Reply;
use crate::sponsorship::friend;

impl TestApp {
    /// Asks for the code of an invitation, and has its id and the code.
    async fn code_of(&self, sent: &SentInvitation) -> (String, String) {
        let asked = self.send("/api/sponsorship/code", &json!({ "token": sent.token })).await.expect(202);
        (asked["code_id"].as_str().unwrap().to_owned(), self.code(sent.to.reveal()).await)
    }

    /// How many accounts there are with the phone that was invited.
    async fn accounts_of(&self, sent: &SentInvitation) -> i64 {
        self.read(&format!("select count(*) from people.users where phone = '{}'", sent.to.reveal())).await
    }

    /// Somebody who has an account with the phone that was invited.
    async fn member_of(&self, sent: &SentInvitation, born: BirthDate) -> UserId {
        let user = self.person_born(born).await;
        let has = format!(
            "update people.users set phone = '{}' where user_id = '{}' returning phone",
            sent.to.reveal(),
            user.uuid()
        );
        self.read::<String>(&has).await;
        user
    }

    /// As an operator may, in the engine's UI.
    async fn loses_its_process(&self, sent: &SentInvitation) {
        let client: Client = wolo_bootstrap::temporal::connect(&self.settings.temporal).await.unwrap();
        let process = client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(sent.invitation));
        process.terminate(WorkflowTerminateOptions::default()).await.unwrap();
    }
}

fn acceptance(
    sent: &SentInvitation,
    born: BirthDate,
    (code_id, code): (&str, &str),
    name: Option<&str>,
) -> Value {
    json!({
        "token": sent.token, "birth_date": born.day(), "code_id": code_id, "code": code, "name": name,
        "device": "a test",
    })
}

/// Another code than the right one.
fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn who_has_no_account_gets_one_with_the_code_that_came_to_whom_was_invited() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let (sent, born) = (app.invited(sponsor).await, born(30, 10));
    let (id, code) = app.code_of(&sent).await;
    let accept = async |code: &str, name| {
        app.answer("accept", None, &acceptance(&sent, born, (&id, code), name)).await
    };
    accept(&other(&code), Some("Moussa Diop")).await.problem(401, "code_wrong");
    let nameless = accept(&code, None).await.problem(422, "request_invalid");
    assert_eq!(nameless["errors"][0]["field"], "name", "the code stays good");
    assert_eq!(app.accounts_of(&sent).await, 0);
    let accepted = accept(&code, Some("Moussa Diop")).await.expect(200);
    assert_eq!((&accepted["sponsor"], app.accounts_of(&sent).await), (&json!("Awa"), 1));
    accept(&code, Some("Moussa Diop")).await.problem(409, "invitation_taken");

    let session = &accepted["session"];
    let mine = app.get("/api/users/auth/me").bearer_auth(session["access_token"].as_str().unwrap());
    let me = Reply::of(mine).await.expect(200);
    assert_eq!((&me["id"], &me["phone"]), (&session["user"], &json!(sent.to.reveal())));
    let status = app.mine(sponsor, "/api/sponsorship/status").await;
    assert_eq!(status["invitations"][0]["stage"], "accepted");
    // The link alone is nothing: it may have been passed on.
    let sent = app.invited(sponsor).await;
    let bare = json!({ "token": sent.token, "birth_date": born.day() });
    app.answer("accept", None, &bare).await.problem(401, "token_missing");
    let half = json!({ "token": sent.token, "birth_date": born.day(), "code": "123456" });
    app.answer("accept", None, &half).await.problem(422, "request_invalid");
}

#[tokio::test]
async fn who_has_an_account_signs_in_with_the_code_and_nobody_can_tell_before() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let (known, unknown) = (app.invited(sponsor).await, app.invited(sponsor).await);
    let born = born(30, 10);
    let user = app.member_of(&known, born).await;
    let mut answers = Vec::new();
    for sent in [&known, &unknown] {
        let asked = app.send("/api/sponsorship/code", &json!({ "token": sent.token })).await;
        let (id, code) =
            (asked.json()["code_id"].as_str().unwrap().to_owned(), app.code(sent.to.reveal()).await);
        let wrong = acceptance(sent, born, (&id, &other(&code)), None);
        let mut refused = app.answer("accept", None, &wrong).await.problem(401, "code_wrong");
        refused.as_object_mut().unwrap().remove("request_id");
        answers.push((asked.status, asked.json()["expires_in"].clone(), refused));
    }
    assert_eq!(answers[0], answers[1]);

    let (id, code) = app.code_of(&known).await;
    let yesterday = BirthDate::new(born.day() - Days::new(1));
    let accept = async |born| app.answer("accept", None, &acceptance(&known, born, (&id, &code), None)).await;
    let refused = accept(yesterday).await.problem(422, "request_invalid");
    assert_eq!(refused["errors"][0]["field"], "birth_date");
    let accepted = accept(born).await.expect(200);
    assert_eq!(accepted["session"]["user"], user.to_string());
    assert_eq!(app.accounts_of(&known).await, 1);
    // A code is for the invitation that it was asked for.
    let mine = app.invited(sponsor).await;
    let (id, code) = app.code_of(&mine).await;
    let another = acceptance(&unknown, born, (&id, &code), Some("Fatou"));
    app.answer("accept", None, &another).await.problem(401, "code_wrong");
    let otp = json!({ "code_id": id, "code": code });
    app.send("/api/users/auth/otp/verify", &otp).await.problem(401, "code_wrong");
}

#[tokio::test]
async fn a_minor_who_comes_by_an_invitation_has_a_pot_that_waits_for_consent() {
    let app = TestApp::start().await;
    let sent = app.invited(app.person(40).await).await;
    let (id, code) = app.code_of(&sent).await;
    let body = acceptance(&sent, born(12, 20), (&id, &code), Some("Ibou"));
    let accepted = app.answer("accept", None, &body).await.expect(200);
    let user: UserId = accepted["session"]["user"].as_str().unwrap().parse().unwrap();
    let pot = app.until(async || app.mine(user, "/api/pots?mine=true").await["pots"].get(0).cloned()).await;
    assert_eq!((&pot["stage"], &pot["visibility"]), (&json!("scheduled"), &json!("link")), "{pot}");
    let held = format!(
        "select reason from pots.holds join pots.pots using (pot_id) where owner_id = '{}' and released_at is null",
        user.uuid()
    );
    assert_eq!(app.read::<String>(&held).await, "consent");
}

#[tokio::test]
async fn codes_for_an_invitation_are_counted_as_any_others() {
    let app = TestApp::start().await;
    let sent = app.invited(app.person(40).await).await;
    let ask = async || app.send("/api/sponsorship/code", &json!({ "token": sent.token })).await;
    for _ in 0..3 {
        ask().await.is(202);
    }
    ask().await.problem(429, "too_many_codes");
    let strict = app.with(|layers| layers.set("limits.sign_in", "2,1")).await.from([127, 0, 0, 77]);
    for _ in 0..2 {
        strict
            .send("/api/sponsorship/code", &json!({ "token": "nothing" }))
            .await
            .problem(404, "invitation_unknown");
    }
    strict
        .send("/api/sponsorship/code", &json!({ "token": "nothing" }))
        .await
        .problem(429, "too_many_requests");
}

async fn page(request: RequestBuilder) -> (u16, String) {
    let response = request.header(header::ACCEPT, "text/html").send().await.unwrap();
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    (response.status().as_u16(), response.text().await.unwrap())
}

/// What stands in a field of a page's form.
fn value_of<'a>(text: &'a str, name: &str) -> &'a str {
    let field = text.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {text}"));
    let begin = field + text[field..].find("value=\"").unwrap() + "value=\"".len();
    &text[begin..begin + text[begin..].find('"').unwrap()]
}

#[tokio::test]
async fn another_sites_page_neither_declines_nor_accepts_an_invitation() {
    let app = TestApp::start().await;
    let sent = app.invited(app.person(40).await).await;
    let path = format!("/i/{}", sent.token);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")] {
        for step in ["", "/code", "/accept"] {
            let request = app.post(&format!("{path}{step}")).header(name, value);
            let fields = [("name", "Moussa"), ("birth_date", "1999-12-31")];
            Reply::of(request.form(&fields)).await.problem(403, "from_elsewhere");
        }
    }
    let (status, text) = page(app.post(&path).header("sec-fetch-site", "cross-site")).await;
    assert!(status == 403 && text.contains("<h1>"), "{status} {text}");
    Reply::of(app.get(&path)).await.is(200);
    let own = app.post(&path).header("sec-fetch-site", "same-origin");
    Reply::of(own).await.is(200);
}

#[tokio::test]
async fn the_page_of_an_invitation_takes_somebody_in_with_plain_forms() {
    let app = TestApp::start().await;
    let sent = app.invited(app.person(40).await).await;
    let path = format!("/i/{}", sent.token);
    let (status, text) = page(app.get(&path)).await;
    assert_eq!(status, 200);
    for part in
        ["Awa vous invite", "J'ai déjà un compte", "Décliner", &sent.to.masked(), &format!("{path}/code")]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("<script") && !text.contains(sent.to.reveal()), "{text}");
    let form = |step: &str, fields: &[(&str, &str)]| app.post(&format!("{path}/{step}")).form(fields);
    let (status, text) = page(form("code", &[("name", "Moussa"), ("birth_date", "soon")])).await;
    assert!(status == 422 && text.contains("1999-12-31") && text.contains(&path), "{status} {text}");
    let birth_date = born(30, 10).day().to_string();
    let filled = [("name", "<b>Moussa</b>"), ("birth_date", birth_date.as_str())];
    let (status, text) = page(form("code", &filled)).await;
    assert!(status == 200 && text.contains("&lt;b&gt;Moussa") && !text.contains("<b>"), "{status} {text}");
    let (id, code) = (value_of(&text, "code_id").to_owned(), app.code(sent.to.reveal()).await);
    let accept = |code: &str| {
        let fields = [("code_id", &*id), ("code", code), ("name", "Moussa"), ("birth_date", &*birth_date)];
        form("accept", &fields)
    };
    let (status, text) = page(accept(&other(&code))).await;
    assert!(status == 401 && text.contains("Ce code est faux"), "{status} {text}");
    assert_eq!((value_of(&text, "code_id"), value_of(&text, "name")), (id.as_str(), "Moussa"), "it is kept");
    let (status, text) = page(accept(&code)).await;
    assert!(status == 200 && text.contains("Bienvenue"), "{status} {text}");
    assert_eq!(app.accounts_of(&sent).await, 1);
    let (status, again) = page(accept(&code)).await;
    assert_eq!((status, &again), (200, &text), "pressed twice it is one acceptance");
    let (status, text) = page(accept(&other(&code))).await;
    assert!(status == 409, "{status} {text}");
    assert_eq!(app.accounts_of(&sent).await, 1);
}

#[tokio::test]
async fn a_code_stays_good_until_the_invitation_is_accepted_with_it() {
    let app = TestApp::start().await;
    let (heard, unheard) = (app.invited(app.person(40).await).await, app.invited(app.person(40).await).await);
    let born = born(30, 10);
    for sent in [&heard, &unheard] {
        app.loses_its_process(sent).await;
        let (id, code) = app.code_of(sent).await;
        let body = acceptance(sent, born, (&id, &code), Some("Moussa Diop"));
        // More often than a wrong code could be tried.
        for _ in 0..6 {
            app.answer("accept", None, &body).await.problem(503, "engine_unavailable");
        }
        app.carries(sent).await;
        if sent == &unheard {
            let user: uuid::Uuid = app
                .read(&format!("select user_id from people.users where phone = '{}'", sent.to.reveal()))
                .await;
            let client = wolo_bootstrap::temporal::connect(&app.settings.temporal).await.unwrap();
            let answer =
                Control::new(client).accept_invitation(sent.invitation, UserId::from_uuid(user), SOON).await;
            assert_eq!(answer.unwrap(), InvitationAnswer::Accepted, "and nobody hears of it");
        }
        let accepted = app.answer("accept", None, &body).await.expect(200);
        assert!(accepted["session"]["access_token"].is_string(), "{accepted}");
        app.answer("accept", None, &body).await.problem(409, "invitation_taken");
        assert_eq!(app.accounts_of(sent).await, 1);
    }
}

#[tokio::test]
async fn an_invitation_without_a_process_is_taken_back_declined_and_never_said_to_be_accepted() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let (back, no, yes) =
        (app.invited(sponsor).await, app.invited(sponsor).await, app.invited(sponsor).await);
    for sent in [&back, &no, &yes] {
        app.loses_its_process(sent).await;
    }
    let cancel = format!("/api/sponsorship/invitations/{}/cancel", back.invitation);
    for _ in 0..2 {
        Reply::of(app.post(&cancel).bearer_auth(app.token(sponsor))).await.is(204);
    }
    let (user, born) = (app.person(10).await, born(30, 10));
    app.answer("decline", None, &json!({ "token": back.token })).await.problem(409, "invitation_ended");
    for _ in 0..2 {
        app.answer("decline", None, &json!({ "token": no.token })).await.is(204);
    }
    let member = app.person_born(born).await;
    let acceptance = json!({ "token": yes.token, "birth_date": born.day() });
    let reply = app.answer("accept", Some(member), &acceptance).await;
    assert!(reply.headers.contains_key(header::RETRY_AFTER), "{:?}", reply.headers);
    reply.problem(503, "engine_unavailable");
    let ended: i64 = app
        .read("select count(*) from sponsorship.invitations where ended_as in ('cancelled', 'declined') and accepted_at is null")
        .await;
    assert!(ended >= 2, "{ended}");

    // Its time is over, and nobody has said so.
    let lapsed = format!(
        "update sponsorship.invitations set created_at = now() - interval '8 days', expires_at = now() - interval '1 day'
         where invitation_id = '{}' returning relationship",
        yes.invitation.uuid()
    );
    app.read::<String>(&lapsed).await;
    let refused = app.answer("accept", Some(member), &acceptance).await.problem(409, "invitation_ended");
    assert!(refused["detail"].as_str().unwrap().contains("expiré"), "{refused}");
    Reply::of(app.get(&format!("/i/{}", yes.token))).await.problem(409, "invitation_ended");
    app.send("/api/sponsorship/code", &json!({ "token": yes.token })).await.problem(409, "invitation_ended");
    let _ = user;
}

#[tokio::test]
async fn one_phone_is_invited_three_times_in_a_week_and_one_answer_is_given_for_all_reasons() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let mut sponsors = Vec::new();
    for _ in 0..4 {
        sponsors.push(app.person(40).await);
    }
    for sponsor in &sponsors[..3] {
        app.invite(*sponsor, &key(), &friend(&phone)).await.is(201);
    }
    let refusals = [
        app.invite(sponsors[3], &key(), &friend(&phone)).await,
        app.invite(sponsors[0], &key(), &friend(&phone)).await,
    ];
    let [enough, waits] = refusals.map(|reply| reply.problem(422, "request_invalid")["errors"].clone());
    assert_eq!(enough, waits);
    let one = enough[0]["field"].as_str().unwrap();
    assert_eq!(one, "invitations[0]");
}

#[tokio::test]
async fn a_sponsor_whose_name_leads_somewhere_is_somebody() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let named = format!(
        "update people.users set name = 'wolo-cadeau.sn/x Fall' where user_id = '{}' returning name",
        sponsor.uuid()
    );
    app.read::<String>(&named).await;
    let sent = app.invited(sponsor).await;
    assert_eq!(sent.sponsor_name, "Quelqu'un");
    let until = dakar::day_of(Utc::now() + TimeDelta::days(7));
    let (_, text) = page(app.get(&format!("/i/{}", sent.token))).await;
    assert!(!text.contains("wolo-cadeau") && text.contains(&until.format("%-d").to_string()), "{text}");
}
