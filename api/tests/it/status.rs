//! Where a gift stands, for programs and for the browser that Wave sends back.

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE};
use serde_json::Value;
use uuid::Uuid;
use wolo_database::donations::{self, Checkout, Donor, NewDonation};
use wolo_domain::ids::DonationId;
use wolo_domain::money::Xof;
use wolo_domain::pots::Visibility;

use crate::app::TestApp;
use crate::reply::Reply;

/// A gift that waits, written as the steps would.
async fn waiting(app: &TestApp) -> DonationId {
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let id = DonationId::from_uuid(Uuid::now_v7());
    let donor =
        Donor { name: Some("Moussa".to_owned()), message: Some("Bravo".to_owned()), ..Donor::default() };
    let new = NewDonation { id, pot, amount: Xof::new(5_000), donor };
    donations::request(&app.pool, &new).await.unwrap();
    let opened_at = chrono::Utc::now();
    let checkout = Checkout {
        id: format!("cos-{}", id.uuid().simple()),
        wave_launch_url: "https://pay.wave.com/c/x?a=1&b=\"2\"".to_owned(),
        opened_at,
        expires_at: opened_at + chrono::TimeDelta::minutes(30),
    };
    donations::attach_checkout(&app.pool, id, &checkout).await.unwrap();
    id
}

#[tokio::test]
async fn a_gift_that_waits_says_where_it_can_be_paid_and_nothing_about_its_giver() {
    let app = TestApp::start().await;
    let id = waiting(&app).await;
    let reply = app.status(&id.to_string()).await;
    let body = reply.expect(200);
    assert_eq!(body["stage"], "requested");
    assert_eq!(body["amount"], 5_000);
    assert_eq!(body["failed_attempts"], 0);
    assert!(body["wave_launch_url"].is_string());
    assert_eq!(body["process"], format!("donation/{id}"));
    assert!(!reply.body.contains("Moussa") && !reply.body.contains("Bravo"));
}

#[tokio::test]
async fn a_gift_that_has_ended_cannot_be_paid_any_more() {
    let app = TestApp::start().await;
    let id = waiting(&app).await;
    donations::expire(&app.pool, id, 0).await.unwrap();
    let body = app.status(&id.to_string()).await.expect(200);
    assert_eq!((&body["stage"], &body["wave_launch_url"]), (&"expired".into(), &Value::Null));
}

#[tokio::test]
async fn a_browser_gets_a_page_in_french_that_runs_nothing() {
    let app = TestApp::start().await;
    let id = waiting(&app).await;
    let page = Reply::of(
        app.get(&format!("/api/payments/status/{id}"))
            .header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8"),
    )
    .await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers[CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(
        page.body.contains("En attente du paiement") && page.body.contains("5\u{202f}000\u{a0}F\u{a0}CFA")
    );
    assert!(page.body.contains("a=1&amp;b=&quot;2&quot;"));
    assert!(!page.body.contains("src=") && !page.body.contains("<script") && !page.body.contains("Moussa"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    donations::expire(&app.pool, id, 0).await.unwrap();
    let page = Reply::of(app.get(&format!("/api/payments/status/{id}")).header(ACCEPT, "text/html")).await;
    assert!(page.body.contains("Non payé") && !page.body.contains("Payer avec Wave"));
}

#[tokio::test]
async fn the_page_speaks_the_browsers_language() {
    let app = TestApp::start().await;
    let path = format!("/api/payments/status/{}", waiting(&app).await);
    for (wanted, spoken, words) in [
        ("fr-SN, en;q=0.8", "fr", "En attente du paiement"),
        ("en-GB, fr;q=0.8", "en", "Waiting for the payment"),
        ("wo", "fr", "Payer avec Wave"),
    ] {
        let page =
            Reply::of(app.get(&path).header(ACCEPT, "text/html").header(ACCEPT_LANGUAGE, wanted)).await;
        assert_eq!((page.status.as_u16(), page.header("content-language")), (200, spoken));
        assert!(
            page.body.contains(words) && page.body.contains(&format!("lang=\"{spoken}\"")),
            "{}",
            page.body
        );
        assert_eq!(page.header("vary"), "accept, accept-language");
    }
}

#[tokio::test]
async fn a_browser_with_a_wrong_link_gets_a_page_too() {
    let app = TestApp::start().await;
    for id in ["don_00000000000000000000000000000000", "not-an-id"] {
        let request = app.get(&format!("/api/payments/status/{id}")).header(ACCEPT, "text/html");
        let page = Reply::of(request.header(ACCEPT_LANGUAGE, "en")).await;
        assert_eq!((page.status.as_u16(), page.header("content-language")), (404, "en"));
        assert_eq!(page.headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(page.body.contains("Unknown gift") && !page.body.contains(id), "{}", page.body);
    }
}

#[tokio::test]
async fn an_unknown_gift_is_not_found() {
    let app = TestApp::start().await;
    for id in ["don_00000000000000000000000000000000", "x", "%00", "pot_00000000000000000000000000000000"] {
        app.status(id).await.problem(404, "donation_unknown");
    }
}
