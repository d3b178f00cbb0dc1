//! Nothing public, no gift and no payout without consent: whatever happens to a minor, in whatever order. After each event a few lines
//! that know nothing of the code under test say what a pot may be, and the books never allow more.
//!
//! An ordinary run walks sixty lives; `WOLO_WALKS=1000` walks more.

mod life;
mod oracle;
mod pot;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::scene::{Scene, times};

use life::{Life, events};

/// How often something came about in all lives: a proof about what never happens says nothing.
#[derive(Debug, Default)]
pub(super) struct Tally {
    opened: u32,
    seen_by_all: u32,
    gifts: u32,
    gifts_refused: u32,
    paid_to_a_guardian: u32,
    paid_to_the_owner: u32,
    orders_refused: u32,
    withdrawn: u32,
    handed_over: u32,
    rejected: u32,
}

#[test]
fn whatever_happens_to_a_minor_nothing_is_public_given_or_paid_without_consent() {
    let walks = times("WOLO_WALKS", 60);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let scene = runtime.block_on(Scene::new());
    let api = runtime.block_on(scene.pool_as("wolo_api"));
    let operator = runtime.block_on(scene.pool_as("wolo"));
    let reviewers = runtime.block_on(async { [scene.reviewer().await, scene.reviewer().await] });
    let tally = std::cell::RefCell::new(Tally::default());
    let config = ProptestConfig {
        cases: walks,
        max_shrink_iters: 200,
        failure_persistence: None,
        // So many walks are the same lives each time: what never came about in them is not the fault of chance.
        rng_seed: RngSeed::Fixed(walks.into()),
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let walked = runner.run(&events(), |(born, events)| {
        runtime.block_on(async {
            let mut life = Life::begin(&scene, (&api, &operator), reviewers, born, &tally).await;
            life.judge("at its beginning").await;
            for event in &events {
                life.meet(event).await;
                life.judge(&format!("{event:?}")).await;
            }
        });
        Ok(())
    });
    if let Err(failure) = walked {
        panic!("{failure}");
    }
    runtime.block_on(scene.judge());
    let tally = tally.into_inner();
    println!("{walks} lives: {tally:?}");
    let Tally { opened, seen_by_all, gifts, gifts_refused, paid_to_a_guardian, .. } = tally;
    let Tally { paid_to_the_owner, orders_refused, withdrawn, handed_over, rejected, .. } = tally;
    for often in
        [opened, seen_by_all, gifts, gifts_refused, paid_to_a_guardian, withdrawn, handed_over, rejected]
    {
        assert!(often > 0, "it never came about");
    }
    assert!(paid_to_the_owner + orders_refused > 0);
}
