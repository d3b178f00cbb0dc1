//! Google, Apple and Facebook on this machine: what they sign can be checked with what they publish, and what has a flaw
//! has that flaw.

use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::{Value, json};
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_sandbox::social::{
    APP_ID, APP_SECRET, AccessFlaw, AccessOrder, Endpoint, Flaw, Order, Person, Social, Trouble, client_id,
};

async fn get(url: &str) -> Value {
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// Header and claims of a token, and whether one of the published keys made its signature.
async fn read(social: &Social, provider: IdentityProvider, token: &str) -> (Value, Value, bool) {
    let parts: Vec<_> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&decoded(parts[0])).unwrap();
    let claims = serde_json::from_slice(&decoded(parts[1])).unwrap();
    let published = get(&social.keys_url(provider)).await;
    let keys = published["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let good = key.is_some_and(|key| {
        let number = |name: &str| decoded(key[name].as_str().unwrap());
        let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        let message = format!("{}.{}", parts[0], parts[1]);
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decoded(parts[2])).is_ok()
    });
    (header, claims, good)
}

#[tokio::test]
async fn what_a_provider_signs_can_be_checked_with_what_it_publishes() {
    let social = Social::start(0).await.unwrap();
    let awa = Person { organisation: Some("example.sn".to_owned()), ..Person::fresh("Awa") };
    for provider in IdentityProvider::ALL {
        let place = format!("{}/{}/.well-known/openid-configuration", social.url(), provider.as_str());
        let described = get(&place).await;
        assert_eq!(described["issuer"], provider.issuer());
        assert_eq!(described["jwks_uri"], social.keys_url(provider));

        let token = social.id_token(&Order::new(provider, &awa, "n"));
        let (header, claims, good) = read(&social, provider, &token).await;
        assert!(good, "{provider:?}");
        assert_eq!((&header["alg"], &claims["iss"]), (&json!("RS256"), &json!(provider.issuer())));
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(client_id(provider)), &json!(awa.subject)));
        assert_eq!((&claims["email"], &claims["nonce"]), (&json!(awa.email), &json!("n")));
        let (verified, organisation) = match provider {
            Google => (json!(true), json!("example.sn")),
            Apple => (json!("true"), Value::Null),
            Facebook => (Value::Null, Value::Null),
        };
        assert_eq!((&claims["email_verified"], &claims["hd"]), (&verified, &organisation), "{provider:?}");
        assert_eq!(claims["name"].is_null(), provider == Apple);
    }
}

#[tokio::test]
async fn a_flaw_is_where_it_should_be_and_nowhere_else() {
    let social = Social::start(0).await.unwrap();
    let awa = Person::fresh("Awa");
    let now = chrono::Utc::now().timestamp();
    for flaw in Flaw::FATAL.into_iter().chain([Flaw::UnverifiedEmail]) {
        let token = social.id_token(&Order::new(Google, &awa, "n").flawed(flaw));
        let (header, claims, good) = read(&social, Google, &token).await;
        let unsound = matches!(
            flaw,
            Flaw::UnknownKey
                | Flaw::ForgedKey
                | Flaw::KeyInHeader
                | Flaw::Tampered
                | Flaw::Unsigned
                | Flaw::PublicKeyAsSecret
        );
        assert_eq!(good, !unsound, "{flaw:?}");
        let wrong = [
            claims["aud"] != client_id(Google),
            claims["iss"] != Google.issuer(),
            claims["nonce"] != "n",
            claims["sub"] != awa.subject,
            claims["exp"].as_i64().unwrap() < now,
            claims["iat"].as_i64().unwrap() > now + 60,
            claims["email_verified"] != true,
            header["alg"] != "RS256",
            header["typ"] != "JWT",
            !header["crit"].is_null(),
            header["kid"] != "google-1",
        ];
        let seen = wrong.into_iter().filter(|wrong| *wrong).count();
        assert_eq!(seen, usize::from(flaw != Flaw::ForgedKey), "{flaw:?}: {header} {claims}");
    }
}

#[tokio::test]
async fn a_new_key_signs_beside_the_one_before() {
    let social = Social::start(0).await.unwrap();
    let order = Order::new(Google, &Person::fresh("Awa"), "n");
    let first = social.id_token(&order);
    let names = async || {
        let keys = get(&social.keys_url(Google)).await;
        let names =
            keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["google-1"]);
    social.rotate(Google);
    assert_eq!(names().await, ["google-2", "google-1"]);
    assert!(read(&social, Google, &first).await.2 && read(&social, Google, &social.id_token(&order)).await.2);
    let path = format!("{}/_sandbox/google/rotate", social.url());
    Client::new().post(path).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(names().await, ["google-3", "google-2"]);
    assert!(!read(&social, Google, &first).await.2);
}

async fn asked(social: &Social, question: &str, values: &[(&str, &str)]) -> (u16, Value) {
    let request = Client::new().get(format!("{}/{question}", social.graph_url())).query(values);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn facebook_tells_an_app_about_tokens_and_only_an_app_that_knows_its_secret() {
    let social = Social::start(0).await.unwrap();
    let awa = Person::fresh("Awa");
    let token = social.access_token(AccessOrder::new(&awa));
    let app = format!("{APP_ID}|{APP_SECRET}");
    let (status, body) =
        asked(&social, "debug_token", &[("input_token", &token), ("access_token", &app)]).await;
    assert_eq!(
        (status, &body["data"]["user_id"], &body["data"]["is_valid"]),
        (200, &json!(awa.subject), &json!(true))
    );
    let (status, body) =
        asked(&social, "debug_token", &[("input_token", &token), ("access_token", "x|y")]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(190)));
    let (status, body) = asked(&social, "debug_token", &[("input_token", "x"), ("access_token", &app)]).await;
    assert_eq!((status, &body["data"]["is_valid"]), (200, &json!(false)));

    let secret = hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes());
    let proof = |token: &str| hex::encode(hmac::sign(&secret, token.as_bytes()));
    let me = async |token: &str, proof: &str| {
        asked(&social, "me", &[("access_token", token), ("appsecret_proof", proof)]).await
    };
    assert_eq!(me(&token, &proof(&token)).await, (200, json!({ "id": awa.subject, "name": "Awa" })));
    for wrong in ["", "00", &proof("another")] {
        let (status, body) = me(&token, wrong).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(100)), "{wrong}");
    }
    let withdrawn = social.access_token(AccessOrder::new(&awa).flawed(AccessFlaw::WithdrawnBetween));
    let (status, body) = me(&withdrawn, &proof(&withdrawn)).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(190)));
    assert_eq!((social.calls(Endpoint::DebugToken), social.calls(Endpoint::Me)), (3, 5));
}

#[tokio::test]
async fn a_bad_day_is_one_providers_and_ends() {
    let social = Social::start(0).await.unwrap();
    let status = async |provider| reqwest::get(social.keys_url(provider)).await.unwrap().status().as_u16();
    social.trouble(Google, Trouble::Down);
    assert_eq!((status(Google).await, status(Apple).await), (503, 200));
    social.trouble(Google, Trouble::TooOften);
    assert_eq!(status(Google).await, 429);
    social.trouble(Google, Trouble::Silent);
    let impatient = Client::builder().timeout(Duration::from_millis(100)).build().unwrap();
    assert!(impatient.get(social.keys_url(Google)).send().await.unwrap_err().is_timeout());
    let mended = async {
        let path = format!("{}/_sandbox/google/trouble", social.url());
        Client::new().post(path).json(&Trouble::None).send().await.unwrap().error_for_status().unwrap();
    };
    let (held, ()) = tokio::join!(status(Google), mended);
    assert_eq!(held, 200, "what was held is answered");
    social.trouble(Facebook, Trouble::Silent);
    social.shutdown().await;
}

#[tokio::test]
async fn a_developer_picks_a_person_and_gets_what_to_send() {
    let social = Social::start(0).await.unwrap();
    let page = reqwest::get(social.url()).await.unwrap().text().await.unwrap();
    for shown in ["Awa Ndiaye", "sans adresse", "mixed_up_issuer", "facebook_access_token", "google-1"] {
        assert!(page.contains(shown), "{shown} is not on {page}");
    }
    let pick =
        async |form: &[(&str, &str)]| Client::new().post(social.url()).form(form).send().await.unwrap();
    let text = |page: &str| {
        let text =
            page.split("onclick=\"this.select()\">").nth(1).unwrap().split("</textarea>").next().unwrap();
        serde_json::from_str::<Value>(&text.replace("&quot;", "\"")).unwrap()
    };
    let awa = ("subject", "100000000000000000001");
    let got = pick(&[awa, ("kind", "google"), ("nonce", " n1 "), ("flaw", "")]).await.text().await.unwrap();
    let body = text(&got);
    assert_eq!((&body["provider"], &body["nonce"]), (&json!("google"), &json!("n1")));
    let (_, claims, good) = read(&social, Google, body["id_token"].as_str().unwrap()).await;
    assert!(good && claims["nonce"] == "n1" && claims["email"] == "awa.ndiaye@gmail.com");
    let got = pick(&[awa, ("kind", "facebook_access_token")]).await.text().await.unwrap();
    assert!(text(&got)["access_token"].as_str().unwrap().starts_with("EAA"));
    for wrong in [[awa, ("kind", "x")], [("subject", "x"), ("kind", "google")]] {
        assert_eq!(pick(&wrong).await.status(), 400);
    }

    let order = Order::new(Apple, &Person::fresh("Awa"), "n2");
    let made =
        Client::new().post(format!("{}/_sandbox/id-tokens", social.url())).json(&order).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    assert!(read(&social, Apple, made["token"].as_str().unwrap()).await.2);
}
