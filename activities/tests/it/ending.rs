//! Ending the pages of a pot that has closed.

use serde_json::json;
use temporalio_client::{
    WorkflowDescribeOptions, WorkflowFetchHistoryOptions, WorkflowStartOptions, WorkflowTerminateOptions,
};
use wolo_activities::{DonationSteps, failure};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_sandbox::wave::{CheckoutStatus, Endpoint, Fault, FaultRule};
use wolo_workflows::donation::{Donation, DonationInput};
use wolo_workflows::refund::{Refund, RefundPatience};
use wolo_workflows::steps::donations::{EndCheckouts, EndedCheckouts};
use wolo_workflows::{ids, queues};

use crate::scene::{Failed, Scene, failure, faults_before_wave_acts, gift, noon};

fn end(pot: PotId) -> EndCheckouts {
    EndCheckouts { pot, refund: RefundPatience::default() }
}

/// Three gifts whose pages are open, in the order of their ids.
async fn three_gifts(scene: &Scene, pot: PotId) -> [(DonationId, String); 3] {
    let mut gifts = Vec::new();
    for _ in 0..3 {
        let (donation, _, session) = scene.asked(pot, 5_000).await;
        gifts.push((donation, session));
    }
    gifts.try_into().expect("three")
}

fn is_open(scene: &Scene, session: &str) -> bool {
    let now = scene.wave.now();
    scene.wave.look(|book| book.session(session).map(|one| one.status_at(now))) == Some(CheckoutStatus::Open)
}

#[tokio::test]
async fn every_open_page_is_ended_and_its_process_told() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let [(first, first_page), (paid, paid_page), (last, last_page)] = three_gifts(&scene, pot).await;
    scene.wave.pay(&paid_page, None).expect("Wave takes it");
    // The process of the first gift; nobody serves it here, so what it is told stays to be seen.
    let input = DonationInput {
        request: gift(pot, 5_000),
        grace_seconds: 120,
        longest_pause_seconds: 3_600,
        refund: RefundPatience::default(),
    };
    let options = WorkflowStartOptions::new(queues::MONEY, ids::donation(first)).build();
    let process =
        scene.temporal().start_workflow(Donation::run, input, options).await.expect("a process starts");

    let end = end(pot);
    // One was paid, and the processes of the other two have ended.
    assert_eq!(scene.does(DonationSteps::end_checkouts, end).await, EndedCheckouts { count: 2 });
    assert!(!is_open(&scene, &first_page) && !is_open(&scene, &last_page));
    // Whoever has no process is settled here, so that the pot does not wait for it.
    let stages = [scene.stage_of(first).await, scene.stage_of(paid).await, scene.stage_of(last).await];
    assert_eq!(stages, [DonationStage::Requested, DonationStage::Confirmed, DonationStage::Expired]);
    assert_eq!(scene.does(DonationSteps::end_checkouts, end).await, EndedCheckouts { count: 0 });

    let events =
        process.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await.expect("a history");
    let signals = events.iter().filter(|event| format!("{event:?}").contains("checkout_ended")).count();
    assert_eq!(signals, 2, "told once by each deed");
    process.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_was() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let [(first, _), (second, _), (_, last_page)] = three_gifts(&scene, pot).await;
    let end = end(pot);
    let trouble = Fault::ErrorBefore { status: 503 };
    scene.wave.fault(FaultRule::once(Endpoint::CheckoutExpire, trouble).about(&last_page));
    let (attempt, heartbeats) = scene.attempt_after(1, None::<()>);
    let failed = failure(attempt.run(DonationSteps::end_checkouts, end).await);
    assert_eq!(failed, Failed::again(failure::WAVE_UNREACHABLE));
    assert_eq!(*heartbeats.borrow(), 2);
    assert!(is_open(&scene, &last_page));

    assert!(first < second);
    let (attempt, heartbeats) = scene.attempt_after(2, Some(json!({ "last": second, "ended": 2 })));
    let ended = attempt.run(DonationSteps::end_checkouts, end).await.expect("the deed is done");
    assert_eq!(ended, EndedCheckouts { count: 3 });
    assert_eq!(*heartbeats.borrow(), 1);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutExpire), 4, "the first two are not asked for again");
}

#[tokio::test]
async fn what_keeps_wave_from_ending_a_page_is_named_and_tried_again() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let (_, _, session) = scene.asked(pot, 5_000).await;
    let end = end(pot);
    for (fault, expected) in faults_before_wave_acts() {
        scene.bend(Endpoint::CheckoutExpire, fault);
        assert_eq!(scene.fails(DonationSteps::end_checkouts, end).await, expected);
        assert!(is_open(&scene, &session));
    }
    assert_eq!(scene.does(DonationSteps::end_checkouts, end).await, EndedCheckouts { count: 1 });
}

#[tokio::test]
async fn a_page_that_wave_does_not_end_does_not_keep_the_others_open() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let [_, (_, stubborn), (_, last)] = three_gifts(&scene, pot).await;
    let refusal = Fault::Refused { status: 404, code: "checkout-session-not-found".to_owned() };
    scene.wave.fault(FaultRule::once(Endpoint::CheckoutExpire, refusal).about(&stubborn));
    let ended = scene.does(DonationSteps::end_checkouts, end(pot)).await;
    assert_eq!(ended, EndedCheckouts { count: 2 });
    assert!(is_open(&scene, &stubborn) && !is_open(&scene, &last));
}

#[tokio::test]
async fn a_worker_that_stops_interrupts_the_walk() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    three_gifts(&scene, pot).await;
    let attempt = scene.attempt(1);
    attempt.cancel();
    let failed = failure(attempt.run(DonationSteps::end_checkouts, end(pot)).await);
    assert_eq!(failed, Failed::again(failure::INTERRUPTED));
    assert_eq!(scene.wave.calls(Endpoint::CheckoutExpire), 0);
}

#[tokio::test]
async fn a_late_gift_without_a_process_is_given_back_by_one_of_its_own() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let (donation, _, session) = scene.asked(pot, 5_000).await;
    wolo_database::pots::close(&scene.pool, pot, noon()).await.expect("a closed pot");
    scene.wave.move_clock(std::time::Duration::from_secs(5));
    scene.wave.pay(&session, None).expect("Wave takes it");
    scene.does(DonationSteps::end_checkouts, end(pot)).await;
    assert_eq!(scene.stage_of(donation).await, DonationStage::RefundDue);
    let refund = scene.temporal().get_workflow_handle::<Refund>(ids::refund(donation));
    refund.describe(WorkflowDescribeOptions::default()).await.expect("its refund runs");
    refund.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
}

#[tokio::test]
async fn a_refund_that_an_attempt_before_did_not_start_is_started() {
    let scene = Scene::new().await.connected().await;
    let donation = crate::settling::late_gift(&scene).await;
    let pot = wolo_database::donations::donation(&scene.pool, donation)
        .await
        .expect("an answer")
        .expect("a gift")
        .pot;
    for _ in 0..2 {
        assert_eq!(scene.does(DonationSteps::end_checkouts, end(pot)).await, EndedCheckouts { count: 0 });
    }
    let refund = scene.temporal().get_workflow_handle::<Refund>(ids::refund(donation));
    refund.describe(WorkflowDescribeOptions::default()).await.expect("its refund runs");
    refund.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
}
