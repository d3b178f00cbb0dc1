//! What does not go on by itself, for those who work here.

use serde_json::{Value, json};
use wolo_domain::accounts::Role;
use wolo_domain::pots::HoldReason;

use crate::app::{TestApp, key};
use crate::reply::Reply;

impl TestApp {
    async fn stuck(&self, role: Role) -> Value {
        let token = self.staff_token(self.person(100).await, role);
        Reply::of(self.get("/api/admin/stuck").bearer_auth(token)).await.expect(200)
    }
}

#[tokio::test]
async fn a_pot_that_a_moderator_holds_is_named_with_the_command_that_lets_it_go() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    let made = app.make_pot(owner, &key(), &json!({ "title": "x" })).await.expect(201);
    let pot = made["id"].as_str().unwrap();
    let named = |told: &Value| {
        let of_pot = |one: &&Value| one["process"] == format!("pot/{pot}");
        told["stuck"].as_array().unwrap().iter().find(of_pot).cloned()
    };
    assert_eq!(named(&app.stuck(Role::Support).await), None);
    let token = app.staff_token(app.person(100).await, Role::Support);
    let hold = app.post(&format!("/api/admin/pots/{pot}/hold")).bearer_auth(token);
    Reply::of(hold.json(&json!({ "reason": "a look" }))).await.is(204);
    for role in Role::ALL {
        let told = app.stuck(role).await;
        let one = named(&told).unwrap_or_else(|| panic!("{told}"));
        assert_eq!((&one["why"], &one["owner"]), (&json!("held"), &json!("support")));
        assert_eq!(one["help"], format!("wolo pots release {pot} --reason …"));
        assert_eq!(one["waits_for"], HoldReason::Moderation.waits_for());
        let page = one["page"].as_str().unwrap();
        assert!(page.starts_with(&app.world().temporal.ui_url()) && page.ends_with(&format!("pot%2F{pot}")));
        assert!(told["running"].as_u64().unwrap() >= told["looked_at"].as_u64().unwrap());
    }
}
