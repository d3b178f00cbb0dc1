use chrono::Utc;
use reqwest::Method;
use wolo_sandbox::wave::{
    Options,
    signature::{self, SignatureFault},
};

use super::{Shop, answer, gift, options};

const T: i64 = 1_780_000_000;
const WEBHOOK: &str = r#"{"id":"EV_wolo0001","type":"checkout.session.completed","data":{"id":"cos-1wolo00000001","amount":"5000","currency":"XOF","checkout_status":"complete","payment_status":"succeeded","client_reference":"don_01J0WOLO","transaction_id":"TWOLO000001"}}"#;
const POST: &str = r#"{"amount":"5000","currency":"XOF","client_reference":"don_01J0WOLO","success_url":"https://wolo.example/ok","error_url":"https://wolo.example/ko"}"#;

/// Secret, body, expected signature: computed independently of this code.
const VECTORS: [(&str, &str, &str); 4] = [
    (
        "wave_sn_WHS_wolo_test_secret",
        WEBHOOK,
        "48aa2f230a017b24bda92a26a34be14224441cecd1ee96644e7b690dc6f0336c",
    ),
    (
        "wave_sn_WHS_wolo_old_secret",
        WEBHOOK,
        "7ead33bc9f588690e5e36cbda6d7b77db61113d9c57c2f498d78367600753f52",
    ),
    ("wave_sn_AKS_wolo_test_secret", "", "d238ce3e4d0ce896ac90227b1a180c5cbf5b4c13797529b204a77223a63403e2"),
    (
        "wave_sn_AKS_wolo_test_secret",
        POST,
        "a66c70e3f2d375508ff7526ccd22468da548c6286a1ce758556e44434ac4497b",
    ),
];

#[test]
fn the_known_signatures_are_made_and_accepted() {
    assert_eq!(WEBHOOK.len(), 246);
    for (secret, body, expected) in VECTORS {
        assert_eq!(signature::sign(secret, T, body.as_bytes()), expected);
        let header = format!("t={T},v1={expected}");
        assert_eq!(signature::check(&header, secret, body.as_bytes(), T), Ok(()));
        let other = signature::check(&header, "wave_sn_WHS_other", body.as_bytes(), T);
        assert_eq!(other, Err(SignatureFault::Mismatch));
    }
}

#[test]
fn either_signature_of_a_rotation_is_accepted() {
    let [(new, ..), (old, ..), ..] = VECTORS;
    let header = signature::header([new, old], T, WEBHOOK.as_bytes());
    assert_eq!(header, format!("t={T},v1={},v1={}", VECTORS[0].2, VECTORS[1].2));
    for secret in [new, old] {
        assert_eq!(signature::check(&header, secret, WEBHOOK.as_bytes(), T), Ok(()));
    }
}

#[test]
fn the_window_is_300_seconds_back_and_30_ahead() {
    let (secret, body, expected) = VECTORS[3];
    let header = format!("t={T},v1={expected}");
    let at = |now| signature::check(&header, secret, body.as_bytes(), now);
    for now in [T - 30, T, T + 299, T + 300] {
        assert_eq!(at(now), Ok(()), "{now}");
    }
    for now in [T - 31, T + 301, T + 86_400, i64::MIN, i64::MAX] {
        assert_eq!(at(now), Err(SignatureFault::OutsideWindow), "{now}");
    }
}

#[test]
fn a_header_of_another_shape_is_malformed() {
    let v1 = VECTORS[2].2;
    for header in [
        String::new(),
        "t=".into(),
        format!("v1={v1}"),
        format!("t={T}"),
        format!("t=-{T},v1={v1}"),
        format!("t=+{T},v1={v1}"),
        format!("t={T},t={T},v1={v1}"),
        format!("t=18446744073709551615,v1={v1}"),
        format!("t={T};v1={v1}"),
    ] {
        let outcome = signature::check(&header, VECTORS[2].0, b"", T);
        assert_eq!(outcome, Err(SignatureFault::Malformed), "{header}");
    }
    for header in
        [format!("t={T},v1="), format!("t={T},v1={}", v1.to_uppercase()), format!("t={T},v1={}", &v1[2..])]
    {
        assert_eq!(
            signature::check(&header, VECTORS[2].0, b"", T),
            Err(SignatureFault::Mismatch),
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_signing_key_wants_every_call_signed() {
    let shop = Shop::with(Options { requires_signature: true, ..options() }).await;
    let secret = shop.wave.signing_secret().to_owned();

    let (status, body) = shop.get("/v1/balance").await;
    assert_eq!((status.as_u16(), &body["code"]), (401, &"missing-signature".into()));

    let now = Utc::now().timestamp();
    let signed = signature::header([secret.as_str()], now, b"");
    let request = || shop.request(Method::GET, "/v1/balance");
    assert_eq!(answer(request().header("wave-signature", &signed)).await.0, 200);

    let old = signature::header([secret.as_str()], now - 301, b"");
    let twice = request().header("wave-signature", &signed).header("wave-signature", &signed);
    for refused in [request().header("wave-signature", &old), twice] {
        let (status, body) = answer(refused).await;
        assert_eq!((status.as_u16(), &body["code"]), (401, &"invalid-signature".into()));
    }

    // The body is part of what is signed, to the byte.
    let body = gift("5000", "don_1").to_string();
    let header = signature::header([secret.as_str()], now, body.as_bytes());
    let post = |body: String| {
        shop.request(Method::POST, "/v1/checkout/sessions")
            .header("content-type", "application/json")
            .header("wave-signature", &header)
            .body(body)
    };
    assert_eq!(answer(post(body.clone())).await.0, 200);
    assert_eq!(answer(post(format!("{body} "))).await.0, 401);

    // A bodiless action signs the timestamp alone.
    let id = shop.wave.look(|book| book.sessions()[0].id.clone());
    let expire = shop.request(Method::POST, &format!("/v1/checkout/sessions/{id}/expire"));
    assert_eq!(answer(expire.header("wave-signature", &signed)).await.0, 200);
}

#[tokio::test]
async fn moving_the_emulators_clock_does_not_move_the_signing_window() {
    let shop = Shop::with(Options { requires_signature: true, ..options() }).await;
    shop.wave.move_clock(std::time::Duration::from_hours(24));
    let secret = shop.wave.signing_secret().to_owned();
    let signed = signature::header([secret.as_str()], Utc::now().timestamp(), b"");
    let request = shop.request(Method::GET, "/v1/balance").header("wave-signature", signed);
    assert_eq!(answer(request).await.0, 200);
}
