//! Rules of payouts: debited with their fee when they succeed, reserved while they process, reversible once within
//! three days.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Batch, Book, Line, MovementKind, Payout, PayoutOrder, PayoutStatus, new_id};

/// How long a payout can be taken back.
const REVERSIBLE: TimeDelta = TimeDelta::days(3);

/// How a payout proceeds once accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wave) enum Course {
    Settle,
    /// Stays `processing` until somebody settles it.
    Wait,
}

/// A final refusal: nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wave) struct PayoutRefusal {
    pub(in crate::wave) code: &'static str,
    pub(in crate::wave) message: &'static str,
}

pub(in crate::wave) const SHORT: PayoutRefusal =
    PayoutRefusal { code: "insufficient-funds", message: "Insufficient funds in wallet." };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wave) enum ReversalRefusal {
    Unknown,
    NotSent,
    TooLate,
}

/// The recipients that always fail, by the last two digits of their number.
pub(in crate::wave) fn magic_refusal(mobile: &str) -> Option<PayoutRefusal> {
    let (code, message) = match mobile.get(mobile.len().checked_sub(2)?..)? {
        "91" => ("recipient-account-blocked", "The recipient's account is blocked."),
        "92" => ("recipient-account-inactive", "The recipient's account is inactive."),
        "93" => ("recipient-limit-exceeded", "The recipient has reached a limit."),
        "94" => ("recipient-minor", "A minor cannot be paid from this source."),
        "95" => ("country-mismatch", "The recipient is in another country."),
        _ => return None,
    };
    Some(PayoutRefusal { code, message })
}

impl Book {
    /// Refused orders leave no trace, as with Wave: they are answered, not stored.
    pub(in crate::wave) fn send_payout(
        &mut self,
        order: PayoutOrder,
        fee: i64,
        course: Course,
        now: DateTime<Utc>,
    ) -> Result<&Payout, PayoutRefusal> {
        if let Some(refusal) = magic_refusal(&order.mobile) {
            return Err(refusal);
        }
        if self.available() < order.receive_amount.saturating_add(fee) {
            return Err(SHORT);
        }
        let at = self.accept_payout(order, fee, None, now);
        if course == Course::Settle {
            self.succeed_payout(at, now);
        }
        Ok(&self.payouts[at])
    }

    /// Accepts a batch: sound items are reserved and process, the others have failed already.
    pub(in crate::wave) fn send_batch(
        &mut self,
        orders: Vec<(PayoutOrder, i64)>,
        polls: u32,
        now: DateTime<Utc>,
    ) -> &Batch {
        let id = new_id("pb-");
        let mut payout_ids = Vec::with_capacity(orders.len());
        for (order, fee) in orders {
            let short = self.available() < order.receive_amount.saturating_add(fee);
            let refusal = magic_refusal(&order.mobile).or(short.then_some(SHORT));
            let at = self.accept_payout(order, fee, Some(id.clone()), now);
            if let Some(refusal) = refusal {
                self.fail_payout(at, refusal.code);
            }
            payout_ids.push(self.payouts[at].id.clone());
        }
        self.index.batch.insert(id.clone(), self.batches.len());
        self.batches.push(Batch { id, payout_ids, polls_left: polls });
        &self.batches[self.batches.len() - 1]
    }

    /// One read of a batch. The last one that answers `processing` settles what still processes.
    pub(in crate::wave) fn poll_batch(&mut self, id: &str, now: DateTime<Utc>) -> Option<(&Batch, bool)> {
        let &at = self.index.batch.get(id)?;
        if self.batches[at].polls_left > 0 {
            self.batches[at].polls_left -= 1;
            return Some((&self.batches[at], false));
        }
        let ids = self.batches[at].payout_ids.clone();
        for payout in ids {
            if let Some(&payout) = self.index.payout.get(&payout)
                && self.payouts[payout].status == PayoutStatus::Processing
            {
                self.succeed_payout(payout, now);
            }
        }
        Some((&self.batches[at], true))
    }

    /// Ends a payout that was left processing; `None` succeeds, a code fails. False when it is not processing.
    pub(in crate::wave) fn settle_payout(
        &mut self,
        id: &str,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> bool {
        let Some(&at) = self.index.payout.get(id) else { return false };
        if self.payouts[at].status != PayoutStatus::Processing {
            return false;
        }
        match error {
            None => self.succeed_payout(at, now),
            Some(code) => self.fail_payout(at, code),
        }
        true
    }

    /// Takes a payout back with its fee; twice moves nothing the second time.
    pub(in crate::wave) fn reverse_payout(
        &mut self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ReversalRefusal> {
        let &at = self.index.payout.get(id).ok_or(ReversalRefusal::Unknown)?;
        let payout = &self.payouts[at];
        match payout.status {
            PayoutStatus::Reversed => return Ok(()),
            PayoutStatus::Processing | PayoutStatus::Failed => return Err(ReversalRefusal::NotSent),
            PayoutStatus::Succeeded => {}
        }
        if now - payout.when > REVERSIBLE {
            return Err(ReversalRefusal::TooLate);
        }
        let sent = payout.transaction_id.as_ref().and_then(|id| self.index.movement_by_transaction.get(id));
        let &sent = sent.ok_or(ReversalRefusal::NotSent)?;
        let line = Line::undoing(&self.movements[sent], MovementKind::ApiPayoutReversal);
        self.movements[sent].reversed_by = Some(self.record(line, now));
        self.payouts[at].status = PayoutStatus::Reversed;
        Ok(())
    }

    fn accept_payout(
        &mut self,
        order: PayoutOrder,
        fee: i64,
        batch_id: Option<String>,
        now: DateTime<Utc>,
    ) -> usize {
        let payout = Payout {
            id: new_id("pt-"),
            order,
            fee,
            status: PayoutStatus::Processing,
            error: None,
            when: now,
            batch_id,
            transaction_id: None,
        };
        self.reserved += payout.debit();
        self.payouts.push(payout);
        let at = self.payouts.len() - 1;
        self.index_payout(at);
        at
    }

    fn succeed_payout(&mut self, at: usize, now: DateTime<Utc>) {
        let payout = &self.payouts[at];
        let mut line = Line::new(MovementKind::ApiPayout, -payout.debit(), payout.fee);
        line.counterparty_name.clone_from(&payout.order.name);
        line.counterparty_mobile = Some(payout.order.mobile.clone());
        line.client_reference.clone_from(&payout.order.client_reference);
        line.payment_reason.clone_from(&payout.order.payment_reason);
        line.payout_id = Some(payout.id.clone());
        line.batch_id.clone_from(&payout.batch_id);
        self.reserved -= payout.debit();
        let transaction = self.record(line, now);
        let payout = &mut self.payouts[at];
        payout.status = PayoutStatus::Succeeded;
        payout.transaction_id = Some(transaction);
    }

    fn fail_payout(&mut self, at: usize, code: &str) {
        let payout = &mut self.payouts[at];
        self.reserved -= payout.debit();
        payout.status = PayoutStatus::Failed;
        payout.error = Some(code.to_owned());
    }
}
