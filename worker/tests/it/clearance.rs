//! What a payout waits for before it leaves: doubts about its recipient, and people who approve it.

use chrono::TimeDelta;
use uuid::Uuid;
use wolo_control::payouts::{Approve, Approving};
use wolo_database::accounts::roles;
use wolo_domain::accounts::Role;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::wave::Person;
use wolo_workflows::ids;
use wolo_workflows::payout::{Decision, Payout, PayoutOutcome, Resolve, Resolving};

use crate::histories::keep;
use crate::house::{House, live, until};

async fn held_for(house: &House, pot: PotId, reason: HoldReason) {
    until(&format!("the payout of {pot} is held for {reason}"), async || {
        let status = house.control.payout_status(pot).await.ok()?;
        (status.held == Some(reason)).then_some(())
    })
    .await;
}

async fn decide(house: &House, pot: PotId, decision: Decision) -> Resolving {
    let resolve =
        Resolve { decision, order: Some(1), by: "finance".to_owned(), reason: "called the owner".to_owned() };
    house.control.resolve_payout(pot, resolve).await.expect("an answer")
}

fn movements(house: &House, pot: PotId) -> usize {
    house.world.wave.executed_payouts(&PayoutOrder::first(PayoutId::of_pot(pot)).key()).len()
}

/// A pot with 9,900 francs to pay out, whose owner's phone is somebody else's for Wave.
async fn pot_of_a_stranger(house: &House) -> (PotId, String) {
    let owner = house.person().await;
    let row = wolo_database::people::user(&house.pool, owner).await.expect("an answer").expect("somebody");
    let phone = row.phone.expect("a phone").reveal().to_owned();
    let name = Some("Moussa Ndiaye".to_owned());
    house.world.wave.know_person(&phone, Person { name, ..Person::default() });
    let pot = house.open_pot_of(owner).await;
    house.give(pot, 10_000).await;
    house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(22));
    (pot, phone)
}

#[test]
fn a_payout_to_a_phone_of_another_name_waits_until_finance_accepts_it() {
    live(async |house| {
        let (pot, _) = pot_of_a_stranger(house).await;
        held_for(house, pot, HoldReason::Recipient).await;
        assert_eq!(movements(house, pot), 0);
        for meaningless in [Decision::OrderAnew, Decision::Found { wave_payout_id: "pt-1".to_owned() }] {
            assert!(matches!(decide(house, pot, meaningless).await, Resolving::Refused { .. }));
        }
        assert_eq!(decide(house, pot, Decision::Accept).await, Resolving::Accepted);
        house.stage_is(pot, PotStage::Settled).await;
        let outcome = house.outcome::<Payout>(ids::payout(pot)).await;
        assert_eq!(outcome, PayoutOutcome::Paid { amount: Xof::new(9_900) });
        assert_eq!(movements(house, pot), 1);
        house.books_are_right().await;
        keep(house, "payout-recipient-accepted", &ids::payout(pot)).await;
    });
}

#[test]
fn a_recipient_who_has_been_put_right_is_asked_about_again_and_paid() {
    live(async |house| {
        let (pot, phone) = pot_of_a_stranger(house).await;
        held_for(house, pot, HoldReason::Recipient).await;
        house.world.wave.know_person(&phone, Person { name: Some("Awa".to_owned()), ..Person::default() });
        assert_eq!(decide(house, pot, Decision::AskAgain).await, Resolving::Accepted);
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(movements(house, pot), 1);
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("an answer").expect("the pot");
        assert!(row.holds.is_empty(), "the hold is lifted");
    });
}

async fn trusted(house: &House, role: Role) -> UserId {
    let person = house.person().await;
    let mut connection = house.pool.acquire().await.expect("a connection");
    roles::grant(&mut connection, person, role, "test", "in a test").await.expect("a role");
    person
}

async fn approve(house: &House, pot: PotId, by: UserId) -> Approving {
    let approve = Approve { by, reason: "looked at the pot".to_owned() };
    house.control.approve_payout(pot, approve).await.expect("an answer")
}

#[test]
fn a_large_payout_waits_for_two_different_people_of_finance() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 20);
        plan.patience.payout_rules = PayoutRules { two_approvals_from: Xof::new(9_900) };
        let pot = house.schedule(plan).await;
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 10_000).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(22));
        held_for(house, pot, HoldReason::Approval).await;
        let (first, second) = (trusted(house, Role::Finance).await, trusted(house, Role::Superadmin).await);
        let nobody = UserId::from_uuid(Uuid::now_v7());
        for (by, expected) in [
            (nobody, Approving::NotFinance),
            (owner, Approving::NotFinance),
            (first, Approving::Approved { missing: 1 }),
            (first, Approving::Already { missing: 1 }),
        ] {
            assert_eq!(approve(house, pot, by).await, expected);
        }
        let silent = Approve { by: second, reason: " ".to_owned() };
        let answer = house.control.approve_payout(pot, silent).await.expect("an answer");
        assert_eq!((answer, movements(house, pot)), (Approving::NoReason, 0));
        assert_eq!(approve(house, pot, second).await, Approving::Approved { missing: 0 });
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(movements(house, pot), 1);
        house.books_are_right().await;
        keep(house, "payout-approved-by-two", &ids::payout(pot)).await;
    });
}
