//! Wave's statement beside the books, and what stops payouts: the processes on a real server, started by their schedules or by a
//! person.

#![expect(clippy::disallowed_methods, reason = "a test breaks what the crate never would")]

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike as _, Utc};
use temporalio_client::schedules::ScheduleOverlapPolicy;
use temporalio_common::protos::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use wolo_bootstrap::Shutdown;
use wolo_control::books::{
    Clearing, DiscrepancyAnswer, LedgerVerdict, ReconciledDay, ResolveDiscrepancy, ResumePayouts,
};
use wolo_control::pots::RefundPatience;
use wolo_database::{Page, discrepancies, halts, reconciliation};
use wolo_domain::dakar;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::World;
use wolo_sandbox::wave::WebhookFault;
use wolo_workflows::ids;
use wolo_workflows::reconciliation::PaymentReconciliation;

use crate::histories::keep;
use crate::house::{House, alone, live, until};

/// The newest process that a schedule has started.
pub(crate) async fn started_by(house: &House, schedule: &str) -> String {
    let schedule = house.control.client().get_schedule_handle(schedule);
    schedule
        .trigger(ScheduleOverlapPolicy::AllowAll, Default::default())
        .await
        .expect("the schedule is there");
    until("the schedule tells of its process", async || {
        let known = schedule.describe(Default::default()).await.expect("the schedule is there");
        Some(known.recent_actions().pop()?.workflow_id)
    })
    .await
}

/// A house with a worker in a world where nobody else gives, pays or breaks anything: what is compared is all its own.
pub(crate) async fn house_of_its_own() -> &'static House {
    let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
    let house: &'static House = Box::leak(Box::new(House::without_worker(world).await));
    let worker =
        wolo_worker::Worker::start(&house.settings, Shutdown::new()).await.expect("the worker starts");
    tokio::spawn(worker.end());
    house
}

async fn compare(house: &House, day: NaiveDate) -> ReconciledDay {
    let under_way = house.settings.books.under_way_minutes * 60;
    house.control.reconcile(day, under_way, RefundPatience::default()).await.expect("it is compared")
}

#[test]
fn a_lost_webhook_is_repaired_by_the_statement_alone() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 5_000).await;
        house.bend_webhooks(&asked, WebhookFault::Lost);
        house.pay(&asked);
        let process = started_by(house, ids::RECONCILE_TODAY).await;
        house.donation_is(asked.donation, DonationStage::Confirmed).await;
        let reconciled = house.outcome::<PaymentReconciliation>(process.clone()).await;
        // Another test's comparison may have been the one that found it.
        assert!(reconciled[0].lines >= 1, "{reconciled:?}");
        assert_eq!(house.given(pot).await, 5_000);
        keep(house, "reconciliation", &process).await;
    });
}

#[test]
fn a_gift_whose_process_was_ended_is_settled_by_the_statement_alone() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 5_000).await;
        house.bend_webhooks(&asked, WebhookFault::Lost);
        house.terminate(&ids::donation(asked.donation)).await;
        house.pay(&asked);
        let today = dakar::day_of(Utc::now());
        compare(house, today).await;
        house.donation_is(asked.donation, DonationStage::Confirmed).await;
        compare(house, today).await;
        let runs = reconciliation::last_runs(&house.pool, 3).await.expect("runs");
        let (run, _) = runs.iter().find(|(run, _)| run.day == today).expect("a run of today");
        assert!(!run.whole && run.lines > 0, "{run:?}");
    });
}

#[test]
fn every_day_that_was_missed_is_compared_once_and_the_oldest_first() {
    alone(async {
        let house = house_of_its_own().await;
        let pot = house.open_pot().await;
        house.ask(pot, 5_000).await;
        // Nobody was there for three nights.
        sqlx::query("update money.donations set requested_at = requested_at - interval '3 days'")
            .execute(&house.pool)
            .await
            .expect("a change");
        let process = started_by(house, ids::RECONCILE_YESTERDAY).await;
        let compared = house.outcome::<PaymentReconciliation>(process.clone()).await;
        let days: Vec<_> = compared.iter().map(|one| one.day).collect();
        let today = dakar::day_of(Utc::now());
        assert_eq!(days, [3, 2, 1].map(|ago| dakar::days_before(today, ago)));
        keep(house, "reconciliation-missed", &process).await;
        assert_eq!(reconciliation::uncompared(&house.pool, today).await.expect("days"), []);
        let again = house.control.reconcile_missed(900, RefundPatience::default()).await.expect("an answer");
        assert_eq!(again, []);
    });
}

#[test]
fn the_schedules_are_as_the_settings_say_and_a_worker_that_starts_again_leaves_them_paused() {
    live(async |house| {
        let minutes = async |schedule: &str| {
            let schedule = house.control.client().get_schedule_handle(schedule);
            let known = schedule.describe(Default::default()).await.expect("the schedule is there");
            let next: Vec<DateTime<Utc>> =
                known.future_action_times().into_iter().map(DateTime::from).collect();
            assert!(next.len() > 1, "{next:?}");
            // Of one that is running still no second is started, and what nobody was there for is made up for within this time.
            let policies =
                known.raw().schedule.as_ref().and_then(|all| all.policies.as_ref()).expect("policies");
            assert_eq!(policies.overlap_policy(), Overlap::Skip);
            let late = policies.catchup_window.as_ref().expect("a window").seconds;
            (next[0], next[1] - next[0], TimeDelta::seconds(late))
        };
        let (next, apart, late) = minutes(ids::RECONCILE_TODAY).await;
        assert_eq!((next.minute(), apart, late), (5, TimeDelta::hours(1), TimeDelta::minutes(10)));
        let (next, apart, late) = minutes(ids::RECONCILE_YESTERDAY).await;
        assert_eq!((next.hour(), next.minute()), (2, 20));
        assert_eq!((apart, late), (TimeDelta::days(1), TimeDelta::days(1)));
        let (_, apart, late) = minutes(ids::LEDGER_CHECK).await;
        assert_eq!((apart, late), (TimeDelta::minutes(15), TimeDelta::minutes(10)));

        let schedule = house.control.client().get_schedule_handle(ids::LEDGER_CHECK);
        let worker =
            wolo_worker::Worker::start(&house.settings, Shutdown::new()).await.expect("a second one");
        let known = schedule.describe(Default::default()).await.expect("the schedule is there");
        assert!(known.paused(), "the house has paused it");
        drop(worker);
    });
}

#[test]
fn a_discrepancy_is_resolved_by_a_process_of_its_own() {
    live(async |house| {
        let francs = 1_234_567;
        house.world.wave.receive_payment(francs, "+221770000005");
        compare(house, dakar::day_of(Utc::now())).await;
        let open =
            discrepancies::all(&house.pool, None, false, Page::first(1_000)).await.expect("discrepancies");
        let net = francs - (francs + 99) / 100;
        let found = open.into_iter().find(|one| one.suspense.francs() == net).expect("it was found");
        let resolve = |clearing| ResolveDiscrepancy {
            discrepancy: found.id,
            by: "operator:test".to_owned(),
            reason: "a present to us".to_owned(),
            clearing,
        };
        let refused = house.control.resolve_discrepancy(resolve(Clearing::Nothing)).await.expect("an answer");
        assert!(matches!(refused, DiscrepancyAnswer::Refused { .. }), "{refused:?}");
        let fees = house.balance(Account::Fees).await;
        let resolved = house.control.resolve_discrepancy(resolve(Clearing::ToFees)).await.expect("an answer");
        assert_eq!(resolved, DiscrepancyAnswer::Resolved);
        assert!(house.balance(Account::Fees).await > fees, "WOLO keeps it");
        keep(house, "resolution", &ids::resolution(found.id)).await;
    });
}

/// As a bad restore might; twice is as it was.
async fn turn_a_pot_round(house: &House, pot: PotId) {
    let mut connection = house.pool.acquire().await.expect("a connection");
    let replica = sqlx::query("set session_replication_role = replica").execute(&mut *connection).await;
    replica.expect("no triggers");
    let turn = format!("update money.ledger_entries set amount = -amount where account = 'pot:{pot}'");
    sqlx::query(sqlx::AssertSqlSafe(turn)).execute(&mut *connection).await.expect("a change");
    sqlx::query("set session_replication_role = origin").execute(&mut *connection).await.expect("triggers");
}

#[test]
fn books_that_break_a_rule_stop_a_payout_until_finance_lets_it_go_on() {
    alone(async {
        let house = house_of_its_own().await;
        let (paid, broken) = (house.open_pot().await, house.open_pot().await);
        house.give(paid, 10_000).await;
        house.give(broken, 500).await;

        turn_a_pot_round(house, broken).await;
        let check = started_by(house, ids::LEDGER_CHECK).await;
        let halt = until("payouts are stopped", async || halts::standing(&house.pool).await.ok()?).await;
        assert!(halt.reason.contains(&format!("{broken} holds -500 XOF")), "{halt:?}");
        keep(house, "ledger-check-broken", &check).await;

        house.set_off(&ids::pot_lifecycle(paid), TimeDelta::days(22));
        until("the payout waits for finance", async || {
            let status = house.control.payout_status(paid).await.ok()?;
            (status.waits_for == HoldReason::Books.waits_for()).then_some(())
        })
        .await;
        let order = PayoutOrder::first(PayoutId::of_pot(paid)).key();
        assert_eq!(house.world.wave.executed_payouts(&order).len(), 0);
        house.ask(broken, 700).await;

        let wish = || ResumePayouts { by: "operator:test".to_owned(), reason: "mended".to_owned() };
        let refused = house.control.resume_payouts(wish()).await.expect("an answer");
        assert!(matches!(refused, LedgerVerdict::Broken { .. }), "{refused:?}");
        turn_a_pot_round(house, broken).await;
        let sound = LedgerVerdict::Sound { payouts_stopped: true };
        assert_eq!(house.control.check_ledger().await.expect("an answer"), sound);
        assert_eq!(house.control.resume_payouts(wish()).await.expect("an answer"), LedgerVerdict::Resumed);
        keep(house, "ledger-check-resumed", ids::LEDGER_RESUME).await;

        house.set_off(&ids::payout(paid), TimeDelta::hours(2));
        until("the payout succeeds", async || {
            let payout = wolo_database::payouts::payout(&house.pool, PayoutId::of_pot(paid)).await.ok()??;
            (payout.stage == PayoutStage::Succeeded).then_some(())
        })
        .await;
        house.stage_is(paid, PotStage::Settled).await;
        assert_eq!(house.world.wave.executed_payouts(&order).len(), 1);
        house.books_are_right().await;
    });
}
