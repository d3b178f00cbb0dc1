//! A Wave of a few lines: pages, payouts with keys, a statement, and a book of what really moved. It is hostile in when it
//! answers, which is the machine's doing, and honest in what it did, which is this file's.

use std::collections::BTreeMap;

use wolo_domain::evidence::gifts::{CheckoutStatus, PaymentStatus, Record as PageRecord};
use wolo_domain::evidence::payouts::{Failure, PayoutStatus, Record};
use wolo_domain::money::Xof;

use crate::world::instant;

pub(crate) const INSUFFICIENT_FUNDS: &str = "insufficient-funds";

/// How long a page lives.
const LIFE: i64 = 1_800;

#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) id: usize,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) open: bool,
    pub(crate) paid: Option<Payment>,
    pub(crate) expires_at: i64,
    pub(crate) refunded: bool,
}

#[derive(Clone)]
pub(crate) struct Payment {
    pub(crate) transaction: String,
    pub(crate) amount: i64,
    pub(crate) at: i64,
}

pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) fee: i64,
    pub(crate) state: PayoutStatus,
    /// When the search begins to show it.
    visible_at: i64,
    settles_at: i64,
    fails: bool,
}

/// What a key stands for.
enum Kept {
    Sent(usize),
    Refused(&'static str),
}

/// What really happened to money.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Movement {
    In { transaction: String, amount: i64 },
    Back { reference: String, amount: i64 },
    Out { id: String, amount: i64, fee: i64 },
}

#[derive(Default)]
pub(crate) struct Wave {
    pub(crate) balance: i64,
    pub(crate) pages: Vec<Page>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) movements: Vec<Movement>,
    by_key: BTreeMap<String, Kept>,
    /// Whether a key stands for a refusal too, as Wave's papers have it; one that does not is survived as well.
    pub(crate) keeps_refusals: bool,
    /// How many orders to this recipient are refused before somebody puts it right.
    pub(crate) refuses: u32,
    /// How long the search does not show a new payout.
    pub(crate) search_lags: i64,
    /// How long a payout is being worked on.
    pub(crate) works_for: i64,
    /// Whether the first payout that is accepted fails in the end.
    pub(crate) first_fails: bool,
}

/// Wave's part of a payment: one per cent, rounded up.
pub(crate) fn fee_on(amount: i64) -> i64 {
    (amount + 99) / 100
}

fn refused<T>(code: &str) -> Result<T, Failure> {
    Err(Failure::Refused { code: code.to_owned(), of_our_key: false })
}

impl Wave {
    pub(crate) fn make_page(&mut self, reference: &str, amount: i64, now: i64) -> Page {
        let page = Page {
            id: self.pages.len(),
            reference: reference.to_owned(),
            amount,
            open: true,
            paid: None,
            expires_at: now + LIFE,
            refunded: false,
        };
        self.pages.push(page.clone());
        page
    }

    pub(crate) fn page(&mut self, id: usize, now: i64) -> PageRecord {
        self.expire_what_is_old(now);
        record(&self.pages[id])
    }

    pub(crate) fn pages_of(&mut self, reference: &str, now: i64) -> Vec<Page> {
        self.expire_what_is_old(now);
        self.pages.iter().filter(|page| page.reference == reference).cloned().collect()
    }

    pub(crate) fn end_page(&mut self, id: usize) {
        self.pages[id].open = false;
    }

    /// The giver presses *Pay*. Twice pays once.
    pub(crate) fn pay(&mut self, id: usize, odd: bool, now: i64) -> bool {
        self.expire_what_is_old(now);
        let page = &mut self.pages[id];
        if !page.open {
            return false;
        }
        let amount = page.amount + i64::from(odd);
        let transaction = format!("T{id}");
        page.open = false;
        page.paid = Some(Payment { transaction: transaction.clone(), amount, at: now });
        self.balance += amount - fee_on(amount);
        self.movements.push(Movement::In { transaction, amount });
        true
    }

    /// Whole, with its fee, and once.
    pub(crate) fn refund(&mut self, id: usize) {
        let page = &mut self.pages[id];
        let Some(payment) = &page.paid else { return };
        if !std::mem::replace(&mut page.refunded, true) {
            self.balance -= payment.amount - fee_on(payment.amount);
            self.movements.push(Movement::Back { reference: page.reference.clone(), amount: payment.amount });
        }
    }

    /// What the statement says of fees: Wave's id of the payment, and its part.
    pub(crate) fn fees(&self) -> Vec<(String, i64)> {
        let paid = self.pages.iter().filter(|page| !page.refunded).filter_map(|page| page.paid.as_ref());
        paid.map(|payment| (payment.transaction.clone(), fee_on(payment.amount))).collect()
    }

    pub(crate) fn send(
        &mut self,
        key: &str,
        reference: &str,
        amount: i64,
        now: i64,
    ) -> Result<Record, Failure> {
        self.settle_what_is_due(now);
        match self.by_key.get(key) {
            Some(&Kept::Sent(at)) if self.sent[at].amount == amount => return Ok(payout(&self.sent[at])),
            Some(Kept::Sent(_)) => {
                return Err(Failure::Refused { code: "idempotency-mismatch".to_owned(), of_our_key: true });
            }
            Some(&Kept::Refused(code)) => return refused(code),
            None => {}
        }
        let fee = fee_on(amount);
        let refusal = if self.balance < amount + fee {
            Some(INSUFFICIENT_FUNDS)
        } else if self.refuses > 0 {
            self.refuses -= 1;
            Some("recipient-limit-exceeded")
        } else {
            None
        };
        if let Some(code) = refusal {
            if self.keeps_refusals {
                self.by_key.insert(key.to_owned(), Kept::Refused(code));
            }
            return refused(code);
        }
        // What is being worked on is reserved.
        self.balance -= amount + fee;
        self.by_key.insert(key.to_owned(), Kept::Sent(self.sent.len()));
        self.sent.push(Sent {
            id: format!("pt{}", self.sent.len()),
            reference: reference.to_owned(),
            amount,
            fee,
            state: PayoutStatus::Processing,
            visible_at: now + self.search_lags,
            settles_at: now + self.works_for,
            fails: std::mem::take(&mut self.first_fails),
        });
        self.settle_what_is_due(now);
        Ok(payout(&self.sent[self.sent.len() - 1]))
    }

    pub(crate) fn payouts_of(&mut self, reference: &str, now: i64) -> Vec<Record> {
        self.settle_what_is_due(now);
        let shown = |sent: &&Sent| sent.reference == reference && sent.visible_at <= now;
        self.sent.iter().filter(shown).map(payout).collect()
    }

    /// What somebody finds in Wave's portal, which shows everything at once.
    pub(crate) fn in_portal(&mut self, reference: &str, now: i64) -> Option<Record> {
        self.settle_what_is_due(now);
        self.sent.iter().find(|sent| sent.reference == reference).map(payout)
    }

    pub(crate) fn settle_what_is_due(&mut self, now: i64) {
        for sent in self.sent.iter_mut().filter(|sent| sent.state == PayoutStatus::Processing) {
            if sent.settles_at > now {
                continue;
            }
            if sent.fails {
                self.balance += sent.amount + sent.fee;
                sent.state = PayoutStatus::Failed { code: "recipient-account-blocked".to_owned() };
            } else {
                sent.state = PayoutStatus::Succeeded;
                let (id, amount, fee) = (sent.id.clone(), sent.amount, sent.fee);
                self.movements.push(Movement::Out { id, amount, fee });
            }
        }
    }

    fn expire_what_is_old(&mut self, now: i64) {
        for page in self.pages.iter_mut().filter(|page| page.expires_at <= now) {
            page.open = false;
        }
    }
}

fn record(page: &Page) -> PageRecord {
    let (state, payment) = match (page.open, &page.paid) {
        (true, _) => (CheckoutStatus::Open, PaymentStatus::Processing),
        (false, Some(_)) => (CheckoutStatus::Complete, PaymentStatus::Succeeded),
        (false, None) => (CheckoutStatus::Expired, PaymentStatus::Cancelled),
    };
    PageRecord {
        reference: Some(page.reference.clone()),
        page: state,
        payment,
        transaction: page.paid.as_ref().map(|payment| payment.transaction.clone()),
        completed_at: page.paid.as_ref().map(|payment| instant(payment.at)),
        amount: Xof::new(page.paid.as_ref().map_or(page.amount, |payment| payment.amount)),
        in_francs: true,
    }
}

fn payout(sent: &Sent) -> Record {
    let fee = (sent.state == PayoutStatus::Succeeded).then(|| Xof::new(sent.fee));
    Record {
        wave_payout_id: sent.id.clone(),
        received: Xof::new(sent.amount),
        in_francs: true,
        fee,
        status: sent.state.clone(),
    }
}
