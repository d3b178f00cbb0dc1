//! Who is paid, and who approves it, before anything leaves.

use wolo_activities::PayoutSteps;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::payouts::{self, Beginning};
use wolo_domain::accounts::Role;
use wolo_domain::ids::{PayoutId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;
use wolo_sandbox::wave::{Endpoint, Fault, Person};
use wolo_workflows::steps::payouts::{
    ApprovePayout, Approving, PayoutAnswer, Plan, PlanPayout, RecipientCheck, SendPayout, VerifyRecipient,
};

use crate::scene::{SAME_KEY, Scene, faults_before_wave_acts, noon};

fn verify(order: PayoutOrder) -> VerifyRecipient {
    VerifyRecipient { payout: order.payout }
}

const FITS: RecipientCheck = RecipientCheck { doubt: None, missing_approvals: 0 };

fn is_doubtful(check: &RecipientCheck, about: &str) -> bool {
    check.doubt.as_ref().is_some_and(|why| why.contains(about) && !why.contains("Awa"))
}

#[tokio::test]
async fn a_recipient_whom_wave_does_not_know_is_not_doubted() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    for _ in 0..2 {
        let check = scene.does(PayoutSteps::verify_recipient, verify(order)).await;
        assert_eq!(check, FITS);
    }
    let recipient = payouts::clearance(&scene.pool, order.payout).await.expect("a clearance").recipient;
    scene.wave.know_person(recipient.phone.expect("a phone").reveal(), Person::default());
    assert_eq!(scene.does(PayoutSteps::verify_recipient, verify(order)).await, FITS);
}

#[tokio::test]
async fn a_phone_that_belongs_to_somebody_else_is_doubted() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    let recipient = payouts::clearance(&scene.pool, order.payout).await.expect("a clearance").recipient;
    let phone = recipient.phone.expect("a phone");
    let person = |name: &str| Person { name: Some(name.to_owned()), ..Person::default() };
    scene.wave.know_person(phone.reveal(), person("Moussa Ndiaye"));
    let check = scene.does(PayoutSteps::verify_recipient, verify(order)).await;
    assert!(is_doubtful(&check, "another name"), "{check:?}");
    scene.wave.know_person(phone.reveal(), person("Awa"));
    assert_eq!(scene.does(PayoutSteps::verify_recipient, verify(order)).await, FITS);
}

#[tokio::test]
async fn what_the_wallet_cannot_take_and_whoever_has_no_phone_are_doubted() {
    let scene = Scene::new().await;
    // Numbers that end in 93 have reached their limit, for the emulator.
    let (_, order) = scene.payable(Some(93)).await;
    let check = scene.does(PayoutSteps::verify_recipient, verify(order)).await;
    assert!(is_doubtful(&check, "may take"), "{check:?}");
    let (_, order) = scene.payable(None).await;
    let check = scene.does(PayoutSteps::verify_recipient, verify(order)).await;
    assert!(is_doubtful(&check, "no phone"), "{check:?}");
}

#[tokio::test]
async fn what_wave_refuses_to_tell_is_doubted_and_what_it_cannot_is_asked_again() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    let refused = Fault::Refused { status: 403, code: "not-allowed".to_owned() };
    scene.bend(Endpoint::RecipientVerify, refused);
    let check = scene.does(PayoutSteps::verify_recipient, verify(order)).await;
    assert!(is_doubtful(&check, "not-allowed"), "{check:?}");
    for (fault, expected) in faults_before_wave_acts() {
        scene.bend(Endpoint::RecipientVerify, fault);
        assert_eq!(scene.fails(PayoutSteps::verify_recipient, verify(order)).await, expected);
    }
}

/// Somebody with this role.
async fn trusted(scene: &Scene, role: Role) -> UserId {
    let person = scene.person_whose_phone_ends_with(Some(7)).await;
    let owner = scene.pool_as("wolo").await;
    let mut connection = owner.acquire().await.expect("a connection");
    roles::grant(&mut connection, person, role, Doer::new("test", "in a test")).await.expect("a role");
    person
}

#[tokio::test]
async fn a_large_payout_leaves_when_two_different_people_of_finance_have_approved() {
    let scene = Scene::new().await;
    let (pot, rules) =
        (scene.closed_pot_with(10_000).await, PayoutRules { two_approvals_from: Xof::new(9_900) });
    let plan = scene.does(PayoutSteps::plan, PlanPayout { pot, rules, at: noon() }).await;
    assert!(matches!(plan, Plan::Ready { missing_approvals: 2, .. }), "{plan:?}");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    let send = SendPayout { order, same_key_seconds: SAME_KEY, at: noon() };
    let held = PayoutAnswer::Held { reason: HoldReason::Approval };
    assert_eq!(scene.does(PayoutSteps::send, send).await, held);

    let (reviewer, first) = (trusted(&scene, Role::Reviewer).await, trusted(&scene, Role::Finance).await);
    let approve = |by| ApprovePayout { payout: order.payout, by, reason: "looked".to_owned(), at: noon() };
    for (by, expected) in [
        (reviewer, Approving::NotFinance),
        (first, Approving::Approved { missing: 1 }),
        (first, Approving::Already { missing: 1 }),
    ] {
        assert_eq!(scene.does(PayoutSteps::approve, approve(by)).await, expected);
    }
    assert_eq!(scene.does(PayoutSteps::send, send).await, held);
    assert_eq!(scene.wave.calls(Endpoint::PayoutCreate), 0);
    let second = trusted(&scene, Role::Superadmin).await;
    assert_eq!(scene.does(PayoutSteps::approve, approve(second)).await, Approving::Approved { missing: 0 });
    assert_eq!(scene.does(PayoutSteps::send, send).await, PayoutAnswer::Succeeded);
    let plan = scene.does(PayoutSteps::plan, PlanPayout { pot, rules, at: noon() }).await;
    assert_eq!(plan, Plan::Paid { amount: Xof::new(9_900), placed: vec![] });
    scene.judge().await;
}

#[tokio::test]
async fn an_ordinary_payout_needs_nobody() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    let approve = ApprovePayout {
        payout: order.payout,
        by: trusted(&scene, Role::Finance).await,
        reason: "looked".to_owned(),
        at: noon(),
    };
    assert_eq!(scene.does(PayoutSteps::approve, approve).await, Approving::NotNeeded);
    let begun = payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    assert!(matches!(begun, Beginning::Begun { again: false, .. }), "{begun:?}");
}
