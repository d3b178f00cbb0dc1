//! Our database of a few lines: rows and ledger with the constraints that the real one has, and its functions, each of
//! which is one transaction. Stages change by the domain's own transitions, money moves by its own transactions.

use std::collections::BTreeSet;

use wolo_domain::donations::DonationStage;
use wolo_domain::evidence::gifts::{Destination, Paid, came_in_time, destination};
use wolo_domain::evidence::payouts::Receipt;
use wolo_domain::ids::{DonationId, PayoutId, PotId};
use wolo_domain::ledger::{Account, Transaction, TransactionKind};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_domain::pots::PotStage;

use crate::sabotage::Sabotage;
use crate::world::instant;

/// Why a transaction was not made.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The rules do not allow it now: somebody else was quicker.
    Conflict,
    /// Two things that we know cannot both be so. With an honest Wave this does not happen.
    Inconsistent(String),
}

type Done<T> = Result<T, Refusal>;

pub(crate) struct Gift {
    pub(crate) id: DonationId,
    pub(crate) amount: i64,
    pub(crate) stage: DonationStage,
    pub(crate) page: Option<(usize, i64)>,
    pub(crate) paid: Option<Paid>,
    pub(crate) fee: Option<i64>,
    refund_meant: bool,
}

pub(crate) struct Payout {
    pub(crate) amount: i64,
    pub(crate) stage: PayoutStage,
    pub(crate) order_number: u32,
    pub(crate) refusal_code: Option<String>,
    /// How often the order that counts was begun and not taken back, by whichever attempt.
    pub(crate) begun: u32,
    /// When its first such call was begun.
    pub(crate) begun_at: i64,
    pub(crate) receipt: Option<Receipt>,
}

/// A change of a stage, for the judge.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Gift(DonationStage, DonationStage),
    Payout(PayoutStage, PayoutStage),
    Pot(PotStage, PotStage),
}

pub(crate) struct Books {
    pub(crate) pot_id: PotId,
    pub(crate) pot: PotStage,
    pub(crate) closing_recorded_at: Option<i64>,
    pub(crate) settled_at: Option<i64>,
    pub(crate) gifts: Vec<Gift>,
    pub(crate) payout: Option<Payout>,
    pub(crate) ledger: Vec<Transaction>,
    facts: BTreeSet<(&'static str, String)>,
    wave_ids: BTreeSet<String>,
    /// What the pot holds: the judge adds up the ledger and compares.
    pub(crate) in_pot: i64,
    pub(crate) steps: Vec<Step>,
    pub(crate) sabotage: Sabotage,
    /// Whether the gaps that long runs found are closed, as they are in the real steps (docs/reliability.md).
    pub(crate) mended: bool,
}

pub(crate) enum Requesting {
    New,
    /// It has a page already.
    HasPage {
        until: i64,
    },
    /// It was asked for before, and has none yet.
    Asked,
    /// The pot takes none, or it ended before it had a page.
    Refused,
}

pub(crate) enum Plan {
    Nothing,
    GiftsPending,
    FeesPending,
    Ready { order: PayoutOrder, amount: i64 },
    Paid,
}

pub(crate) enum Beginning {
    Begun { again: bool, begun: u32 },
    Refused { code: String },
    Succeeded,
}

fn inconsistent<T>(what: impl Into<String>) -> Done<T> {
    Err(Refusal::Inconsistent(what.into()))
}

impl Books {
    pub(crate) fn of(pot_id: PotId, sabotage: Sabotage) -> Self {
        Self {
            pot_id,
            pot: PotStage::Open,
            closing_recorded_at: None,
            settled_at: None,
            gifts: Vec::new(),
            payout: None,
            ledger: Vec::new(),
            facts: BTreeSet::new(),
            wave_ids: BTreeSet::new(),
            in_pot: 0,
            steps: Vec::new(),
            sabotage,
            mended: false,
        }
    }

    fn at(&self, id: DonationId) -> Option<usize> {
        self.gifts.iter().position(|gift| gift.id == id)
    }

    pub(crate) fn gift(&self, id: DonationId) -> Option<&Gift> {
        self.at(id).map(|at| &self.gifts[at])
    }

    pub(crate) fn request(&mut self, id: DonationId, amount: i64) -> Requesting {
        if let Some(gift) = self.gift(id) {
            return match (gift.page, gift.stage) {
                (Some((_, until)), _) => Requesting::HasPage { until },
                (None, DonationStage::Requested) => Requesting::Asked,
                (None, _) => Requesting::Refused,
            };
        }
        if !self.pot.takes_donations() {
            return Requesting::Refused;
        }
        let stage = DonationStage::Requested;
        self.gifts.push(Gift { id, amount, stage, page: None, paid: None, fee: None, refund_meant: false });
        Requesting::New
    }

    /// The first page stays, and is the answer.
    pub(crate) fn attach(&mut self, id: DonationId, page: usize, until: i64) -> Done<(usize, i64)> {
        let Some(at) = self.at(id) else { return inconsistent("a page for no gift") };
        let gift = &mut self.gifts[at];
        if gift.page.is_none() {
            if gift.stage != DonationStage::Requested {
                return Err(Refusal::Conflict);
            }
            gift.page = Some((page, until));
        }
        gift.page.ok_or(Refusal::Conflict)
    }

    pub(crate) fn confirm(&mut self, id: DonationId, paid: &Paid) -> Done<DonationStage> {
        let Some(at) = self.at(id) else { return inconsistent("a payment for no gift") };
        let gift = &self.gifts[at];
        if let Some(booked) = &gift.paid {
            return if booked == paid { Ok(gift.stage) } else { inconsistent("a second payment for a gift") };
        }
        let closing = self.closing_recorded_at.map(instant);
        let in_time = match came_in_time(self.pot, closing, paid.at) {
            _ if self.sabotage == Sabotage::LateMoneyIntoThePot => true,
            Some(in_time) => in_time,
            None => return inconsistent("a payment that nobody could be asked for"),
        };
        let as_asked = paid.amount == Xof::new(gift.amount);
        let from = gift.stage;
        let Ok((to, where_to)) = destination(from, as_asked, in_time) else { return Err(Refusal::Conflict) };
        let (amount, wave_id) = (paid.amount, paid.transaction.clone());
        let posting = match where_to {
            Destination::Pot => Transaction::donation(id, self.pot_id, amount, wave_id),
            Destination::Giver => Transaction::late_donation(id, amount, wave_id),
            Destination::Suspense => Transaction::odd_donation(id, amount, wave_id),
        };
        self.post(posting)?;
        self.gifts[at].paid = Some(paid.clone());
        self.move_gift(at, to);
        Ok(to)
    }

    /// A gift that has ended otherwise answers with its stage.
    pub(crate) fn expire(&mut self, id: DonationId) -> Done<DonationStage> {
        let Some(at) = self.at(id) else { return inconsistent("the end of no gift") };
        if let Ok(to) = self.gifts[at].stage.expire() {
            self.move_gift(at, to);
        }
        Ok(self.gifts[at].stage)
    }

    /// The page to give back; none when it has gone back.
    pub(crate) fn begin_refund(&mut self, id: DonationId) -> Done<Option<usize>> {
        let Some(at) = self.at(id) else { return inconsistent("the refund of no gift") };
        let gift = &mut self.gifts[at];
        if gift.stage == DonationStage::Refunded {
            return Ok(None);
        }
        if gift.stage.refund().is_err() {
            return Err(Refusal::Conflict);
        }
        let Some((page, _)) = gift.page else { return inconsistent("a payment without a page") };
        gift.refund_meant = true;
        Ok(Some(page))
    }

    pub(crate) fn record_refund(&mut self, id: DonationId) -> Done<()> {
        let Some(at) = self.at(id) else { return inconsistent("the refund of no gift") };
        let gift = &self.gifts[at];
        if gift.stage == DonationStage::Refunded {
            return Ok(());
        }
        let (Ok(to), Some(paid), true) = (gift.stage.refund(), &gift.paid, gift.refund_meant) else {
            return Err(Refusal::Conflict);
        };
        let posting = Transaction::refund(id, paid.amount);
        self.post(posting)?;
        self.move_gift(at, to);
        Ok(())
    }

    /// Wave's part of a payment, as its statement tells it.
    pub(crate) fn book_fee(&mut self, transaction: &str, fee: i64) -> Done<bool> {
        let ours = |gift: &Gift| gift.paid.as_ref().is_some_and(|paid| paid.transaction == transaction);
        let Some(at) = self.gifts.iter().position(ours) else { return Ok(false) };
        let gift = &self.gifts[at];
        match (gift.stage, gift.fee) {
            (DonationStage::Confirmed, None) => {}
            (DonationStage::Confirmed, Some(known)) if known != fee => return inconsistent("another fee"),
            _ => return Ok(false),
        }
        let posting = Transaction::donation_fee(gift.id, self.pot_id, Xof::new(fee));
        self.post(posting)?;
        self.gifts[at].fee = Some(fee);
        Ok(true)
    }

    pub(crate) fn close(&mut self, now: i64) {
        if let Ok(to) = self.pot.close() {
            self.move_pot(to);
            self.closing_recorded_at = Some(now);
        }
    }

    pub(crate) fn plan(&mut self) -> Done<Plan> {
        let payout = PayoutId::of_pot(self.pot_id);
        if let Some(planned) = &self.payout {
            let order = PayoutOrder { payout, number: planned.order_number.max(1) };
            return Ok(match planned.stage {
                PayoutStage::Succeeded => Plan::Paid,
                _ => Plan::Ready { order, amount: planned.amount },
            });
        }
        if self.pot == PotStage::Settled {
            return Ok(Plan::Nothing);
        }
        let Ok(to) = self.pot.pay_out() else { return Err(Refusal::Conflict) };
        if self.gifts.iter().any(|gift| gift.stage == DonationStage::Requested) {
            return Ok(Plan::GiftsPending);
        }
        if self.gifts.iter().any(|gift| gift.stage == DonationStage::Confirmed && gift.fee.is_none()) {
            return Ok(Plan::FeesPending);
        }
        let amount = self.in_pot;
        if amount == 0 {
            return Ok(Plan::Nothing);
        }
        let stage = PayoutStage::Planned;
        self.payout = Some(Payout {
            amount,
            stage,
            order_number: 0,
            refusal_code: None,
            begun: 0,
            begun_at: 0,
            receipt: None,
        });
        self.move_pot(to);
        Ok(Plan::Ready { order: PayoutOrder::first(payout), amount })
    }

    /// The intent, before the first byte leaves.
    pub(crate) fn begin_order(&mut self, order: PayoutOrder, now: i64) -> Done<Beginning> {
        let unguarded = self.sabotage == Sabotage::NewKeyAfterUnknown;
        let Some(payout) = &mut self.payout else { return inconsistent("an order without a payout") };
        if payout.stage == PayoutStage::Succeeded {
            return Ok(Beginning::Succeeded);
        }
        let stands = order.number == payout.order_number;
        if stands && let Some(code) = &payout.refusal_code {
            return Ok(Beginning::Refused { code: code.clone() });
        }
        let again = stands && payout.begun > 0;
        let next = payout.order_number + 1 == order.number;
        let dead = matches!(payout.stage, PayoutStage::Planned | PayoutStage::Refused) || unguarded;
        if !(stands || next && dead) {
            return Err(Refusal::Conflict);
        }
        let Ok(to) = payout.stage.send() else { return Err(Refusal::Conflict) };
        payout.begun = if again { payout.begun + 1 } else { 1 };
        payout.begun_at = if again { payout.begun_at } else { now };
        let begun = payout.begun;
        payout.order_number = order.number;
        payout.refusal_code = None;
        self.move_payout(to);
        Ok(Beginning::Begun { again, begun })
    }

    /// Takes back a first call that was proven not to have been executed, unless somebody has begun the order since.
    pub(crate) fn take_back_beginning(&mut self, order: PayoutOrder) {
        if let Some(payout) = &mut self.payout
            && payout.order_number == order.number
            && payout.refusal_code.is_none()
            && payout.begun == 1
        {
            payout.begun = 0;
        }
    }

    /// Whether the first call of the order that counts is older than this.
    pub(crate) fn key_is_older_than(&self, most: i64, now: i64) -> bool {
        self.payout.as_ref().is_some_and(|payout| payout.begun > 0 && now - payout.begun_at > most)
    }

    /// How long it is until the first call of the order that counts is old enough.
    pub(crate) fn may_be_ruled_out_in(&self, after: i64, now: i64) -> i64 {
        self.payout.as_ref().map_or(0, |payout| (payout.begun_at + after - now).max(0))
    }

    pub(crate) fn record_success(&mut self, order: PayoutOrder, receipt: &Receipt) -> Done<()> {
        let payout = self.current(order)?;
        if receipt.received != Xof::new(payout.amount) {
            return inconsistent("another amount was paid out");
        }
        if payout.stage == PayoutStage::Succeeded {
            let same = payout.receipt.as_ref() == Some(receipt);
            return if same { Ok(()) } else { inconsistent("a payout that was paid twice") };
        }
        let Ok(to) = payout.stage.succeed() else { return Err(Refusal::Conflict) };
        let wave_id = receipt.wave_payout_id.clone();
        self.post(Transaction::payout(order.payout, self.pot_id, receipt.received, wave_id))?;
        self.post(Transaction::payout_fee(order, receipt.fee))?;
        if let Some(payout) = &mut self.payout {
            payout.receipt = Some(receipt.clone());
        }
        self.move_payout(to);
        Ok(())
    }

    /// Writes down that Wave refused the call of an attempt. Where the gap is closed: unless another attempt has begun the
    /// order meanwhile, whose call may still be on its way.
    pub(crate) fn record_refused_call(&mut self, order: PayoutOrder, code: &str, begun: u32) -> Done<()> {
        if self.mended && self.current(order)?.begun != begun {
            return Err(Refusal::Conflict);
        }
        self.record_refusal(order, code)
    }

    pub(crate) fn record_refusal(&mut self, order: PayoutOrder, code: &str) -> Done<()> {
        let payout = self.current(order)?;
        if payout.stage == PayoutStage::Refused {
            return Ok(());
        }
        let Ok(to) = payout.stage.refuse() else { return Err(Refusal::Conflict) };
        if let Some(payout) = &mut self.payout {
            payout.refusal_code = Some(code.to_owned());
        }
        self.move_payout(to);
        Ok(())
    }

    pub(crate) fn lose_sight(&mut self, order: PayoutOrder) -> Done<()> {
        let stage = self.current(order)?.stage;
        if matches!(stage, PayoutStage::Succeeded | PayoutStage::Refused) {
            return Ok(());
        }
        let Ok(to) = stage.lose_sight() else { return Err(Refusal::Conflict) };
        self.move_payout(to);
        Ok(())
    }

    pub(crate) fn settle(&mut self, now: i64) -> Done<()> {
        let Ok(to) = self.pot.settle() else {
            return if self.pot == PotStage::Settled { Ok(()) } else { Err(Refusal::Conflict) };
        };
        let waiting = self.gifts.iter().any(|gift| gift.stage == DonationStage::Requested)
            || self.payout.as_ref().is_some_and(|payout| payout.stage != PayoutStage::Succeeded);
        if waiting || self.in_pot != 0 {
            return Err(Refusal::Conflict);
        }
        self.move_pot(to);
        self.settled_at = Some(now);
        Ok(())
    }

    fn current(&self, order: PayoutOrder) -> Done<&Payout> {
        let payout = self.payout.as_ref().filter(|payout| payout.order_number == order.number);
        payout.ok_or(Refusal::Conflict)
    }

    /// Once: the same fact again is agreed with, another one under its name is refused.
    fn post(&mut self, transaction: Result<Transaction, wolo_domain::ledger::PostingError>) -> Done<()> {
        let Ok(transaction) = transaction else { return inconsistent("a posting of nothing") };
        let fact = (transaction.kind().as_str(), transaction.business_key().to_owned());
        if self.facts.contains(&fact) {
            return if self.ledger.contains(&transaction) {
                Ok(())
            } else {
                inconsistent("two facts of one name")
            };
        }
        if let Some(wave_id) = transaction.wave_id()
            && !self.wave_ids.insert(wave_id.to_owned())
        {
            return inconsistent("one movement at Wave, two facts");
        }
        self.facts.insert(fact);
        let of_pot = |entry: &&wolo_domain::ledger::Entry| entry.account == Account::Pot(self.pot_id);
        self.in_pot +=
            transaction.entries().iter().filter(of_pot).map(|entry| entry.amount.francs()).sum::<i64>();
        self.ledger.push(transaction);
        if self.in_pot < 0 { inconsistent("a pot below nothing") } else { Ok(()) }
    }

    pub(crate) fn sum_of(&self, wanted: impl Fn(Account) -> bool) -> i64 {
        let entries = self.ledger.iter().flat_map(Transaction::entries);
        entries.filter(|entry| wanted(entry.account)).map(|entry| entry.amount.francs()).sum()
    }

    pub(crate) fn count(&self, kind: TransactionKind) -> usize {
        self.ledger.iter().filter(|transaction| transaction.kind() == kind).count()
    }

    fn move_gift(&mut self, at: usize, to: DonationStage) {
        let from = std::mem::replace(&mut self.gifts[at].stage, to);
        self.steps.push(Step::Gift(from, to));
    }

    fn move_payout(&mut self, to: PayoutStage) {
        if let Some(payout) = &mut self.payout {
            let from = std::mem::replace(&mut payout.stage, to);
            self.steps.push(Step::Payout(from, to));
        }
    }

    fn move_pot(&mut self, to: PotStage) {
        let from = std::mem::replace(&mut self.pot, to);
        self.steps.push(Step::Pot(from, to));
    }
}
