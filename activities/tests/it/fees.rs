//! Booking Wave's fees from its statement.

use serde_json::json;
use wolo_activities::{StatementSteps, failure};
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Account;
use wolo_sandbox::wave::{Endpoint, Fault, MovementKind, Options, RetryAfter};
use wolo_workflows::steps::statements::{BookFees, BookedFees};

use crate::scene::{Failed, Scene, failure};

/// A wallet whose statement comes in pages of two lines, and three gifts in one pot.
async fn three_gifts() -> (Scene, Account, BookFees) {
    let options = Options { opening_balance: 1_000_000, page_size: 2, ..Options::default() };
    let scene = Scene::with(options).await;
    let pot = scene.open_pot().await;
    for _ in 0..3 {
        scene.given(pot, 5_000).await;
    }
    let day = scene.wave.now().date_naive();
    (scene, Account::Pot(pot), BookFees { day })
}

#[tokio::test]
async fn the_fee_of_every_gift_is_booked_once_page_by_page() {
    let (scene, pot, day) = three_gifts().await;
    let (attempt, heartbeats) = scene.attempt_after(1, None::<()>);
    let booked = attempt.run(StatementSteps::book_fees, day).await.expect("the deed is done");
    assert_eq!(booked, BookedFees { lines: 3, booked: 3 });
    assert_eq!(*heartbeats.borrow(), 1);
    assert_eq!(scene.balance(pot).await, 15_000 - 150);
    let again = scene.does(StatementSteps::book_fees, day).await;
    assert_eq!(again, BookedFees { lines: 3, booked: 0 });
    assert_eq!(scene.balance(pot).await, 15_000 - 150);
    scene.judge().await;
}

#[tokio::test]
async fn lines_that_are_not_our_gifts_are_passed_over() {
    let (scene, pot, day) = three_gifts().await;
    let nobody = DonationId::from_uuid(uuid::Uuid::now_v7());
    scene.wave.receive_payment(7_000, "+221770000005");
    scene.wave.write_line(MovementKind::MerchantSweep, -500, 0, None);
    scene.wave.write_line(MovementKind::ApiCheckout, 990, 10, Some(nobody.to_string()));
    scene.wave.write_line(MovementKind::ApiCheckout, 990, 10, Some("somebody else's".to_owned()));
    let booked = scene.does(StatementSteps::book_fees, day).await;
    assert_eq!(booked, BookedFees { lines: 7, booked: 3 });
    assert_eq!(scene.balance(pot).await, 15_000 - 150);
}

#[tokio::test]
async fn a_line_that_contradicts_the_books_does_not_hide_the_others() {
    let options = Options { opening_balance: 1_000_000, ..Options::default() };
    let scene = Scene::with(options).await;
    let pot = scene.open_pot().await;
    let first = scene.given(pot, 5_000).await;
    // Another payment that claims to be the first gift.
    scene.wave.write_line(MovementKind::ApiCheckout, 4_950, 50, Some(first.to_string()));
    scene.given(pot, 5_000).await;
    let day = scene.wave.now().date_naive();
    let booked = scene.does(StatementSteps::book_fees, BookFees { day }).await;
    assert_eq!(booked, BookedFees { lines: 3, booked: 2 });
    assert_eq!(scene.balance(Account::Pot(pot)).await, 10_000 - 100);
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_was() {
    let (scene, pot, day) = three_gifts().await;
    let whole = scene.does(StatementSteps::book_fees, day).await;
    assert_eq!(whole.lines, 3);
    let calls = scene.wave.calls(Endpoint::Transactions);
    scene.given(scene.open_pot().await, 5_000).await;
    // The second attempt is told the end of the first page, which the emulator's cursor names by its last line.
    let page = statement(&scene, day).await;
    let told = json!({ "after": page, "lines": 2, "booked": 2 });
    let (attempt, _) = scene.attempt_after(2, Some(told));
    let booked = attempt.run(StatementSteps::book_fees, day).await.expect("the deed is done");
    assert_eq!(booked, BookedFees { lines: 4, booked: 3 });
    assert_eq!(scene.wave.calls(Endpoint::Transactions), calls + 2, "one page to know its end, one to go on");
    assert_eq!(scene.balance(pot).await, 15_000 - 150);
}

/// The cursor after the first page.
async fn statement(scene: &Scene, day: BookFees) -> String {
    let page = scene.client.statement_page(day.day, None).await.expect("a page");
    page.next.expect("another page")
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let (scene, pot, day) = three_gifts().await;
    let seven = Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) };
    for (fault, expected) in [
        (Fault::ErrorBefore { status: 503 }, Failed::again(failure::WAVE_UNREACHABLE)),
        (Fault::MalformedReply, Failed::again(failure::WAVE_UNEXPECTED)),
        (seven, Failed::again_after(failure::WAVE_THROTTLED, 7)),
    ] {
        scene.bend(Endpoint::Transactions, fault);
        assert_eq!(scene.fails(StatementSteps::book_fees, day).await, expected);
    }
    assert_eq!(scene.balance(pot).await, 15_000);
    let attempt = scene.attempt(1);
    attempt.cancel();
    let failed = failure(attempt.run(StatementSteps::book_fees, day).await);
    assert_eq!(failed, Failed::again(failure::INTERRUPTED));
}
