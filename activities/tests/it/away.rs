//! What a deed says when the database is away: that it is tried again, whatever it was.

use std::fmt::Debug;

use temporalio_sdk::activities::ExecutableActivity;
use wolo_activities::{DonationSteps, PayoutSteps, PotSteps, RefundSteps, StatementSteps};
use wolo_domain::ids::UserId;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::{Announcement, HoldReason};
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::donations::EndCheckouts;
use wolo_workflows::steps::payouts::{
    ApprovePayout, FindPayout, LoseSight, PlanPayout, SendPayout, VerifyRecipient,
};
use wolo_workflows::steps::pots::{Announce, HoldPot, PotMoment, ReleasePot, SchedulePot};
use wolo_workflows::steps::refunds::{BeginRefunds, GiveBack};
use wolo_workflows::steps::statements::BookFees;

use crate::scene::{Failed, SAME_KEY, Scene, gift, noon, settle};

/// A database comes back, so nothing that needs it may end a process. It has no type of its own: what is passed on with `?`
/// is tried again at the pace of the process.
const AGAIN: Failed = Failed { kind: None, for_good: false, again_after: None };

impl Scene {
    async fn is_tried_again<A>(&self, step: A, input: A::Input)
    where
        A: ExecutableActivity<Output: Debug>,
    {
        assert_eq!(self.fails(step, input).await, AGAIN);
    }
}

#[tokio::test]
async fn a_deed_without_its_database_is_tried_again() {
    let scene = Scene::new().await.connected().await;
    let (pot, order) = scene.payable(Some(1)).await;
    let owner = scene.person_whose_phone_ends_with(Some(2)).await;
    let new = Scene::new_pot(owner);
    let (moment, reason) = (PotMoment { pot, at: noon() }, HoldReason::Moderation);
    scene.pool.close().await;

    let schedule =
        SchedulePot { pot: new.id, owner, settings: new.settings, timeline: new.timeline, at: noon() };
    scene.is_tried_again(PotSteps::schedule, schedule).await;
    scene.is_tried_again(PotSteps::open, moment).await;
    scene.is_tried_again(PotSteps::close, moment).await;
    scene.is_tried_again(PotSteps::settle, moment).await;
    scene.is_tried_again(PotSteps::cancel, moment).await;
    let hold = HoldPot { pot, reason, note: "somebody looks at it".to_owned(), at: noon() };
    scene.is_tried_again(PotSteps::hold, hold).await;
    scene.is_tried_again(PotSteps::release, ReleasePot { pot, reason, at: noon() }).await;
    let announce = Announce { pot, what: Announcement::Thanks, at: noon() };
    scene.is_tried_again(PotSteps::announce, announce).await;

    let request = gift(pot, 5_000);
    let donation = request.donation;
    scene.is_tried_again(DonationSteps::open_checkout, request).await;
    scene.is_tried_again(DonationSteps::settle, settle(donation)).await;
    let patience = RefundPatience::default();
    scene.is_tried_again(DonationSteps::end_checkouts, EndCheckouts { pot, refund: patience }).await;

    scene.is_tried_again(RefundSteps::give_back, GiveBack { donation }).await;
    scene.is_tried_again(RefundSteps::begin_all, BeginRefunds { pot, patience, at: noon() }).await;

    scene
        .is_tried_again(PayoutSteps::plan, PlanPayout { pot, rules: PayoutRules::default(), at: noon() })
        .await;
    let payout = order.payout;
    scene.is_tried_again(PayoutSteps::verify_recipient, VerifyRecipient { payout }).await;
    let (by, reason) = (UserId::from_uuid(uuid::Uuid::now_v7()), "looked".to_owned());
    let approve = ApprovePayout { payout, by, reason, at: noon() };
    scene.is_tried_again(PayoutSteps::approve, approve).await;
    scene
        .is_tried_again(PayoutSteps::send, SendPayout { order, same_key_seconds: SAME_KEY, at: noon() })
        .await;
    let find = FindPayout { order, wave_payout_id: None, at: noon() };
    scene.is_tried_again(PayoutSteps::find, find).await;
    scene.is_tried_again(PayoutSteps::lose_sight, LoseSight { order, at: noon() }).await;
    let day = scene.wave.now().date_naive();
    scene.is_tried_again(StatementSteps::book_fees, BookFees { day }).await;
}
