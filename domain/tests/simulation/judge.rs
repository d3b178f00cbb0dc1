//! What must hold when a life is over (I1 to I6), and at every commit of it.

use std::collections::BTreeMap;

use wolo_domain::certificates::{self, Facts, Paid, Trust};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::PayoutId;
use wolo_domain::ledger::{Account, Transaction, TransactionKind};
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutStage;
use wolo_domain::pots::PotStage;
use wolo_domain::seals::SealingKey;

use crate::books::{Books, Step};
use crate::life::FILLING;
use crate::wave::{Movement, fee_on};
use crate::world::{World, instant};

/// Everything that is wrong with a life that is over.
pub(crate) fn judged(world: &mut World, certify: bool) -> Vec<String> {
    let mut wrong = std::mem::take(&mut world.violations);
    let now = world.now;
    world.wave.settle_what_is_due(now + 1_000_000);
    let books = &world.books;
    it_came_to_its_end(world, &mut wrong);
    if books.sum_of(|_| true) != 0 {
        wrong.push("I1: the whole book is not zero".to_owned());
    }
    if world.wave_movements() != books_movements(books) {
        wrong.push(format!(
            "I2: at Wave {:?}, in the books {:?}",
            world.wave_movements(),
            books_movements(books)
        ));
    }
    let paid = world.wave.movements.iter().filter(|one| matches!(one, Movement::Out { .. })).count();
    if paid > 1 {
        wrong.push(format!("I4: {paid} payouts of one pot"));
    }
    if books.in_pot != books.sum_of(|account| account == Account::Pot(books.pot_id)) {
        wrong.push("I5: the pot's sum was kept wrongly".to_owned());
    }
    if books.in_pot != 0 {
        wrong.push(format!("I5: {} is left in the pot", books.in_pot));
    }
    wrong.extend(money_that_came_too_late(books));
    wrong.extend(books.steps.iter().filter(|step| !is_legal(**step)).map(|step| format!("I6: {step:?}")));
    // Wave takes its part of a payment that is in suspense too; the comparison with its statement, which is not in this world,
    // books it.
    let unbooked: i64 = books
        .gifts
        .iter()
        .filter(|gift| gift.stage == DonationStage::Suspended)
        .filter_map(|gift| gift.paid.as_ref())
        .map(|paid| fee_on(paid.amount.francs()))
        .sum();
    let change = world.wave.balance - world.opening - FILLING;
    if change != -books.sum_of(|account| account == Account::WaveFloat) - unbooked {
        wrong.push("I2: the wallet and its account differ".to_owned());
    }
    if certify && wrong.is_empty() {
        wrong.extend(its_certificate(books).err());
    }
    wrong
}

/// What was paid after the closing has gone back, and is in no pot.
fn money_that_came_too_late(books: &Books) -> Option<String> {
    let closing = instant(books.closing_recorded_at?);
    let confirmed = books.gifts.iter().filter(|gift| gift.stage == DonationStage::Confirmed);
    let late = confirmed.filter_map(|gift| gift.paid.as_ref()).find(|paid| paid.at > closing)?;
    Some(format!("M8: {} came too late and is in the pot", late.transaction))
}

/// What a life came to, so that it is known which lives are lived at all.
#[derive(Clone, Copy, Default)]
pub(crate) struct Reached {
    pub(crate) lives: u64,
    pub(crate) paid_out: u64,
    pub(crate) went_back: u64,
    pub(crate) in_suspense: u64,
    pub(crate) lost_from_sight: u64,
    pub(crate) ordered_anew: u64,
    pub(crate) crashes: u64,
    pub(crate) attempts: u64,
}

impl Reached {
    pub(crate) fn by(world: &World) -> Self {
        let books = &world.books;
        let ended = |stage| books.gifts.iter().filter(|gift| gift.stage == stage).count() as u64;
        let lost = |step: &&Step| matches!(step, Step::Payout(_, PayoutStage::Unknown));
        Self {
            lives: 1,
            paid_out: books.count(TransactionKind::Payout) as u64,
            went_back: ended(DonationStage::Refunded),
            in_suspense: ended(DonationStage::Suspended),
            lost_from_sight: u64::from(books.steps.iter().any(|step| lost(&step))),
            ordered_anew: u64::from(books.payout.as_ref().is_some_and(|payout| payout.order_number > 1)),
            crashes: world.crashes.into(),
            attempts: world.attempts.into(),
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.paid_out += other.paid_out;
        self.went_back += other.went_back;
        self.in_suspense += other.in_suspense;
        self.lost_from_sight += other.lost_from_sight;
        self.ordered_anew += other.ordered_anew;
        self.crashes += other.crashes;
        self.attempts += other.attempts;
    }

    /// All of it, so that a kind of trouble that no life meets is missed.
    pub(crate) fn everything(&self) -> bool {
        [
            self.paid_out,
            self.went_back,
            self.in_suspense,
            self.lost_from_sight,
            self.ordered_anew,
            self.crashes,
        ]
        .iter()
        .all(|count| *count > 0)
    }
}

/// Nothing waits that nobody will end.
fn it_came_to_its_end(world: &World, wrong: &mut Vec<String>) {
    let books = &world.books;
    if !world.ended || books.pot != PotStage::Settled {
        wrong.push(format!("stuck: the pot is {}", books.pot));
    }
    if books.payout.as_ref().is_some_and(|payout| payout.stage != PayoutStage::Succeeded) {
        wrong.push("stuck: the payout".to_owned());
    }
    for gift in &books.gifts {
        if matches!(gift.stage, DonationStage::Requested | DonationStage::RefundDue) {
            wrong.push(format!("stuck: a gift is {}", gift.stage));
        }
    }
}

impl World {
    /// What Wave did, sorted.
    fn wave_movements(&self) -> Vec<Movement> {
        let mut movements = self.wave.movements.clone();
        movements.sort();
        movements
    }
}

/// What the books say that Wave did, sorted.
fn books_movements(books: &Books) -> Vec<Movement> {
    let amount = |transaction: &Transaction| transaction.entries()[1].amount.francs();
    let fees: BTreeMap<_, _> = books
        .ledger
        .iter()
        .filter(|one| one.kind() == TransactionKind::PayoutFee)
        .map(|one| (one.business_key().to_owned(), amount(one)))
        .collect();
    let mut movements: Vec<_> = books
        .ledger
        .iter()
        .filter_map(|one| {
            let id = one.wave_id().unwrap_or_default().to_owned();
            Some(match one.kind() {
                TransactionKind::Donation | TransactionKind::LateDonation | TransactionKind::OddDonation => {
                    Movement::In { transaction: id, amount: amount(one) }
                }
                TransactionKind::Refund => {
                    Movement::Back { reference: one.business_key().to_owned(), amount: amount(one) }
                }
                TransactionKind::Payout => {
                    let fee = fees.get(one.business_key()).copied().unwrap_or_default();
                    Movement::Out { id, amount: amount(one), fee }
                }
                _ => return None,
            })
        })
        .collect();
    movements.sort();
    movements
}

/// Whether some transition of the domain leads there.
fn is_legal(step: Step) -> bool {
    match step {
        Step::Gift(from, to) => {
            [from.confirm(), from.expire(), from.owe_refund(), from.suspend(), from.refund()]
                .contains(&Ok(to))
        }
        Step::Payout(from, to) => {
            [from.send(), from.succeed(), from.refuse(), from.lose_sight()].contains(&Ok(to))
        }
        Step::Pot(from, to) => {
            [from.open(), from.close(), from.pay_out(), from.settle(), from.cancel()].contains(&Ok(to))
        }
    }
}

/// A life that ended well can be certified.
fn its_certificate(books: &Books) -> Result<(), String> {
    let key = SealingKey::from_seed("simulation", &[7; 32]).map_err(|error| error.to_string())?;
    let in_it = |stage| matches!(stage, DonationStage::Confirmed | DonationStage::Refunded);
    let gifts = books.gifts.iter().filter(|gift| in_it(gift.stage)).filter_map(|gift| {
        let paid = gift.paid.as_ref()?;
        let went_back = gift.stage == DonationStage::Refunded;
        Some(certificates::Gift {
            donation: gift.id,
            amount: paid.amount,
            transaction: paid.transaction.clone(),
            paid_at: paid.at,
            fee: Xof::new(gift.fee.unwrap_or_default()),
            refund: if went_back { paid.amount } else { Xof::ZERO },
        })
    });
    let facts = Facts {
        pot: books.pot_id,
        year: 2026,
        opened_at: instant(0),
        closed_at: instant(books.closing_recorded_at.unwrap_or_default()),
        settled_at: instant(books.settled_at.unwrap_or_default()),
        credits: Vec::new(),
        gifts: gifts.collect(),
        payout: books.payout.as_ref().and_then(|payout| payout.receipt.as_ref()).map(|receipt| Paid {
            amount: receipt.received,
            transaction: receipt.wave_payout_id.clone(),
            fee: receipt.fee,
        }),
    };
    let written = certificates::write(&facts, &key).map_err(|error| error.to_string())?;
    let verified = certificates::verify(written.document.as_bytes(), &Trust::ItsOwnKey);
    let verified = verified.map_err(|error| error.to_string())?;
    let payouts = books.count(TransactionKind::Payout);
    let payout = PayoutId::of_pot(books.pot_id);
    if (verified.totals.payout.is_positive()) == (payouts == 1) {
        Ok(())
    } else {
        Err(format!("the certificate of {payout} and the ledger differ"))
    }
}
