//! Everything here goes through the control API alone, as another process would.

use serde_json::{Value, json};
use wolo_sandbox::wave::{Endpoint, Release};

use super::{AWA, Answer, SOON, Shop, answer, order, receiver::Receiver};

impl Shop {
    pub(super) async fn tell(&self, path: &str, body: Value) -> Answer {
        answer(self.http.post(self.url(&format!("/_sandbox/{path}"))).json(&body)).await
    }

    async fn ask(&self, path: &str) -> Value {
        let (status, body) = answer(self.http.get(self.url(&format!("/_sandbox/{path}")))).await;
        assert_eq!(status, 200, "{path}");
        body
    }

    async fn remove(&self, path: &str) -> u16 {
        answer(self.http.delete(self.url(&format!("/_sandbox/{path}")))).await.0.as_u16()
    }
}

#[tokio::test]
async fn the_book_and_the_payer_can_be_reached() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    assert_eq!(shop.tell(&format!("sessions/{id}/fail"), json!({ "code": "payment-failure" })).await.0, 200);
    assert_eq!(shop.tell(&format!("sessions/{id}/pay"), json!({ "mobile": AWA })).await.0, 200);
    assert_eq!(shop.tell(&format!("sessions/{id}/pay"), json!({})).await.0, 409);
    assert_eq!(shop.tell("sessions/cos-none/pay", json!({})).await.0, 404);
    assert_eq!(shop.tell("merchant-payments", json!({ "amount": 100, "mobile": AWA })).await.0, 200);
    let sweep = json!({ "kind": "merchant_sweep", "amount": -49 });
    assert_eq!(shop.tell("movements", sweep).await.0, 200);
    let book = shop.ask("book").await;
    assert_eq!((&book["opening"], &book["balance"]), (&json!(1_000_000), &json!(1_005_000)));
    assert_eq!(book["movements"].as_array().map(Vec::len), Some(3));
    assert_eq!(shop.ask("sessions?client_reference=don_1").await[0]["payer_mobile"], AWA);
    assert_eq!(shop.ask("sessions?client_reference=none").await, json!([]));
}

#[tokio::test]
async fn faults_are_queued_listed_and_removed() {
    let shop = Shop::open().await;
    let rule = json!({
        "endpoint": "payout.create", "about": "dist_1", "times": 1,
        "fault": { "kind": "too_many_requests", "retry_after": { "seconds": 3 } },
    });
    assert_eq!(shop.tell("faults", rule).await.0, 200);
    assert_eq!(shop.payout("k1", &order("1000", AWA, "dist_2")).await.0, 200);
    assert_eq!(shop.payout("k2", &order("1000", AWA, "dist_1")).await.0, 429);
    assert_eq!(shop.payout("k2", &order("1000", AWA, "dist_1")).await.0, 200);

    for (fault, status) in [
        (json!({ "kind": "delay", "millis": 1 }), 200),
        (json!({ "kind": "error_before", "status": 502 }), 502),
        (json!({ "kind": "error_after", "status": 504 }), 504),
        (json!({ "kind": "refused", "status": 403, "code": "ip-not-allowed" }), 403),
        (json!({ "kind": "other_amount", "amount": 1 }), 200),
        (json!({ "kind": "short_balance" }), 200),
    ] {
        shop.tell("faults", json!({ "fault": fault, "times": 1 })).await;
        assert_eq!(shop.get("/v1/balance").await.0, status, "{fault}");
    }
    for kind in
        ["lost_request", "lost_reply", "stalled_reply", "malformed_reply", "search_blind", "stays_processing"]
    {
        let (status, _) = shop.tell("faults", json!({ "fault": { "kind": kind } })).await;
        assert_eq!(status, 200, "{kind}");
    }
    let listed = shop.ask("faults").await;
    assert_eq!(listed["calls"].as_array().map(Vec::len), Some(6));
    let number = listed["calls"][0]["number"].as_u64().unwrap();
    assert_eq!(shop.remove(&format!("faults/{number}")).await, 200);
    assert_eq!(shop.remove(&format!("faults/{number}")).await, 404);
    shop.tell("faults/clear", json!({})).await;
    assert_eq!(shop.ask("faults").await, json!({ "calls": [], "webhooks": [] }));
    let unknown = shop.http.post(shop.url("/_sandbox/faults")).json(&json!({ "fault": { "kind": "x" } }));
    assert_eq!(unknown.send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn stalled_replies_and_processing_payouts_are_ended() {
    let shop = Shop::open().await;
    let rule = |kind: &str| json!({ "endpoint": "payout.create", "fault": { "kind": kind }, "times": 1 });
    shop.tell("faults", rule("stalled_reply")).await;
    let call = tokio::spawn(shop.payout_request("k1", &order("1000", AWA, "dist_1")).send());
    shop.wave.wait_for_stalled(1, SOON).await.unwrap();
    shop.tell("stalled/release", json!({ "how": "answer" })).await;
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    assert!(serde_json::from_value::<Release>(json!("drop")).is_ok());

    shop.tell("faults", rule("stays_processing")).await;
    let (_, payout) = shop.payout("k2", &order("1000", AWA, "dist_2")).await;
    let settle = format!("payouts/{}/settle", payout["id"].as_str().unwrap());
    assert_eq!(shop.tell(&settle, json!({ "error": "recipient-minor" })).await.0, 200);
    assert_eq!(shop.tell(&settle, json!({})).await.0, 409);
    assert_eq!(shop.tell("payouts/pt-none/settle", json!({})).await.0, 404);
    assert_eq!(shop.ask("payouts?client_reference=dist_2").await[0]["error"], "recipient-minor");

    assert_eq!(shop.tell("idempotency-keys/forget", json!({})).await.0, 200);
    shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 2);
    assert_eq!(shop.wave.calls(Endpoint::PayoutCreate), 3);
}

#[tokio::test]
async fn the_clock_moves_both_ways() {
    let shop = Shop::open().await;
    let moved = shop.tell("clock", json!({ "move_seconds": 3_600 })).await.1;
    assert_eq!(moved["ahead_millis"], 3_600_000);
    shop.tell("clock", json!({ "move_seconds": -3_600 })).await;
    assert_eq!(shop.ask("clock").await["ahead_millis"], 0);
    for seconds in [i64::MAX, i64::MIN] {
        assert_eq!(shop.tell("clock", json!({ "move_seconds": seconds })).await.0, 200);
        shop.create("5000", "don_1").await;
    }
}

#[tokio::test]
async fn webhooks_are_registered_bent_and_delivered_again() {
    let receiver = Receiver::open().await;
    let shop = Shop::open().await;
    shop.tell("webhooks", json!({ "url": receiver.url })).await;
    let rule = json!({ "event": "test.test_event", "fault": { "kind": "lost" }, "times": 1 });
    shop.tell("webhook-faults", rule).await;
    let (_, lost) = shop.tell("webhooks/test", json!({})).await;
    let event = lost["event_id"].as_str().unwrap();
    assert_eq!(shop.tell(&format!("events/{event}/deliver"), json!({})).await.0, 200);
    assert_eq!(shop.tell("events/EV_none/deliver", json!({})).await.0, 404);
    assert_eq!(receiver.wait(1).await[0].json()["id"], event);

    for fault in [
        json!({ "kind": "duplicate", "copies": 1 }),
        json!({ "kind": "late", "millis": 1 }),
        json!({ "kind": "held" }),
        json!({ "kind": "reordered" }),
        json!({ "kind": "forged" }),
        json!({ "kind": "tampered", "amount": 1, "resigned": true }),
        json!({ "kind": "stale", "seconds": 301 }),
    ] {
        let (status, _) = shop.tell("webhook-faults", json!({ "fault": fault, "times": 1 })).await;
        assert_eq!(status, 200, "{fault}");
    }
    shop.tell("faults/clear", json!({})).await;
    assert_eq!(shop.tell("webhooks/release", json!({})).await.0, 200);
    assert_eq!(shop.tell("webhooks/retry", json!({})).await.0, 200);
    assert_eq!(shop.remove(&format!("webhooks?url={}", receiver.url)).await, 200);
    assert_eq!(shop.remove(&format!("webhooks?url={}", receiver.url)).await, 404);
}

#[tokio::test]
async fn access_and_people_are_set() {
    let shop = Shop::open().await;
    shop.tell("people", json!({ "mobile": AWA, "name": "Awa Ndiaye" })).await;
    let ask = json!({ "mobile": AWA, "name": "Boubacar Sy" });
    assert_eq!(shop.post("/v1/verify_recipient/", &ask).await.1["name_match"], "NO_MATCH");
    assert_eq!(shop.tell("access", json!({ "key_revoked": true })).await.0, 200);
    assert_eq!(shop.get("/v1/balance").await.0, 401);
    assert_eq!(shop.ask("access").await["key_revoked"], true);
    shop.tell("access", json!({ "wallet": "active" })).await;
    assert_eq!(shop.get("/v1/balance").await.0, 200);
}
