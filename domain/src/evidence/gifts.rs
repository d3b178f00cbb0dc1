//! What Wave's record of a checkout comes to, and where money goes that was paid on it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::donations::{DonationStage, StageError};
use crate::ids::DonationId;
use crate::money::Xof;
use crate::pots::PotStage;

/// Where a page at Wave stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    Open,
    Complete,
    Expired,
    /// A word that we do not know.
    #[serde(other)]
    Unknown,
}

/// Where the money of a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Processing,
    Cancelled,
    Succeeded,
    /// A word that we do not know.
    #[serde(other)]
    Unknown,
}

/// Wave's record of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What we gave as ours.
    pub reference: Option<String>,
    pub page: CheckoutStatus,
    pub payment: PaymentStatus,
    pub transaction: Option<String>,
    pub completed_at: Option<DateTime<Utc>>,
    pub amount: Xof,
    pub in_francs: bool,
}

/// A payment that Wave's record proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub transaction: String,
    /// What was paid, which need not be what was asked for.
    pub amount: Xof,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    Paid(Paid),
    Ended,
    StillOpen,
    /// The record cannot be so, in our words.
    Contradicts(&'static str),
}

/// Whether the amount is the one that was asked for is not looked at here: the books decide, and take in what is odd.
pub fn of_record(record: &Record, donation: DonationId) -> Evidence {
    let ours = record.reference.as_ref().is_none_or(|reference| *reference == donation.to_string());
    if !ours {
        return Evidence::Contradicts("our checkout has the reference of something else");
    }
    match (record.page, record.payment) {
        // Paid means both: the page complete and the payment succeeded.
        (CheckoutStatus::Complete, PaymentStatus::Succeeded) => {}
        (CheckoutStatus::Expired, PaymentStatus::Succeeded) => {
            return Evidence::Contradicts("a checkout that expired and was paid");
        }
        (CheckoutStatus::Expired, PaymentStatus::Cancelled) => return Evidence::Ended,
        // Also a page that has ended while its payment is still being made: it may yet succeed.
        _ => return Evidence::StillOpen,
    }
    let (Some(transaction), Some(at)) = (record.transaction.clone(), record.completed_at) else {
        return Evidence::Contradicts("a paid checkout without its transaction or its time");
    };
    if !record.in_francs {
        return Evidence::Contradicts("a payment in another currency than francs");
    }
    Evidence::Paid(Paid { transaction, amount: record.amount, at })
}

/// Where money goes that was paid for a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Into its pot.
    Pot,
    /// Back to its giver: it came too late.
    Giver,
    /// Nowhere yet: it is not what was asked for.
    Suspense,
}

/// Whether a payment was made while its pot took gifts. Wave's times are whole seconds, so a payment in the very second of
/// the closing is in time: the doubt is the giver's. `None` for what cannot be: nobody could have asked, or nobody knows
/// when the pot was closed.
pub fn came_in_time(
    pot: PotStage,
    closing_recorded_at: Option<DateTime<Utc>>,
    paid_at: DateTime<Utc>,
) -> Option<bool> {
    match pot {
        PotStage::Open => Some(true),
        PotStage::Closed => closing_recorded_at.map(|closing| paid_at.timestamp() <= closing.timestamp()),
        PotStage::PayingOut | PotStage::Settled | PotStage::Cancelling | PotStage::Cancelled => Some(false),
        PotStage::Scheduled => None,
    }
}

/// What becomes of a gift that was paid, and of its money. A gift that was written off as expired and turns out to be
/// paid came too late.
pub fn destination(
    stage: DonationStage,
    is_what_was_asked: bool,
    in_time: bool,
) -> Result<(DonationStage, Destination), StageError> {
    if !is_what_was_asked {
        Ok((stage.suspend()?, Destination::Suspense))
    } else if stage == DonationStage::Requested && in_time {
        Ok((stage.confirm()?, Destination::Pot))
    } else {
        Ok((stage.owe_refund()?, Destination::Giver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_into_the_pot_only_as_asked_in_time_and_for_a_gift_that_waits() {
        use DonationStage::{Confirmed, Expired, RefundDue, Requested, Suspended};
        for (stage, asked, in_time, expected) in [
            (Requested, true, true, Ok((Confirmed, Destination::Pot))),
            (Requested, true, false, Ok((RefundDue, Destination::Giver))),
            (Requested, false, true, Ok((Suspended, Destination::Suspense))),
            (Expired, true, true, Ok((RefundDue, Destination::Giver))),
            (Expired, false, false, Ok((Suspended, Destination::Suspense))),
            (Confirmed, true, true, Err(StageError { from: Confirmed, to: RefundDue })),
        ] {
            assert_eq!(destination(stage, asked, in_time), expected, "{stage} {asked} {in_time}");
        }
    }

    #[test]
    fn the_second_of_the_closing_is_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let closing = Some(at("2026-11-22T10:00:00.7Z"));
        for (pot, closing, paid, expected) in [
            (PotStage::Open, None, "2026-11-22T10:00:00Z", Some(true)),
            (PotStage::Closed, closing, "2026-11-22T10:00:00Z", Some(true)),
            (PotStage::Closed, closing, "2026-11-22T10:00:01Z", Some(false)),
            (PotStage::Closed, None, "2026-11-22T10:00:00Z", None),
            (PotStage::PayingOut, closing, "2026-11-22T09:00:00Z", Some(false)),
            (PotStage::Cancelling, closing, "2026-11-22T09:00:00Z", Some(false)),
            (PotStage::Scheduled, None, "2026-11-22T09:00:00Z", None),
        ] {
            assert_eq!(came_in_time(pot, closing, at(paid)), expected, "{pot} {paid}");
        }
    }
}
