//! Donations: what may be given, and where a gift stands.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Xof;
use crate::pots::HoldReason;
use crate::words::words;

/// Where a donation stands. A failed attempt to pay is not an end: Wave lets the giver try again until the
/// checkout expires, so attempts are counted, never staged.
///
/// ```text
/// requested ─► confirmed ─┐                its pot is given up, and the money goes back
///     ├──────► expired ───┤                not paid; should Wave be wrong about that, the money
///     ├──────► refund_due ─► refunded      ... counts as too late, and goes back
///     └──────► suspended                   money that does not match what was asked for
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DonationStage {
    Requested,
    Confirmed,
    Expired,
    RefundDue,
    Refunded,
    Suspended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a donation that is {from} cannot become {to}")]
pub struct StageError {
    pub from: DonationStage,
    pub to: DonationStage,
}

impl DonationStage {
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Confirmed, Self::Expired, Self::RefundDue, Self::Refunded, Self::Suspended];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
            Self::RefundDue => "refund_due",
            Self::Refunded => "refunded",
            Self::Suspended => "suspended",
        }
    }

    pub fn confirm(self) -> Result<Self, StageError> {
        self.step(Self::Confirmed, self == Self::Requested)
    }

    pub fn expire(self) -> Result<Self, StageError> {
        self.step(Self::Expired, self == Self::Requested)
    }

    pub fn owe_refund(self) -> Result<Self, StageError> {
        self.step(Self::RefundDue, matches!(self, Self::Requested | Self::Expired))
    }

    /// What is in the pot goes back, because the pot is given up.
    pub fn take_back(self) -> Result<Self, StageError> {
        self.step(Self::RefundDue, self == Self::Confirmed)
    }

    pub fn refund(self) -> Result<Self, StageError> {
        self.step(Self::Refunded, self == Self::RefundDue)
    }

    pub fn suspend(self) -> Result<Self, StageError> {
        self.step(Self::Suspended, matches!(self, Self::Requested | Self::Expired))
    }

    /// What was paid stands in the books and is where it belongs.
    pub const fn has_its_money(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refunded | Self::Suspended)
    }

    /// Wave may still tell us something that moves money.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::RefundDue)
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

words!(DonationStage, "a stage of a donation");

/// What one gift may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonationRules {
    pub smallest: Xof,
    pub largest: Xof,
}

impl DonationRules {
    pub fn check(self, amount: Xof) -> Result<(), DonationRefusal> {
        if amount < self.smallest {
            Err(DonationRefusal::AmountTooSmall { smallest: self.smallest })
        } else if amount > self.largest {
            Err(DonationRefusal::AmountTooLarge { largest: self.largest })
        } else {
            Ok(())
        }
    }
}

/// Why a gift is not taken. Nothing has been asked of Wave and nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum DonationRefusal {
    #[error("a gift is at least {smallest}")]
    AmountTooSmall { smallest: Xof },
    #[error("a gift is at most {largest}")]
    AmountTooLarge { largest: Xof },
    #[error("there is no such pot")]
    PotUnknown,
    #[error("the pot does not take gifts now: it is {stage}")]
    PotNotOpen { stage: crate::pots::PotStage },
    #[error("the pot is on hold ({reason}) and takes no gifts now")]
    PotHeld { reason: HoldReason },
    #[error("a pot's owner cannot give to it")]
    OwnPot,
    #[error("this pot takes no anonymous gifts")]
    AnonymousNotAllowed,
    #[error("this pot takes no messages")]
    MessagesNotAllowed,
    #[error("Wave does not take this gift ({wave_code})")]
    RefusedByWave { wave_code: String },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_donation_goes_forward_only_and_every_other_step_is_refused() {
        type Step = fn(DonationStage) -> Result<DonationStage, StageError>;
        let unpaid: &[DonationStage] = &[DonationStage::Requested, DonationStage::Expired];
        let steps: [(Step, &[DonationStage], DonationStage); 6] = [
            (DonationStage::confirm, &[DonationStage::Requested], DonationStage::Confirmed),
            (DonationStage::expire, &[DonationStage::Requested], DonationStage::Expired),
            (DonationStage::owe_refund, unpaid, DonationStage::RefundDue),
            (DonationStage::take_back, &[DonationStage::Confirmed], DonationStage::RefundDue),
            (DonationStage::suspend, unpaid, DonationStage::Suspended),
            (DonationStage::refund, &[DonationStage::RefundDue], DonationStage::Refunded),
        ];
        for (step, allowed, to) in steps {
            for from in DonationStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected);
            }
        }
        assert!(DonationStage::ALL.iter().all(|stage| stage.as_str().parse() == Ok(*stage)));
    }

    proptest! {
        #[test]
        fn a_gift_is_taken_exactly_within_its_bounds(francs in any::<i64>()) {
            let rules = DonationRules { smallest: Xof::new(100), largest: Xof::new(1_000_000) };
            prop_assert_eq!(rules.check(Xof::new(francs)).is_ok(), (100..=1_000_000).contains(&francs));
        }
    }
}
