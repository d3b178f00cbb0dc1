//! Pages of Wave's statement beside our books: each kind of difference, and that a page compared twice changes nothing.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use wolo_database::discrepancies::{self, BY_ITSELF, Discrepancy};
use wolo_database::donations::{self, Payment};
use wolo_database::payouts::{self, Beginning, Plan, Receipt};
use wolo_database::reconciliation::{self, Compared, Missing, Run, UnreadableLine};
use wolo_database::{Page, pots};
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PayoutId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;
use wolo_domain::reconciliation::{Line, LineType, Reference, Subject};

use crate::scene::{Scene, checkout, gift, noon, payment, wave_id, wave_now, xof};

pub(crate) fn today() -> NaiveDate {
    wave_now().date_naive()
}

/// The line of a gift's payment of 5,000, of which Wave kept 50.
pub(crate) fn paid(donation: DonationId) -> Line {
    Line {
        wave_id: wave_id(donation),
        kind: LineType::ApiCheckout,
        at: wave_now(),
        amount: xof(4_950),
        fee: Some(xof(50)),
        in_francs: true,
        is_reversal: false,
        reference: Reference::Gift(donation),
        session: Some(format!("cos-{donation}")),
    }
}

fn by_hand(wave_id: &str, kind: LineType, francs: i64) -> Line {
    Line {
        wave_id: wave_id.to_owned(),
        kind,
        amount: xof(francs),
        fee: Some(xof(0)),
        reference: Reference::None,
        session: None,
        ..paid(DonationId::from_uuid(uuid::Uuid::nil()))
    }
}

fn sent(order: PayoutOrder, wave_id: &str) -> Line {
    Line {
        reference: Reference::Order(order),
        fee: Some(xof(45)),
        ..by_hand(wave_id, LineType::ApiPayout, -4_995)
    }
}

/// Everything that Wave moved until now has settled.
fn settled() -> DateTime<Utc> {
    wave_now() + TimeDelta::minutes(1)
}

pub(crate) async fn compare(scene: &Scene, lines: &[Line]) -> Compared {
    reconciliation::compare(&scene.pool, today(), lines, &[], settled()).await.expect("a comparison")
}

pub(crate) async fn all(scene: &Scene) -> Vec<Discrepancy> {
    discrepancies::all(&scene.pool, None, true, Page::first(100)).await.expect("discrepancies")
}

pub(crate) async fn open(scene: &Scene) -> Vec<(DiscrepancyKind, i64)> {
    let open = discrepancies::all(&scene.pool, None, false, Page::first(100)).await.expect("discrepancies");
    open.into_iter().map(|one| (one.kind, one.suspense.francs())).collect()
}

/// Compares a page twice: the first time finds this, and the second nothing new.
async fn finds_once(scene: &Scene, lines: &[Line], kind: DiscrepancyKind, suspense: i64) {
    let before = all(scene).await.len();
    let held = scene.balance(Account::Suspense).await;
    for opened in [1, 0] {
        assert_eq!(compare(scene, lines).await.opened, opened, "{kind}");
        let now = all(scene).await;
        assert_eq!((now.len(), now[0].kind, now[0].suspense.francs()), (before + 1, kind, suspense));
        assert_eq!(scene.balance(Account::Suspense).await, held + suspense, "{kind}");
    }
}

/// A gift of 5,000 with its page, paid and booked.
pub(crate) async fn booked(scene: &Scene) -> DonationId {
    let donation = waiting(scene).await;
    let stage = donations::confirm(&scene.pool, donation, &payment(donation, 5_000), 0).await;
    assert_eq!(stage.expect("a stage"), DonationStage::Confirmed);
    donation
}

/// A gift of 5,000 whose giver stands before its page.
async fn waiting(scene: &Scene) -> DonationId {
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    donations::attach_checkout(&scene.pool, donation, &checkout(donation)).await.expect("a checkout");
    donation
}

/// A payout of 4,950 that has been sent.
async fn ordered(scene: &Scene) -> PayoutOrder {
    let pot = scene.closed_with_money().await;
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    let plan = payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    assert_eq!(plan, Plan::Ready { order, amount: xof(4_950), missing_approvals: 0, begun: false });
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    order
}

async fn succeeded(scene: &Scene) -> PayoutOrder {
    let order = ordered(scene).await;
    let wave_payout_id = format!("pt-{}", order.payout);
    let receipt = Receipt { wave_payout_id, received: xof(4_950), fee: xof(45) };
    payouts::record_success(&scene.pool, order, &receipt, noon()).await.expect("a payout");
    order
}

#[tokio::test]
async fn what_both_sides_have_is_matched_and_the_fee_is_booked_once() {
    let scene = Scene::new().await;
    let (one, free) = (booked(&scene).await, booked(&scene).await);
    let order = succeeded(&scene).await;
    let before = scene.balance(Account::WaveFloat).await;
    let costs_nothing = Line { amount: xof(5_000), fee: Some(xof(0)), ..paid(free) };
    let page = [paid(one), costs_nothing, sent(order, "T_out")];
    let first = compare(&scene, &page).await;
    assert_eq!(first, Compared { matched: 3, fees_booked: 2, ..Compared::default() });
    assert_eq!(compare(&scene, &page).await, Compared { matched: 3, ..Compared::default() });
    assert_eq!(scene.balance(Account::WaveFloat).await, before + 50);
    assert_eq!(open(&scene).await, []);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_wave_was_paid_for_is_to_be_repaired_and_told_of_when_that_does_not_help() {
    let scene = Scene::new().await;
    let gift = waiting(&scene).await;
    let page = [paid(gift)];
    assert_eq!(compare(&scene, &page).await, Compared { to_repair: vec![gift], ..Compared::default() });
    let again = compare(&scene, &page).await;
    assert_eq!(again, Compared { to_repair: vec![gift], opened: 1, ..Compared::default() });
    assert_eq!(open(&scene).await, [(DiscrepancyKind::GiftNotSettled, 0)]);
    donations::confirm(&scene.pool, gift, &payment(gift, 5_000), 0).await.expect("a stage");
    // Closed by the comparison that finds it no longer, and by no other.
    assert_eq!(compare(&scene, &[by_hand("T_else", LineType::MerchantPayment, 0)]).await.closed, 0);
    let settled = compare(&scene, &page).await;
    assert_eq!(settled, Compared { matched: 1, fees_booked: 1, closed: 1, ..Compared::default() });
    let ended = all(&scene).await.into_iter().find(|one| one.kind == DiscrepancyKind::GiftNotSettled);
    assert_eq!(ended.and_then(|one| one.resolved).expect("an end").by, BY_ITSELF);
    scene.judge().await;
}

#[tokio::test]
async fn money_that_matches_nothing_is_booked_once_and_owned() {
    let scene = Scene::new().await;
    finds_once(
        &scene,
        &[by_hand("T_in", LineType::MerchantPayment, 7_000)],
        DiscrepancyKind::Unmatched,
        7_000,
    )
    .await;
    finds_once(&scene, &[by_hand("T_out", LineType::MerchantSweep, -500)], DiscrepancyKind::Unmatched, -500)
        .await;
    let nobody = DonationId::from_uuid(uuid::Uuid::max());
    finds_once(&scene, &[paid(nobody)], DiscrepancyKind::Unmatched, 4_950).await;
    assert_eq!(scene.balance(Account::WaveFloat).await, -(7_000 - 500 + 4_950), "as full as the wallet");
    scene.judge().await;
}

#[tokio::test]
async fn each_kind_of_difference_in_a_gift_is_found_once() {
    let scene = Scene::new().await;
    let (one, other) = (booked(&scene).await, booked(&scene).await);
    let again = Line { wave_id: "T_again".to_owned(), ..paid(one) };
    finds_once(&scene, &[again], DiscrepancyKind::SecondPayment, 4_950).await;
    let mixed = Line { reference: Reference::Gift(other), ..paid(one) };
    finds_once(&scene, &[mixed], DiscrepancyKind::NamesDisagree, 0).await;
    let dollars = Line { in_francs: false, ..paid(one) };
    finds_once(&scene, &[dollars], DiscrepancyKind::OtherCurrency, 0).await;
    let unsaid = Line { fee: None, ..paid(one) };
    finds_once(&scene, &[unsaid], DiscrepancyKind::FeeMissing, 0).await;
    let less = Line { amount: xof(4_949), ..paid(other) };
    finds_once(&scene, &[less], DiscrepancyKind::AmountDiffers, 0).await;
    let third = booked(&scene).await;
    assert_eq!(compare(&scene, &[paid(third)]).await.fees_booked, 1);
    let dearer = Line { fee: Some(xof(51)), ..paid(third) };
    let dearer = Line { amount: xof(4_949), ..dearer };
    // A line that says something else than before is told of as that.
    finds_once(&scene, &[dearer], DiscrepancyKind::NamesDisagree, 0).await;
    let unreadable = [UnreadableLine { wave_id: Some("T_odd".to_owned()) }, UnreadableLine { wave_id: None }];
    for opened in [2, 0] {
        let compared = reconciliation::compare(&scene.pool, today(), &[], &unreadable, settled()).await;
        assert_eq!(compared.expect("a comparison").opened, opened);
    }
}

#[tokio::test]
async fn a_fee_that_is_booked_otherwise_is_found_once() {
    let scene = Scene::new().await;
    let gift = booked(&scene).await;
    scene.fee(gift, 49).await;
    finds_once(&scene, &[paid(gift)], DiscrepancyKind::FeeDiffers, 0).await;
    assert_eq!(scene.balance(Account::Suspense).await, 0);
}

#[tokio::test]
async fn each_kind_of_difference_in_a_payout_is_found_once() {
    let scene = Scene::new().await;
    let (order, under_way) = (succeeded(&scene).await, ordered(&scene).await);
    assert_eq!(compare(&scene, &[sent(order, "T_1")]).await.matched, 1);
    finds_once(&scene, &[sent(order, "T_2")], DiscrepancyKind::PaidTwice, -4_995).await;
    // From this moment on nothing is ordered, whether or not somebody has checked the books since.
    let third = scene.closed_with_money().await;
    let stopped = PayoutOrder::first(PayoutId::of_pot(third));
    payouts::plan(&scene.pool, third, PayoutRules::default(), noon()).await.expect("a plan");
    let held = payouts::begin_order(&scene.pool, stopped, noon()).await.expect("an answer");
    assert_eq!(held, Beginning::Held { reason: HoldReason::Books });
    let back = Line {
        amount: xof(4_995),
        fee: Some(xof(-45)),
        kind: LineType::ApiPayoutReversal,
        ..sent(order, "T_3")
    };
    finds_once(&scene, &[back], DiscrepancyKind::PayoutReversed, 4_995).await;

    let young = wave_now() - TimeDelta::minutes(1);
    let page = [sent(under_way, "T_4")];
    let early = reconciliation::compare(&scene.pool, today(), &page, &[], young).await.expect("a comparison");
    assert_eq!(early, Compared::default());
    finds_once(&scene, &page, DiscrepancyKind::PayoutNotBooked, 0).await;
    payouts::record_refusal(&scene.pool, under_way, "blocked", noon()).await.expect("a refusal");
    let refused = compare(&scene, &page).await;
    assert_eq!((refused.opened, refused.closed), (1, 1), "it is worse now");
    assert_eq!(all(&scene).await[0].kind, DiscrepancyKind::PayoutContradicted);
}

/// The line of a refund of a gift of 5,000, of which Wave had kept 50.
pub(crate) fn back(donation: DonationId) -> Line {
    Line {
        wave_id: format!("R_{donation}"),
        kind: LineType::ApiCheckoutRefund,
        amount: xof(-4_950),
        fee: Some(xof(-50)),
        is_reversal: true,
        ..paid(donation)
    }
}

#[tokio::test]
async fn a_refund_of_ours_is_told_of_until_it_is_booked_and_then_matched() {
    let scene = Scene::new().await;
    let late = waiting(&scene).await;
    let pot = donations::donation(&scene.pool, late).await.expect("a look").expect("a gift").pot;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let after = Payment { at: wave_now() + TimeDelta::minutes(1), ..payment(late, 5_000) };
    donations::confirm(&scene.pool, late, &after, 0).await.expect("a stage");
    finds_once(&scene, &[back(late)], DiscrepancyKind::RefundNotBooked, 0).await;
    donations::begin_refund(&scene.pool, late).await.expect("an intent");
    donations::record_refund(&scene.pool, late).await.expect("a refund");
    let booked = compare(&scene, &[paid(late), back(late)]).await;
    assert_eq!((booked.matched, booked.closed), (2, 1));
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_is_odd_has_an_owner_from_the_beginning() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    let stage = donations::confirm(&scene.pool, donation, &payment(donation, 6_000), 0).await;
    assert_eq!(stage.expect("a stage"), DonationStage::Suspended);
    assert_eq!(open(&scene).await, [(DiscrepancyKind::OddGift, 6_000)]);
    scene.judge().await;
    let line = Line { amount: xof(5_940), fee: Some(xof(60)), session: None, ..paid(donation) };
    // Wave has kept its part of it, and the rest is what finance decides about.
    for fees_booked in [1, 0] {
        let compared = compare(&scene, std::slice::from_ref(&line)).await;
        assert_eq!(compared, Compared { matched: 1, fees_booked, ..Compared::default() });
        assert_eq!(open(&scene).await, [(DiscrepancyKind::OddGift, 5_940)]);
        assert_eq!(scene.balance(Account::WaveFloat).await, -5_940, "as the wallet");
        scene.judge().await;
    }
    // It is given back in the portal: both are zero together.
    let back = Line { amount: xof(-5_940), fee: Some(xof(-60)), session: None, ..back(donation) };
    compare(&scene, &[back]).await;
    let found = all(&scene).await;
    let against = discrepancies::Clearing::Against(found[1].id);
    let resolved = discrepancies::resolve(&scene.pool, found[0].id, "finance", "given back", against);
    assert_eq!(resolved.await.expect("an answer"), discrepancies::Resolving::Resolved);
    assert_eq!((scene.balance(Account::Suspense).await, scene.balance(Account::WaveFloat).await), (0, 0));
    scene.judge().await;
}

#[tokio::test]
async fn the_fee_on_an_odd_gift_that_finance_has_cleared_is_wolos_own() {
    let scene = Scene::new().await;
    let donation = scene.requested(scene.open().await, 5_000).await;
    donations::confirm(&scene.pool, donation, &payment(donation, 6_000), 0).await.expect("a stage");
    let clear = discrepancies::Clearing::ToFees;
    let id = all(&scene).await[0].id;
    discrepancies::resolve(&scene.pool, id, "finance", "a present to us", clear).await.expect("an answer");
    let line = Line { amount: xof(5_940), fee: Some(xof(60)), session: None, ..paid(donation) };
    assert_eq!(compare(&scene, &[line]).await.fees_booked, 1);
    assert_eq!(scene.balance(Account::Fees).await, 5_940);
    scene.judge().await;
}

#[tokio::test]
async fn what_is_ours_and_not_at_wave_is_found_when_the_day_is_over_and_ends_when_it_comes() {
    let scene = Scene::new().await;
    let gift = booked(&scene).await;
    let order = succeeded(&scene).await;
    let missing = async |day| reconciliation::find_missing(&scene.pool, day).await.expect("a look");
    // The pot of the payout has a gift of its own, which is not at Wave either.
    let day = (wave_now() + TimeDelta::minutes(10)).date_naive();
    assert_eq!(missing(day).await, Missing { opened: 3, closed: 0 });
    assert_eq!(missing(day).await, Missing { opened: 0, closed: 0 });
    let other = day.checked_sub_days(Days::new(1)).expect("a day");
    assert_eq!(missing(other).await, Missing { opened: 0, closed: 0 });
    let kinds: Vec<_> = open(&scene).await;
    assert_eq!(kinds, [(DiscrepancyKind::MissingAtWave, 0); 3]);
    let violations = wolo_database::ledger::check(&scene.pool).await.expect("a verdict");
    assert_eq!(violations.len(), 3, "{violations:?}");

    compare(&scene, &[paid(gift), sent(order, "T_1")]).await;
    assert_eq!(missing(other).await, Missing { opened: 0, closed: 2 });
    let left = discrepancies::all(&scene.pool, None, false, Page::first(9)).await.expect("discrepancies");
    let Some(of_the_pot) = left.first() else { panic!("one is missing still") };
    assert_ne!(of_the_pot.key, Subject::Gift(gift).to_string());
}

#[tokio::test]
async fn a_thousand_lines_are_one_page() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let mut page = Vec::new();
    for number in 0..40 {
        let new = gift(pot, 5_000);
        donations::request(&scene.pool, &new).await.expect("a gift");
        donations::confirm(&scene.pool, new.id, &payment(new.id, 5_000), 0).await.expect("a stage");
        page.push(Line { session: None, ..paid(new.id) });
        page.push(by_hand(&format!("T_{number}"), LineType::MerchantPayment, 100));
    }
    let compared = compare(&scene, &page).await;
    assert_eq!(compared, Compared { matched: 40, fees_booked: 40, opened: 40, ..Compared::default() });
    assert_eq!(scene.balance(Account::Pot(pot)).await, 40 * 4_950);
    assert_eq!(scene.balance(Account::Suspense).await, 4_000);
    scene.judge().await;
}

#[tokio::test]
async fn the_first_account_of_a_run_stays_and_each_day_shows_its_last() {
    let scene = Scene::new().await;
    let run = |name: &str, day: &str, lines| Run {
        lines,
        ..Run::begun(name.to_owned(), day.parse().expect("a day"), false, wave_now())
    };
    for one in [
        run("a", "2031-03-01", 1),
        run("a", "2031-03-01", 9),
        run("b", "2031-03-01", 2),
        run("c", "2031-03-02", 3),
    ] {
        reconciliation::record_run(&scene.pool, &one).await.expect("a record");
    }
    let last = reconciliation::last_runs(&scene.pool, 7).await.expect("runs");
    let told: Vec<_> = last.iter().map(|(run, _)| (run.run.as_str(), run.lines)).collect();
    assert_eq!(told, [("c", 3), ("b", 2)]);
    assert_eq!(scene.read::<i64>("select lines from money.reconciliations where run = 'a'").await, 1);
}

#[tokio::test]
async fn the_days_that_nobody_compared_are_known_from_the_first_gift_on_and_not_for_ever() {
    let scene = Scene::new().await;
    let before: NaiveDate = "2031-03-10".parse().expect("a day");
    let uncompared = async || {
        let days = reconciliation::uncompared(&scene.pool, before).await.expect("days");
        days.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(uncompared().await, Vec::<String>::new(), "nobody has given yet");
    scene.requested(scene.open().await, 5_000).await;
    let asked = async |at: &str| {
        scene.force(&format!("update money.donations set requested_at = '{at}'")).await;
    };
    asked("2031-03-06T23:59:59Z").await;
    assert_eq!(uncompared().await, ["2031-03-06", "2031-03-07", "2031-03-08", "2031-03-09"]);
    let run = |day: &str, whole| {
        Run::begun("one run for all".to_owned(), day.parse().expect("a day"), whole, wave_now())
    };
    for one in [run("2031-03-07", true), run("2031-03-08", false), run("2031-03-09", true)] {
        reconciliation::record_run(&scene.pool, &one).await.expect("a record");
    }
    assert_eq!(uncompared().await, ["2031-03-06", "2031-03-08"], "one was compared while it was not over");
    asked("2020-01-01T00:00:00Z").await;
    let far_back = uncompared().await;
    assert_eq!((far_back.len(), far_back[0].as_str()), (33, "2031-02-03"));
}

#[tokio::test]
async fn a_day_that_was_compared_the_night_after_is_compared_once_more() {
    let scene = Scene::new().await;
    let run = async |run: &str, whole, at: &str| {
        let day = "2031-03-07".parse().expect("a day");
        let run = Run::begun(run.to_owned(), day, whole, at.parse().expect("an instant"));
        reconciliation::record_run(&scene.pool, &run).await.expect("a record");
    };
    let early = async |before: &str| {
        let before = before.parse().expect("a day");
        reconciliation::compared_early(&scene.pool, before).await.expect("days").len()
    };
    assert_eq!(early("2031-03-09").await, 0, "nobody has compared it at all");
    run("at its end", true, "2031-03-08T02:20:00Z").await;
    assert_eq!(early("2031-03-08").await, 0, "it was just now");
    assert_eq!((early("2031-03-09").await, early("2031-03-14").await), (1, 1));
    assert_eq!(early("2031-03-15").await, 0, "long ago");
    run("of the hour", false, "2031-03-09T02:20:00Z").await;
    assert_eq!(early("2031-03-09").await, 1);
    run("the night after", true, "2031-03-09T02:20:00Z").await;
    assert_eq!(early("2031-03-09").await, 0);
}
