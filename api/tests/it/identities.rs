//! Whose word opens an account: shown to its holder, and taken away by them, but never the last way in.

use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::accounts::identities;
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_domain::ids::UserId;
use wolo_sandbox::social::Person;

use crate::app::TestApp;
use crate::reply::Reply;

const IDENTITIES: &str = "/api/users/identities";

fn token(session: &Value) -> &str {
    session["access_token"].as_str().unwrap_or_else(|| panic!("no session: {session}"))
}

impl TestApp {
    /// Whose word opens the account of a session.
    async fn openers(&self, session: &Value) -> Vec<String> {
        let listed = Reply::of(self.get(IDENTITIES).bearer_auth(token(session))).await.expect(200);
        let listed = listed["identities"].as_array().unwrap().clone();
        listed.iter().map(|one| one["provider"].as_str().unwrap().to_owned()).collect()
    }

    async fn unlink(&self, session: &Value, provider: IdentityProvider) -> Reply {
        let path = format!("{IDENTITIES}/{}", provider.as_str());
        Reply::of(self.request(reqwest::Method::DELETE, &path).bearer_auth(token(session))).await
    }

    /// As signing in does it.
    async fn link(&self, session: &Value, provider: IdentityProvider) {
        let operator = wolo_database::connect(&self.world().postgres.url("wolo"), 1).await.unwrap();
        let user: UserId = session["user"].as_str().unwrap().parse().unwrap();
        let (issuer, subject) = (provider.issuer(), Uuid::new_v4().to_string());
        let mut operator = operator.acquire().await.unwrap();
        assert!(identities::link(&mut operator, user, issuer, &subject).await.unwrap());
    }
}

#[tokio::test]
async fn a_provider_opens_an_account_until_its_holder_takes_that_away() {
    let app = TestApp::start().await;
    let person = Person { email: None, ..Person::fresh("Awa") };
    let session = app.social_login(&app.proof(Facebook, &person).await).await.expect(200);
    assert_eq!(app.openers(&session).await, ["facebook"]);
    app.link(&session, Google).await;
    assert_eq!(app.openers(&session).await, ["facebook", "google"]);

    app.unlink(&session, Apple).await.problem(404, "identity_unknown");
    let nobody = format!("{IDENTITIES}/myspace");
    let nobody = app.request(reqwest::Method::DELETE, &nobody).bearer_auth(token(&session));
    Reply::of(nobody).await.problem(404, "identity_unknown");
    assert_eq!(app.unlink(&session, Facebook).await.status, 204);
    app.unlink(&session, Facebook).await.problem(404, "identity_unknown");
    assert_eq!(app.openers(&session).await, ["google"]);
    // Facebook's word opens another account from now on.
    let other = app.social_login(&app.proof(Facebook, &person).await).await.expect(200);
    assert_ne!(other["user"], session["user"]);
}

#[tokio::test]
async fn the_last_way_into_an_account_is_not_taken_away() {
    let app = TestApp::start().await;
    let person = Person { email: None, ..Person::fresh("Awa") };
    let session = app.social_login(&app.proof(Apple, &person).await).await.expect(200);
    app.unlink(&session, Apple).await.problem(409, "last_way_in");
    assert_eq!(app.openers(&session).await, ["apple"]);

    // A contact that has been proved is another way: a code opens the account.
    let email = format!("{}@example.sn", Uuid::new_v4().simple());
    let contact = app.post("/api/users/profile/contact").bearer_auth(token(&session));
    let sent = Reply::of(contact.json(&json!({ "email": email }))).await.expect(202);
    app.unlink(&session, Apple).await.problem(409, "last_way_in");
    let given = json!({ "code_id": sent["code_id"], "code": app.code(&email).await });
    assert_eq!(app.send("/api/users/auth/verify-email", &given).await.status, 204);
    assert_eq!(app.unlink(&session, Apple).await.status, 204);
}

#[tokio::test]
async fn of_two_ways_that_are_taken_away_at_once_one_stays() {
    let app = TestApp::start().await;
    for _ in 0..10 {
        let person = Person { email: None, ..Person::fresh("Awa") };
        let session = app.social_login(&app.proof(Apple, &person).await).await.expect(200);
        app.link(&session, Google).await;
        let both = tokio::join!(app.unlink(&session, Apple), app.unlink(&session, Google));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}
