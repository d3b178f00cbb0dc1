//! Looking a payout up, and planning it.

use chrono::{TimeDelta, Utc};
use wolo_activities::{PayoutSteps, StatementSteps};
use wolo_database::{Page, discrepancies};
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};
use wolo_sandbox::wave::{Endpoint, Fault, RetryAfter};
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::payouts::{
    FindPayout, LoseSight, PayoutAnswer, Plan, PlanPayout, RuleOut, SendPayout,
};
use wolo_workflows::steps::statements::ReconcileDay;

use crate::scene::{SAME_KEY, Scene, noon};

impl Scene {
    async fn finds(&self, order: PayoutOrder, id: Option<&str>) -> PayoutAnswer {
        let find = FindPayout { order, wave_payout_id: id.map(str::to_owned), at: noon() };
        self.does(PayoutSteps::find, find).await
    }

    /// An order whose reply was lost.
    async fn lost(&self, fault: Fault) -> PayoutOrder {
        let (_, order) = self.payable(Some(1)).await;
        self.bend(Endpoint::PayoutCreate, fault);
        let answer =
            self.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await;
        assert!(matches!(answer, PayoutAnswer::Unclear { .. }), "{answer:?}");
        order
    }
}

fn why(answer: PayoutAnswer) -> String {
    match answer {
        PayoutAnswer::Unclear { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_found_by_our_reference_and_then_known() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::LostReply).await;
    for _ in 0..2 {
        assert_eq!(scene.finds(order, None).await, PayoutAnswer::Succeeded);
    }
    assert_eq!((scene.movements(order), scene.wave.calls(Endpoint::PayoutSearch)), (1, 1));
    scene.judge().await;
}

#[tokio::test]
async fn nothing_under_our_reference_is_no_proof() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::ErrorBefore { status: 503 }).await;
    let why = why(scene.finds(order, None).await);
    assert_eq!(why, "Wave shows nothing under our reference; that alone is no proof");
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Sent);
}

#[tokio::test]
async fn a_question_that_fails_leaves_it_unclear() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::LostReply).await;
    for fault in [
        Fault::ErrorBefore { status: 503 },
        Fault::LostReply,
        Fault::MalformedReply,
        Fault::OtherAmount { amount: 1 },
        Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) },
        Fault::Refused { status: 401, code: "api-key-revoked".to_owned() },
    ] {
        scene.bend(Endpoint::PayoutSearch, fault);
        why(scene.finds(order, None).await);
    }
    assert_eq!(scene.finds(order, None).await, PayoutAnswer::Succeeded);
}

#[tokio::test]
async fn two_payouts_under_one_reference_are_for_a_person() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::LostReply).await;
    // Wave forgets the key and hides the first payout: what no care on our side can prevent.
    scene.wave.forget_idempotency_keys();
    scene.bend(Endpoint::PayoutSearch, Fault::SearchBlind);
    scene.bend(Endpoint::PayoutCreate, Fault::LostReply);
    why(scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await);
    assert_eq!(scene.movements(order), 2);
    assert_eq!(why(scene.finds(order, None).await), "Wave shows 2 payouts under our one reference");
    // The person says which one counts.
    let id = scene.wave.executed_payouts(&order.key())[1].id.clone();
    assert_eq!(scene.finds(order, Some(&id)).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.payout(order.payout).await.wave_payout_id, Some(id));
}

#[tokio::test]
async fn an_id_that_a_person_read_is_believed_only_if_it_is_our_order() {
    let scene = Scene::new().await;
    let (_, others) = scene.payable(Some(2)).await;
    scene.does(PayoutSteps::send, SendPayout { order: others, same_key_seconds: SAME_KEY, at: noon() }).await;
    let order = scene.lost(Fault::LostReply).await;
    let id_of = |order: PayoutOrder| scene.wave.executed_payouts(&order.key())[0].id.clone();
    let wrong = why(scene.finds(order, Some(&id_of(others))).await);
    assert_eq!(wrong, "the payout of that id does not have our reference");
    for nonsense in ["pt-nothing", "../../balance", ""] {
        why(scene.finds(order, Some(nonsense)).await);
    }
    scene.bend(Endpoint::PayoutGet, Fault::OtherAmount { amount: 1 });
    why(scene.finds(order, Some(&id_of(order))).await);
    scene.bend(Endpoint::PayoutGet, Fault::ErrorBefore { status: 503 });
    why(scene.finds(order, Some(&id_of(order))).await);
    assert_eq!(scene.finds(order, Some(&id_of(order))).await, PayoutAnswer::Succeeded);
    assert_eq!(scene.payout(order.payout).await.wave_payout_id, Some(id_of(order)));
}

#[tokio::test]
async fn an_order_that_failed_or_is_worked_on_is_told_apart() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::StaysProcessing).await;
    let id = scene.wave.book().payouts()[0].id.clone();
    for id in [None, Some(id.as_str())] {
        assert_eq!(why(scene.finds(order, id).await), "Wave is still working on it");
    }
    scene.wave.settle_payout(&id, Some("recipient-minor")).expect("it ends");
    let refused = PayoutAnswer::Refused { code: "recipient-minor".to_owned() };
    for id in [Some(id.as_str()), None] {
        assert_eq!(scene.finds(order, id).await, refused);
    }
}

#[tokio::test]
async fn a_payout_that_was_taken_back_is_for_a_person() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::LostReply).await;
    let id = scene.wave.executed_payouts(&order.key())[0].id.clone();
    scene.client.reverse_payout(&id).await.expect("Wave takes it back");
    assert_eq!(why(scene.finds(order, None).await), "Wave shows that it was paid and taken back");
    why(scene.does(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() }).await);
    assert_eq!(scene.movements(order), 1, "it is not sent again");
}

#[tokio::test]
async fn an_order_whose_end_nobody_knows_is_written_down_as_such_once() {
    let scene = Scene::new().await;
    let order = scene.lost(Fault::LostReply).await;
    let lost = LoseSight { order, at: noon() };
    for _ in 0..2 {
        scene.does(PayoutSteps::lose_sight, lost).await;
        assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Unknown);
    }
    assert_eq!(scene.finds(order, None).await, PayoutAnswer::Succeeded);
    // A try that comes late does not forget what has become known.
    scene.does(PayoutSteps::lose_sight, lost).await;
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Succeeded);
    scene.judge().await;
}

#[tokio::test]
async fn what_never_arrived_is_ruled_out_when_it_is_old_and_wave_does_not_show_it() {
    let scene = Scene::new().await;
    let rule_out =
        |order, hours| RuleOut { order, after_seconds: 72 * 3_600, at: noon() + TimeDelta::hours(hours) };
    let order = scene.lost(Fault::LostRequest).await;
    let answer = why(scene.does(PayoutSteps::rule_out, rule_out(order, 71)).await);
    assert_eq!(answer, "its first call is 71 hours old, and must be 72");
    scene.bend(Endpoint::PayoutSearch, Fault::ErrorBefore { status: 503 });
    why(scene.does(PayoutSteps::rule_out, rule_out(order, 72)).await);
    let refused = PayoutAnswer::Refused { code: "never_paid".to_owned() };
    for _ in 0..2 {
        assert_eq!(scene.does(PayoutSteps::rule_out, rule_out(order, 72)).await, refused);
    }
    let next = SendPayout { order: order.next(), same_key_seconds: SAME_KEY, at: noon() };
    assert_eq!(scene.does(PayoutSteps::send, next).await, PayoutAnswer::Succeeded);
    scene.judge().await;

    // What Wave shows is what happened, whatever finance says.
    let paid = scene.lost(Fault::LostReply).await;
    let answer = scene.does(PayoutSteps::rule_out, rule_out(paid, 72)).await;
    assert_eq!((answer, scene.movements(paid)), (PayoutAnswer::Succeeded, 1));
}

#[tokio::test]
async fn what_was_taken_back_before_it_was_booked_is_ended_by_its_two_lines_and_ordered_anew() {
    let scene = Scene::new().await.connected().await;
    let order = scene.lost(Fault::LostReply).await;
    let id = scene.wave.executed_payouts(&order.key())[0].id.clone();
    scene.client.reverse_payout(&id).await.expect("Wave takes it back");
    let rule_out = RuleOut { order, after_seconds: 0, at: noon() };
    let answer = why(scene.does(PayoutSteps::rule_out, rule_out).await);
    assert!(answer.contains("its statement has not been seen to say so"), "{answer}");
    let today = scene.wave.now().date_naive();
    let compare = async |run: &str| {
        let (day, settled_until) = (today, Utc::now());
        let input = ReconcileDay {
            run: run.to_owned(),
            day,
            whole: false,
            started_at: noon(),
            settled_until,
            refund: RefundPatience::default(),
        };
        scene.does(StatementSteps::reconcile, input).await
    };
    compare("before").await;
    let refused = PayoutAnswer::Refused { code: "taken_back".to_owned() };
    for _ in 0..2 {
        assert_eq!(scene.does(PayoutSteps::rule_out, rule_out).await, refused);
    }
    let next = order.next();
    let send = SendPayout { order: next, same_key_seconds: SAME_KEY, at: noon() };
    assert_eq!(scene.does(PayoutSteps::send, send).await, PayoutAnswer::Succeeded);
    let compared = compare("after").await;
    assert_eq!(
        (compared.opened, compared.matched),
        (0, 4),
        "a gift, two payouts and what came back: {compared:?}"
    );
    let open = discrepancies::all(&scene.pool, None, false, Page::first(10)).await.expect("discrepancies");
    assert_eq!(open, [], "nothing is odd any more");
    scene.judge().await;
}

#[tokio::test]
async fn sight_is_lost_only_of_what_was_sent() {
    let scene = Scene::new().await;
    let (_, order) = scene.payable(Some(1)).await;
    let failed = scene.fails(PayoutSteps::lose_sight, LoseSight { order, at: noon() }).await;
    assert!(!failed.for_good, "a contradiction waits for a person");
    assert_eq!(scene.payout(order.payout).await.stage, PayoutStage::Planned);
}

#[tokio::test]
async fn a_plan_waits_for_gifts_and_fees_and_stays_as_it_was_made() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let plan = PlanPayout { pot, rules: PayoutRules::default(), at: noon() };
    let (waiting, _, session) = scene.asked(pot, 10_000).await;
    wolo_database::pots::close(&scene.pool, pot, noon()).await.expect("a closed pot");
    assert_eq!(scene.does(PayoutSteps::plan, plan).await, Plan::DonationsPending { count: 1 });
    scene.wave.pay(&session, None).expect("Wave takes it");
    scene.settles(waiting).await;
    let planned = scene.does(PayoutSteps::plan, plan).await;
    let day = scene.wave.now().date_naive();
    // The gift was paid within the second of the closing, or just after it.
    match planned {
        Plan::FeesPending { days } => assert_eq!(days, [day]),
        Plan::NothingToPay => {}
        other => panic!("{other:?}"),
    }
    let (pot, order) = scene.payable(Some(1)).await;
    let plan = PlanPayout { pot, rules: PayoutRules::default(), at: noon() };
    let amount = wolo_domain::money::Xof::new(9_900);
    for _ in 0..2 {
        assert_eq!(
            scene.does(PayoutSteps::plan, plan).await,
            Plan::Ready { order, amount, missing_approvals: 0, begun: false, placed: vec![] }
        );
    }
    let empty = scene.open_pot().await;
    wolo_database::pots::close(&scene.pool, empty, noon()).await.expect("a closed pot");
    let plan = PlanPayout { pot: empty, rules: PayoutRules::default(), at: noon() };
    assert_eq!(scene.does(PayoutSteps::plan, plan).await, Plan::NothingToPay);
}
