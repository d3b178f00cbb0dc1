//! Taking up gifts that have lost their process.

use std::time::Duration;

use serde_json::json;
use temporalio_client::{WorkflowDescribeOptions, WorkflowStartOptions, WorkflowTerminateOptions};
use wolo_activities::{DonationSteps, failure};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::DonationId;
use wolo_sandbox::wave::{Endpoint, Fault};
use wolo_workflows::donation::{Donation, DonationInput};
use wolo_workflows::refund::{Refund, RefundPatience};
use wolo_workflows::steps::donations::{TakeUp, TakenUp};
use wolo_workflows::{ids, queues};

use crate::scene::{Failed, Scene, failure, gift};
use crate::settling::late_gift;

fn take_up(scene: &Scene) -> TakeUp {
    TakeUp { over_before: scene.wave.now(), refund: RefundPatience::default() }
}

fn taken(refunds: u64, settled: u64) -> TakenUp {
    TakenUp { refunds, settled, pots: 0 }
}

async fn end_the_refund_of(scene: &Scene, donation: DonationId) {
    let refund = scene.temporal().get_workflow_handle::<Refund>(ids::refund(donation));
    refund.terminate(WorkflowTerminateOptions::default()).await.expect("its refund runs");
}

#[tokio::test]
async fn a_gift_that_is_due_to_go_back_and_has_no_process_gets_one() {
    let scene = Scene::new().await.connected().await;
    let gifts = [late_gift(&scene).await, late_gift(&scene).await];
    assert_eq!(scene.does(DonationSteps::take_up, take_up(&scene)).await, taken(2, 0));
    assert_eq!(scene.does(DonationSteps::take_up, take_up(&scene)).await, taken(0, 0));
    // Somebody ends one of them.
    end_the_refund_of(&scene, gifts[0]).await;
    assert_eq!(scene.does(DonationSteps::take_up, take_up(&scene)).await, taken(1, 0));
    for gift in gifts {
        end_the_refund_of(&scene, gift).await;
    }
}

#[tokio::test]
async fn a_gift_whose_page_is_over_and_whose_process_was_ended_is_settled_by_waves_record() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let (paid, _, paid_page) = scene.asked(pot, 5_000).await;
    let (unpaid, _, _) = scene.asked(pot, 5_000).await;
    scene.wave.pay(&paid_page, None).expect("Wave takes it");
    assert_eq!(scene.does(DonationSteps::take_up, take_up(&scene)).await, taken(0, 0));
    scene.wave.move_clock(Duration::from_mins(31));
    let (young, _, _) = scene.asked(pot, 5_000).await;
    for settled in [2, 0] {
        let taken_up = scene.does(DonationSteps::take_up, take_up(&scene)).await;
        assert_eq!(taken_up, taken(0, settled));
    }
    let stages = [scene.stage_of(paid).await, scene.stage_of(unpaid).await, scene.stage_of(young).await];
    assert_eq!(stages, [DonationStage::Confirmed, DonationStage::Expired, DonationStage::Requested]);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_has_its_process_is_left_to_it() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let (donation, _, _) = scene.asked(pot, 5_000).await;
    let input = DonationInput {
        request: gift(pot, 5_000),
        grace_seconds: 120,
        longest_pause_seconds: 3_600,
        refund: RefundPatience::default(),
    };
    let options = WorkflowStartOptions::new(queues::MONEY, ids::donation(donation)).build();
    let process =
        scene.temporal().start_workflow(Donation::run, input, options).await.expect("a process starts");
    scene.wave.move_clock(Duration::from_mins(31));
    assert_eq!(scene.does(DonationSteps::take_up, take_up(&scene)).await, taken(0, 0));
    assert_eq!(scene.stage_of(donation).await, DonationStage::Requested);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutGet), 0);
    process.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
}

#[tokio::test]
async fn a_riddle_of_one_gift_does_not_keep_the_others_and_silence_is_tried_again() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let (riddle, _, _) = scene.asked(pot, 5_000).await;
    let (other, _, _) = scene.asked(pot, 5_000).await;
    scene.wave.move_clock(Duration::from_mins(31));
    scene.bend(Endpoint::CheckoutGet, Fault::ErrorBefore { status: 503 });
    let failed = scene.fails(DonationSteps::take_up, take_up(&scene)).await;
    assert_eq!(failed, Failed::again(failure::WAVE_UNREACHABLE));
    scene.bend(Endpoint::CheckoutGet, Fault::MalformedReply);
    scene.does(DonationSteps::take_up, take_up(&scene)).await;
    assert_eq!(scene.stage_of(riddle).await, DonationStage::Requested);
    assert_eq!(scene.stage_of(other).await, DonationStage::Expired);
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_was_and_stops_with_its_worker() {
    let scene = Scene::new().await.connected().await;
    let (first, second) = (late_gift(&scene).await, late_gift(&scene).await);
    let due = wolo_database::donations::due(&scene.pool, wolo_database::Page::first(2)).await.expect("gifts");
    let told = json!({
        "last_due": due[0].0, "all_due": false, "last_overdue": null, "refunds": 1, "settled": 0, "pots": 0,
    });
    let (attempt, heartbeats) = scene.attempt_after(2, Some(told));
    let done = attempt.run(DonationSteps::take_up, take_up(&scene)).await.expect("the deed is done");
    assert_eq!((done, *heartbeats.borrow()), (taken(2, 0), 1));
    let untouched = scene.temporal().get_workflow_handle::<Refund>(ids::refund(due[0].0));
    assert!(untouched.describe(WorkflowDescribeOptions::default()).await.is_err());
    assert!([first, second].contains(&due[1].0));
    end_the_refund_of(&scene, due[1].0).await;
    let attempt = scene.attempt(1);
    attempt.cancel();
    let failed = failure(attempt.run(DonationSteps::take_up, take_up(&scene)).await);
    assert_eq!(failed, Failed::again(failure::INTERRUPTED));
}
