//! What those who watch over WOLO are told: how much waits, and since when.

use wolo_database::backlog::{self, Waiting};
use wolo_database::{halts, payouts};
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};

use crate::scene::{Scene, noon};

async fn waiting(scene: &Scene, what: &str) -> Option<Waiting> {
    let waiting = backlog::waiting(&scene.pool).await.expect("a look");
    for one in &waiting {
        assert!(backlog::KINDS.contains(&one.what.as_str()), "{} is not among the kinds", one.what);
    }
    waiting.into_iter().find(|one| one.what == what)
}

#[tokio::test]
async fn what_waits_is_counted_by_its_kind_with_the_time_of_the_oldest() {
    let scene = Scene::new().await;
    assert_eq!(backlog::waiting(&scene.pool).await.expect("a look"), []);
    let (first, second) = (scene.closed_with_money().await, scene.closed_with_money().await);
    for (pot, at) in [(first, noon()), (second, noon() - chrono::TimeDelta::hours(3))] {
        payouts::plan(&scene.pool, pot, PayoutRules::default(), at).await.expect("a plan");
    }
    let planned = waiting(&scene, "payout_planned").await.expect("they wait");
    assert_eq!((planned.count, planned.since), (2, noon() - chrono::TimeDelta::hours(3)));

    let order = PayoutOrder::first(PayoutId::of_pot(second));
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    assert_eq!(waiting(&scene, "payout_planned").await.expect("one waits").count, 1);
    assert_eq!(waiting(&scene, "payout_sent").await.expect("it is under way").since, noon());

    assert_eq!(waiting(&scene, "payouts_stopped").await, None);
    halts::halt(&scene.pool, "a pot holds less than nothing").await.expect("a halt");
    assert_eq!(waiting(&scene, "payouts_stopped").await.expect("a halt stands").count, 1);
    // What was done so far is told to people by whoever carries events on.
    let (told, announced) = (waiting(&scene, "event").await, waiting(&scene, "announcement").await);
    // Each pot was opened and closed, and what it announces goes a way of its own.
    assert_eq!(announced.expect("announcements").count, 4);
    assert_eq!(told.expect("events").count, 2, "a gift each");
    assert_eq!(backlog::tries(&scene.pool).await.expect("a look"), []);
}
