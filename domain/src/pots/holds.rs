//! Holds: what keeps a pot from going on, and who can lift it.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// Why a pot is held. A hold stops what it must and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The guardian of a minor has not consented, or has withdrawn.
    Consent,
    /// Somebody looks at the pot's content.
    Moderation,
    /// Our Wave wallet cannot cover the payout yet.
    Float,
    /// Wave has not said whether the payout went through.
    PayoutUnknown,
    /// Wave refused the payout for good; finance decides.
    PayoutRefused,
    /// Wave doubts that the payout's recipient is who we think; finance decides.
    Recipient,
    /// The payout is large enough to need two people of finance.
    Approval,
    /// The books break a rule, so no money leaves at all. It holds every pot at once and is written at none.
    Books,
}

impl HoldReason {
    pub const ALL: [Self; 8] = [
        Self::Consent,
        Self::Moderation,
        Self::Float,
        Self::PayoutUnknown,
        Self::PayoutRefused,
        Self::Recipient,
        Self::Approval,
        Self::Books,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Moderation => "moderation",
            Self::Float => "float",
            Self::PayoutUnknown => "payout_unknown",
            Self::PayoutRefused => "payout_refused",
            Self::Recipient => "recipient",
            Self::Approval => "approval",
            Self::Books => "books",
        }
    }

    /// The pot does not open, takes no donations and is not paid out.
    pub const fn stops_everything(self) -> bool {
        matches!(self, Self::Consent | Self::Moderation)
    }

    /// Only a person of finance gets the pot past it.
    pub const fn needs_finance(self) -> bool {
        matches!(self, Self::PayoutUnknown | Self::PayoutRefused | Self::Recipient | Self::Approval)
    }

    /// A payout puts it on its pot, and takes it off when it is done.
    pub const fn is_of_a_payout(self) -> bool {
        matches!(self, Self::Float) || self.needs_finance()
    }

    /// What the pot waits for, for the operator.
    pub const fn waits_for(self) -> &'static str {
        match self {
            Self::Consent => "the guardian's consent and approved identities",
            Self::Moderation => "a moderator's decision",
            Self::Float => "enough money in the Wave wallet",
            Self::PayoutUnknown => "finance to find out whether the payout went through",
            Self::PayoutRefused => "finance to decide after Wave refused the payout",
            Self::Recipient => "finance to decide whether the recipient is the right one",
            Self::Approval => "two people of finance to approve the payout",
            Self::Books => {
                "finance to find out what is wrong in the books (wolo ledger check, wolo discrepancies list)"
            }
        }
    }
}

words!(HoldReason, "a reason to hold a pot");
