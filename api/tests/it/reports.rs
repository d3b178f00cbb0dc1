//! Reporting a pot, over HTTP and on its page.

use reqwest::header::COOKIE;
use serde_json::{Value, json};
use wolo_database::reports::{self, Reported};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{PotSettings, Visibility};
use wolo_domain::reports::ReportReason;

use crate::app::{TestApp, key, settings};
use crate::reply::Reply;

impl TestApp {
    async fn reports(&self, user: Option<UserId>, pot: &str, key: &str, body: &Value) -> Reply {
        let request = self.post(&format!("/api/pots/{pot}/report")).header("idempotency-key", key).json(body);
        Reply::of(match user {
            Some(user) => request.bearer_auth(self.token(user)),
            None => request,
        })
        .await
    }

    async fn reported(&self, pot: PotId) -> Option<Reported> {
        let open = reports::open(&self.pool, 10_000).await.unwrap();
        open.into_iter().find(|one| one.pot == pot)
    }
}

#[tokio::test]
async fn whoever_sees_a_pot_reports_it_once_and_it_goes_on() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    let somebody = app.person(100).await;
    let told = json!({ "reason": "impersonation", "words": " Awa n'en sait rien. " });
    for key in ["one", "one", "two"] {
        app.reports(Some(somebody), &slug, key, &told).await.is(204);
    }
    let visitor = key();
    for _ in 0..2 {
        app.reports(None, &slug, &visitor, &json!({ "reason": "fraud" })).await.is(204);
    }
    let reported = app.reported(pot).await.unwrap();
    assert_eq!(reported.reports, 2);
    assert_eq!(reported.reasons, [ReportReason::Fraud, ReportReason::Impersonation]);
    assert_eq!(reported.words, ["Awa n'en sait rien."]);
    // The pot goes on.
    app.given(&slug, json!({ "amount": 500 })).await;
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_a_pot_that_one_does_not_see_is_not_there() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    app.reports(None, &slug, &key(), &json!({})).await.is(422);
    app.reports(None, &slug, &key(), &json!({ "reason": "boring" })).await.is(422);
    let long = json!({ "reason": "other", "words": "x".repeat(501) });
    app.reports(None, &slug, &key(), &long).await.wrong_field(422, "words");
    Reply::of(app.post(&format!("/api/pots/{slug}/report")).json(&json!({ "reason": "other" })))
        .await
        .problem(400, "idempotency_key_missing");
    let private = PotSettings { visibility: Visibility::Private, ..settings() };
    let (hidden, hidden_slug) = app.opened(private).await;
    app.reports(None, &hidden_slug, &key(), &json!({ "reason": "other" })).await.problem(404, "pot_unknown");
    assert_eq!((app.reported(pot).await, app.reported(hidden).await), (None, None));
}

#[tokio::test]
async fn the_page_has_a_form_to_report_it_with_that_needs_no_script() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(settings()).await;
    let page = app.page(&format!("/p/{slug}")).await;
    let to = format!("/p/{slug}/report");
    assert!(page.body.contains(&format!("action=\"{to}\"")), "{}", page.body);
    for reason in ReportReason::ALL {
        assert!(page.body.contains(&format!("<option value=\"{reason}\">")), "{reason}");
    }
    let sent = async |fields: &[(&str, &str)]| {
        Reply::of(app.post(&to).header("accept", "text/html").header(COOKIE, "").form(fields)).await
    };
    let key = key();
    let fields = [("key", key.as_str()), ("reason", "offensive"), ("words", "Le titre.\r\nLa photo.")];
    for _ in 0..2 {
        let thanked = sent(&fields).await;
        assert_eq!(thanked.status, 200, "{}", thanked.body);
        assert!(thanked.body.contains("Merci") && thanked.body.contains(&format!("href=\"/p/{slug}\"")));
    }
    let reported = app.reported(pot).await.unwrap();
    assert_eq!((reported.reports, reported.words), (1, vec!["Le titre.\nLa photo.".to_owned()]));
    let unsaid = sent(&[("key", "k"), ("reason", "")]).await;
    assert_eq!(unsaid.status, 422);
    assert!(unsaid.body.contains(&format!("href=\"/p/{slug}\">")), "{}", unsaid.body);
    let foreign = app.post(&to).header("sec-fetch-site", "cross-site").form(&fields);
    Reply::of(foreign).await.problem(403, "from_elsewhere");
}
