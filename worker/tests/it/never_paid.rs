//! Payouts of unknown end that end all the same: by what Wave's statement proves, and by what the rows say.

use chrono::{TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use wolo_domain::dakar;
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::pots::HoldReason;
use wolo_sandbox::wave::{Endpoint, Fault};
use wolo_workflows::ids;
use wolo_workflows::payout::{Decision, Resolving};

use crate::histories::keep;
use crate::house::{live, until};
use crate::payout::{decide, first_order, held_for, movements, paid, pot_with_money, to_the_payout};

#[test]
fn an_order_that_was_never_executed_is_ruled_out_by_finance_and_ordered_anew() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let order = first_order(pot);
        house.bend(Endpoint::PayoutCreate, order.clone(), 1_000, Fault::LostRequest);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        let resolve =
            async |decision| house.control.resolve_payout(pot, decide(decision)).await.expect("an answer");
        assert_eq!(resolve(Decision::NeverPaid).await, Resolving::Accepted);
        until("the payout says what is missing", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            status.why.contains("must be 72").then_some(())
        })
        .await;
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        assert!(matches!(resolve(Decision::OrderAnew).await, Resolving::Refused { .. }));
        // Four days pass, and Wave's statement of each is compared.
        let sql = format!(
            "update money.payout_orders
             set sent_at = sent_at - interval '4 days', begun_at = begun_at - interval '4 days'
             where key = '{order}'"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&house.pool).await.expect("an older order");
        for days_ago in 1..=4 {
            house.compared(dakar::day_of(Utc::now() - TimeDelta::days(days_ago))).await;
        }
        assert_eq!(resolve(Decision::NeverPaid).await, Resolving::Accepted);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        assert_eq!(resolve(Decision::OrderAnew).await, Resolving::Accepted);
        paid(house, pot).await;
        let second = PayoutOrder::first(PayoutId::of_pot(pot)).next().key();
        assert_eq!((movements(house, &order), movements(house, &second)), (0, 1));
        let written = wolo_database::payouts::decisions(&house.pool, PayoutId::of_pot(pot)).await;
        let written: Vec<_> = written.expect("decisions").into_iter().map(|one| one.what).collect();
        assert_eq!(written, ["never_paid", "never_paid", "order_anew"]);
        keep(house, "payout-never-paid", &ids::payout(pot)).await;
    });
}

#[test]
fn a_process_that_is_behind_its_row_goes_on_with_what_the_row_says() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let first = PayoutOrder::first(PayoutId::of_pot(pot));
        house.bend(Endpoint::PayoutCreate, first.key(), 1_000, Fault::LostRequest);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        // As if the engine had forgotten what came after: the row has gone on to the second order.
        // By the process's time, which has been moved.
        let (pool, now) = (&house.pool, Utc::now() + TimeDelta::days(60));
        wolo_database::payouts::record_refusal(pool, first, "recipient-limit-exceeded", now)
            .await
            .expect("a refusal");
        wolo_database::payouts::begin_order(pool, first.next(), now).await.expect("an intent");
        let answer = house.control.resolve_payout(pot, decide(Decision::AskAgain)).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        paid(house, pot).await;
        assert_eq!((movements(house, &first.key()), movements(house, &first.next().key())), (0, 1));
    });
}
