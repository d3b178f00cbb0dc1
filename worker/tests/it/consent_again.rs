//! A consent's way on: its process begun again after somebody has ended it, and another case after one that was rejected.

use chrono::{TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use temporalio_client::WorkflowSignalOptions;
use temporalio_common::data_converters::RawValue;
use wolo_control::TakingUp;
use wolo_control::consents::{BeginCase, BeginCaseAnswer, Carried, ConsentInput, ConsentState, GiveAnswer};
use wolo_control::payouts::{Approve, Approving};
use wolo_control::pots::Wish;
use wolo_database::{clearance, consents, identities, pots};
use wolo_domain::accounts::Role;
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::identities::{CaseStage, Ending, Reason};
use wolo_domain::ids::{CaseId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::Kind;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::PotLifecycle;

use crate::clearance::trusted;
use crate::guardian_consent::{Asked, input};
use crate::histories::keep;
use crate::house::{House, LONG, live, until};

const LINK: &str = "https://wolo.example/g/x";

impl House {
    async fn case_is(&self, case: CaseId, stage: CaseStage) {
        until(&format!("{case} is {stage}"), async || {
            let mut connection = self.pool.acquire().await.ok()?;
            let known = identities::case(&mut connection, case).await.ok()??;
            (known.entry.stage == stage && self.control.case_runs(case).await.ok()?).then_some(())
        })
        .await;
    }

    /// A consent whose case was rejected, as one is that nothing came to.
    async fn rejected(&self, asked: &Asked, number: u32) {
        let case = CaseId::of_consent(asked.consent, number);
        self.case_is(case, CaseStage::Opened).await;
        assert_eq!(self.control.give_up_case(case, LONG).await.expect("an answer"), Ending::Ended);
    }

    async fn begins_again(&self, asked: &Asked, by_hand: Option<Wish>) -> BeginCaseAnswer {
        let wish = BeginCase { consent: asked.consent, link: Some(LINK.to_owned()), by_hand };
        self.control.begin_case(input(asked.minor), wish, LONG).await.expect("an answer")
    }

    async fn take_up(&self, asked: &Asked, input: ConsentInput) {
        self.terminate(&asked.process()).await;
        assert_eq!(self.control.take_up_consent(input.clone()).await.expect("a start"), TakingUp::Started);
        assert_eq!(self.control.take_up_consent(input).await.expect("a start"), TakingUp::Running);
    }

    /// As if two reviewers had approved the first case.
    async fn identities_are_approved(&self, asked: &Asked) {
        self.case_is(CaseId::of_consent(asked.consent, 1), CaseStage::Opened).await;
        let sql = format!(
            "update minors.cases set stage = 'approved', round = 1, submitted_at = since, decided_at = since,
                    destroy_at = since + interval '90 days',
                    approved_birth_date = (select birth_date from people.users where user_id = subject_id)
             where consent_id = '{}'",
            asked.consent.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("a change");
        let mut tx = self.pool.begin().await.expect("a transaction");
        let pots = clearance::follow(&mut tx, asked.minor, Utc::now()).await.expect("a look");
        tx.commit().await.expect("written");
        for pot in pots {
            let process = self.control.client().get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(pot));
            let options = WorkflowSignalOptions::default();
            let told = process.signal(PotLifecycle::holds_changed, RawValue::empty(), options).await;
            told.expect("the pot hears");
        }
    }
}

#[test]
fn a_consent_whose_process_was_ended_is_taken_up_reminded_of_and_ended_by_silence() {
    live(async |house| {
        let asked = house.asked_by(house.child().await).await;
        house.is_told(&asked.consent.to_string(), Kind::ConsentRequest, 1).await;
        house.take_up(&asked, ConsentInput { link: Some(LINK.to_owned()), ..input(asked.minor) }).await;
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Lapsed);
        house.is_told(&asked.consent.to_string(), Kind::ConsentReminder, 2).await;
        house.both_are_told(&asked, Kind::ConsentRefused, 1).await;
        keep(house, "consent-taken-up", &asked.process()).await;
    });
}

#[test]
fn after_a_rejection_another_case_begins_at_once_when_the_guardian_wants_it() {
    live(async |house| {
        let asked = house.given_by(house.child().await).await;
        let case = |number| CaseId::of_consent(asked.consent, number);
        house.case_is(case(1), CaseStage::Opened).await;
        let stands = BeginCaseAnswer::Stands { case: case(1), stage: CaseStage::Opened };
        assert_eq!(house.begins_again(&asked, None).await, stands, "nobody has decided");
        house.rejected(&asked, 1).await;
        assert_eq!(house.begins_again(&asked, None).await, BeginCaseAnswer::Begun { case: case(2) });
        let stands = BeginCaseAnswer::Stands { case: case(2), stage: CaseStage::Opened };
        assert_eq!(house.begins_again(&asked, None).await, stands, "said twice");
        house.case_is(case(2), CaseStage::Opened).await;
        house.rejected(&asked, 2).await;
        assert_eq!(house.begins_again(&asked, None).await, BeginCaseAnswer::Begun { case: case(3) });
        house.rejected(&asked, 3).await;
        assert!(matches!(house.begins_again(&asked, None).await, BeginCaseAnswer::TooMany { .. }));
        assert_eq!(house.told(&asked.consent.to_string(), Kind::IdentityMoreNeeded).await, 0);

        // Whoever works here may begin more, and the guardian hears of it.
        let by_hand = Wish { by: "operator:fatou".to_owned(), reason: "they called".to_owned() };
        let begun = BeginCaseAnswer::Begun { case: case(4) };
        assert_eq!(house.begins_again(&asked, Some(by_hand)).await, begun);
        house.is_told(&asked.consent.to_string(), Kind::IdentityMoreNeeded, 1).await;
        let state = house.control.consent_state(asked.minor).await.expect("a state");
        assert_eq!((state.case_number, state.case_opened), (Some(4), Some(true)));

        // A process that is begun again goes on with the last.
        house.take_up(&asked, input(asked.minor)).await;
        until("it has opened what it goes on with", async || {
            let state = house.control.consent_state(asked.minor).await.ok()?;
            (state.case_opened == Some(true) && state.case_number == Some(4)).then_some(())
        })
        .await;
        house.case_is(case(4), CaseStage::Opened).await;
        house.withdraws(&asked).await;
        let not_given = BeginCaseAnswer::NotGiven { stage: ConsentStage::Withdrawn };
        assert_eq!(house.begins_again(&asked, None).await, not_given);
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        keep(house, "consent-with-another-case", &asked.process()).await;
        assert_eq!(house.begins_again(&asked, None).await, BeginCaseAnswer::OtherConsent);
    });
}

#[test]
fn the_case_of_a_consent_that_was_taken_back_ends_with_it_though_its_process_was_begun_again() {
    live(async |house| {
        let asked = house.given_by(house.child().await).await;
        let case = CaseId::of_consent(asked.consent, 1);
        house.case_is(case, CaseStage::Opened).await;
        house.withdraws(&asked).await;
        house.take_up(&asked, input(asked.minor)).await;
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        let mut connection = house.pool.acquire().await.expect("a connection");
        let known = identities::case(&mut connection, case).await.expect("a look").expect("a case");
        assert_eq!((known.entry.stage, known.entry.reasons), (CaseStage::Rejected, vec![Reason::GivenUp]));
    });
}

#[test]
fn what_was_rejected_is_told_with_its_reasons_when_an_operator_begins_another_case() {
    live(async |house| {
        let asked = house.given_by(house.child().await).await;
        house.rejected(&asked, 1).await;
        let mut connection = house.pool.acquire().await.expect("a connection");
        let first = identities::case(&mut connection, CaseId::of_consent(asked.consent, 1)).await;
        assert_eq!(first.expect("a look").expect("a case").entry.reasons, [Reason::GivenUp]);
        let by_hand = || Some(Wish { by: "operator:fatou".to_owned(), reason: "they called".to_owned() });
        let second = CaseId::of_consent(asked.consent, 2);
        assert_eq!(house.begins_again(&asked, by_hand()).await, BeginCaseAnswer::Begun { case: second });
        let stands = BeginCaseAnswer::Stands { case: second, stage: CaseStage::Opened };
        assert_eq!(house.begins_again(&asked, by_hand()).await, stands);
        house.is_told(&asked.consent.to_string(), Kind::IdentityMoreNeeded, 1).await;
        keep(house, "consent-another-case-by-hand", &asked.process()).await;
    });
}

#[test]
fn pots_that_nobody_gave_up_are_given_up_by_the_process_that_takes_over() {
    live(async |house| {
        let minor = house.child().await;
        let pot = house.schedule(house.plan(minor, 20).await).await;
        let asked = house.given_by(minor).await;
        house.withdraws(&asked).await;
        house.terminate(&asked.process()).await;
        // The process before this one had written the end, and died.
        let end = ConsentEnd::Ended;
        consents::end(&house.pool, minor, asked.consent, end, Utc::now()).await.expect("an end");
        let state = ConsentState {
            consent: Some(asked.consent),
            stage: Some(ConsentStage::Ended),
            case_opened: Some(true),
            ..ConsentState::default()
        };
        let carried = Some(Carried { state, pots_to_give_up: true, ..Carried::default() });
        let going_on = ConsentInput { carried, ..input(minor) };
        assert_eq!(house.control.take_up_consent(going_on).await.expect("a start"), TakingUp::Started);
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        house.stage_is(pot, PotStage::Cancelled).await;
        keep(house, "consent-gave-up-pots-when-taken-up", &asked.process()).await;
    });
}

/// The payout waits for this, and for nobody else.
pub(crate) async fn waits_for(house: &House, pot: PotId, reason: HoldReason) {
    until(&format!("the payout of {pot} waits for {reason}"), async || {
        let status = house.control.payout_status(pot).await.ok()?;
        (status.held == Some(reason) || status.waits_for == reason.waits_for()).then_some(())
    })
    .await;
}

pub(crate) async fn two_approve(house: &House, pot: PotId, two: [UserId; 2]) {
    for (by, missing) in two.into_iter().zip([1, 0]) {
        let approve = Approve { by, reason: "looked at the pot".to_owned() };
        let answer = house.control.approve_payout(pot, approve).await.expect("an answer");
        assert_eq!(answer, Approving::Approved { missing });
    }
}

#[test]
fn a_pot_that_is_being_paid_out_when_consent_is_taken_back_is_not_given_up_and_is_paid_when_another_guardian_answers()
 {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 20).await;
        plan.patience.payout_rules = PayoutRules { two_approvals_from: Xof::new(9_900) };
        let pot = house.schedule(plan).await;
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 10_000).await;
        house.is_younger(owner, 28).await;
        let asked = house.given_by(owner).await;
        house.identities_are_approved(&asked).await;
        assert!(!house.is_held_for_consent(pot).await);
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(22));
        waits_for(house, pot, HoldReason::Approval).await;
        house.withdraws(&asked).await;
        let waiting = async || {
            let found = wolo_database::payouts::without_consent(&house.pool).await.expect("a look");
            found.iter().any(|(waiting, _)| *waiting == pot)
        };
        assert!(waiting().await);
        let two = [trusted(house, Role::Finance).await, trusted(house, Role::Finance).await];
        two_approve(house, pot, two).await;
        waits_for(house, pot, HoldReason::Consent).await;

        // Nobody comes back: the pot cannot be given up any more, and finance cannot let it go.
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        let row = pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!(row.stage, PotStage::PayingOut);
        assert!(waiting().await);

        let other = house.asked_by(owner).await;
        assert_eq!(house.gives(&other).await, GiveAnswer::Given);
        house.identities_are_approved(&other).await;
        assert!(!waiting().await && !house.is_held_for_consent(pot).await);
        house.set_off(&ids::payout(pot), TimeDelta::hours(2));
        // The money goes to another phone than the one that was approved.
        waits_for(house, pot, HoldReason::Approval).await;
        two_approve(house, pot, two).await;
        house.stage_is(pot, PotStage::Settled).await;
        let order = wolo_domain::payouts::PayoutOrder::first(wolo_domain::ids::PayoutId::of_pot(pot)).key();
        let paid = house.world.wave.executed_payouts(&order);
        assert_eq!(paid.len(), 1);
        assert_eq!(paid[0].order.mobile, other.phone());
        house.books_are_right().await;
    });
}
