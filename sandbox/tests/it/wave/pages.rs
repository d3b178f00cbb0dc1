use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::json;
use wolo_sandbox::wave::Book;

use super::{Shop, gift, with};

async fn press(shop: &Shop, id: &str, button: &str, form: &[(&str, &str)]) -> Response {
    shop.http.post(shop.url(&format!("/c/{id}/{button}"))).form(form).send().await.unwrap()
}

async fn page(shop: &Shop, id: &str) -> (StatusCode, String) {
    let response = shop.http.get(shop.url(&format!("/c/{id}"))).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn paying_sends_the_payer_back_and_paying_twice_moves_nothing() {
    let shop = Shop::open().await;
    let session = shop.create("15000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    let (status, open) = page(&shop, id).await;
    assert_eq!(status, 200);
    assert!(
        open.contains("Payer") && open.contains("Échouer") && open.contains("15\u{202f}000 F CFA"),
        "{open}"
    );
    // Nothing is fetched from elsewhere.
    assert!(!open.contains("http://") && !open.contains("https://"), "{open}");

    let back = press(&shop, id, "pay", &[("mobile", "+221780000005")]).await;
    assert_eq!(
        (back.status().as_u16(), &back.headers()["location"]),
        (303, &"https://wolo.example/ok".parse().unwrap())
    );
    assert_eq!(
        shop.wave.look(|book| book.session(id).unwrap().payer_mobile.clone()).unwrap(),
        "+221780000005"
    );

    let again = press(&shop, id, "pay", &[]).await;
    assert_eq!(again.status(), 200);
    assert!(again.text().await.unwrap().contains("déjà fait"));
    assert!(page(&shop, id).await.1.contains("déjà fait"));
    assert_eq!(shop.wave.look(|book| (book.movements().len(), book.balance())), (1, 1_014_850));
}

#[tokio::test]
async fn a_failed_attempt_leaves_the_session_open() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    for (form, code, words) in [
        (vec![("code", "blocked-account")], "blocked-account", "compte bloqué"),
        (vec![], "insufficient-funds", "solde insuffisant"),
    ] {
        let back = press(&shop, id, "fail", &form).await;
        assert_eq!(
            (back.status().as_u16(), &back.headers()["location"]),
            (303, &"https://wolo.example/ko".parse().unwrap())
        );
        let (_, session) = shop.get(&format!("/v1/checkout/sessions/{id}")).await;
        assert_eq!(
            (&session["checkout_status"], &session["last_payment_error"]["code"]),
            (&json!("open"), &json!(code))
        );
        let open = page(&shop, id).await.1;
        assert!(open.contains(&format!("Le dernier essai a échoué : {words}.")), "{open}");
    }
    assert_eq!(press(&shop, id, "pay", &[]).await.status(), 303);
    assert_eq!(shop.wave.look(Book::balance), 1_004_950);
}

#[tokio::test]
async fn a_session_for_one_wallet_refuses_another() {
    let shop = Shop::open().await;
    let body = with(gift("5000", "don_1"), "restrict_payer_mobile", json!("+221770000007"));
    let (_, session) = shop.post("/v1/checkout/sessions", &body).await;
    let id = session["id"].as_str().unwrap();
    let back = press(&shop, id, "pay", &[("mobile", "+221770000008")]).await;
    assert_eq!(back.headers()["location"], "https://wolo.example/ko");
    let (_, session) = shop.get(&format!("/v1/checkout/sessions/{id}")).await;
    assert_eq!(session["last_payment_error"]["code"], "payer-mobile-mismatch");
    // Its own wallet pays when no number is typed.
    assert_eq!(press(&shop, id, "pay", &[]).await.headers()["location"], "https://wolo.example/ok");
}

#[tokio::test]
async fn a_payer_without_a_number_is_told_so_and_nothing_moves() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    let refused = press(&shop, id, "pay", &[("mobile", "Moussa")]).await;
    assert_eq!(refused.status(), 400);
    let words = refused.text().await.unwrap();
    assert!(words.contains("pas un numéro") && words.contains("Payer"), "{words}");
    let (status, told) = shop.tell(&format!("sessions/{id}/pay"), json!({ "mobile": "Moussa" })).await;
    assert_eq!(status, 400, "{told}");
    assert!(told["problem"].as_str().unwrap().contains("not a number"), "{told}");
    assert!(shop.wave.look(|book| book.movements().is_empty()));
}

#[tokio::test]
async fn the_control_page_says_states_in_french() {
    let shop = Shop::open().await;
    shop.create("5000", "don_1").await;
    shop.paid("7000", "don_2").await;
    let control = shop.http.get(shop.url("/_sandbox/")).send().await.unwrap().text().await.unwrap();
    assert!(control.contains("<td>à payer</td>") && control.contains("<td>payé</td>"), "{control}");
    assert!(!control.contains("complete"), "{control}");
}

#[tokio::test]
async fn an_expired_or_unknown_link_says_so() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    shop.wave.move_clock(Duration::from_mins(30));
    assert!(page(&shop, id).await.1.contains("a expiré"));
    let late = press(&shop, id, "pay", &[]).await;
    assert_eq!(late.status(), 200);
    assert!(late.text().await.unwrap().contains("a expiré"));
    assert_eq!(press(&shop, "cos-none", "pay", &[]).await.status(), 404);
    assert_eq!(page(&shop, "cos-none").await.0, 404);
    assert!(shop.wave.look(|book| book.movements().is_empty()));
}

#[tokio::test]
async fn what_a_caller_wrote_is_shown_as_text() {
    let shop = Shop::open().await;
    shop.create("5000", "<script>alert(1)</script>").await;
    let control = shop.http.get(shop.url("/_sandbox/")).send().await.unwrap();
    assert_eq!(control.status(), 200);
    let control = control.text().await.unwrap();
    assert!(!control.contains("<script>alert") && control.contains("&lt;script&gt;"), "{control}");
    assert!(control.contains("lost_reply"), "{control}");
}
