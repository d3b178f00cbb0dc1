//! Discrepancies: where Wave's statement and our books do not say the same.
//!
//! A discrepancy is found once, has a kind, a reason in words and an owner, and stays until somebody resolves it or the
//! comparison that found it finds it no longer. This module refuses to know how one is found: that is
//! [`reconciliation`](crate::reconciliation).

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyKind {
    /// Money moved at Wave that matches nothing of ours.
    Unmatched,
    /// A gift of ours was paid once more, or on a page that is not its own.
    SecondPayment,
    /// What was paid is not what the gift was asked for.
    OddGift,
    /// Wave has been paid for a gift, and its process does not book it.
    GiftNotSettled,
    /// The names in a line lead to different things.
    NamesDisagree,
    /// The line and our books name different amounts.
    AmountDiffers,
    /// The line and our books name different fees, or a fee that cannot be.
    FeeDiffers,
    /// A gift's line that does not say what Wave kept.
    FeeMissing,
    /// Wave gave a gift back, and none of our processes asked for it.
    RefundByHand,
    /// Wave gave a gift back as we asked, and our books do not have it.
    RefundNotBooked,
    /// Wave has paid an order of which we do not know how it ended.
    PayoutNotBooked,
    /// Wave has paid an order that our books hold for refused, or never sent.
    PayoutContradicted,
    /// The same money left twice.
    PaidTwice,
    /// A payout came back.
    PayoutReversed,
    /// What our books have is not on Wave's statement.
    MissingAtWave,
    /// A line in another currency than francs.
    OtherCurrency,
    /// A line that cannot be read.
    Unreadable,
}

impl DiscrepancyKind {
    pub const ALL: [Self; 17] = [
        Self::Unmatched,
        Self::SecondPayment,
        Self::OddGift,
        Self::GiftNotSettled,
        Self::NamesDisagree,
        Self::AmountDiffers,
        Self::FeeDiffers,
        Self::FeeMissing,
        Self::RefundByHand,
        Self::RefundNotBooked,
        Self::PayoutNotBooked,
        Self::PayoutContradicted,
        Self::PaidTwice,
        Self::PayoutReversed,
        Self::MissingAtWave,
        Self::OtherCurrency,
        Self::Unreadable,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmatched => "unmatched",
            Self::SecondPayment => "second_payment",
            Self::OddGift => "odd_gift",
            Self::GiftNotSettled => "gift_not_settled",
            Self::NamesDisagree => "names_disagree",
            Self::AmountDiffers => "amount_differs",
            Self::FeeDiffers => "fee_differs",
            Self::FeeMissing => "fee_missing",
            Self::RefundByHand => "refund_by_hand",
            Self::RefundNotBooked => "refund_not_booked",
            Self::PayoutNotBooked => "payout_not_booked",
            Self::PayoutContradicted => "payout_contradicted",
            Self::PaidTwice => "paid_twice",
            Self::PayoutReversed => "payout_reversed",
            Self::MissingAtWave => "missing_at_wave",
            Self::OtherCurrency => "other_currency",
            Self::Unreadable => "unreadable",
        }
    }

    /// While one of these is open, our postings and Wave's movements are not the same, one to one and to the franc; no
    /// money should leave by books of which that is said.
    pub const fn breaks_the_books(self) -> bool {
        matches!(
            self,
            Self::NamesDisagree
                | Self::AmountDiffers
                | Self::FeeDiffers
                | Self::PayoutContradicted
                | Self::PaidTwice
                | Self::MissingAtWave
        )
    }

    /// What is usually done about it, for the operator.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Unmatched => "find out in Wave's portal whose money it is",
            Self::SecondPayment | Self::OddGift => {
                "give it back in Wave's portal, and resolve it together with the line that this makes"
            }
            Self::GiftNotSettled => "look at the gift's process; it asks Wave again at each comparison",
            Self::NamesDisagree | Self::AmountDiffers | Self::FeeDiffers | Self::OtherCurrency => {
                "ask Wave which of the two is right"
            }
            Self::FeeMissing => "ask Wave for the fee; the gift's pot waits for it",
            Self::RefundByHand => "ask who gave it back, and why",
            Self::RefundNotBooked => "look at the gift's process; it asks Wave again by itself",
            Self::PayoutNotBooked => {
                "wolo payouts resolve <POT> --ask-again reads Wave's record and books it"
            }
            Self::PayoutContradicted => "hold the pot, and ask Wave what became of the order",
            Self::PaidTwice => "ask Wave to take one of the two back within three days",
            Self::PayoutReversed => "ask who took it back; the owner has not been paid",
            Self::MissingAtWave => "look for it on the days around, then ask Wave",
            Self::Unreadable => "read the line in Wave's portal",
        }
    }
}

words!(DiscrepancyKind, "a kind of discrepancy");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_back_as_written() {
        assert!(DiscrepancyKind::ALL.iter().all(|kind| kind.as_str().parse() == Ok(*kind)));
        assert!("odd".parse::<DiscrepancyKind>().is_err());
    }
}
