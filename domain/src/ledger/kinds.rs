//! The kinds of facts about money.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What happened. Together with its business key it is unique: the same thing is never posted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// A gift arrived in its pot.
    Donation,
    /// A gift arrived after its pot had closed.
    LateDonation,
    /// A gift arrived that is not what was asked for.
    OddDonation,
    /// Wave took its part of a gift.
    DonationFee,
    /// A gift left its pot, to go back to its giver.
    RefundOwed,
    /// A gift went back to its giver.
    Refund,
    /// A pot's money went to its owner.
    Payout,
    /// Wave charged us for a payout.
    PayoutFee,
    /// Money came in at Wave that matches nothing of ours.
    UnmatchedReceipt,
    /// Money went out at Wave that matches nothing of ours.
    UnmatchedSpending,
    /// Finance has decided that WOLO keeps, or bears, money that matched nothing.
    SuspenseCleared,
    /// Somebody's points became credit in a pot.
    Credit,
    /// The credit left its pot again, because that was given up.
    CreditReturned,
}

impl TransactionKind {
    pub const ALL: [Self; 13] = [
        Self::Donation,
        Self::LateDonation,
        Self::OddDonation,
        Self::DonationFee,
        Self::RefundOwed,
        Self::Refund,
        Self::Payout,
        Self::PayoutFee,
        Self::UnmatchedReceipt,
        Self::UnmatchedSpending,
        Self::SuspenseCleared,
        Self::Credit,
        Self::CreditReturned,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Donation => "donation",
            Self::LateDonation => "late_donation",
            Self::OddDonation => "odd_donation",
            Self::DonationFee => "donation_fee",
            Self::RefundOwed => "refund_owed",
            Self::Refund => "refund",
            Self::Payout => "payout",
            Self::PayoutFee => "payout_fee",
            Self::UnmatchedReceipt => "unmatched_receipt",
            Self::UnmatchedSpending => "unmatched_spending",
            Self::SuspenseCleared => "suspense_cleared",
            Self::Credit => "credit",
            Self::CreditReturned => "credit_returned",
        }
    }
}

words!(TransactionKind, "a kind of transaction");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_back_as_written() {
        assert!(TransactionKind::ALL.iter().all(|kind| kind.as_str().parse() == Ok(*kind)));
    }
}
