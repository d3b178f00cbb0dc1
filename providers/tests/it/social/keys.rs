use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::future::join_all;
use wolo_domain::accounts::IdentityProvider::{Apple, Facebook, Google};
use wolo_providers::http::Timeouts;
use wolo_providers::social::{ProofError, Refused, Social};
use wolo_providers::{BreakerState, ProviderError, Sent};
use wolo_sandbox::social::{self as emulator, AccessOrder, Flaw, Person, Trouble};

use super::{NONCE, Setting, access, lasting, refusal};

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
    // It has failed five times by now, and is left alone for a moment.
    let began = std::time::Instant::now();
    while setting.verify(&order, late).await.is_err() {
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "it is well, and is left alone");
        tokio::task::yield_now().await;
    }
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
    assert_eq!(setting.keys_asked(Google), 5);
    let states: Vec<_> = setting.social.breakers().collect();
    let closed = BreakerState::Closed;
    assert_eq!(states, [(Google, BreakerState::Open), (Apple, closed), (Facebook, closed)]);
    setting.verify(&lasting(Apple), Utc::now()).await.unwrap();
}
