//! What is done about a guardian's consent. Nobody serves the pots' processes here: that they hear of it is told on the real server.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wolo_activities::ConsentSteps;
use wolo_database::{consents, people, pots};
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentEnd, ConsentRules, ConsentStage, ConsentText, Guardian, Guardianship,
    Proof, Purpose, Shown, token_hash,
};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::steps::consents::{
    AskConsent, Asking, EndConsent, Ending, FindConsent, GiveConsent, GiveUpPots, Giving, HandOver,
    HandingOver, WithdrawConsent, Withdrawing,
};

use crate::scene::{Scene, noon};

fn days(days: i64) -> DateTime<Utc> {
    noon() + TimeDelta::days(days)
}

async fn child(scene: &Scene) -> UserId {
    let id = UserId::from_uuid(Uuid::now_v7());
    let birth_date = BirthDate::new("2019-03-20".parse().expect("a day"));
    let user = people::User { id, name: "Awa Ndiaye".to_owned(), birth_date, phone: None, email: None };
    people::add_user(&scene.pool, &user).await.expect("a person");
    id
}

fn ask(minor: UserId) -> AskConsent {
    let guardian = Guardian {
        name: "Fatou Ndiaye".to_owned(),
        phone: "+221771112233".parse().expect("a number"),
        email: None,
        is: Guardianship::Mother,
        language: Language::French,
    };
    let consent = ConsentId::from_uuid(Uuid::now_v7());
    let token = format!("the secret of {consent}");
    AskConsent { consent, minor, guardian, token, rules: ConsentRules::default(), at: noon() }
}

fn give(minor: UserId, consent: ConsentId) -> GiveConsent {
    let agreement = Agreement {
        shown: Shown::of(&ConsentText::current(Language::Wolof)),
        purposes: Purpose::ALL.to_vec(),
        proof: Proof::CodeBySms,
        address: AddressClass::Ipv6,
    };
    let born = BirthDate::new("1985-01-01".parse().expect("a day"));
    GiveConsent { minor, consent, agreement, born, at: days(1) }
}

async fn requested(scene: &Scene, minor: UserId) -> ConsentId {
    let ask = ask(minor);
    let consent = ask.consent;
    assert!(matches!(scene.does(ConsentSteps::ask, ask).await, Asking::Asked { .. }));
    consent
}

async fn pot_of(scene: &Scene, minor: UserId) -> PotId {
    let new = Scene::new_pot(minor);
    pots::schedule(&scene.pool, &new).await.expect("a pot");
    new.id
}

async fn is_held(scene: &Scene, pot: PotId) -> bool {
    let pot = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    pot.holds.iter().any(|hold| hold.reason == HoldReason::Consent)
}

#[tokio::test]
async fn a_guardian_is_asked_once_and_found_and_the_secret_is_not_kept() {
    let scene = Scene::new().await.connected().await;
    let minor = child(&scene).await;
    let find = async || scene.does(ConsentSteps::find, FindConsent { minor }).await;
    assert!(find().await.is_none());
    let wish = ask(minor);
    let Asking::Asked { standing } = scene.does(ConsentSteps::ask, wish.clone()).await else {
        panic!("not asked")
    };
    assert_eq!(standing.minor_name, "Awa", "no surname leaves");
    assert_eq!(standing.comes_of_age_at.to_string(), "2037-03-20 00:00:00 UTC");
    let token = wish.token.clone();
    let again = scene.does(ConsentSteps::ask, wish).await;
    assert!(again == Asking::AlreadyAsked { standing: standing.clone() });
    assert!(find().await == Some(standing));
    let of_link = consents::of_link(&scene.pool, &token_hash(&token)).await.expect("a look");
    assert_eq!(of_link.map(|found| found.minor), Some(minor));
}

#[tokio::test]
async fn what_is_given_and_withdrawn_twice_has_one_effect_on_the_minors_pots() {
    let scene = Scene::new().await.connected().await;
    let minor = child(&scene).await;
    let pot = pot_of(&scene, minor).await;
    let consent = requested(&scene, minor).await;
    for _ in 0..2 {
        let given = scene.does(ConsentSteps::give, give(minor, consent)).await;
        assert_eq!(given, Giving::Given { minors_of_guardian: 1 });
    }
    let later = GiveConsent { at: days(2), ..give(minor, consent) };
    assert_eq!(scene.does(ConsentSteps::give, later).await, Giving::AlreadyGiven { same: true });
    pots::release(&scene.pool, pot, HoldReason::Consent, days(2)).await.expect("let go");
    for _ in 0..2 {
        let withdraw = WithdrawConsent { minor, consent, rules: ConsentRules::default(), at: days(3) };
        let withdrawn = scene.does(ConsentSteps::withdraw, withdraw).await;
        assert_eq!(withdrawn, Withdrawing::Withdrawn { return_by: days(17) });
        assert!(is_held(&scene, pot).await);
    }
    let events = consents::events(&scene.pool, consent).await.expect("a look");
    let stages: Vec<_> = events.iter().map(|event| event.stage).collect();
    assert_eq!(stages, [ConsentStage::Requested, ConsentStage::Given, ConsentStage::Withdrawn]);
}

#[tokio::test]
async fn an_end_is_one_and_pots_that_lost_their_process_are_given_up_in_the_books() {
    let scene = Scene::new().await.connected().await;
    let minor = child(&scene).await;
    let pot = pot_of(&scene, minor).await;
    let consent = requested(&scene, minor).await;
    let end = |end| EndConsent { minor, consent, end, at: days(14) };
    let in_force = Ending::InForce { stage: ConsentStage::Requested };
    assert_eq!(scene.does(ConsentSteps::end, end(ConsentEnd::Ended)).await, in_force);
    for how in [ConsentEnd::Lapsed, ConsentEnd::Lapsed, ConsentEnd::Refused] {
        let lapsed = Ending::Over { stage: ConsentStage::Lapsed };
        assert_eq!(scene.does(ConsentSteps::end, end(how)).await, lapsed);
    }
    let give_up = |at| GiveUpPots { minor, at };
    let stage = async || pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").stage;
    // Somebody who is asked anew and consents keeps them.
    let anew = requested(&scene, minor).await;
    scene.does(ConsentSteps::give, give(minor, anew)).await;
    scene.does(ConsentSteps::give_up_pots, give_up(days(14))).await;
    assert_eq!(stage().await, PotStage::Scheduled);
    let withdraw = WithdrawConsent { minor, consent: anew, rules: ConsentRules::default(), at: days(3) };
    scene.does(ConsentSteps::withdraw, withdraw).await;
    let end = EndConsent { minor, consent: anew, end: ConsentEnd::Ended, at: days(17) };
    scene.does(ConsentSteps::end, end).await;
    for _ in 0..2 {
        scene.does(ConsentSteps::give_up_pots, give_up(days(17))).await;
        assert_eq!(stage().await, PotStage::Cancelled);
    }
}

#[tokio::test]
async fn a_minors_pots_are_handed_over_on_their_day_and_not_before() {
    let scene = Scene::new().await.connected().await;
    let minor = child(&scene).await;
    let pot = pot_of(&scene, minor).await;
    let consent = requested(&scene, minor).await;
    let look = async |at: &str| {
        let at = at.parse().expect("an instant");
        scene.does(ConsentSteps::hand_over, HandOver { consent, at }).await
    };
    let comes_of_age_at = "2037-03-20T00:00:00Z".parse().expect("an instant");
    assert!(look("2037-03-19T23:59:59Z").await == HandingOver::StillMinor { comes_of_age_at, case: 1 });
    for _ in 0..2 {
        let HandingOver::HandedOver { pots } = look("2037-03-20T00:00:00Z").await else { panic!("kept") };
        assert_eq!(pots.iter().map(|one| one.pot).collect::<Vec<_>>(), [pot]);
        assert!(!is_held(&scene, pot).await);
    }
}

#[tokio::test]
async fn what_is_asked_about_no_consent_is_tried_again_or_answered() {
    let scene = Scene::new().await.connected().await;
    let (minor, nothing) = (child(&scene).await, ConsentId::from_uuid(Uuid::nil()));
    let look = HandOver { consent: nothing, at: noon() };
    assert!(scene.attempt(1).run(ConsentSteps::hand_over, look).await.is_err());
    let other = scene.does(ConsentSteps::give, give(minor, nothing)).await;
    assert_eq!(other, Giving::OtherConsent);
    let end = EndConsent { minor, consent: nothing, end: ConsentEnd::Refused, at: noon() };
    assert_eq!(scene.does(ConsentSteps::end, end).await, Ending::OtherConsent);
}
