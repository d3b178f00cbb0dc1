//! Where Wave can be told to misbehave.

use serde::{Deserialize, Serialize};

/// A fault on calls of Wave's API, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// The calls that can be bent, by the names used in the control API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Endpoint {
    #[serde(rename = "checkout.create")]
    CheckoutCreate,
    #[serde(rename = "checkout.get")]
    CheckoutGet,
    /// Both searches on sessions: by reference, and by transaction.
    #[serde(rename = "checkout.search")]
    CheckoutSearch,
    #[serde(rename = "checkout.expire")]
    CheckoutExpire,
    #[serde(rename = "checkout.refund")]
    CheckoutRefund,
    #[serde(rename = "payout.create")]
    PayoutCreate,
    #[serde(rename = "payout.get")]
    PayoutGet,
    #[serde(rename = "payout.search")]
    PayoutSearch,
    #[serde(rename = "payout.reverse")]
    PayoutReverse,
    #[serde(rename = "batch.create")]
    BatchCreate,
    #[serde(rename = "batch.get")]
    BatchGet,
    #[serde(rename = "recipient.verify")]
    RecipientVerify,
    #[serde(rename = "balance")]
    Balance,
    #[serde(rename = "transactions")]
    Transactions,
    #[serde(rename = "transaction.refund")]
    TransactionRefund,
}

impl Endpoint {
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckoutCreate => "checkout.create",
            Self::CheckoutGet => "checkout.get",
            Self::CheckoutSearch => "checkout.search",
            Self::CheckoutExpire => "checkout.expire",
            Self::CheckoutRefund => "checkout.refund",
            Self::PayoutCreate => "payout.create",
            Self::PayoutGet => "payout.get",
            Self::PayoutSearch => "payout.search",
            Self::PayoutReverse => "payout.reverse",
            Self::BatchCreate => "batch.create",
            Self::BatchGet => "batch.get",
            Self::RecipientVerify => "recipient.verify",
            Self::Balance => "balance",
            Self::Transactions => "transactions",
            Self::TransactionRefund => "transaction.refund",
        }
    }
}
