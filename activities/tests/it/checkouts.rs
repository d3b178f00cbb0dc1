//! Opening a gift's page.

use wolo_activities::{DonationSteps, failure};
use wolo_database::donations;
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;
use wolo_sandbox::wave::{CheckoutStatus, Endpoint, Fault};
use wolo_workflows::steps::donations::CheckoutOutcome;

use crate::scene::{Failed, Scene, failure, faults_before_wave_acts, gift, noon};

fn refused(refusal: DonationRefusal) -> CheckoutOutcome {
    CheckoutOutcome::Refused { refusal }
}

#[tokio::test]
async fn a_first_request_opens_one_page_and_does_not_search() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let (donation, checkout, session) = scene.asked(pot, 5_000).await;
    assert_eq!(checkout.lives_for_seconds, 1_800);
    let wave = scene.wave.look(|book| book.session(&session).cloned()).expect("Wave has the page");
    assert_eq!((wave.amount, wave.client_reference), (5_000, Some(donation.to_string())));
    assert_eq!(wave.success_url, format!("https://wolo.example/api/payments/status/{donation}"));
    assert_eq!(wave.error_url, wave.success_url);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutSearch), 0);
}

#[tokio::test]
async fn asked_twice_it_gives_the_same_page() {
    let scene = Scene::new().await;
    let request = gift(scene.open_pot().await, 5_000);
    let first = scene.does(DonationSteps::open_checkout, request.clone()).await;
    for attempt in [1, 2] {
        let again = scene.attempt(attempt).run(DonationSteps::open_checkout, request.clone()).await;
        assert_eq!(again.expect("an answer"), first);
    }
    assert_eq!(scene.wave.calls(Endpoint::CheckoutCreate), 1);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutSearch), 0);
}

#[tokio::test]
async fn a_page_whose_reply_was_lost_is_found_and_used() {
    for fault in [
        Fault::LostReply,
        Fault::ErrorAfter { status: 502 },
        Fault::MalformedReply,
        Fault::OtherAmount { amount: 4_999 },
    ] {
        let scene = Scene::new().await;
        let request = gift(scene.open_pot().await, 5_000);
        scene.bend(Endpoint::CheckoutCreate, fault.clone());
        let failed = scene.fails(DonationSteps::open_checkout, request.clone()).await;
        let expected = match fault {
            Fault::LostReply | Fault::ErrorAfter { .. } => failure::WAVE_UNREACHABLE,
            _ => failure::WAVE_UNEXPECTED,
        };
        assert_eq!(failed, Failed::again(expected));
        let outcome = scene.attempt(2).run(DonationSteps::open_checkout, request.clone()).await;
        let CheckoutOutcome::Opened(checkout) = outcome.expect("an answer") else { panic!("it is refused") };
        let sessions = scene.wave.book().sessions().to_vec();
        assert_eq!(sessions.len(), 1, "{fault:?}");
        assert!(checkout.wave_launch_url.ends_with(&sessions[0].id));
    }
}

#[tokio::test]
async fn of_two_lost_pages_one_is_used_and_the_other_ended() {
    let scene = Scene::new().await;
    let request = gift(scene.open_pot().await, 5_000);
    scene.bend(Endpoint::CheckoutCreate, Fault::LostReply);
    scene.fails(DonationSteps::open_checkout, request.clone()).await;
    scene.bend(Endpoint::CheckoutSearch, Fault::SearchBlind);
    scene.bend(Endpoint::CheckoutCreate, Fault::LostReply);
    failure(scene.attempt(2).run(DonationSteps::open_checkout, request.clone()).await);
    let outcome = scene.attempt(3).run(DonationSteps::open_checkout, request).await.expect("an answer");
    let CheckoutOutcome::Opened(checkout) = outcome else { panic!("{outcome:?}") };
    let now = scene.wave.now();
    let (kept, others): (Vec<_>, Vec<_>) = scene
        .wave
        .book()
        .sessions()
        .iter()
        .cloned()
        .partition(|session| checkout.wave_launch_url.ends_with(&session.id));
    assert_eq!((kept.len(), others.len()), (1, 1));
    assert_eq!(kept[0].status_at(now), CheckoutStatus::Open);
    assert_eq!(others[0].status_at(now), CheckoutStatus::Expired);
}

#[tokio::test]
async fn what_the_rules_do_not_take_is_not_asked_of_wave() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let pot = scene.open_pot_of(owner).await;
    let outcome = scene.does(DonationSteps::open_checkout, gift(pot, 99)).await;
    assert_eq!(outcome, refused(DonationRefusal::AmountTooSmall { smallest: Xof::new(100) }));
    let mut own = gift(pot, 5_000);
    own.donor.user = Some(owner);
    let outcome = scene.does(DonationSteps::open_checkout, own).await;
    assert_eq!(outcome, refused(DonationRefusal::OwnPot));
    wolo_database::pots::close(&scene.pool, pot, noon()).await.expect("a closed pot");
    let outcome = scene.does(DonationSteps::open_checkout, gift(pot, 5_000)).await;
    assert_eq!(outcome, refused(DonationRefusal::PotNotOpen { stage: PotStage::Closed }));
    assert_eq!(scene.wave.calls(Endpoint::CheckoutCreate), 0);
}

#[tokio::test]
async fn a_final_no_of_wave_ends_the_gift() {
    let scene = Scene::new().await;
    let request = gift(scene.open_pot().await, 5_000);
    let code = "kyb-limits-exceeded".to_owned();
    scene.bend(Endpoint::CheckoutCreate, Fault::Refused { status: 422, code: code.clone() });
    let expected = refused(DonationRefusal::RefusedByWave { wave_code: code.clone() });
    for _ in 0..2 {
        assert_eq!(scene.does(DonationSteps::open_checkout, request.clone()).await, expected);
    }
    assert_eq!(scene.wave.calls(Endpoint::CheckoutCreate), 1);
    let row = donations::donation(&scene.pool, request.donation).await.expect("an answer").expect("a row");
    assert_eq!((row.stage, row.refusal_code), (DonationStage::Expired, Some(code)));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    for (fault, expected) in faults_before_wave_acts() {
        scene.bend(Endpoint::CheckoutCreate, fault);
        assert_eq!(scene.fails(DonationSteps::open_checkout, gift(pot, 5_000)).await, expected);
    }
    scene.pool.close().await;
    let failed = scene.fails(DonationSteps::open_checkout, gift(pot, 5_000)).await;
    assert!(!failed.for_good, "a database comes back");
}

#[tokio::test]
async fn another_gift_under_the_same_id_stops() {
    let scene = Scene::new().await;
    let mut request = gift(scene.open_pot().await, 5_000);
    scene.does(DonationSteps::open_checkout, request.clone()).await;
    request.amount = Xof::new(6_000);
    let failed = scene.fails(DonationSteps::open_checkout, request).await;
    assert_eq!(failed, Failed::for_good(failure::CONTRADICTION));
}

#[tokio::test]
async fn no_page_is_opened_when_the_pot_has_closed_meanwhile() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let request = gift(pot, 5_000);
    scene.bend(Endpoint::CheckoutCreate, Fault::LostReply);
    scene.fails(DonationSteps::open_checkout, request.clone()).await;
    wolo_database::pots::close(&scene.pool, pot, noon()).await.expect("a closed pot");
    let expected = refused(DonationRefusal::PotNotOpen { stage: PotStage::Closed });
    for attempt in [2, 3] {
        let outcome = scene.attempt(attempt).run(DonationSteps::open_checkout, request.clone()).await;
        assert_eq!(outcome.expect("an answer"), expected);
    }
    assert_eq!(scene.stage_of(request.donation).await, DonationStage::Expired);
    let now = scene.wave.now();
    assert!(
        scene
            .wave
            .look(|book| book.sessions().iter().all(|one| one.status_at(now) == CheckoutStatus::Expired))
    );
}
