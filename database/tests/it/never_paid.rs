//! That an order was never paid is believed on Wave's evidence, and on nothing less.

use chrono::{DateTime, TimeDelta, Utc};
use wolo_database::payouts::{self, Beginning, NeverPaid, Shown};
use wolo_database::reconciliation::{self, Run};
use wolo_domain::dakar;
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};

use crate::scene::{Scene, noon};

const AFTER: TimeDelta = TimeDelta::hours(72);

/// An order of unknown end, begun four days ago by the clock.
async fn unknown(scene: &Scene) -> PayoutOrder {
    let pot = scene.closed_with_money().await;
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an intent");
    payouts::lose_sight(&scene.pool, order).await.expect("a stage");
    scene.force("update money.payout_orders set begun_at = clock_timestamp() - interval '4 days'").await;
    order
}

async fn rule_out(scene: &Scene, order: PayoutOrder, at: DateTime<Utc>) -> NeverPaid {
    payouts::record_never_paid(&scene.pool, order, Shown::Nothing, AFTER, at).await.expect("an answer")
}

fn is_not_proven(answer: &NeverPaid, for_want_of: &str) -> bool {
    matches!(answer, NeverPaid::NotProven { why } if why.contains(for_want_of))
}

async fn compared(scene: &Scene, days_ago: i64, whole: bool) {
    let day = dakar::day_of(Utc::now() - TimeDelta::days(days_ago));
    let run = Run::begun(format!("{day} {whole}"), day, whole, Utc::now());
    reconciliation::record_run(&scene.pool, &run).await.expect("a run");
}

#[tokio::test]
async fn an_order_is_ruled_out_when_it_is_old_and_every_day_since_was_compared() {
    let scene = Scene::new().await;
    let order = unknown(&scene).await;
    let (young, old) = (noon() + TimeDelta::hours(71), noon() + TimeDelta::hours(72));
    for days_ago in [4, 3, 1] {
        compared(&scene, days_ago, true).await;
    }
    // A day that was not over when it was compared may have brought something since.
    compared(&scene, 2, false).await;
    let answer = rule_out(&scene, order, young).await;
    assert!(is_not_proven(&answer, "71 hours old"), "{answer:?}");
    let missing = dakar::day_of(Utc::now() - TimeDelta::days(2)).to_string();
    let answer = rule_out(&scene, order, old).await;
    assert!(is_not_proven(&answer, &missing), "{answer:?}");
    let row = payouts::payout(&scene.pool, order.payout).await.expect("a look").expect("a payout");
    assert_eq!(row.stage, PayoutStage::Unknown);

    compared(&scene, 2, true).await;
    let refused = NeverPaid::Refused { code: "never_paid".to_owned() };
    for _ in 0..2 {
        assert_eq!(rule_out(&scene, order, old).await, refused);
    }
    let begun = payouts::begin_order(&scene.pool, order.next(), old).await.expect("finance orders anew");
    assert!(matches!(begun, Beginning::Begun { again: false, .. }), "{begun:?}");
    scene.judge().await;
}

#[tokio::test]
async fn an_order_that_the_statement_shows_is_not_ruled_out() {
    let scene = Scene::new().await;
    let order = unknown(&scene).await;
    for days_ago in 1..=4 {
        compared(&scene, days_ago, true).await;
    }
    let line = format!(
        "insert into money.statement_lines (wave_transaction_id, day, kind, at, amount, verdict, claim)
         values ('T_1', current_date, 'api_payout', now(), -4995, 'odd', 'payout/{}')",
        order.payout
    );
    scene.force(&line).await;
    let answer = rule_out(&scene, order, noon() + TimeDelta::days(9)).await;
    assert!(is_not_proven(&answer, "T_1"), "{answer:?}");
}

#[tokio::test]
async fn a_key_is_as_old_as_the_older_of_two_clocks_says() {
    let scene = Scene::new().await;
    let order = unknown(&scene).await;
    let age = payouts::age_of_key(&scene.pool, order, noon()).await.expect("an age");
    assert_eq!(age.num_days(), 4, "by the clock");
    let later = noon() + TimeDelta::days(9);
    assert_eq!(payouts::age_of_key(&scene.pool, order, later).await.expect("an age").num_days(), 9);
}
