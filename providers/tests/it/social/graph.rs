use chrono::Utc;
use secrecy::SecretString;
use wolo_domain::accounts::IdentityProvider::Facebook;
use wolo_providers::social::{ProofError, Refused, Social};
use wolo_sandbox::social::{self as emulator, AccessFlaw, AccessOrder, Endpoint, Person};

use super::{Setting, access, refusal};

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
