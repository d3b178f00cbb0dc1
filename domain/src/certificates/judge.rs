//! What the lines must say, one after the other: the same for who writes a certificate and for who reads one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::lines::{
    Closing, Credit, Gift, Line, Mark, OfGift, Opening, Payout, PayoutFee, WITH_CREDITS, WITHOUT_CREDITS,
    What,
};
use crate::ids::PayoutId;
use crate::money::Xof;

/// What is wrong with a line, in words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("it is not written as a line of a certificate is")]
    Form,
    #[error("it is missing: the certificate has no closing line")]
    Missing,
    #[error("it says that it is line {says}: something was taken out, put in or moved here")]
    Number { says: u64 },
    #[error("its seal does not fit: it was changed, or it does not belong here")]
    Seal,
    #[error("the key {id} is not the one that was given, or not among those")]
    Key { id: String },
    #[error("a {kind} cannot stand here")]
    Place { kind: &'static str },
    #[error("its amount is not more than nothing")]
    Amount,
    #[error("it is not about the gift before it")]
    OtherGift,
    #[error("more was taken from the gift than was given")]
    MoreThanGiven,
    #[error("it is not later than the gift before it, or the same again")]
    Order,
    #[error("its mark does not come after that of the credit before it, or is the same again")]
    OrderOfCredits,
    #[error("Wave's transaction {transaction} stands in the certificate before")]
    Twice { transaction: String },
    #[error("it is not about the payout before it, or about that of another pot")]
    OtherPayout,
    #[error("it says {says} for the {what}, and the lines make {found}")]
    Sum { what: &'static str, says: i64, found: i64 },
    #[error("gifts of {gifts} are not the payout, the fees and the refunds together, which are {rest}")]
    Balance { gifts: Xof, rest: Xof },
    #[error(
        "gifts of {gifts} and credits of {credits} are not the payout, the fees and the refunds together, which are {rest}"
    )]
    BalanceWithCredits { gifts: Xof, credits: Xof, rest: Xof },
    #[error(
        "it says nothing of credits in format 1, and what they come to in format 2, which is more than nothing"
    )]
    Credits,
    #[error("a sum is larger than any amount can be")]
    TooLarge,
}

/// What the lines of a certificate come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub gift_count: u64,
    pub gifts: Xof,
    /// Points that became francs, borne by WOLO.
    pub credits: Xof,
    pub fees: Xof,
    pub refunds: Xof,
    pub payout: Xof,
    /// Borne by WOLO, not by the pot.
    pub payout_fee: Xof,
}

/// A gift as it stood in its line, and what later lines took from it.
struct LastGift {
    mark: Mark,
    paid_at: DateTime<Utc>,
    transaction: String,
    left: Xof,
    has_fee: bool,
    has_refund: bool,
}

/// What came before, as far as it limits what may come.
enum Before {
    Nothing,
    /// Credits may follow, gifts, or the payout.
    Opening,
    Credit {
        mark: Mark,
    },
    Gift(LastGift),
    Payout {
        transaction: String,
    },
    PayoutFee,
    Closing,
}

pub(super) struct Judge {
    before: Before,
    format: u32,
    payout_of_pot: Option<PayoutId>,
    lines: u64,
    totals: Totals,
    /// Of Wave's, each once.
    transactions: BTreeSet<String>,
}

impl Judge {
    pub(super) fn new() -> Self {
        Self {
            before: Before::Nothing,
            format: WITHOUT_CREDITS,
            payout_of_pot: None,
            lines: 0,
            totals: Totals::default(),
            transactions: BTreeSet::new(),
        }
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// How many lines were accepted.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn is_complete(&self) -> bool {
        matches!(self.before, Before::Closing)
    }

    /// Takes the next line, if it may stand there.
    pub(super) fn take(&mut self, line: &Line) -> Result<(), Wrong> {
        let number = self.lines + 1;
        if line.line != number {
            return Err(Wrong::Number { says: line.line });
        }
        match &line.what {
            What::Opening(opening) => self.opening(opening)?,
            What::Credit(credit) => self.credit(credit)?,
            What::Gift(gift) => self.gift(gift)?,
            What::Fee(fee) => self.fee(fee)?,
            What::Refund(refund) => self.refund(refund)?,
            What::Payout(payout) => self.payout(payout)?,
            What::PayoutFee(fee) => self.payout_fee(fee)?,
            What::Closing(closing) => self.closing(closing, number)?,
        }
        self.lines = number;
        Ok(())
    }

    fn opening(&mut self, opening: &Opening) -> Result<(), Wrong> {
        let is_known = matches!(opening.format, WITHOUT_CREDITS | WITH_CREDITS);
        if !matches!(self.before, Before::Nothing) || !is_known {
            return Err(Wrong::Place { kind: "opening" });
        }
        self.format = opening.format;
        self.payout_of_pot = Some(PayoutId::of_pot(opening.pot));
        self.before = Before::Opening;
        Ok(())
    }

    fn credit(&mut self, credit: &Credit) -> Result<(), Wrong> {
        match &self.before {
            Before::Opening if self.format == WITH_CREDITS => {}
            // One after the other by mark: so none is there twice.
            Before::Credit { mark } if *mark < credit.mark => {}
            Before::Credit { .. } => return Err(Wrong::OrderOfCredits),
            _ => return Err(Wrong::Place { kind: "credit" }),
        }
        self.totals.credits = sum(self.totals.credits, credit.amount)?;
        self.before = Before::Credit { mark: credit.mark.clone() };
        Ok(())
    }

    fn gift(&mut self, gift: &Gift) -> Result<(), Wrong> {
        match &self.before {
            Before::Opening | Before::Credit { .. } => {}
            // One after the other by time, and by id within a moment: so none is there twice.
            Before::Gift(last) if (last.paid_at, &last.mark) < (gift.paid_at, &gift.mark) => {}
            Before::Gift(_) => return Err(Wrong::Order),
            _ => return Err(Wrong::Place { kind: "gift" }),
        }
        self.totals.gifts = sum(self.totals.gifts, gift.amount)?;
        self.totals.gift_count += 1;
        self.once(&gift.transaction)?;
        self.before = Before::Gift(LastGift {
            mark: gift.mark.clone(),
            paid_at: gift.paid_at,
            transaction: gift.transaction.clone(),
            left: gift.amount,
            has_fee: false,
            has_refund: false,
        });
        Ok(())
    }

    fn fee(&mut self, fee: &OfGift) -> Result<(), Wrong> {
        let last = self.last_gift().ok_or(Wrong::Place { kind: "fee" })?;
        if last.has_fee || last.has_refund {
            return Err(Wrong::Place { kind: "fee" });
        }
        last.has_fee = true;
        last.take(fee)?;
        self.totals.fees = sum(self.totals.fees, fee.amount)?;
        Ok(())
    }

    fn refund(&mut self, refund: &OfGift) -> Result<(), Wrong> {
        let last = self.last_gift().ok_or(Wrong::Place { kind: "refund" })?;
        if last.has_refund {
            return Err(Wrong::Place { kind: "refund" });
        }
        last.has_refund = true;
        last.take(refund)?;
        self.totals.refunds = sum(self.totals.refunds, refund.amount)?;
        Ok(())
    }

    fn payout(&mut self, payout: &Payout) -> Result<(), Wrong> {
        if !matches!(self.before, Before::Opening | Before::Credit { .. } | Before::Gift(_)) {
            return Err(Wrong::Place { kind: "payout" });
        }
        if self.payout_of_pot != Some(payout.payout) {
            return Err(Wrong::OtherPayout);
        }
        self.totals.payout = sum(self.totals.payout, payout.amount)?;
        self.once(&payout.transaction)?;
        self.before = Before::Payout { transaction: payout.transaction.clone() };
        Ok(())
    }

    fn payout_fee(&mut self, fee: &PayoutFee) -> Result<(), Wrong> {
        let Before::Payout { transaction } = &self.before else {
            return Err(Wrong::Place { kind: "payout's fee" });
        };
        if *transaction != fee.transaction || self.payout_of_pot != Some(fee.payout) {
            return Err(Wrong::OtherPayout);
        }
        self.totals.payout_fee = sum(self.totals.payout_fee, fee.amount)?;
        self.before = Before::PayoutFee;
        Ok(())
    }

    fn closing(&mut self, closing: &Closing, number: u64) -> Result<(), Wrong> {
        if matches!(self.before, Before::Nothing | Before::Closing) {
            return Err(Wrong::Place { kind: "closing" });
        }
        let found = self.totals;
        counts("number of lines", closing.lines, number)?;
        counts("number of gifts", closing.gift_count, found.gift_count)?;
        for (what, says, found) in [
            ("gifts", closing.gifts, found.gifts),
            ("credits", self.credits_of(closing)?, found.credits),
            ("fees", closing.fees, found.fees),
            ("refunds", closing.refunds, found.refunds),
            ("payout", closing.payout, found.payout),
            ("payout's fee", closing.payout_fee, found.payout_fee),
        ] {
            if says != found {
                return Err(Wrong::Sum { what, says: says.francs(), found: found.francs() });
            }
        }
        self.adds_up()?;
        self.before = Before::Closing;
        Ok(())
    }

    /// What a closing says of credits. What can be written in the first format is written in no other.
    fn credits_of(&self, closing: &Closing) -> Result<Xof, Wrong> {
        match (self.format, closing.credits) {
            (WITHOUT_CREDITS, None) => Ok(Xof::ZERO),
            (WITH_CREDITS, Some(credits)) if credits.is_positive() => Ok(credits),
            _ => Err(Wrong::Credits),
        }
    }

    fn adds_up(&self) -> Result<(), Wrong> {
        let Totals { gifts, credits, fees, refunds, payout, .. } = self.totals;
        let came = gifts.checked_add(credits).ok_or(Wrong::TooLarge)?;
        let rest =
            payout.checked_add(fees).and_then(|sum| sum.checked_add(refunds)).ok_or(Wrong::TooLarge)?;
        match came == rest {
            true => Ok(()),
            false if credits.is_zero() => Err(Wrong::Balance { gifts, rest }),
            false => Err(Wrong::BalanceWithCredits { gifts, credits, rest }),
        }
    }

    /// The gift that stands right before, with what was taken from it.
    fn last_gift(&mut self) -> Option<&mut LastGift> {
        match &mut self.before {
            Before::Gift(last) => Some(last),
            _ => None,
        }
    }

    fn once(&mut self, transaction: &str) -> Result<(), Wrong> {
        if self.transactions.insert(transaction.to_owned()) {
            Ok(())
        } else {
            Err(Wrong::Twice { transaction: transaction.to_owned() })
        }
    }
}

impl LastGift {
    fn take(&mut self, part: &OfGift) -> Result<(), Wrong> {
        if part.mark != self.mark || part.transaction != self.transaction {
            return Err(Wrong::OtherGift);
        }
        let left = self.left.checked_sub(part.amount).filter(|left| *left >= Xof::ZERO);
        self.left = left.ok_or(Wrong::MoreThanGiven)?;
        Ok(())
    }
}

/// A sum with one more amount, of which there is no such thing as nothing or less.
fn sum(so_far: Xof, amount: Xof) -> Result<Xof, Wrong> {
    if !amount.is_positive() {
        return Err(Wrong::Amount);
    }
    so_far.checked_add(amount).ok_or(Wrong::TooLarge)
}

fn counts(what: &'static str, says: u64, found: u64) -> Result<(), Wrong> {
    if says == found {
        return Ok(());
    }
    let [says, found] = [says, found].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    Err(Wrong::Sum { what, says, found })
}
