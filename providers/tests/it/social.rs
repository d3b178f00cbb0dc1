//! No proof is taken but a good one, and no address is believed that a provider does not answer for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_providers::http::Timeouts;
use wolo_providers::social::{
    FacebookAccess, IdTokenAccess, Identity, PATIENCE, ProofError, Refused, Social, SocialAccess,
};
use wolo_providers::{BreakerState, ProviderError, Sent};
use wolo_sandbox::social::{
    self as emulator, APP_ID, APP_SECRET, AccessFlaw, AccessOrder, Endpoint, Flaw, Order, Person, Trouble,
};

const NONCE: &str = "a-nonce-of-ours";

struct Setting {
    emulator: emulator::Social,
    social: Social,
}

impl Setting {
    async fn start() -> Self {
        let emulator = emulator::Social::start(0).await.unwrap();
        let social = Social::new(access(&emulator)).unwrap();
        Self { emulator, social }
    }

    async fn verify(&self, order: &Order, now: DateTime<Utc>) -> Result<Identity, ProofError> {
        let token = self.emulator.id_token(order);
        self.social.id_tokens(order.provider).unwrap().verify(&token, NONCE, now).await
    }

    fn keys_asked(&self, provider: IdentityProvider) -> u64 {
        self.emulator.calls(Endpoint::Keys(provider))
    }
}

fn access(emulator: &emulator::Social) -> SocialAccess {
    let id_tokens = |provider: IdentityProvider, issuers: &[&str]| IdTokenAccess {
        issuers: issuers.iter().map(ToString::to_string).collect(),
        client_ids: vec!["another-of-ours".to_owned(), emulator::client_id(provider).to_owned()],
        keys: emulator.keys_url(provider).parse().unwrap(),
    };
    SocialAccess {
        google: Some(id_tokens(Google, &["https://accounts.google.com", "accounts.google.com"])),
        apple: Some(id_tokens(Apple, &["https://appleid.apple.com", "https://account.apple.com"])),
        facebook: Some(FacebookAccess {
            id_tokens: id_tokens(Facebook, &["https://www.facebook.com"]),
            app_id: APP_ID.to_owned(),
            app_secret: SecretString::from(APP_SECRET),
            graph: emulator.graph_url().parse().unwrap(),
        }),
        timeouts: Timeouts::total(PATIENCE),
        at_once: 16,
    }
}

fn order(provider: IdentityProvider) -> Order {
    Order::new(provider, &Person::fresh("Awa Ndiaye"), NONCE)
}

/// A token that outlives whatever is tried with the keys.
fn lasting(provider: IdentityProvider) -> Order {
    order(provider).claim("exp", (Utc::now() + TimeDelta::days(30)).timestamp())
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ProofError>) -> Refused {
    match outcome.unwrap_err() {
        ProofError::Refused(why) => why,
        ProofError::Provider(error) => panic!("{error:?}"),
    }
}

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
        (Apple, &elsewhere, &yes, Value::Null, true),
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

#[tokio::test]
async fn keys_are_asked_for_once_and_again_when_their_time_is_over() {
    let setting = Setting::start().await;
    let now = Utc::now();
    let order = lasting(Google);
    let all = join_all((0..20).map(|_| setting.verify(&order, now))).await;
    assert!(all.iter().all(Result::is_ok));
    setting.verify(&order, now + TimeDelta::minutes(59)).await.unwrap();
    assert_eq!(setting.keys_asked(Google), 1);
    setting.verify(&order, now + TimeDelta::minutes(61)).await.unwrap();
    assert_eq!(setting.keys_asked(Google), 2);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_one_that_was_withdrawn_is_not_good_any_more() {
    let setting = Setting::start().await;
    let now = Utc::now();
    let old = lasting(Google);
    let first = setting.emulator.id_token(&old);
    let google = setting.social.id_tokens(Google).unwrap();
    google.verify(&first, NONCE, now).await.unwrap();
    setting.emulator.rotate(Google);
    setting.verify(&lasting(Google), now).await.unwrap();
    assert_eq!(setting.keys_asked(Google), 2);
    google.verify(&first, NONCE, now).await.unwrap();
    setting.emulator.rotate(Google);
    let later = now + TimeDelta::hours(2);
    setting.verify(&lasting(Google), later).await.unwrap();
    assert_eq!(refusal(google.verify(&first, NONCE, later).await), Refused::UnknownKey);
}

#[tokio::test]
async fn names_of_keys_that_somebody_invents_make_us_ask_once_in_half_a_minute() {
    let setting = Setting::start().await;
    let now = Utc::now();
    let invented = lasting(Google).flawed(Flaw::UnknownKey);
    setting.verify(&lasting(Google), now).await.unwrap();
    let all = join_all((0..50).map(|_| setting.verify(&invented, now))).await;
    for outcome in all {
        assert_eq!(refusal(outcome), Refused::UnknownKey);
    }
    assert_eq!(setting.keys_asked(Google), 2);
    let outcome = setting.verify(&invented, now + TimeDelta::seconds(31)).await;
    assert_eq!(refusal(outcome), Refused::UnknownKey);
    assert_eq!(setting.keys_asked(Google), 3);
}

#[tokio::test]
async fn keys_that_cannot_be_renewed_are_good_for_a_day() {
    let setting = Setting::start().await;
    let now = Utc::now();
    let order = lasting(Apple);
    setting.verify(&order, now).await.unwrap();
    setting.emulator.trouble(Apple, Trouble::Down);
    for (after, asked) in [
        (TimeDelta::minutes(61), 2),
        (TimeDelta::minutes(61) + TimeDelta::seconds(20), 2),
        (TimeDelta::minutes(62), 3),
        (TimeDelta::minutes(60 * 24 - 1), 4),
    ] {
        setting.verify(&order, now + after).await.unwrap();
        assert_eq!(setting.keys_asked(Apple), asked, "{after}");
    }
    // What they do not know may be new, so nothing is said about it.
    let unknown =
        setting.verify(&lasting(Apple).flawed(Flaw::UnknownKey), now + TimeDelta::minutes(62)).await;
    assert!(matches!(unknown, Err(ProofError::Provider(_))), "{unknown:?}");
    let late = now + TimeDelta::hours(24);
    let stale = setting.verify(&order, late).await;
    assert!(
        matches!(stale, Err(ProofError::Provider(ProviderError::Unreachable { status: Some(503), .. }))),
        "{stale:?}"
    );
    setting.emulator.trouble(Apple, Trouble::None);
    setting.verify(&order, late).await.unwrap();
}

#[tokio::test]
async fn nothing_is_said_about_a_proof_while_its_provider_does_not_help() {
    let emulator = emulator::Social::start(0).await.unwrap();
    let mut access = access(&emulator);
    access.timeouts = Timeouts { connect: Duration::from_secs(30), total: Duration::from_millis(150) };
    let setting = Setting { social: Social::new(access).unwrap(), emulator };
    let awa = Person::fresh("Awa");
    let access_token = setting.emulator.access_token(AccessOrder::new(&awa));
    for trouble in [Trouble::Down, Trouble::Silent, Trouble::TooOften, Trouble::Nonsense] {
        setting.emulator.trouble(Facebook, trouble);
        let keys = setting.verify(&lasting(Facebook), Utc::now()).await.map(drop);
        let graph = setting.social.graph().unwrap().verify(&access_token, Utc::now()).await.map(drop);
        for outcome in [keys, graph] {
            let Err(ProofError::Provider(error)) = outcome else { panic!("{trouble:?}: {outcome:?}") };
            let expected = match trouble {
                Trouble::Down => matches!(error, ProviderError::Unreachable { status: Some(503), .. }),
                Trouble::Silent => matches!(error, ProviderError::Unreachable { sent: Sent::Perhaps, .. }),
                Trouble::TooOften => matches!(error, ProviderError::Throttled { .. }),
                _ => matches!(error, ProviderError::Unexpected { status: Some(200), .. }),
            };
            assert!(expected, "{trouble:?}: {error:?}");
        }
    }
    setting.emulator.trouble(Facebook, Trouble::None);
    setting.verify(&lasting(Facebook), Utc::now()).await.unwrap();
    setting.social.graph().unwrap().verify(&access_token, Utc::now()).await.unwrap();
}

#[tokio::test]
async fn who_waits_while_another_asks_in_vain_does_not_ask_again() {
    let setting = Setting::start().await;
    setting.emulator.trouble(Google, Trouble::Silent);
    let order = lasting(Google);
    let asking = join_all((0..10).map(|_| setting.verify(&order, Utc::now())));
    let failing = async {
        while setting.keys_asked(Google) == 0 {
            tokio::task::yield_now().await;
        }
        setting.emulator.trouble(Google, Trouble::Down);
    };
    let (outcomes, ()) = tokio::join!(asking, failing);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(ProofError::Provider(_)))));
    assert_eq!(setting.keys_asked(Google), 1);
}

#[tokio::test]
async fn trouble_of_one_provider_is_not_anothers() {
    let setting = Setting::start().await;
    setting.emulator.trouble(Google, Trouble::Down);
    let order = lasting(Google);
    while !matches!(
        setting.verify(&order, Utc::now()).await,
        Err(ProofError::Provider(ProviderError::Unreachable { sent: Sent::No, .. }))
    ) {}
    assert_eq!(setting.keys_asked(Google), 20);
    let states: Vec<_> = setting.social.breakers().collect();
    let closed = BreakerState::Closed;
    assert_eq!(states, [(Google, BreakerState::Open), (Apple, closed), (Facebook, closed)]);
    setting.verify(&lasting(Apple), Utc::now()).await.unwrap();
}

#[tokio::test]
async fn an_access_token_of_facebook_names_its_person() {
    let setting = Setting::start().await;
    let awa = Person::fresh("Awa Ndiaye");
    let token = setting.emulator.access_token(AccessOrder::new(&awa));
    let shown = setting.social.graph().unwrap().verify(&token, Utc::now()).await.unwrap();
    assert_eq!((shown.identity.provider, shown.identity.subject), (Facebook, awa.subject));
    assert_eq!(shown.identity.proved_email, None);
    assert_eq!(shown.identity.name.unwrap().expose(), "Awa Ndiaye");
    let left = shown.good_until.unwrap() - Utc::now();
    assert!((59..=60).contains(&left.num_days()), "{left}");
}

#[tokio::test]
async fn an_access_token_with_any_flaw_is_refused() {
    let setting = Setting::start().await;
    let graph = setting.social.graph().unwrap();
    for flaw in AccessFlaw::ALL {
        let expected = match flaw {
            AccessFlaw::OtherApp => Refused::Audience,
            AccessFlaw::Expired | AccessFlaw::Old => Refused::Expired,
            AccessFlaw::TwoPeople => Refused::Subject,
            AccessFlaw::Withdrawn | AccessFlaw::WithdrawnBetween | AccessFlaw::OfAPage => Refused::NotGood,
        };
        let order = AccessOrder::new(&Person::fresh("Awa")).flawed(flaw);
        let token = setting.emulator.access_token(order);
        assert_eq!(refusal(graph.verify(&token, Utc::now()).await), expected, "{flaw:?}");
    }
    assert_eq!(refusal(graph.verify("EAAnobody", Utc::now()).await), Refused::NotGood);
    let asked = setting.emulator.calls(Endpoint::DebugToken);
    for odd in ["", "a|b", "a&b=c", "é", "a b", &"x".repeat(3000)] {
        assert_eq!(refusal(graph.verify(odd, Utc::now()).await), Refused::Unreadable, "{odd}");
    }
    assert_eq!(setting.emulator.calls(Endpoint::DebugToken), asked, "what is no token is not asked about");
}

#[tokio::test]
async fn a_secret_of_ours_that_facebook_does_not_know_is_nobodys_bad_proof() {
    let emulator = emulator::Social::start(0).await.unwrap();
    let mut access = access(&emulator);
    if let Some(facebook) = &mut access.facebook {
        facebook.app_secret = SecretString::from("another");
    }
    let social = Social::new(access).unwrap();
    let token = emulator.access_token(AccessOrder::new(&Person::fresh("Awa")));
    let outcome = social.graph().unwrap().verify(&token, Utc::now()).await;
    let Err(ProofError::Provider(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.refusal(), Some("facebook-190"));
}
