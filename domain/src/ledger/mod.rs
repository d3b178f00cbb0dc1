//! The ledger: double entry, append-only, balanced by construction.
//!
//! A transaction is a set of transfers, each from one account to another, so it cannot be unbalanced: there is
//! no way to write one half. An entry is positive where money arrives and negative where it leaves. Seen from
//! here, money *comes from* Wave and *goes back* to Wave: the Wave float account is as negative as our wallet
//! there is full, every pot is as positive as what it holds, and all accounts together are zero.
//!
//! This module refuses to know balances. A balance is the sum of postings, and only the database has them all.

mod accounts;
mod kinds;

use thiserror::Error;

use crate::ids::{ConversionId, DiscrepancyId, DonationId, PayoutId, PotId};
use crate::money::Xof;
use crate::payouts::PayoutOrder;

pub use accounts::Account;
pub use kinds::TransactionKind;

/// One half of a transfer, as it stands in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub account: Account,
    /// Positive where money arrives, negative where it leaves.
    pub amount: Xof,
}

/// A movement of money between two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transfer {
    from: Account,
    to: Account,
    amount: Xof,
}

/// Why something cannot be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PostingError {
    #[error("{0} cannot be moved: only a positive amount can")]
    NotPositive(Xof),
}

/// A fact about money, ready to be posted. Its entries sum to zero because they come in pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    kind: TransactionKind,
    business_key: String,
    wave_id: Option<String>,
    transfer: Transfer,
}

impl Transaction {
    /// A gift arrived: `wave_id` is Wave's transaction id of the payment.
    pub fn donation(
        donation: DonationId,
        pot: PotId,
        amount: Xof,
        wave_id: String,
    ) -> Result<Self, PostingError> {
        let to = Account::Pot(pot);
        Self::new(
            TransactionKind::Donation,
            donation.to_string(),
            Some(wave_id),
            Account::WaveFloat,
            to,
            amount,
        )
    }

    pub fn late_donation(donation: DonationId, amount: Xof, wave_id: String) -> Result<Self, PostingError> {
        let to = Account::RefundsDue;
        Self::new(
            TransactionKind::LateDonation,
            donation.to_string(),
            Some(wave_id),
            Account::WaveFloat,
            to,
            amount,
        )
    }

    pub fn odd_donation(donation: DonationId, amount: Xof, wave_id: String) -> Result<Self, PostingError> {
        let to = Account::Suspense;
        Self::new(
            TransactionKind::OddDonation,
            donation.to_string(),
            Some(wave_id),
            Account::WaveFloat,
            to,
            amount,
        )
    }

    /// Wave's part of a gift, as its statement says; the pot bears it.
    pub fn donation_fee(donation: DonationId, pot: PotId, fee: Xof) -> Result<Self, PostingError> {
        let from = Account::Pot(pot);
        Self::new(TransactionKind::DonationFee, donation.to_string(), None, from, Account::WaveFloat, fee)
    }

    /// Wave's part of a gift that is in no pot: of the money in suspense, or WOLO's own loss once that has been cleared.
    pub fn odd_donation_fee(
        donation: DonationId,
        is_in_suspense: bool,
        fee: Xof,
    ) -> Result<Self, PostingError> {
        let from = if is_in_suspense { Account::Suspense } else { Account::Fees };
        Self::new(TransactionKind::DonationFee, donation.to_string(), None, from, Account::WaveFloat, fee)
    }

    /// A gift leaves its pot to go back: what the pot has of it, which is the gift less a fee that the pot has borne.
    pub fn refund_owed(donation: DonationId, pot: PotId, amount: Xof) -> Result<Self, PostingError> {
        let (from, to) = (Account::Pot(pot), Account::RefundsDue);
        Self::new(TransactionKind::RefundOwed, donation.to_string(), None, from, to, amount)
    }

    /// A gift went back in full. The amount is what left our wallet: Wave gives its fee back to us, so a fee that stands
    /// in the books is not in it.
    pub fn refund(donation: DonationId, amount: Xof) -> Result<Self, PostingError> {
        let from = Account::RefundsDue;
        Self::new(TransactionKind::Refund, donation.to_string(), None, from, Account::WaveFloat, amount)
    }

    /// The same, where somebody did so in Wave's portal: `wave_id` is Wave's name for that movement.
    pub fn refund_by_hand(donation: DonationId, amount: Xof, wave_id: String) -> Result<Self, PostingError> {
        Ok(Self { wave_id: Some(wave_id), ..Self::refund(donation, amount)? })
    }

    /// The owner has been paid: `wave_id` is Wave's id of the payout.
    pub fn payout(payout: PayoutId, pot: PotId, amount: Xof, wave_id: String) -> Result<Self, PostingError> {
        let from = Account::Pot(pot);
        Self::new(
            TransactionKind::Payout,
            payout.to_string(),
            Some(wave_id),
            from,
            Account::WaveFloat,
            amount,
        )
    }

    /// What Wave charged for the payout; WOLO bears it.
    pub fn payout_fee(order: PayoutOrder, fee: Xof) -> Result<Self, PostingError> {
        let kind = TransactionKind::PayoutFee;
        Self::new(kind, order.payout.to_string(), None, Account::Fees, Account::WaveFloat, fee)
    }

    /// Money that moved at Wave and matches nothing of ours: `change` is what it did to the wallet.
    pub fn unmatched(wave_id: String, change: Xof) -> Result<Self, PostingError> {
        let (kind, from, to, amount) = if change.is_positive() {
            (TransactionKind::UnmatchedReceipt, Account::WaveFloat, Account::Suspense, change)
        } else {
            (TransactionKind::UnmatchedSpending, Account::Suspense, Account::WaveFloat, size(change)?)
        };
        Self::new(kind, wave_id.clone(), Some(wave_id), from, to, amount)
    }

    /// What stands in suspense for a discrepancy is WOLO's own: kept where it came in, borne where it went out.
    pub fn suspense_cleared(discrepancy: DiscrepancyId, held: Xof) -> Result<Self, PostingError> {
        let (from, to, amount) = if held.is_positive() {
            (Account::Suspense, Account::Fees, held)
        } else {
            (Account::Fees, Account::Suspense, size(held)?)
        };
        Self::new(TransactionKind::SuspenseCleared, discrepancy.to_string(), None, from, to, amount)
    }

    /// Points became credit in a pot. WOLO gives it, and nothing moves at Wave before the pot is paid out.
    pub fn credit(conversion: ConversionId, pot: PotId, credit: Xof) -> Result<Self, PostingError> {
        let (from, to) = (Account::Promotions, Account::Pot(pot));
        Self::new(TransactionKind::Credit, conversion.to_string(), None, from, to, credit)
    }

    /// The pot was given up: its credit is WOLO's again, and the points are their owner's.
    pub fn credit_returned(conversion: ConversionId, pot: PotId, credit: Xof) -> Result<Self, PostingError> {
        let (from, to) = (Account::Pot(pot), Account::Promotions);
        Self::new(TransactionKind::CreditReturned, conversion.to_string(), None, from, to, credit)
    }

    fn new(
        kind: TransactionKind,
        business_key: String,
        wave_id: Option<String>,
        from: Account,
        to: Account,
        amount: Xof,
    ) -> Result<Self, PostingError> {
        if !amount.is_positive() {
            return Err(PostingError::NotPositive(amount));
        }
        Ok(Self { kind, business_key, wave_id, transfer: Transfer { from, to, amount } })
    }

    pub const fn kind(&self) -> TransactionKind {
        self.kind
    }

    /// The thing it is about; with the kind, unique in the ledger.
    pub fn business_key(&self) -> &str {
        &self.business_key
    }

    /// Wave's id of the movement, where Wave gave one; unique in the ledger.
    pub fn wave_id(&self) -> Option<&str> {
        self.wave_id.as_deref()
    }

    pub fn entries(&self) -> [Entry; 2] {
        let Transfer { from, to, amount } = self.transfer;
        [Entry { account: from, amount: -amount }, Entry { account: to, amount }]
    }
}

/// How much a change is, whichever way it goes.
fn size(change: Xof) -> Result<Xof, PostingError> {
    change.francs().checked_abs().map(Xof::new).ok_or(PostingError::NotPositive(change))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    impl Transaction {
        fn is_about_suspense(&self) -> bool {
            use TransactionKind::{SuspenseCleared, UnmatchedReceipt, UnmatchedSpending};
            matches!(self.kind, UnmatchedReceipt | UnmatchedSpending | SuspenseCleared)
        }
    }

    fn any_transaction(
        kind: usize,
        thing: u128,
        pot: u128,
        francs: i64,
    ) -> Result<Transaction, PostingError> {
        let donation = DonationId::from_uuid(Uuid::from_u128(thing));
        let payout = PayoutId::from_uuid(Uuid::from_u128(thing));
        let (pot, amount, wave_id) =
            (PotId::from_uuid(Uuid::from_u128(pot)), Xof::new(francs), "T1".to_owned());
        let discrepancy = DiscrepancyId::from_uuid(Uuid::from_u128(thing));
        let conversion = ConversionId::from_uuid(Uuid::from_u128(thing));
        match kind % 12 {
            0 => Transaction::donation(donation, pot, amount, wave_id),
            1 => Transaction::late_donation(donation, amount, wave_id),
            2 => Transaction::odd_donation(donation, amount, wave_id),
            3 => Transaction::donation_fee(donation, pot, amount),
            4 => Transaction::refund(donation, amount),
            5 => Transaction::payout(payout, pot, amount, wave_id),
            6 => Transaction::unmatched(wave_id, amount),
            7 => Transaction::suspense_cleared(discrepancy, amount),
            8 => Transaction::refund_owed(donation, pot, amount),
            9 => Transaction::credit(conversion, pot, amount),
            10 => Transaction::credit_returned(conversion, pot, amount),
            _ => Transaction::payout_fee(PayoutOrder::first(payout), amount),
        }
    }

    proptest! {
        #[test]
        fn every_transaction_that_can_be_made_is_balanced(kind: usize, thing: u128, pot: u128, francs: i64) {
            match any_transaction(kind, thing, pot, francs) {
                Ok(transaction) => {
                    let [from, to] = transaction.entries();
                    prop_assert!(francs > 0 || (francs != 0 && transaction.is_about_suspense()));
                    prop_assert_eq!(from.amount.checked_add(to.amount), Some(Xof::ZERO));
                    prop_assert_ne!(from.account, to.account);
                }
                Err(PostingError::NotPositive(amount)) => prop_assert!(amount.francs() <= 0),
            }
        }

        /// A pot that receives, pays its fees and is paid out in full ends at zero, and Wave is owed nothing.
        #[test]
        fn what_goes_in_comes_out(gifts in prop::collection::vec((100i64..1_000_000, 0i64..100), 1..50)) {
            let pot = PotId::from_uuid(Uuid::from_u128(1));
            let mut book = Vec::new();
            for (n, (gross, fee)) in gifts.iter().enumerate() {
                let donation = DonationId::from_uuid(Uuid::from_u128(n as u128));
                book.extend(Transaction::donation(donation, pot, Xof::new(*gross), format!("T{n}")));
                book.extend(Transaction::donation_fee(donation, pot, Xof::new(*fee)));
            }
            let sum = |book: &[Transaction], account| -> Xof {
                book.iter().flat_map(Transaction::entries).filter(|e| e.account == account).map(|e| e.amount).sum()
            };
            let net = sum(&book, Account::Pot(pot));
            book.push(Transaction::payout(PayoutId::of_pot(pot), pot, net, "pt".to_owned()).expect("something to pay"));
            prop_assert_eq!(sum(&book, Account::Pot(pot)), Xof::ZERO);
            prop_assert_eq!(sum(&book, Account::WaveFloat), Xof::ZERO);
        }
    }

    #[test]
    fn credit_that_is_returned_leaves_nothing_behind_and_never_touches_wave() {
        let (pot, conversion) = (PotId::from_uuid(Uuid::from_u128(1)), ConversionId::from_uuid(Uuid::max()));
        let given = Transaction::credit(conversion, pot, Xof::new(1_000)).unwrap();
        let returned = Transaction::credit_returned(conversion, pot, Xof::new(1_000)).unwrap();
        for account in [Account::Promotions, Account::Pot(pot), Account::WaveFloat] {
            let entries = given.entries().into_iter().chain(returned.entries());
            let left: Xof = entries.filter(|one| one.account == account).map(|one| one.amount).sum();
            assert_eq!(left, Xof::ZERO, "{account}");
        }
        let [from, to] = given.entries();
        assert_eq!((from.account, from.amount.francs()), (Account::Promotions, -1_000));
        assert_eq!((to.account, given.wave_id()), (Account::Pot(pot), None));
    }
}
