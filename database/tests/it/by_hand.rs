//! Gifts that somebody gave back in Wave's portal: booked once, whoever else wants them back.

use wolo_database::discrepancies::{self, Clearing, Resolving};
use wolo_database::donations::{self, Refunding};
use wolo_database::payouts::{self, Beginning};
use wolo_database::pots::{self, Cancelling};
use wolo_database::reconciliation::{self, TakingOut};
use wolo_domain::certificates::Trust;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DonationId, PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;
use wolo_domain::reconciliation::Line;

use crate::reconciliation::{all, back, booked, compare, open, paid, today};
use crate::scene::{Scene, noon, xof};

/// Compares, and takes out of its pot what was given back by hand.
async fn take_out(scene: &Scene, lines: &[Line]) -> Vec<TakingOut> {
    let mut taken = Vec::new();
    for (gift, line) in compare(scene, lines).await.to_take_out {
        taken.push(reconciliation::take_out(&scene.pool, today(), gift, &line).await.expect("an answer"));
    }
    taken
}

async fn pot_of(scene: &Scene, gift: DonationId) -> PotId {
    donations::donation(&scene.pool, gift).await.expect("a look").expect("a gift").pot
}

#[tokio::test]
async fn a_gift_that_was_given_back_by_hand_is_booked_once_whoever_wants_it_back_besides() {
    for fee_is_known in [true, false] {
        let scene = Scene::new().await;
        let gift = booked(&scene).await;
        if fee_is_known {
            compare(&scene, &[paid(gift)]).await;
        }
        let line = back(gift);
        assert_eq!(take_out(&scene, std::slice::from_ref(&line)).await, [TakingOut::Left]);
        assert_eq!(scene.balance(Account::WaveFloat).await, 0, "as the wallet");
        assert_eq!((take_out(&scene, &[line]).await, open(&scene).await), (vec![], vec![]));

        let pot = pot_of(&scene, gift).await;
        assert_eq!(scene.balance(Account::Pot(pot)).await, 0, "it is not paid out as well");
        assert_eq!(donations::begin_refund(&scene.pool, gift).await.expect("it is"), Refunding::Refunded);
        donations::record_refund(&scene.pool, gift).await.expect("it is");
        assert_eq!(pots::cancel(&scene.pool, pot, noon()).await.expect("an end"), Cancelling::Cancelled);
        assert_eq!(scene.balance(Account::WaveFloat).await, 0);
        let told = "select count(*) from ops.outbox
                    where topic = 'donation_refunded' and (payload ->> 'by_hand')::boolean";
        assert_eq!((scene.events("donation_refunded").await, scene.read::<i64>(told).await), (1, 1));
        scene.judge().await;
    }
}

#[tokio::test]
async fn a_gift_that_begins_to_go_back_while_its_line_is_judged_is_booked_by_its_refund_alone() {
    let scene = Scene::new().await;
    let gift = booked(&scene).await;
    let judged = compare(&scene, &[back(gift)]).await.to_take_out;
    let pot = pot_of(&scene, gift).await;
    pots::cancel(&scene.pool, pot, noon()).await.expect("it is given up");
    donations::take_back(&scene.pool, gift).await.expect("it is due");
    let taken = reconciliation::take_out(&scene.pool, today(), gift, &judged[0].1).await;
    assert_eq!(taken.expect("an answer"), TakingOut::Stood);
    donations::begin_refund(&scene.pool, gift).await.expect("an intent");
    donations::record_refund(&scene.pool, gift).await.expect("a refund");
    assert_eq!(compare(&scene, &[back(gift)]).await.matched, 1);
    assert_eq!((scene.balance(Account::WaveFloat).await, open(&scene).await), (0, vec![]));
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_was_given_back_too_late_stops_what_its_pot_has_not_ordered_yet() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let gift = scene.a_gift_of(pot).await;
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    let line = Line { session: None, ..back(gift) };
    for is_new in [true, false] {
        let taken = take_out(&scene, std::slice::from_ref(&line)).await;
        assert_eq!(taken, [TakingOut::InSuspense { is_new }]);
        assert_eq!(open(&scene).await, [(DiscrepancyKind::RefundByHand, -4_950)]);
        assert_eq!(scene.balance(Account::Suspense).await, -4_950);
    }
    let begun = async || payouts::begin_order(&scene.pool, order, noon()).await.expect("an answer");
    assert_eq!(begun().await, Beginning::Held { reason: HoldReason::Books });
    scene.judge().await;
    let id = all(&scene).await[0].id;
    let borne = discrepancies::resolve(&scene.pool, id, "finance", "WOLO bears it", Clearing::ToFees).await;
    assert_eq!(borne.expect("an answer"), Resolving::Resolved);
    assert_eq!(begun().await, Beginning::Begun { amount: xof(4_950), again: false });
    take_out(&scene, &[line]).await;
    assert_eq!((open(&scene).await, scene.balance(Account::Suspense).await), (vec![], 0));
    scene.judge().await;
}

#[tokio::test]
async fn a_second_payment_that_was_given_back_is_not_taken_for_the_gift() {
    let scene = Scene::new().await;
    let gift = booked(&scene).await;
    let other_page = Some("cos-else".to_owned());
    let second = Line { wave_id: "T_2".to_owned(), session: other_page.clone(), ..paid(gift) };
    let its_refund = Line { wave_id: "R_2".to_owned(), session: other_page, ..back(gift) };
    compare(&scene, &[paid(gift), second, its_refund]).await;
    let expected = [(DiscrepancyKind::RefundByHand, -4_950), (DiscrepancyKind::SecondPayment, 4_950)];
    let mut found = open(&scene).await;
    found.sort_by_key(|(_, suspense)| *suspense);
    assert_eq!(found, expected);
    // The pot is given up later, and our own refund is one of its own.
    assert_eq!(take_out(&scene, &[back(gift)]).await, [TakingOut::Left]);
    scene.judge().await;
}

#[tokio::test]
async fn a_pot_of_which_a_gift_was_given_back_by_hand_settles_and_its_certificate_says_so() {
    let scene = Scene::new().await;
    let gift = booked(&scene).await;
    let pot = pot_of(&scene, gift).await;
    compare(&scene, &[paid(gift)]).await;
    assert_eq!(take_out(&scene, &[back(gift)]).await, [TakingOut::Left]);
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    pots::settle(&scene.pool, pot, noon(), &crate::scene::key()).await.expect("it is empty");
    let document = wolo_database::certificates::document(&scene.pool, pot).await.expect("a look");
    let document = document.expect("a certificate");
    let verified = wolo_domain::certificates::verify(document.as_bytes(), &Trust::ItsOwnKey);
    let totals = verified.expect("it is whole").totals;
    assert_eq!((totals.gifts, totals.fees, totals.refunds), (xof(5_000), xof(50), xof(4_950)));
    scene.judge().await;
}
