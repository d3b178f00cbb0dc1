use reqwest::header::AUTHORIZATION;
use serde_json::json;
use wolo_sandbox::wave::{Access, WalletState};

use super::{Shop, answer};

#[tokio::test]
async fn each_way_of_missing_the_key_has_its_code() {
    let shop = Shop::open().await;
    let url = shop.url("/v1/balance");
    for (header, code) in [
        (None, "missing-auth-header"),
        (Some("Basic abc"), "invalid-auth"),
        (Some("Bearer"), "api-key-not-provided"),
        (Some("Bearer wave_sn_prod_other"), "no-matching-api-key"),
    ] {
        let request = shop.http.get(&url);
        let request = match header {
            Some(header) => request.header(AUTHORIZATION, header),
            None => request,
        };
        let (status, body) = answer(request).await;
        assert_eq!((status.as_u16(), &body["code"]), (401, &json!(code)));
    }
}

#[tokio::test]
async fn a_revoked_key_and_a_strange_address_are_refused() {
    let shop = Shop::open().await;
    shop.wave.set_access(Access { key_revoked: true, ..Access::default() });
    let (status, body) = shop.get("/v1/balance").await;
    assert_eq!((status.as_u16(), &body["code"]), (401, &json!("api-key-revoked")));

    let elsewhere = Some(vec!["10.0.0.1".parse().unwrap()]);
    shop.wave.set_access(Access { allowed_ips: elsewhere, ..Access::default() });
    let (status, body) = shop.get("/v1/balance").await;
    assert_eq!((status.as_u16(), &body["code"]), (403, &json!("ip-not-allowed")));
    assert!(body["message"].as_str().unwrap().contains("127.0.0.1"));
}

#[tokio::test]
async fn a_disabled_wallet_still_shows_its_balance() {
    let shop = Shop::open().await;
    shop.wave.set_access(Access { wallet: WalletState::Disabled, ..Access::default() });
    assert_eq!(shop.get("/v1/balance").await.0, 200);
    let (status, body) = shop.get("/v1/transactions").await;
    assert_eq!((status.as_u16(), &body["code"]), (403, &json!("disabled-wallet")));

    shop.wave.set_access(Access { wallet: WalletState::Invalid, ..Access::default() });
    let (status, body) = shop.get("/v1/balance").await;
    assert_eq!((status.as_u16(), &body["code"]), (403, &json!("invalid-wallet")));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_json() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/v1/nothing").await.0, 404);
    assert_eq!(shop.get("/v1/payout").await.0, 405);
}
