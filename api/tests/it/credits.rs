//! Turning points into credit for a pot.

use serde_json::{Value, json};
use uuid::Uuid;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::HoldReason;

use crate::app::{TestApp, key};
use crate::reply::Reply;

impl TestApp {
    /// Somebody of whom so many points have matured.
    pub(crate) async fn sponsor(&self, points: u32) -> UserId {
        let sponsor = self.person(40).await;
        let (invitation, award) = (Uuid::now_v7(), Uuid::now_v7());
        let sql = format!(
            "with invitation as (
                 insert into sponsorship.invitations
                     (invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, expires_at)
                 values ('{invitation}', '{0}', 'Awa', 'f@example.sn', 'friend', sha256('{invitation}'), '{invitation}', now() + '7 days')
             ), award as (
                 insert into sponsorship.awards
                     (award_id, user_id, name, rule, invitation_id, points, awarded_at, matures_at)
                 values ('{award}', '{0}', 'Awa', 'invitation_accepted', '{invitation}', {points}, now(), now())
             )
             insert into sponsorship.award_steps (award_id, stage, reason) values ('{award}', 'matured', 'time')
             returning stage",
            sponsor.uuid()
        );
        assert_eq!(self.read::<String>(&sql).await, "matured");
        sponsor
    }

    /// A pot whose process runs.
    async fn running_pot(&self, owner: UserId, visibility: &str) -> Value {
        let made = self.make_pot(owner, &key(), &json!({ "title": "x", "visibility": visibility })).await;
        let pot = made.expect(201);
        let id = pot["id"].as_str().unwrap();
        self.until(async || {
            let pot = self.look_at(id, Some(owner)).await.json();
            (pot["stage"] == "open").then_some(pot)
        })
        .await
    }

    async fn convert(&self, user: UserId, key: &str, body: &Value) -> Reply {
        let request = self.post("/api/users/points/convert").bearer_auth(self.token(user));
        Reply::of(request.header("idempotency-key", key).json(body)).await
    }

    async fn points_of(&self, user: UserId) -> (Value, Value) {
        let points = Reply::of(self.get("/api/users/points").bearer_auth(self.token(user))).await.expect(200);
        (points["spent"].clone(), points["available"].clone())
    }
}

#[tokio::test]
async fn ten_points_are_a_thousand_francs_in_somebodys_pot() {
    let app = TestApp::start().await;
    let (sponsor, owner) = (app.sponsor(25).await, app.person(10).await);
    let pot = app.running_pot(owner, "public").await;
    let (one_key, wish) = (key(), json!({ "pot": pot["id"], "points": 20 }));
    let first = app.convert(sponsor, &one_key, &wish).await;
    let body = first.expect(201);
    assert!(body["id"].as_str().unwrap().starts_with("cnv_"));
    assert_eq!((&body["pot"], &body["points"], &body["credit"]), (&pot["id"], &json!(20), &json!(2_000)));
    assert_eq!(body["available"], 5);
    assert_eq!(body["process"], format!("pot/{}", pot["id"].as_str().unwrap()));
    // The same request is the same credit, to the byte.
    assert_eq!(app.convert(sponsor, &one_key, &wish).await.body, first.body);
    assert_eq!(app.points_of(sponsor).await, (json!(20), json!(5)));
    let seen = app.look_at(pot["id"].as_str().unwrap(), Some(owner)).await.expect(200);
    assert_eq!(seen["collected"], 2_000);
    let short = app.convert(sponsor, &key(), &json!({ "pot": pot["id"], "points": 10 })).await;
    let short = short.problem(409, "points_short");
    assert!(short["detail"].as_str().unwrap().ends_with("vous en avez 5."), "{short}");
    let other = app.convert(sponsor, &one_key, &json!({ "pot": pot["id"], "points": 10 })).await;
    other.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn ones_own_pot_and_one_behind_a_link_take_credit_and_a_hidden_one_is_not_there() {
    let app = TestApp::start().await;
    let sponsor = app.sponsor(20).await;
    let own = app.running_pot(app.person(10).await, "link").await;
    let slug = own["slug"].as_str().unwrap();
    app.convert(sponsor, &key(), &json!({ "pot": own["id"], "points": 10 }))
        .await
        .problem(404, "pot_unknown");
    app.convert(sponsor, &key(), &json!({ "pot": slug, "points": 10 })).await.is(201);
    for pot in ["nothing", &PotId::from_uuid(Uuid::now_v7()).to_string()] {
        let unknown = app.convert(sponsor, &key(), &json!({ "pot": pot, "points": 10 })).await;
        unknown.problem(404, "pot_unknown");
    }
    assert_eq!(app.points_of(sponsor).await, (json!(10), json!(10)));
}

#[tokio::test]
async fn an_owner_gives_credit_to_their_own_pot_unless_it_is_held_or_closed() {
    let app = TestApp::start().await;
    let owner = app.sponsor(30).await;
    // Their birthday is forty days away: the pot opens in ten.
    let made =
        app.make_pot(owner, &key(), &json!({ "title": "x", "visibility": "private" })).await.expect(201);
    let wish = json!({ "pot": made["id"], "points": 10 });
    let early = app.convert(owner, &key(), &wish).await.problem(409, "pot_not_open");
    assert!(early["detail"].as_str().unwrap().starts_with("Cette cagnotte ne reçoit pas"), "{early}");

    let id: PotId = made["id"].as_str().unwrap().parse().unwrap();
    wolo_database::pots::open(&app.pool, id, chrono::Utc::now()).await.unwrap();
    app.convert(owner, &key(), &wish).await.is(201);
    let now = chrono::Utc::now();
    wolo_database::pots::hold(&app.pool, id, HoldReason::Moderation, "looked at", now).await.unwrap();
    let held = app.convert(owner, &key(), &wish).await;
    held.problem(409, "pot_held");
    assert!(!held.body.contains("moderation"));
    assert_eq!(app.points_of(owner).await, (json!(10), json!(20)));
}

#[tokio::test]
async fn only_whole_tens_and_only_of_somebody_who_is_signed_in() {
    let app = TestApp::start().await;
    let sponsor = app.sponsor(100).await;
    let (pot, _) = app.open_pot(wolo_domain::pots::Visibility::Public).await;
    for points in [0, 5, 11] {
        let wrong = app.convert(sponsor, &key(), &json!({ "pot": pot, "points": points })).await;
        wrong.wrong_field(422, "points");
    }
    for body in [
        json!({}),
        json!({ "pot": pot }),
        json!({ "pot": pot, "points": -10 }),
        json!({ "pot": pot, "points": "10" }),
    ] {
        app.convert(sponsor, &key(), &body).await.problem(422, "request_invalid");
    }
    let wish = json!({ "pot": pot, "points": 10 });
    let anonymous = app.post("/api/users/points/convert").header("idempotency-key", key()).json(&wish);
    Reply::of(anonymous).await.problem(401, "token_missing");
    let without_key = app.post("/api/users/points/convert").bearer_auth(app.token(sponsor)).json(&wish);
    Reply::of(without_key).await.problem(400, "idempotency_key_missing");
    // A pot that somebody has ended the process of is for an operator.
    app.convert(sponsor, &key(), &wish).await.problem(503, "engine_unavailable");
    assert_eq!(app.points_of(sponsor).await, (json!(0), json!(100)));
}

#[tokio::test]
async fn what_was_used_stands_in_the_history_with_what_was_given() {
    let app = TestApp::start().await;
    let (sponsor, owner) = (app.sponsor(25).await, app.person(10).await);
    let pot = app.running_pot(owner, "public").await;
    let credited = app.convert(sponsor, &key(), &json!({ "pot": pot["id"], "points": 20 })).await.expect(201);
    let page = async |query: &str| {
        let path = format!("/api/users/points/history?limit=1{query}");
        Reply::of(app.get(&path).bearer_auth(app.token(sponsor))).await.expect(200)
    };
    let first = page("").await;
    assert_eq!(first["awards"], json!([]));
    let used = &first["conversions"][0];
    assert_eq!((&used["id"], &used["pot"], &used["points"]), (&credited["id"], &pot["id"], &json!(20)));
    assert_eq!((&used["credit"], &used["returned_at"]), (&json!(2_000), &Value::Null));
    assert_eq!(used["why"], "20 points sont devenus 2 000 XOF de crédit dans une cagnotte.");
    assert_eq!(first["next"], credited["id"]);
    let second = page(&format!("&after={}", credited["id"].as_str().unwrap())).await;
    assert_eq!((&second["awards"][0]["points"], &second["conversions"]), (&json!(25), &json!([])));
    assert_eq!(second["next"], Value::Null);

    let path = format!("/api/pots/{}/cancel", pot["id"].as_str().unwrap());
    let cancel = app.post(&path).bearer_auth(app.token(owner)).header("idempotency-key", key());
    assert!(Reply::of(cancel).await.status.is_success());
    let returned = page("").await["conversions"][0].clone();
    assert!(returned["returned_at"].is_string(), "{returned}");
    assert!(returned["why"].as_str().unwrap().ends_with("et ils vous sont revenus."), "{returned}");
}

#[tokio::test]
async fn a_budget_that_is_spent_takes_nothing_and_the_same_key_goes_on_when_it_is_raised() {
    let app = TestApp::start().await;
    let (sponsor, owner) = (app.sponsor(10).await, app.person(10).await);
    let pot = app.running_pot(owner, "public").await;
    let poor = app.with(|layers| layers.set("sponsorship.credit_budget_xof", "0")).await;
    let (one_key, wish) = (key(), json!({ "pot": pot["id"], "points": 10 }));
    for _ in 0..2 {
        poor.convert(sponsor, &one_key, &wish).await.problem(409, "credit_budget_spent");
    }
    assert_eq!(app.points_of(sponsor).await, (json!(0), json!(10)));
    let credited = app.convert(sponsor, &one_key, &wish).await;
    assert_eq!(credited.expect(201)["credit"], 1_000);
    assert_eq!(poor.convert(sponsor, &one_key, &wish).await.body, credited.body);
    assert_eq!(app.points_of(sponsor).await, (json!(10), json!(0)));
}

#[tokio::test]
async fn a_conversion_that_was_answered_is_answered_so_whatever_points_buy_by_then() {
    let app = TestApp::start().await;
    let (sponsor, owner) = (app.sponsor(10).await, app.person(10).await);
    let pot = app.running_pot(owner, "public").await;
    let (one_key, wish) = (key(), json!({ "pot": pot["id"], "points": 10 }));
    let credited = app.convert(sponsor, &one_key, &wish).await;
    credited.is(201);
    let dearer = app.with(|layers| layers.set("sponsorship.points_per_credit", "20")).await;
    assert_eq!(dearer.convert(sponsor, &one_key, &wish).await.body, credited.body);
    // Its answer was lost, and somebody takes over.
    let lost = format!(
        "update ops.idempotency_keys
         set status = null, content_type = null, response = null, finished_at = null, language = null,
             claimed_at = claimed_at - interval '1 day'
         where scope = '{sponsor}' and key = '{one_key}' returning subject"
    );
    app.read::<String>(&lost).await;
    assert_eq!(dearer.convert(sponsor, &one_key, &wish).await.body, credited.body);
    dearer.convert(sponsor, &key(), &wish).await.wrong_field(422, "points");
}
