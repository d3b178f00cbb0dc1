//! Reconciliation: what a line of Wave's statement comes to, seen beside our own books.
//!
//! A line names a payment up to three times: by Wave's transaction, by the session that was paid, and by our own
//! reference. All of them must lead to the same thing of ours, and the amounts must be equal to the franc. Money that
//! matches nothing is not lost: the verdict says by how much the suspense account has to change, so that our account at
//! Wave stays as full as the wallet.
//!
//! Every line gets exactly one verdict, and gets it again when it is judged again. This module refuses to guess: an amount
//! or a fee is compared, never computed.

mod books;
mod line;

use std::fmt;

pub use books::{Books, Gift, PaidOut, Payment, Seen};
pub use line::{Line, LineType, Movement, Reference};

use crate::discrepancies::DiscrepancyKind;
use crate::ids::{DonationId, PayoutId};
use crate::money::Xof;
use crate::payouts::PayoutOrder;

/// A movement of ours that a line is about. No two lines can be about the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Gift(DonationId),
    Refund(DonationId),
    Payout(PayoutId),
    Reversal(PayoutId),
    /// An order that Wave paid and took back before it stood in our books, where it counts as refused; and its coming back.
    TakenBack(PayoutOrder),
    Return(PayoutOrder),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gift(id) => f.pad(&format!("gift/{id}")),
            Self::Refund(id) => f.pad(&format!("refund/{id}")),
            Self::Payout(id) => f.pad(&format!("payout/{id}")),
            Self::Reversal(id) => f.pad(&format!("reversal/{id}")),
            Self::TakenBack(order) => f.pad(&format!("payout/{}", order.key())),
            Self::Return(order) => f.pad(&format!("reversal/{}", order.key())),
        }
    }
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stands in our books, with the same amount.
    Matched {
        subject: Subject,
        /// What Wave kept of a gift, where our books have no fee yet; zero is an answer.
        fee: Option<Xof>,
    },
    /// Wave was paid for a gift that still waits: its process has to ask.
    Repair {
        gift: DonationId,
        /// It was asked to before, and that has not helped.
        in_vain: bool,
    },
    /// Wave has given a gift back that stands in its pot, and none of our processes asked for that: somebody did so in
    /// Wave's portal. The gift leaves the pot with it, if the pot still has it.
    GivenBack { gift: DonationId },
    /// It is ours, and so young that we may just be writing it down.
    UnderWay { subject: Subject },
    /// A person has to look.
    Odd {
        kind: DiscrepancyKind,
        /// What of ours it is about, as far as its names agree.
        subject: Option<Subject>,
        /// Why, in words, without anybody's name.
        reason: String,
        /// By how much money that is nobody's changes; zero where it stands in the books or belongs to something.
        suspense: Xof,
    },
}

impl Verdict {
    /// One word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Matched { .. } => "matched",
            Self::Repair { .. } => "repair",
            Self::GivenBack { .. } => "given_back",
            Self::UnderWay { .. } => "under_way",
            Self::Odd { .. } => "odd",
        }
    }

    /// The movement that this line alone is about. What is odd because another line has it already claims nothing.
    pub fn claim(&self) -> Option<Subject> {
        match self {
            Self::Matched { subject, .. } | Self::UnderWay { subject } => Some(*subject),
            Self::GivenBack { gift } => Some(Subject::Refund(*gift)),
            Self::Repair { .. }
            | Self::Odd { kind: DiscrepancyKind::PaidTwice | DiscrepancyKind::SecondPayment, .. } => None,
            Self::Odd { subject, .. } => *subject,
        }
    }

    /// The kind of discrepancy, if it is one.
    pub const fn discrepancy(&self) -> Option<DiscrepancyKind> {
        match self {
            Self::Odd { kind, .. } => Some(*kind),
            Self::Repair { in_vain: true, .. } => Some(DiscrepancyKind::GiftNotSettled),
            _ => None,
        }
    }
}
