//! Figures for the business: which there are, what each is measured in, and how a period is cut into parts.
//!
//! A figure is one view of the database, named as here, whose comment says what it counts. Whole numbers that may be added up are
//! its measures; a share or an average is told from their sums and is never added up itself. This module refuses to count: all
//! that is counted is in the books.

mod lines;
mod measures;
mod spans;

use serde::{Deserialize, Serialize};

use crate::words::words;

pub use lines::{Cell, Export, Writing};
pub use measures::{Measure, Ratio};
pub use spans::{InvalidSpan, Part, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Registered,
    Activated,
    KFactor,
    InvitationFunnel,
    PotsByState,
    Gifts,
    Conversion,
    Payouts,
    Fees,
    Refunds,
    Promotions,
    Suspense,
    Messages,
    IdentityTurnaround,
    Visits,
}

/// What a number is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    /// Whole francs.
    Francs,
    Seconds,
    /// Of a share: 500 is a half.
    Thousandths,
}

impl Unit {
    pub const ALL: [Self; 4] = [Self::Count, Self::Francs, Self::Seconds, Self::Thousandths];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Francs => "francs",
            Self::Seconds => "seconds",
            Self::Thousandths => "thousandths",
        }
    }
}

words!(Unit, "a unit of figures");

impl Figure {
    pub const ALL: [Self; 15] = [
        Self::Registered,
        Self::Activated,
        Self::KFactor,
        Self::InvitationFunnel,
        Self::PotsByState,
        Self::Gifts,
        Self::Conversion,
        Self::Payouts,
        Self::Fees,
        Self::Refunds,
        Self::Promotions,
        Self::Suspense,
        Self::Messages,
        Self::IdentityTurnaround,
        Self::Visits,
    ];

    /// Those that the ledger's accounts can be told from again.
    pub const OF_MONEY: [Self; 6] =
        [Self::Gifts, Self::Payouts, Self::Fees, Self::Refunds, Self::Promotions, Self::Suspense];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Activated => "activated",
            Self::KFactor => "k_factor",
            Self::InvitationFunnel => "invitation_funnel",
            Self::PotsByState => "pots_by_state",
            Self::Gifts => "gifts",
            Self::Conversion => "conversion",
            Self::Payouts => "payouts",
            Self::Fees => "fees",
            Self::Refunds => "refunds",
            Self::Promotions => "promotions",
            Self::Suspense => "suspense",
            Self::Messages => "messages",
            Self::IdentityTurnaround => "identity_turnaround",
            Self::Visits => "visits",
        }
    }
}

words!(Figure, "a figure");
