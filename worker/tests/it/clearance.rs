//! What a payout waits for before it leaves: doubts about its recipient, and people who approve it.

use chrono::{TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_control::payouts::{Approve, Approving};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::accounts::Role;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::wave::Person;
use wolo_workflows::ids;
use wolo_workflows::payout::{Decision, Payout, PayoutOutcome, Resolve, Resolving};
use wolo_workflows::pot_lifecycle::{HoldWish, WishAnswer};

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
fn who_was_accepted_is_not_doubted_again_by_a_process_that_takes_over() {
    live(async |house| {
        let (pot, _) = pot_of_a_stranger(house).await;
        held_for(house, pot, HoldReason::Recipient).await;
        let hold =
            || HoldWish { reason: HoldReason::Moderation, by: "test".to_owned(), note: "wait".to_owned() };
        assert_eq!(house.control.hold_pot(pot, hold()).await.expect("an answer"), WishAnswer::Done);
        assert_eq!(decide(house, pot, Decision::Accept).await, Resolving::Accepted);
        let waits_for_the_moderator = async || {
            let status = house.control.payout_status(pot).await.ok()?;
            (status.waits_for == HoldReason::Moderation.waits_for()).then_some(())
        };
        until("the payout waits for the moderator", waits_for_the_moderator).await;
        // Somebody puts the doubt back onto the pot, as a process does that dies before it lifts it.
        let doubt = HoldReason::Recipient;
        wolo_database::pots::hold(&house.pool, pot, doubt, "left over", Utc::now()).await.expect("a hold");
        let first_run = house.run_of(&ids::payout(pot)).await;
        house.terminate(&ids::payout(pot)).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::hours(1));
        until("another payout process runs", async || {
            (house.run_of(&ids::payout(pot)).await != first_run).then_some(())
        })
        .await;
        until("it waits for the moderator, and for nobody else", waits_for_the_moderator).await;
        assert_eq!(house.control.release_pot(pot, hold()).await.expect("an answer"), WishAnswer::Done);
        house.set_off(&ids::payout(pot), TimeDelta::days(1));
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(movements(house, pot), 1);
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("an answer").expect("the pot");
        assert!(row.holds.is_empty(), "the hold of the process before is lifted");
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

pub(crate) async fn trusted(house: &House, role: Role) -> UserId {
    let person = house.person().await;
    let mut connection = house.pool.acquire().await.expect("a connection");
    roles::grant(&mut connection, person, role, Doer::new("test", "in a test")).await.expect("a role");
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
        let mut plan = house.plan(owner, 20).await;
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

#[test]
fn a_phone_that_is_changed_before_the_sending_is_checked_and_approved_anew() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 20).await;
        plan.patience.payout_rules = PayoutRules { two_approvals_from: Xof::new(9_900) };
        let pot = house.schedule(plan).await;
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 10_000).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(22));
        held_for(house, pot, HoldReason::Approval).await;
        let two = [trusted(house, Role::Finance).await, trusted(house, Role::Finance).await];
        assert_eq!(approve(house, pot, two[0]).await, Approving::Approved { missing: 1 });
        // Two other digits at the end, which mean nothing to Wave.
        let owner = owner.uuid();
        let sql =
            format!("update people.users set phone = left(phone, -2) || '42' where user_id = '{owner}'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&house.pool).await.expect("another phone");
        assert_eq!(approve(house, pot, two[1]).await, Approving::Approved { missing: 0 });
        until("all must approve anew", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            (status.held == Some(HoldReason::Approval) && status.missing_approvals == 2).then_some(())
        })
        .await;
        assert_eq!(movements(house, pot), 0);
        for (by, missing) in two.into_iter().zip([1, 0]) {
            assert_eq!(approve(house, pot, by).await, Approving::Approved { missing });
        }
        house.stage_is(pot, PotStage::Settled).await;
        let order = PayoutOrder::first(PayoutId::of_pot(pot)).key();
        let paid = house.world.wave.executed_payouts(&order);
        assert!(paid.len() == 1 && paid[0].order.mobile.ends_with("42"), "{paid:?}");
        keep(house, "payout-approved-anew", &ids::payout(pot)).await;
    });
}
