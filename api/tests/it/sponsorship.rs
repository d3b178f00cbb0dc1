//! Inviting others, answering, and what that brings.

use std::collections::BTreeSet;

use chrono::{Days, Utc};
use reqwest::header;
use serde_json::{Value, json};
use temporalio_client::{Client, WorkflowSignalOptions, WorkflowStartOptions};
use temporalio_common::data_converters::RawValue;
use wolo_api::rules::birthday_pots;
use wolo_bootstrap::Seal;
use wolo_domain::contacts::Language;
use wolo_domain::dakar;
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::SentInvitation;
use wolo_domain::notices::NoticeRules;
use wolo_domain::people::BirthDate;
use wolo_domain::points::PointsRules;
use wolo_sandbox::phones;
use wolo_workflows::notice_delivery::NoticePatience;
use wolo_workflows::sponsorship_invitation::{InvitationInput, InvitationState, SponsorshipInvitation};
use wolo_workflows::{ids, queues};

use crate::app::{TestApp, born, key};
use crate::reply::Reply;

pub(crate) fn friend(phone: &str) -> Value {
    json!({ "invitations": [{ "phone": phone, "relationship": "friend" }] })
}

impl TestApp {
    pub(crate) async fn invite(&self, sponsor: UserId, key: &str, body: &Value) -> Reply {
        let request = self.post("/api/sponsorship/invite").bearer_auth(self.token(sponsor));
        Reply::of(request.header("idempotency-key", key).json(body)).await
    }

    pub(crate) async fn answer(&self, what: &str, user: Option<UserId>, body: &Value) -> Reply {
        let request = self.post(&format!("/api/sponsorship/{what}")).json(body);
        Reply::of(match user {
            Some(user) => request.bearer_auth(self.token(user)),
            None => request,
        })
        .await
    }

    pub(crate) async fn mine(&self, user: UserId, path: &str) -> Value {
        Reply::of(self.get(path).bearer_auth(self.token(user))).await.expect(200)
    }

    /// Has somebody invited; its process runs. Nobody carries messages on in these tests, so what a relay does is done here.
    pub(crate) async fn invited(&self, sponsor: UserId) -> SentInvitation {
        let reply = self.invite(sponsor, &key(), &friend(&phones::unused())).await.expect(201);
        let key = reply["invitations"][0]["id"].as_str().unwrap().to_owned();
        let sql =
            format!("select sealed from ops.outbox where topic = 'invitation' and business_key = '{key}'");
        let sealed: Vec<u8> = self.read(&sql).await;
        let seal = Seal::new(&self.settings.temporal.payload_keys).unwrap();
        let sent: SentInvitation = serde_json::from_slice(&seal.open(&key, &sealed).unwrap()).unwrap();
        self.carries(&sent).await;
        sent
    }

    /// Starts the process of an invitation.
    pub(crate) async fn carries(&self, sent: &SentInvitation) {
        let input = InvitationInput {
            link: format!("https://wolo.example/i/{}", sent.token),
            reminders: Vec::new(),
            points: PointsRules::default(),
            pots: birthday_pots(&self.settings.rules),
            notices: NoticeRules::default(),
            notice_patience: NoticePatience::default(),
            invitee_name: String::new(),
            carried: InvitationState::default(),
            sent: sent.clone(),
        };
        let client: Client = wolo_bootstrap::temporal::connect(&self.settings.temporal).await.unwrap();
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, ids::invitation(sent.invitation)).build();
        client.start_workflow(SponsorshipInvitation::run, input, options).await.unwrap();
    }

    /// What a relay tells when something has happened to the pot.
    async fn news(&self, sent: &SentInvitation) {
        let client: Client = wolo_bootstrap::temporal::connect(&self.settings.temporal).await.unwrap();
        let process = client.get_workflow_handle::<SponsorshipInvitation>(ids::invitation(sent.invitation));
        process
            .signal(SponsorshipInvitation::pot_changed, RawValue::empty(), WorkflowSignalOptions::default())
            .await
            .unwrap();
    }

    /// Somebody whose pot would be open at once.
    async fn celebrant(&self) -> (UserId, BirthDate) {
        let born = born(30, 10);
        (self.person_born(born).await, born)
    }
}

#[tokio::test]
async fn whoever_accepts_gets_a_pot_and_the_sponsor_sees_how_far_it_has_come() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let sent = app.invited(sponsor).await;
    Reply::of(app.request(reqwest::Method::HEAD, &format!("/i/{}", sent.token))).await.is(200);
    let status = app.mine(sponsor, "/api/sponsorship/status").await;
    assert_eq!(status["invitations"][0]["stage"], "written", "a preview is no person");
    let page = Reply::of(app.get(&format!("/i/{}", sent.token))).await.expect(200);
    assert_eq!(page["sponsor"], "Awa");
    let status = app.mine(sponsor, "/api/sponsorship/status").await;
    assert_eq!(status["invitations"][0]["stage"], "opened");
    assert_eq!((&status["funnel"]["written"], &status["funnel"]["opened"]), (&json!(1), &json!(1)));

    let (moussa, born) = app.celebrant().await;
    let acceptance = json!({ "token": sent.token, "birth_date": born.day() });
    let yesterday = json!({ "token": sent.token, "birth_date": born.day() - Days::new(1) });
    app.answer("accept", Some(moussa), &yesterday).await.problem(422, "request_invalid");
    app.answer("accept", None, &acceptance).await.problem(401, "token_missing");
    let accepted = app.answer("accept", Some(moussa), &acceptance).await.expect(200);
    assert_eq!(accepted["process"], format!("invitation/{}", sent.invitation));
    let again = app.answer("accept", Some(moussa), &acceptance).await.expect(200);
    assert_eq!(accepted, again);
    let other = app.person_born(born).await;
    app.answer("accept", Some(other), &acceptance).await.problem(409, "invitation_taken");
    app.answer("decline", None, &json!({ "token": sent.token })).await.problem(409, "invitation_taken");
    Reply::of(app.get(&format!("/i/{}", sent.token))).await.problem(409, "invitation_taken");

    let pot = app
        .until(async || {
            let mine = app.mine(moussa, "/api/pots?mine=true").await;
            mine["pots"].get(0).filter(|pot| pot["stage"] == "open").cloned()
        })
        .await;
    assert_eq!(pot["visibility"], "link");
    let waits = app
        .until(async || {
            app.news(&sent).await;
            let status = app.mine(sponsor, "/api/sponsorship/status").await;
            let invitation = status["invitations"][0].clone();
            (invitation["stage"] == "pot_opened").then_some(invitation)
        })
        .await;
    assert_eq!((&waits["no_points"], &waits["points"]), (&json!("no_phone"), &json!(0)));
    let why = waits["why_no_points"].as_str().unwrap();
    assert!(why.starts_with("L'un de vous deux n'a pas encore confirmé de numéro"), "{why}");
    for user in [moussa, sponsor] {
        let proved = format!(
            "update people.users set phone = '{}' where user_id = '{}' returning name",
            phones::unused(),
            user.uuid()
        );
        app.read::<String>(&proved).await;
    }
    let points = app
        .until(async || {
            app.news(&sent).await;
            let points = app.mine(sponsor, "/api/users/points").await;
            (points["pending"] == 14).then_some(points)
        })
        .await;
    assert_eq!((&points["available"], &points["streak"]["current"]), (&json!(0), &json!(1)));
    let history = app.mine(sponsor, "/api/users/points/history?limit=1").await;
    let rest = app
        .mine(sponsor, &format!("/api/users/points/history?after={}", history["next"].as_str().unwrap()))
        .await;
    let whys: Vec<_> =
        [&history, &rest].map(|page| page["awards"][0]["why"].as_str().unwrap().to_owned()).into();
    assert!(
        whys[0].starts_with("La cagnotte d'Awa s'est ouverte. Ces points seront utilisables le "),
        "{whys:?}"
    );
    assert!(whys[1].starts_with("Awa a accepté votre invitation."), "{whys:?}");
    assert_eq!(rest["next"], Value::Null);
    let status = app.mine(sponsor, "/api/sponsorship/status").await;
    assert_eq!(
        (&status["invitations"][0]["stage"], &status["invitations"][0]["points"]),
        (&json!("pot_opened"), &json!(14))
    );
    assert_eq!(status["invitations"][0]["why_no_points"], Value::Null);
    // Somebody else sees nothing of it.
    let others = app.mine(other, "/api/sponsorship/status").await;
    assert_eq!((&others["funnel"]["written"], &others["invitations"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn whoever_has_a_link_declines_and_whoever_has_sent_it_takes_it_back() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let sent = app.invited(sponsor).await;
    let declining = json!({ "token": sent.token });
    app.answer("decline", None, &declining).await.is(204);
    app.answer("decline", None, &declining).await.is(204);
    let (moussa, born) = app.celebrant().await;
    let acceptance = json!({ "token": sent.token, "birth_date": born.day() });
    app.answer("accept", Some(moussa), &acceptance).await.problem(409, "invitation_ended");

    let sent = app.invited(sponsor).await;
    let cancel = |user| {
        let path = format!("/api/sponsorship/invitations/{}/cancel", sent.invitation.uuid());
        let named = format!("/api/sponsorship/invitations/{}/cancel", sent.invitation);
        let token = app.token(user);
        (app.post(&path).bearer_auth(&token), app.post(&named).bearer_auth(token))
    };
    Reply::of(cancel(moussa).1).await.problem(404, "invitation_unknown");
    let (unnamed, named) = cancel(sponsor);
    Reply::of(unnamed).await.problem(404, "invitation_unknown");
    Reply::of(named).await.is(204);
    Reply::of(cancel(sponsor).1).await.is(204);
    let acceptance = json!({ "token": sent.token, "birth_date": born.day() });
    let refused = app.answer("accept", Some(moussa), &acceptance).await.problem(409, "invitation_ended");
    assert!(refused["detail"].as_str().unwrap().contains("retirée"), "{refused}");
    for token in ["nothing", "", "%2f", &"a".repeat(65), "é"] {
        app.answer("decline", None, &json!({ "token": token })).await.problem(404, "invitation_unknown");
    }
}

#[tokio::test]
async fn nobody_accepts_their_own_or_a_second_invitation() {
    let app = TestApp::start().await;
    let (sponsor, born) = app.celebrant().await;
    let own = app.invited(sponsor).await;
    let of = |sent: &SentInvitation| json!({ "token": sent.token, "birth_date": born.day() });
    app.answer("accept", Some(sponsor), &of(&own)).await.problem(403, "own_invitation");
    let (moussa, _) = app.celebrant().await;
    app.answer("accept", Some(moussa), &of(&own)).await.is(200);
    let second = app.invited(app.person(40).await).await;
    app.answer("accept", Some(moussa), &of(&second)).await.problem(409, "invited_before");
}

#[tokio::test]
async fn a_batch_is_all_right_or_nothing_is_sent() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let phone = phones::unused();
    let body = json!({ "invitations": [
        { "phone": phone, "relationship": "friend", "message": "x".repeat(301) },
        { "phone": phone, "relationship": "friend" },
        { "email": "nobody", "relationship": "friend" },
        { "relationship": "friend" },
        { "phone": phones::unused(), "relationship": "friend", "message": "Gagnez 50000 F : wolo-cadeau.sn/x" },
        { "phone": phones::unused(), "relationship": "friend", "message": "De la part de M.Diop.Viens aujourd'hui.Merci" },
    ]});
    let refused = app.invite(sponsor, &key(), &body).await.problem(422, "request_invalid");
    let fields: BTreeSet<_> =
        refused["errors"].as_array().unwrap().iter().map(|wrong| wrong["field"].as_str().unwrap()).collect();
    let expected = [
        "invitations[0].message",
        "invitations[1]",
        "invitations[2].email",
        "invitations[3].phone",
        "invitations[4].message",
    ];
    assert_eq!(fields, BTreeSet::from(expected));
    for body in [
        json!({}),
        json!({ "invitations": [] }),
        json!({ "invitations": [{ "phone": phone, "relationship": "friend", "points": 100 }] }),
    ] {
        app.invite(sponsor, &key(), &body).await.problem(422, "request_invalid");
    }
    let enemy = json!({ "invitations": [{ "phone": phone, "relationship": "enemy`, expected `you" }] });
    let refused = app.invite(sponsor, &key(), &enemy).await.problem(422, "request_invalid");
    let (field, message) = (&refused["errors"][0]["field"], &refused["errors"][0]["message"]);
    assert_eq!(field, "invitations[0].relationship");
    let known = "partner, parent, child, sibling, relative, friend, colleague, other";
    assert_eq!(message, &format!("ce mot est inconnu ; écrivez l'un de : {known}"));
    let once = key();
    let first = app.invite(sponsor, &once, &friend(&phone)).await.expect(201);
    assert_eq!(app.invite(sponsor, &once, &friend(&phone)).await.expect(201), first);
    let again = app.invite(sponsor, &key(), &friend(&phone)).await.problem(422, "request_invalid");
    assert_eq!(again["errors"][0]["field"], "invitations[0]");
    let own = phones::unused();
    let has = format!(
        "update people.users set phone = '{own}' where user_id = '{}' returning phone",
        sponsor.uuid()
    );
    assert_eq!(app.read::<String>(&has).await, own);
    app.invite(sponsor, &key(), &friend(&own)).await.problem(422, "request_invalid");
    let sql = format!("select invitations from sponsorship.days where sponsor_id = '{}'", sponsor.uuid());
    assert_eq!(app.read::<i32>(&sql).await, 1);
}

#[tokio::test]
async fn a_number_abroad_is_invited_by_mail() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let refused = app.invite(sponsor, &key(), &friend("+33612345678")).await.problem(422, "request_invalid");
    assert_eq!(refused["errors"][0]["field"], "invitations[0].phone");
    let told = refused["errors"][0]["message"].as_str().unwrap();
    assert!(told.contains("+221") && told.contains("e-mail"), "{refused}");
    let mail = json!({ "invitations": [{ "email": mailbox("abroad"), "relationship": "friend" }] });
    app.invite(sponsor, &key(), &mail).await.is(201);
}

#[tokio::test]
async fn whoever_runs_it_says_which_numbers_are_invited_by_phone() {
    let near =
        TestApp::start().await.with(|layers| layers.set("sponsorship.phone_prefixes", "+221,+33")).await;
    near.invite(near.person(40).await, &key(), &friend(&french())).await.is(201);
    near.invite(near.person(40).await, &key(), &friend("+32470123456")).await.problem(422, "request_invalid");
    let anywhere = TestApp::start().await.with(|layers| layers.set("sponsorship.phone_prefixes", "")).await;
    anywhere.invite(anywhere.person(40).await, &key(), &friend(&french())).await.is(201);
}

/// Of its own in each test: a contact is invited a few times in a week.
fn french() -> String {
    format!("+3361{:07}", uuid::Uuid::new_v4().as_u128() % 10_000_000)
}

fn mailbox(name: &str) -> String {
    format!("{name}{}@gmail.com", uuid::Uuid::new_v4().simple())
}

#[tokio::test]
async fn a_mailbox_is_one_however_it_is_spelt() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let plain = mailbox("victim");
    let (local, _) = plain.split_once('@').unwrap();
    let spellings = [format!("V.{}+1@Gmail.com", &local[1..]), format!("{local}@googlemail.com")];
    let invite = async |sponsor, all: &[&str]| {
        let all: Vec<_> = all.iter().map(|to| json!({ "email": to, "relationship": "friend" })).collect();
        app.invite(sponsor, &key(), &json!({ "invitations": all })).await
    };
    invite(sponsor, &[&plain, &spellings[0]]).await.problem(422, "request_invalid");
    let reply = invite(sponsor, &[&plain]).await.expect(201);
    invite(sponsor, &[&spellings[0]]).await.problem(422, "request_invalid");
    let declined = format!(
        "update sponsorship.invitations set ended_as = 'declined', ended_at = now()
         where invitation_id = '{}' returning ended_as",
        reply["invitations"][0]["id"].as_str().unwrap().parse::<InvitationId>().unwrap().uuid()
    );
    app.read::<String>(&declined).await;
    for spelling in &spellings {
        let refused = invite(sponsor, &[spelling]).await.problem(422, "request_invalid");
        assert_eq!(refused["errors"][0]["field"], "invitations[0]", "a no is a no");
    }
    invite(app.person(40).await, &[&spellings[0]]).await.is(201);
    let has = format!(
        "update people.users set email = '{}' where user_id = '{}' returning email",
        mailbox("self"),
        sponsor.uuid()
    );
    let own: String = app.read(&has).await;
    invite(sponsor, &[&own.replace("self", "s.elf")]).await.problem(422, "request_invalid");
}

#[tokio::test]
async fn the_fifty_first_of_a_day_waits_for_tomorrow() {
    let app = TestApp::start().await;
    let sponsor = app.person(40).await;
    let batch = |count: usize| {
        let all: Vec<_> =
            (0..count).map(|_| json!({ "phone": phones::unused(), "relationship": "other" })).collect();
        json!({ "invitations": all })
    };
    app.invite(sponsor, &key(), &batch(48)).await.is(201);
    let refused = app.invite(sponsor, &key(), &batch(3)).await;
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    let midnight = dakar::start_of(dakar::days_after(dakar::day_of(Utc::now()), 1));
    let until_midnight = (midnight - Utc::now()).num_seconds();
    assert!((until_midnight - 5..=until_midnight + 60).contains(&wait), "{wait} {until_midnight}");
    let refused = refused.problem(429, "too_many_invitations");
    assert!(refused["detail"].as_str().unwrap().contains("il en reste 2 aujourd'hui"), "{refused}");
    app.invite(sponsor, &key(), &batch(2)).await.is(201);
    app.invite(sponsor, &key(), &batch(1)).await.problem(429, "too_many_invitations");
    let status = app.mine(sponsor, "/api/sponsorship/status?limit=30").await;
    assert_eq!(status["funnel"]["written"], 50);
    // What is refused today is not refused under the same key tomorrow.
    let (kept_back, one_more) = (key(), batch(1));
    for _ in 0..2 {
        app.invite(sponsor, &kept_back, &one_more).await.problem(429, "too_many_invitations");
    }
    let tomorrow = format!(
        "update sponsorship.days set day = day - 1 where sponsor_id = '{}' returning invitations",
        sponsor.uuid()
    );
    assert_eq!(app.read::<i32>(&tomorrow).await, 50);
    let invited = app.invite(sponsor, &kept_back, &one_more).await;
    invited.is(201);
    assert_eq!(app.invite(sponsor, &kept_back, &one_more).await.body, invited.body);
    let rest = app
        .mine(
            sponsor,
            &format!("/api/sponsorship/status?limit=30&after={}", status["next"].as_str().unwrap()),
        )
        .await;
    assert_eq!((rest["invitations"].as_array().unwrap().len(), &rest["next"]), (20, &Value::Null));
    let masked = rest["invitations"][0]["to"].as_str().unwrap();
    assert!(masked.contains('•'), "{masked}");
}

#[tokio::test]
async fn the_link_leads_a_browser_to_a_page_that_declines() {
    let app = TestApp::start().await;
    let sent = app.invited(app.person(40).await).await;
    let page = |request: reqwest::RequestBuilder| async {
        let response = request.header(header::ACCEPT, "text/html").send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let path = format!("/i/{}", sent.token);
    let (status, text) = page(app.get(&path)).await;
    assert!(status == 200 && text.contains("Awa vous invite sur WOLO"), "{status} {text}");
    let until = dakar::day_of(Utc::now() + chrono::TimeDelta::days(7));
    assert!(text.contains(&dakar::in_words(until, Language::French)), "{text}");
    let english = app.get(&path).header(header::ACCEPT_LANGUAGE, "en");
    let (_, text) = page(english).await;
    assert!(text.contains(&dakar::in_words(until, Language::English)), "{text}");
    let (status, text) = page(app.post(&path)).await;
    assert!(status == 200 && text.contains("déclinée"), "{status} {text}");
    let (status, text) = page(app.get(&path)).await;
    assert!(status == 409 && text.contains("refusée"), "{status} {text}");
    let (status, text) = page(app.get("/i/nothing")).await;
    assert!(status == 404 && text.contains("Invitation inconnue"), "{status} {text}");
}
