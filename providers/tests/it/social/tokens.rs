use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_providers::social::Refused;
use wolo_sandbox::social::{Endpoint, Flaw, Order, Person};

use super::{NONCE, Setting, order, refusal};

#[tokio::test]
async fn a_token_names_its_person() {
    let setting = Setting::start().await;
    for provider in IdentityProvider::ALL {
        let order = order(provider);
        let identity = setting.verify(&order, Utc::now()).await.unwrap();
        assert_eq!((identity.provider, &identity.subject), (provider, &order.person.subject));
        let name = identity.name.map(|name| name.expose().clone());
        // Apple tells it to the app alone.
        assert_eq!(name.as_deref(), (provider != Apple).then_some("Awa Ndiaye"));
        assert_eq!(setting.keys_asked(provider), 1);
    }
}

#[tokio::test]
async fn a_token_with_any_flaw_is_refused_and_nobody_is_asked_whom_it_names() {
    let setting = Setting::start().await;
    for provider in IdentityProvider::ALL {
        for flaw in Flaw::FATAL {
            let expected = match flaw {
                Flaw::WrongAudience => Refused::Audience,
                Flaw::WrongIssuer | Flaw::MixedUpIssuer => Refused::Issuer,
                Flaw::Expired => Refused::Expired,
                Flaw::FromTheFuture => Refused::FromTheFuture,
                Flaw::WrongNonce | Flaw::NoNonce => Refused::Nonce,
                Flaw::UnknownKey | Flaw::KeyInHeader => Refused::UnknownKey,
                Flaw::ForgedKey | Flaw::Tampered => Refused::Signature,
                Flaw::PublicKeyAsSecret => Refused::Algorithm,
                _ => Refused::Unreadable,
            };
            let outcome = setting.verify(&order(provider).flawed(flaw), Utc::now()).await;
            assert_eq!(refusal(outcome), expected, "{provider:?} {flaw:?}");
        }
    }
    assert_eq!(setting.emulator.calls(Endpoint::StrangersKeys), 0);
    // One provider's token is no other's.
    let apples = setting.emulator.id_token(&order(Apple));
    let outcome = setting.social.id_tokens(Google).unwrap().verify(&apples, NONCE, Utc::now()).await;
    assert_eq!(refusal(outcome), Refused::UnknownKey);
}

#[tokio::test]
async fn what_is_no_token_at_all_is_refused() {
    let setting = Setting::start().await;
    let google = setting.social.id_tokens(Google).unwrap();
    let good = setting.emulator.id_token(&order(Google));
    let cut = &good[..good.len() - 4];
    for text in ["", ".", "..", "a.b.c", "e30.e30.e30", cut, &format!("{good}.x"), &"x".repeat(9000)] {
        let refused = refusal(google.verify(text, NONCE, Utc::now()).await);
        assert!(matches!(refused, Refused::Unreadable | Refused::Signature), "{refused:?}");
    }
    for (claim, value) in [
        ("sub", json!("")),
        ("sub", json!("a b")),
        ("sub", json!("x".repeat(256))),
        ("sub", json!(7)),
        ("iat", json!("now")),
        ("exp", Value::Null),
        ("iss", Value::Null),
        ("iss", json!(["https://accounts.google.com"])),
    ] {
        let outcome = setting.verify(&order(Google).claim(claim, value.clone()), Utc::now()).await;
        assert_eq!(refusal(outcome), Refused::Unreadable, "{claim} {value}");
    }
    // A nonce that was never given out does not stand for one that a token does not carry.
    let empty = Order::new(Google, &Person::fresh("Awa"), "");
    let token = setting.emulator.id_token(&empty);
    assert_eq!(refusal(google.verify(&token, "", Utc::now()).await), Refused::Nonce);
}

#[tokio::test]
async fn both_spellings_of_an_issuer_are_the_same_provider() {
    let setting = Setting::start().await;
    for (provider, issuer) in [(Google, "accounts.google.com"), (Apple, "https://account.apple.com")] {
        let identity = setting.verify(&order(provider).claim("iss", issuer), Utc::now()).await.unwrap();
        assert_eq!(identity.provider, provider);
    }
    for near in ["https://accounts.google.com/", "https://accounts.google.com.example", "ACCOUNTS.GOOGLE.COM"]
    {
        let outcome = setting.verify(&order(Google).claim("iss", near), Utc::now()).await;
        assert_eq!(refusal(outcome), Refused::Issuer, "{near}");
    }
}

#[tokio::test]
async fn clocks_may_differ_a_little_and_no_more() {
    let setting = Setting::start().await;
    let now = Utc::now();
    let at = |seconds: i64| (now + TimeDelta::seconds(seconds)).timestamp();
    for (claim, seconds, expected) in [
        ("exp", -59, None),
        ("exp", -60, Some(Refused::Expired)),
        ("iat", 300, None),
        ("iat", 301, Some(Refused::FromTheFuture)),
    ] {
        let outcome = setting.verify(&order(Google).claim(claim, at(seconds)), now).await;
        assert_eq!(outcome.is_err().then(|| refusal(outcome)), expected, "{claim} {seconds}");
    }
}

#[tokio::test]
async fn the_hash_of_a_nonce_stands_for_it_at_apple_and_nowhere_else() {
    let setting = Setting::start().await;
    let hash = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, NONCE.as_bytes()));
    for provider in IdentityProvider::ALL {
        let outcome = setting.verify(&order(provider).claim("nonce", hash.as_str()), Utc::now()).await;
        match provider {
            Apple => assert!(outcome.is_ok()),
            Google | Facebook => assert_eq!(refusal(outcome), Refused::Nonce),
        }
    }
}

#[tokio::test]
async fn an_address_counts_only_when_its_provider_answers_for_it() {
    let setting = Setting::start().await;
    let mail = json!("awa@gmail.com");
    let elsewhere = json!("awa@example.sn");
    let (yes, no, yes_text, no_text) = (json!(true), json!(false), json!("true"), json!("false"));
    for (provider, email, verified, organisation, counts) in [
        (Google, &mail, &yes, Value::Null, true),
        (Google, &json!("Awa@GMAIL.com"), &yes, Value::Null, true),
        (Google, &mail, &no, Value::Null, false),
        (Google, &mail, &Value::Null, Value::Null, false),
        (Google, &elsewhere, &yes, Value::Null, false),
        (Google, &elsewhere, &yes, json!("example.sn"), true),
        (Google, &elsewhere, &no, json!("example.sn"), false),
        (Google, &json!("awa@gmail.com.example.sn"), &yes, Value::Null, false),
        (Google, &json!("no address"), &yes, json!("example.sn"), false),
        (Apple, &elsewhere, &yes, Value::Null, false),
        (Apple, &json!("awa@icloud.com"), &yes, Value::Null, true),
        (Apple, &json!("x1@privaterelay.appleid.com"), &yes_text, Value::Null, true),
        (Apple, &elsewhere, &no, Value::Null, false),
        (Apple, &elsewhere, &no_text, Value::Null, false),
        (Apple, &elsewhere, &Value::Null, Value::Null, false),
        (Facebook, &mail, &Value::Null, Value::Null, false),
        (Facebook, &mail, &yes, json!("gmail.com"), false),
    ] {
        let order = order(provider)
            .claim("email", email.clone())
            .claim("email_verified", verified.clone())
            .claim("hd", organisation.clone());
        let identity = setting.verify(&order, Utc::now()).await.unwrap();
        let told = format!("{provider:?} {email} {verified} {organisation}");
        assert_eq!(identity.proved_email.is_some(), counts, "{told}");
        if counts {
            assert_eq!(identity.proved_email.unwrap().reveal(), email.as_str().unwrap().to_lowercase());
        }
    }
}
