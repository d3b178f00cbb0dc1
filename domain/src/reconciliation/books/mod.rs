//! Our side of a page: the gifts and payouts that its lines may be about, and what each line comes to beside them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Line, LineType, Movement, Reference, Subject, Verdict};
use crate::discrepancies::DiscrepancyKind;
use crate::donations::DonationStage;
use crate::ids::{DonationId, PayoutId};
use crate::money::Xof;
use crate::payouts::PayoutStage;

/// A gift as our books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    pub id: DonationId,
    pub stage: DonationStage,
    /// The page that its giver was shown.
    pub session: Option<String>,
    pub payment: Option<Payment>,
    /// What Wave kept of it, where that stands in the books.
    pub fee: Option<Xof>,
    /// The line that is about its refund, if one was seen before.
    pub refunded_by: Option<String>,
}

/// What was paid for a gift, as it is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub wave_id: String,
    pub amount: Xof,
}

/// A payout as our books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOut {
    pub id: PayoutId,
    pub stage: PayoutStage,
    /// What its recipient gets.
    pub amount: Xof,
    /// What Wave charged for it, once it has succeeded.
    pub fee: Option<Xof>,
    /// The line that is about it, if one was seen before.
    pub paid_by: Option<String>,
    /// The line that took it back, if one was seen before.
    pub reversed_by: Option<String>,
}

/// A line that was seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub wave_id: String,
    pub kind: LineType,
    pub amount: Xof,
    /// A gift's process was asked to settle it.
    pub asked: bool,
    /// It is one of the two lines of an order that was paid and taken back, and finance has ended that order by them.
    pub taken_back: bool,
}

/// Everything of ours that the lines of a page may name. It remembers which line was about what, so that a second line
/// about the same thing is told apart.
#[derive(Clone, Debug, Default)]
pub struct Books {
    gifts: BTreeMap<DonationId, Gift>,
    by_payment: BTreeMap<String, DonationId>,
    by_session: BTreeMap<String, DonationId>,
    payouts: BTreeMap<PayoutId, PaidOut>,
    seen: BTreeMap<String, Seen>,
}

impl Books {
    pub fn new(gifts: Vec<Gift>, payouts: Vec<PaidOut>, seen: Vec<Seen>) -> Self {
        let mut books = Self::default();
        for gift in gifts {
            if let Some(payment) = &gift.payment {
                books.by_payment.insert(payment.wave_id.clone(), gift.id);
            }
            if let Some(session) = &gift.session {
                books.by_session.insert(session.clone(), gift.id);
            }
            books.gifts.insert(gift.id, gift);
        }
        books.payouts = payouts.into_iter().map(|payout| (payout.id, payout)).collect();
        books.seen = seen.into_iter().map(|line| (line.wave_id.clone(), line)).collect();
        books
    }

    /// What a line comes to. Money that moved after `settled_until` may still be on its way into our books.
    pub fn judge(&mut self, line: &Line, settled_until: DateTime<Utc>) -> Verdict {
        let seen = self.seen.entry(line.wave_id.clone()).or_insert_with(|| Seen {
            wave_id: line.wave_id.clone(),
            kind: line.kind,
            amount: line.amount,
            asked: false,
            taken_back: false,
        });
        if (seen.kind, seen.amount) != (line.kind, line.amount) {
            let reason = format!("Wave has told of {} by the same name before", seen.amount);
            return odd(DiscrepancyKind::NamesDisagree, None, reason, Xof::ZERO);
        }
        if !line.in_francs {
            return odd(DiscrepancyKind::OtherCurrency, None, "the line is not in francs", Xof::ZERO);
        }
        if seen.taken_back
            && let Some(subject) = taken_back(line)
        {
            return Verdict::Matched { subject, fee: None };
        }
        let is_settled = line.at <= settled_until;
        match line.movement() {
            Some(Movement::Gift) => self.judge_gift(line, is_settled),
            Some(Movement::Refund) => self.judge_refund(line, is_settled),
            Some(Movement::Payout) => self.judge_payout(line, is_settled),
            Some(Movement::Reversal) => self.judge_reversal(line),
            None => unmatched(line),
        }
    }

    fn judge_gift(&self, line: &Line, is_settled: bool) -> Verdict {
        let gift = match self.named_by(line) {
            Named::Nothing => return unmatched(line),
            Named::Several(gifts) => return self.names_disagree(line, &gifts),
            Named::One(gift) => gift,
        };
        let subject = Some(Subject::Gift(gift.id));
        let of_its_page = is_of_its_page(line, gift);
        match &gift.payment {
            Some(payment) if payment.wave_id == line.wave_id && of_its_page => {
                compare_gift(line, gift, payment)
            }
            Some(payment) if payment.wave_id == line.wave_id => {
                let reason = "the gift's payment was made on a page that is not the gift's";
                odd(DiscrepancyKind::NamesDisagree, None, reason, Xof::ZERO)
            }
            Some(_) => {
                let reason = format!("{} was paid once more", gift.id);
                odd(DiscrepancyKind::SecondPayment, subject, reason, line.amount)
            }
            None if of_its_page => {
                let asked = self.seen.get(&line.wave_id).is_some_and(|seen| seen.asked);
                let in_vain = is_settled && asked;
                Verdict::Repair { gift: gift.id, in_vain }
            }
            None => {
                let reason = format!("{} was paid on a page that is not its own", gift.id);
                odd(DiscrepancyKind::SecondPayment, subject, reason, line.amount)
            }
        }
    }

    fn judge_refund(&mut self, line: &Line, is_settled: bool) -> Verdict {
        let id = match self.named_by(line) {
            Named::Nothing => return unmatched(line),
            Named::Several(gifts) => return self.names_disagree(line, &gifts),
            // The gift's own payment is where it was; this is about another one of the same giver's.
            Named::One(gift) if !is_of_its_page(line, gift) => {
                let reason =
                    format!("what was paid for {} on a page that is not its own was given back", gift.id);
                return odd(DiscrepancyKind::RefundByHand, None, reason, line.amount);
            }
            Named::One(gift) => gift.id,
        };
        let subject = Subject::Refund(id);
        let Some(gift) = self.gifts.get_mut(&id) else { return unmatched(line) };
        if gift.refunded_by.as_ref().is_some_and(|first| *first != line.wave_id) {
            let reason = format!("{id} was given back twice");
            return odd(DiscrepancyKind::PaidTwice, Some(subject), reason, line.amount);
        }
        gift.refunded_by = Some(line.wave_id.clone());
        match gift.stage {
            DonationStage::Refunded => compare_refund(line, gift, subject),
            DonationStage::Confirmed => match compare_refund(line, gift, subject) {
                Verdict::Matched { .. } => Verdict::GivenBack { gift: id },
                differs => differs,
            },
            DonationStage::Suspended => {
                let reason = format!("{id}, which is {}, was given back, and not by us", gift.stage);
                // Its fee is booked, by this page or another.
                odd(DiscrepancyKind::RefundByHand, Some(subject), reason, line.amount)
            }
            _ if !is_settled => Verdict::UnderWay { subject },
            stage => {
                let reason = format!("Wave has given {id} back, which is {stage} in our books");
                odd(DiscrepancyKind::RefundNotBooked, Some(subject), reason, Xof::ZERO)
            }
        }
    }

    fn judge_payout(&mut self, line: &Line, is_settled: bool) -> Verdict {
        let Some(payout) = self.ordered_by(line) else { return unmatched(line) };
        let subject = Subject::Payout(payout.id);
        if payout.paid_by.as_ref().is_some_and(|first| *first != line.wave_id) {
            let reason = format!("{} left twice", payout.id);
            return odd(DiscrepancyKind::PaidTwice, Some(subject), reason, line.amount);
        }
        payout.paid_by = Some(line.wave_id.clone());
        let kind = match payout.stage {
            PayoutStage::Succeeded => return compare_payout(line, payout, subject),
            _ if !is_settled => return Verdict::UnderWay { subject },
            PayoutStage::Sent | PayoutStage::Unknown => DiscrepancyKind::PayoutNotBooked,
            PayoutStage::Planned | PayoutStage::Refused => DiscrepancyKind::PayoutContradicted,
        };
        let reason = format!("Wave has paid {}, which is {} in our books", payout.id, payout.stage);
        odd(kind, Some(subject), reason, Xof::ZERO)
    }

    fn judge_reversal(&mut self, line: &Line) -> Verdict {
        let Some(payout) = self.ordered_by(line) else { return unmatched(line) };
        let subject = Subject::Reversal(payout.id);
        if payout.reversed_by.as_ref().is_some_and(|first| *first != line.wave_id) {
            let reason = format!("{} came back twice", payout.id);
            return odd(DiscrepancyKind::PaidTwice, Some(subject), reason, line.amount);
        }
        payout.reversed_by = Some(line.wave_id.clone());
        let reason = format!("{}, which is {} in our books, came back", payout.id, payout.stage);
        // What never left by our books does not come back in them either.
        let suspense = if payout.stage == PayoutStage::Succeeded { line.amount } else { Xof::ZERO };
        odd(DiscrepancyKind::PayoutReversed, Some(subject), reason, suspense)
    }

    fn ordered_by(&mut self, line: &Line) -> Option<&mut PaidOut> {
        match line.reference {
            Reference::Order(order) => self.payouts.get_mut(&order.payout),
            _ => None,
        }
    }

    /// What all names of a line lead to. A name that leads elsewhere, be it to nothing of ours, contradicts the others.
    fn named_by(&self, line: &Line) -> Named<'_> {
        let by_payment = self.by_payment.get(&line.wave_id);
        let by_session = line.session.as_ref().and_then(|session| self.by_session.get(session));
        let by_reference = match &line.reference {
            Reference::Gift(gift) => self.gifts.get_key_value(gift).map(|(id, _)| id),
            _ => None,
        };
        let named: BTreeSet<DonationId> =
            [by_payment, by_session, by_reference].into_iter().flatten().copied().collect();
        let misled = line.reference != Reference::None && by_reference.is_none();
        let mut all = named.iter();
        match (all.next().and_then(|id| self.gifts.get(id)), all.next()) {
            (None, _) => Named::Nothing,
            (Some(gift), None) if !misled => Named::One(gift),
            _ => Named::Several(named),
        }
    }

    fn names_disagree(&self, line: &Line, gifts: &BTreeSet<DonationId>) -> Verdict {
        let named: Vec<_> = gifts.iter().map(DonationId::to_string).collect();
        let elsewhere = if named.len() > 1 { "" } else { " and to something that is not ours" };
        let reason = format!("the names in the line lead to {}{elsewhere}", named.join(" and "));
        // Money that stands in the books, or that a process of ours may still take, is not also nobody's.
        let taken = self.by_payment.contains_key(&line.wave_id)
            || gifts.iter().filter_map(|id| self.gifts.get(id)).any(|gift| !gift.stage.has_its_money());
        let suspense =
            if taken || line.movement() == Some(Movement::Refund) { Xof::ZERO } else { line.amount };
        odd(DiscrepancyKind::NamesDisagree, None, reason, suspense)
    }
}

enum Named<'a> {
    Nothing,
    One(&'a Gift),
    /// Or one, and another name says something else.
    Several(BTreeSet<DonationId>),
}

fn taken_back(line: &Line) -> Option<Subject> {
    match (line.reference, line.movement()) {
        (Reference::Order(order), Some(Movement::Payout)) => Some(Subject::TakenBack(order)),
        (Reference::Order(order), Some(Movement::Reversal)) => Some(Subject::Return(order)),
        _ => None,
    }
}

fn odd(kind: DiscrepancyKind, subject: Option<Subject>, reason: impl Into<String>, suspense: Xof) -> Verdict {
    Verdict::Odd { kind, subject, reason: reason.into(), suspense }
}

fn unmatched(line: &Line) -> Verdict {
    let which_way = if line.amount.is_positive() { "came in" } else { "went out" };
    let reason = format!("money {which_way} at Wave ({}) that matches nothing of ours", line.kind);
    odd(DiscrepancyKind::Unmatched, None, reason, line.amount)
}

/// Whether a line is about the page that the gift's giver was shown, as far as it says.
fn is_of_its_page(line: &Line, gift: &Gift) -> bool {
    match (&line.session, &gift.session) {
        (Some(named), Some(shown)) => named == shown,
        _ => true,
    }
}

fn compare_gift(line: &Line, gift: &Gift, payment: &Payment) -> Verdict {
    let subject = Subject::Gift(gift.id);
    let Some(fee) = line.fee else {
        let reason = format!("the line of {} does not say what Wave kept", gift.id);
        return odd(DiscrepancyKind::FeeMissing, Some(subject), reason, Xof::ZERO);
    };
    if line.gross() != Some(payment.amount) {
        return amount_differs(subject, line.gross().unwrap_or(line.amount), payment.amount);
    }
    match gift.fee {
        Some(booked) if booked == fee => Verdict::Matched { subject, fee: None },
        Some(booked) => fee_differs(subject, fee, booked),
        // What goes back takes its fee along: Wave returns it.
        None if !matches!(gift.stage, DonationStage::Confirmed | DonationStage::Suspended) => {
            Verdict::Matched { subject, fee: None }
        }
        None if fee >= Xof::ZERO && fee <= payment.amount => Verdict::Matched { subject, fee: Some(fee) },
        None => {
            let reason = format!("a fee of {fee} on a gift of {} cannot be", payment.amount);
            odd(DiscrepancyKind::FeeDiffers, Some(subject), reason, Xof::ZERO)
        }
    }
}

/// Wave's papers do not say whether a line that goes out contains its fee, so either form is taken.
fn compare_refund(line: &Line, gift: &Gift, subject: Subject) -> Verdict {
    let paid = gift.payment.as_ref().map_or(Xof::ZERO, |payment| payment.amount);
    let without_fee = gift.fee.and_then(|fee| paid.checked_sub(fee));
    let gone = [Some(line.amount), line.gross()].into_iter().flatten().map(turned);
    if gone.into_iter().any(|gone| gone == paid || Some(gone) == without_fee) {
        Verdict::Matched { subject, fee: None }
    } else {
        amount_differs(subject, turned(line.amount), paid)
    }
}

fn compare_payout(line: &Line, payout: &PaidOut, subject: Subject) -> Verdict {
    let booked_fee = payout.fee.unwrap_or(Xof::ZERO);
    if let Some(fee) = line.fee.filter(|fee| *fee != booked_fee) {
        return fee_differs(subject, fee, booked_fee);
    }
    let gone = turned(line.amount);
    if gone == payout.amount || Some(gone) == payout.amount.checked_add(booked_fee) {
        Verdict::Matched { subject, fee: None }
    } else {
        amount_differs(subject, gone, payout.amount)
    }
}

/// What left, as an amount. The one number that has no opposite is no amount of anything.
fn turned(change: Xof) -> Xof {
    Xof::ZERO.checked_sub(change).unwrap_or(change)
}

fn amount_differs(subject: Subject, at_wave: Xof, booked: Xof) -> Verdict {
    let reason = format!("Wave's line says {at_wave}, our books say {booked}");
    odd(DiscrepancyKind::AmountDiffers, Some(subject), reason, Xof::ZERO)
}

fn fee_differs(subject: Subject, at_wave: Xof, booked: Xof) -> Verdict {
    let reason = format!("Wave's line says a fee of {at_wave}, our books say {booked}");
    odd(DiscrepancyKind::FeeDiffers, Some(subject), reason, Xof::ZERO)
}

#[cfg(test)]
mod tests;
