//! A line of Wave's statement, without anybody's name or number.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::DonationId;
use crate::money::Xof;
use crate::payouts::PayoutOrder;
use crate::words::words;

/// Wave's own word for what moved the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineType {
    MerchantPayment,
    MerchantPaymentRefund,
    ApiCheckout,
    ApiCheckoutRefund,
    ApiPayout,
    ApiPayoutReversal,
    BulkPayment,
    BulkPaymentReversal,
    B2bPayment,
    B2bPaymentReversal,
    MerchantSweep,
    /// Empty, absent, or a word of tomorrow.
    #[serde(other)]
    Unknown,
}

impl LineType {
    pub const ALL: [Self; 12] = [
        Self::MerchantPayment,
        Self::MerchantPaymentRefund,
        Self::ApiCheckout,
        Self::ApiCheckoutRefund,
        Self::ApiPayout,
        Self::ApiPayoutReversal,
        Self::BulkPayment,
        Self::BulkPaymentReversal,
        Self::B2bPayment,
        Self::B2bPaymentReversal,
        Self::MerchantSweep,
        Self::Unknown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MerchantPayment => "merchant_payment",
            Self::MerchantPaymentRefund => "merchant_payment_refund",
            Self::ApiCheckout => "api_checkout",
            Self::ApiCheckoutRefund => "api_checkout_refund",
            Self::ApiPayout => "api_payout",
            Self::ApiPayoutReversal => "api_payout_reversal",
            Self::BulkPayment => "bulk_payment",
            Self::BulkPaymentReversal => "bulk_payment_reversal",
            Self::B2bPayment => "b2b_payment",
            Self::B2bPaymentReversal => "b2b_payment_reversal",
            Self::MerchantSweep => "merchant_sweep",
            Self::Unknown => "unknown",
        }
    }
}

words!(LineType, "a type of line");

/// What our reference in a line names. A reference that is not ours may be anybody's words, so it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    None,
    Gift(DonationId),
    Order(PayoutOrder),
    Foreign,
}

impl Reference {
    pub fn read(text: Option<&str>) -> Self {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Self::None };
        if let Ok(gift) = text.parse() {
            return Self::Gift(gift);
        }
        order(text).map_or(Self::Foreign, Self::Order)
    }
}

/// Only what [`PayoutOrder::key`] writes: one order has one name.
fn order(text: &str) -> Option<PayoutOrder> {
    let (payout, number) = text.split_once('.')?;
    let order = PayoutOrder { payout: payout.parse().ok()?, number: number.parse().ok()? };
    (order.number > 0 && order.key() == text).then_some(order)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::Gift(gift) => f.pad(&gift.to_string()),
            Self::Order(order) => f.pad(&order.key()),
            Self::Foreign => f.pad("not ours"),
        }
    }
}

/// Which way of ours money took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    Gift,
    Refund,
    Payout,
    Reversal,
}

/// One movement of the wallet, as Wave tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Wave's name for it.
    pub wave_id: String,
    pub kind: LineType,
    /// By Wave's clock.
    pub at: DateTime<Utc>,
    /// The change of our wallet, net of the fee.
    pub amount: Xof,
    pub fee: Option<Xof>,
    /// Otherwise the numbers above mean nothing.
    pub in_francs: bool,
    pub is_reversal: bool,
    pub reference: Reference,
    /// The page that was paid, where it was one of the API's.
    pub session: Option<String>,
}

impl Line {
    /// The way that money took through our own doors; nothing for what was done by hand. Wave leaves the type empty at
    /// times, and then the names and the sign tell.
    pub fn movement(&self) -> Option<Movement> {
        let into_the_wallet = self.amount.is_positive() && !self.is_reversal;
        let of_a_page = self.session.is_some() || matches!(self.reference, Reference::Gift(_));
        match self.kind {
            LineType::ApiCheckout if self.is_reversal => Some(Movement::Refund),
            LineType::ApiCheckout => Some(Movement::Gift),
            LineType::ApiCheckoutRefund => Some(Movement::Refund),
            LineType::ApiPayout if self.is_reversal => Some(Movement::Reversal),
            LineType::ApiPayout => Some(Movement::Payout),
            LineType::ApiPayoutReversal => Some(Movement::Reversal),
            LineType::Unknown if of_a_page && into_the_wallet => Some(Movement::Gift),
            LineType::Unknown if of_a_page => Some(Movement::Refund),
            LineType::Unknown if matches!(self.reference, Reference::Order(_)) => {
                let out = !self.amount.is_positive() && !self.is_reversal;
                Some(if out { Movement::Payout } else { Movement::Reversal })
            }
            _ => None,
        }
    }

    /// What the payer paid: the change of the wallet and what Wave kept.
    pub fn gross(&self) -> Option<Xof> {
        self.amount.checked_add(self.fee?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ids::PayoutId;

    #[test]
    fn types_are_read_back_as_written() {
        assert!(LineType::ALL.iter().all(|kind| kind.as_str().parse() == Ok(*kind)));
    }

    #[test]
    fn only_the_references_that_we_write_are_ours() {
        let payout = PayoutId::from_uuid(Uuid::from_u128(5));
        let order = PayoutOrder { payout, number: 12 };
        assert_eq!(Reference::read(Some(&order.key())), Reference::Order(order));
        for text in [
            format!("{payout}"),
            format!("{payout}.0"),
            format!("{payout}.012"),
            format!("{payout}.+1"),
            format!("{payout}.1.1"),
            "Awa, pour la fête".to_owned(),
        ] {
            assert_eq!(Reference::read(Some(&text)), Reference::Foreign, "{text}");
        }
        assert_eq!(Reference::read(Some("")), Reference::None);
        assert_eq!(Reference::read(None), Reference::None);
    }

    proptest! {
        #[test]
        fn a_reference_is_read_back_as_written(bits: u128, number in 1u32..) {
            let gift = DonationId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(Reference::read(Some(&gift.to_string())), Reference::Gift(gift));
            let order = PayoutOrder { payout: PayoutId::from_uuid(Uuid::from_u128(bits)), number };
            prop_assert_eq!(Reference::read(Some(&order.key())), Reference::Order(order));
        }
    }
}
