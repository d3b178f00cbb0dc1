use chrono::TimeDelta;
use wolo_database::donations::{self, Donor, Payment, Requesting};
use wolo_database::{Error, Page, pots};
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::pots::{HoldReason, PotSettings, PotStage};

use crate::scene::{Scene, checkout, gift, noon, payment, settings, wave_now, xof};

fn unknown() -> DonationId {
    DonationId::from_uuid(uuid::Uuid::max())
}

async fn refusal(scene: &Scene, pot: PotId, donor: Donor) -> DonationRefusal {
    let mut new = gift(pot, 1_000);
    new.donor = donor;
    let Requesting::Refused(refusal) = donations::request(&scene.pool, &new).await.expect("an answer") else {
        panic!("the pot took the gift");
    };
    assert_eq!(donations::donation(&scene.pool, new.id).await.expect("a look"), None, "nothing is kept");
    refusal
}

#[tokio::test]
async fn a_gift_is_written_once_and_found() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let mut new = gift(pot, 5_000);
    new.donor = Donor {
        name: Some("Moussa".to_owned()),
        phone: Some("+221770000000".parse().expect("a phone")),
        message: Some("Joyeux anniversaire".to_owned()),
        ..Donor::default()
    };
    assert_eq!(donations::request(&scene.pool, &new).await.expect("a gift"), Requesting::New);
    let found = donations::donation(&scene.pool, new.id).await.expect("a look").expect("a gift");
    assert_eq!((found.stage, found.amount, found.pot), (DonationStage::Requested, xof(5_000), pot));
    assert_eq!((&found.donor_name, &found.message), (&new.donor.name, &new.donor.message));
    assert_eq!(donations::donation(&scene.pool, unknown()).await.expect("a look"), None);

    // Also when the pot has closed since: it was asked for before.
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let again = donations::request(&scene.pool, &new).await.expect("an answer");
    assert_eq!(again, Requesting::Existing(Box::new(found)));
    new.amount = xof(6_000);
    let error = donations::request(&scene.pool, &new).await.expect_err("another gift under the same id");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn a_pot_refuses_what_its_rules_refuse() {
    let scene = Scene::new().await;
    let nowhere = PotId::from_uuid(uuid::Uuid::max());
    assert_eq!(refusal(&scene, nowhere, Donor::default()).await, DonationRefusal::PotUnknown);
    let pot = scene
        .scheduled_with(PotSettings { allow_anonymous: false, allow_messages: false, ..settings() })
        .await;
    let stage = PotStage::Scheduled;
    assert_eq!(refusal(&scene, pot, Donor::default()).await, DonationRefusal::PotNotOpen { stage });

    pots::open(&scene.pool, pot, noon()).await.expect("an opening");
    let owner = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").owner;
    let phone =
        wolo_database::people::user(&scene.pool, owner).await.expect("a look").expect("a person").phone;
    let own = [Donor { user: Some(owner), ..Donor::default() }, Donor { phone, ..Donor::default() }];
    for donor in own {
        assert_eq!(refusal(&scene, pot, donor).await, DonationRefusal::OwnPot);
    }
    let anonymous = Donor { anonymous: true, ..Donor::default() };
    assert_eq!(refusal(&scene, pot, anonymous).await, DonationRefusal::AnonymousNotAllowed);
    let talkative = Donor { message: Some("Bravo".to_owned()), ..Donor::default() };
    assert_eq!(refusal(&scene, pot, talkative).await, DonationRefusal::MessagesNotAllowed);

    pots::hold(&scene.pool, pot, HoldReason::Moderation, "reported", noon()).await.expect("a hold");
    let reason = HoldReason::Moderation;
    assert_eq!(refusal(&scene, pot, Donor::default()).await, DonationRefusal::PotHeld { reason });
    pots::release(&scene.pool, pot, HoldReason::Moderation, noon()).await.expect("a release");
    // A hold that stops payouts only lets gifts through.
    pots::hold(&scene.pool, pot, HoldReason::Float, "", noon()).await.expect("a hold");
    scene.requested(pot, 1_000).await;
}

#[tokio::test]
async fn the_first_checkout_stays() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    let first = checkout(donation);
    let mut second = first.clone();
    second.id = "cos-other".to_owned();
    for tried in [&first, &second, &first] {
        let attached = donations::attach_checkout(&scene.pool, donation, tried).await.expect("a checkout");
        assert_eq!(attached, first);
    }
    let other = scene.requested(pot, 5_000).await;
    let error =
        donations::attach_checkout(&scene.pool, other, &first).await.expect_err("another gift's page");
    assert!(matches!(&error, Error::Conflict { rule } if rule == "donations_one_per_checkout"), "{error}");
    let error = donations::attach_checkout(&scene.pool, unknown(), &second).await.expect_err("no such gift");
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    donations::expire(&scene.pool, other, 0).await.expect("an end");
    let error = donations::attach_checkout(&scene.pool, other, &second).await.expect_err("it has ended");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn a_gift_that_wave_refuses_ends_with_its_code() {
    let scene = Scene::new().await;
    let donation = scene.requested(scene.open().await, 5_000).await;
    for code in ["kyb-incomplete", "another"] {
        donations::refuse_checkout(&scene.pool, donation, code).await.expect("an end");
    }
    let found = donations::donation(&scene.pool, donation).await.expect("a look").expect("a gift");
    assert_eq!(
        (found.stage, found.refusal_code.as_deref()),
        (DonationStage::Expired, Some("kyb-incomplete"))
    );
    let paged = scene.requested(found.pot, 5_000).await;
    donations::attach_checkout(&scene.pool, paged, &checkout(paged)).await.expect("a checkout");
    let error = donations::refuse_checkout(&scene.pool, paged, "late").await.expect_err("it has a page");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn a_payment_is_booked_once() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    for attempts in [2, 1] {
        let stage = donations::confirm(&scene.pool, donation, &payment(donation, 5_000), attempts).await;
        assert_eq!(stage.expect("a stage"), DonationStage::Confirmed);
    }
    let found = donations::donation(&scene.pool, donation).await.expect("a look").expect("a gift");
    assert_eq!((found.stage, found.failed_attempts), (DonationStage::Confirmed, 2));
    assert_eq!(
        found.payment,
        Some(payment(donation, 5_000)).map(|p| Payment { at: found.payment.as_ref().expect("paid").at, ..p })
    );
    assert!(found.ended_at.is_some());
    assert_eq!(scene.balance(Account::Pot(pot)).await, 5_000);
    assert_eq!(scene.balance(Account::WaveFloat).await, -5_000);
    assert_eq!(scene.events("donation_confirmed").await, 1);
    // Writing off what was paid is not heard.
    let stage = donations::expire(&scene.pool, donation, 0).await.expect("a stage");
    assert_eq!(stage, DonationStage::Confirmed);
    scene.judge().await;
}

#[tokio::test]
async fn a_second_payment_of_a_gift_is_loud() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.confirmed(pot, 5_000).await;
    let again = Payment { wave_transaction_id: "T_other".to_owned(), ..payment(donation, 5_000) };
    let error = donations::confirm(&scene.pool, donation, &again, 0).await.expect_err("two payments");
    assert!(matches!(error, Error::Inconsistency { column: "wave_transaction_id", .. }), "{error}");

    // One payment cannot be two gifts.
    let other = scene.requested(pot, 5_000).await;
    let error = donations::confirm(&scene.pool, other, &payment(donation, 5_000), 0).await;
    let error = error.expect_err("one payment for two gifts");
    assert!(matches!(error, Error::Inconsistency { column: "provider_tx_id", .. }), "{error}");

    assert!(matches!(
        donations::confirm(&scene.pool, unknown(), &payment(other, 5_000), 0).await,
        Err(Error::Missing { .. })
    ));
    assert_eq!(scene.balance(Account::Pot(pot)).await, 5_000);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_that_was_written_off_and_is_paid_after_all_goes_back() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    donations::expire(&scene.pool, donation, 0).await.expect("an end");
    for _ in 0..2 {
        let stage = donations::confirm(&scene.pool, donation, &payment(donation, 5_000), 0).await;
        assert_eq!(stage.expect("a stage"), DonationStage::RefundDue);
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::RefundsDue).await, 5_000);
    assert_eq!(scene.events("donation_refund_due").await, 1);
    scene.judge().await;
}

#[tokio::test]
async fn what_is_not_what_was_asked_for_is_suspended() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let odd = scene.requested(pot, 5_000).await;
    let foreign = scene.requested(pot, 5_000).await;
    for _ in 0..2 {
        let stage = donations::confirm(&scene.pool, odd, &payment(odd, 4_999), 0).await.expect("a stage");
        assert_eq!(stage, DonationStage::Suspended);
        let paid = Payment { currency: "XAF".to_owned(), ..payment(foreign, 5_000) };
        let stage = donations::confirm(&scene.pool, foreign, &paid, 0).await.expect("a stage");
        assert_eq!(stage, DonationStage::Suspended);
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::Suspense).await, 9_999);
    assert_eq!(scene.events("donation_suspended").await, 2);
    scene.judge().await;
}

#[tokio::test]
async fn money_is_late_when_the_pot_had_closed_before_its_second() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let mut gifts = Vec::new();
    for _ in 0..3 {
        gifts.push(scene.requested(pot, 1_000).await);
    }
    // By the process the pot closed years ahead: what counts is the database's own clock.
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let closing = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").closing_recorded_at;
    let second = closing.expect("a closing").timestamp();
    let expected = [DonationStage::Confirmed, DonationStage::Confirmed, DonationStage::RefundDue];
    for ((donation, offset), expected) in gifts.into_iter().zip([-1, 0, 1]).zip(expected) {
        let at = chrono::DateTime::from_timestamp(second + offset, 0).expect("a time");
        let paid = Payment { at, ..payment(donation, 1_000) };
        for _ in 0..2 {
            let stage = donations::confirm(&scene.pool, donation, &paid, 0).await.expect("a stage");
            assert_eq!(stage, expected, "{offset}");
        }
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 2_000);
    assert_eq!(scene.balance(Account::RefundsDue).await, 1_000);
    assert_eq!(scene.events("donation_refund_due").await, 1);
    scene.judge().await;
}

#[tokio::test]
async fn money_for_a_pot_that_has_ended_goes_back() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 1_000).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    // The crate refuses to settle around a gift; should it ever have happened, the money still goes back.
    let behind_the_triggers = "set session_replication_role = replica;
        update pots.pots set stage = 'settled', settled_at = now()";
    scene.force(behind_the_triggers).await;
    let paid = Payment { at: wave_now() - TimeDelta::days(1), ..payment(donation, 1_000) };
    let stage = donations::confirm(&scene.pool, donation, &paid, 0).await.expect("a stage");
    assert_eq!(stage, DonationStage::RefundDue);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_expires_once() {
    let scene = Scene::new().await;
    let donation = scene.requested(scene.open().await, 1_000).await;
    for attempts in [3, 0] {
        let stage = donations::expire(&scene.pool, donation, attempts).await.expect("a stage");
        assert_eq!(stage, DonationStage::Expired);
    }
    let found = donations::donation(&scene.pool, donation).await.expect("a look").expect("a gift");
    assert_eq!(found.failed_attempts, 3);
    assert!(matches!(donations::expire(&scene.pool, unknown(), 0).await, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn the_gifts_of_a_pot_are_read_in_pages() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    scene.confirmed(scene.open().await, 500).await;
    let done = scene.confirmed(pot, 1_000).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(scene.requested(pot, 1_000).await);
    }
    donations::attach_checkout(&scene.pool, waiting[1], &checkout(waiting[1])).await.expect("a checkout");

    let first = donations::requested_of_pot(&scene.pool, pot, Page::first(2)).await.expect("a page");
    let rest = donations::requested_of_pot(&scene.pool, pot, Page::after(first[1].donation, 2)).await;
    let found = [first, rest.expect("a page")].concat();
    assert_eq!(found.iter().map(|row| row.donation).collect::<Vec<_>>(), waiting);
    let page = format!("cos-{}", waiting[1]);
    assert_eq!(
        found.iter().map(|row| row.checkout_id.as_deref()).collect::<Vec<_>>(),
        [None, Some(page.as_str()), None]
    );

    let first = donations::of_pot(&scene.pool, pot, Page::first(3)).await.expect("a page");
    let rest = donations::of_pot(&scene.pool, pot, Page::after(first[2].id, 3)).await.expect("a page");
    let ids: Vec<_> = first.iter().chain(&rest).map(|gift| gift.id).collect();
    assert_eq!(ids, [waiting[2], waiting[1], waiting[0], done], "the last asked for first");
}
