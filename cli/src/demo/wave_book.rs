//! What Wave's emulator wrote into its own book, which knows nothing of ours.

use wolo_domain::money::Xof;
use wolo_sandbox::wave::{Book, CheckoutStatus, DeliveryState, Endpoint, MovementKind, Wave};

/// One payment page as Wave sees it.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) amount: Xof,
    pub(super) fee: Xof,
    /// Lines of the statement that took money for it.
    pub(super) movements: usize,
    pub(super) transaction: Option<String>,
}

pub(super) fn page(wave: &Wave, session: &str) -> Option<Page> {
    wave.look(|book| {
        let found = book.session(session)?;
        let about =
            |line: &&wolo_sandbox::wave::Movement| line.checkout_session_id.as_deref() == Some(session);
        Some(Page {
            amount: Xof::new(found.amount),
            fee: Xof::new(found.fee),
            movements: book.movements().iter().filter(about).count(),
            transaction: found.transaction_id.clone(),
        })
    })
}

pub(super) fn is_paid(wave: &Wave, session: &str) -> bool {
    let now = wave.now();
    wave.look(|book| book.session(session).is_some_and(|one| one.status_at(now) == CheckoutStatus::Complete))
}

/// How often a page's end was told to us, and heard.
pub(super) fn deliveries(wave: &Wave, session: &str, state: DeliveryState) -> usize {
    wave.look(|book| {
        let told = book
            .events()
            .iter()
            .filter(|event| event.kind == "checkout.session.completed" && event.body.contains(session));
        told.map(|event| {
            book.deliveries().iter().filter(|one| one.event_id == event.id && one.state == state).count()
        })
        .sum()
    })
}

/// The wallet's change since the world began.
pub(super) fn wallet_change(book: &Book) -> Xof {
    Xof::new(book.balance() - book.opening())
}

/// Everything that the payouts of the book say.
#[derive(Debug)]
pub(super) struct Payouts {
    /// For which money left.
    pub(super) executed: Vec<(String, Xof, Xof)>,
    /// Questions about payouts: orders, searches and looks.
    pub(super) asked: u64,
}

pub(super) fn payouts(wave: &Wave) -> Payouts {
    let executed = wave.look(|book| {
        let done = book.payouts().iter().filter(|payout| payout.executed());
        done.map(|one| (one.id.clone(), Xof::new(one.order.receive_amount), Xof::new(one.fee))).collect()
    });
    let questions = [Endpoint::PayoutCreate, Endpoint::PayoutSearch, Endpoint::PayoutGet];
    Payouts { executed, asked: questions.map(|question| wave.calls(question)).iter().sum() }
}

/// To which phone a payout went.
pub(super) fn paid_to(wave: &Wave, payout: Option<&str>) -> Option<String> {
    wave.look(|book| {
        let payout = book.payouts().iter().find(|one| one.executed() && Some(one.id.as_str()) == payout)?;
        Some(payout.order.mobile.clone())
    })
}

/// Lines of the statement that are neither a gift nor a payout.
pub(super) fn other_lines(book: &Book) -> usize {
    let expected = [MovementKind::ApiCheckout, MovementKind::ApiPayout];
    book.movements().iter().filter(|line| !expected.contains(&line.kind)).count()
}
