//! What a donation's process asks for: a checkout at Wave, and the truth about it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::donations::{DonationRefusal, DonationRules};
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::Phone;

use crate::refund::RefundPatience;

pub struct Donations;

#[activity_definitions]
impl Donations {
    #[activity(name = "donations.open_checkout")]
    pub fn open_checkout(input: DonationRequest) -> Result<CheckoutOutcome, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "donations.settle")]
    pub fn settle(input: SettleDonation) -> Result<Settlement, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "donations.end_checkouts")]
    pub fn end_checkouts(input: EndCheckouts) -> Result<EndedCheckouts, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "donations.take_up")]
    pub fn take_up(input: TakeUp) -> Result<TakenUp, ActivityError> {
        unimplemented!()
    }
}

pub use donations::{
    EndCheckouts as EndCheckoutsStep, OpenCheckout as OpenDonationCheckout, Settle as SettleDonationStep,
    TakeUp as TakeUpStep,
};

/// A gift as asked for. The first step writes it down and asks Wave for a checkout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DonationRequest {
    pub donation: DonationId,
    pub pot: PotId,
    pub amount: Xof,
    pub donor: Donor,
    pub rules: DonationRules,
}

/// Who gives, as far as they say. Personal: it stands in the encrypted payload and in the donation's row only.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Donor {
    /// Set when the giver has an account.
    #[serde(default)]
    pub user: Option<UserId>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub phone: Option<Phone>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub anonymous: bool,
}

impl std::fmt::Debug for Donor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Donor(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CheckoutOutcome {
    Opened(Checkout),
    Refused { refusal: DonationRefusal },
}

/// A page at Wave where the gift can be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// To be opened in the browser of the system, never in a web view.
    pub wave_launch_url: String,
    /// Wave's own end of the page.
    pub expires_at: DateTime<Utc>,
    /// How long the page lived when it was made, by Wave's clock alone, so that ours need not agree.
    pub lives_for_seconds: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SettleDonation {
    pub donation: DonationId,
    /// Attempts to pay that failed, as far as the process has heard.
    #[serde(default)]
    pub failed_attempts: u32,
}

/// What Wave says about the checkout, after it has been booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Paid; the gift is in the pot.
    Confirmed,
    /// Paid, but the pot took no more gifts: the money is booked as due to go back.
    RefundDue,
    /// Paid, but not what was asked for: the money is in suspense, for finance.
    Suspended,
    /// Not paid, and it cannot be any more.
    Expired,
    /// Neither paid nor ended.
    StillOpen,
}

/// Ends the pages of a pot that takes no more gifts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EndCheckouts {
    pub pot: PotId,
    /// How a gift that came too late is given back when its own process has ended.
    #[serde(default)]
    pub refund: RefundPatience,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedCheckouts {
    /// Checkouts that were still open when the pot closed.
    pub count: u64,
}

/// Goes on with every gift that waits and has no process any more: what is due to go back gets its refund, and what was
/// never settled is settled by Wave's record. Pots that are given up are told so, if their process does not know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TakeUp {
    /// A gift whose page ended before this should have been settled by its own process.
    pub over_before: DateTime<Utc>,
    #[serde(default)]
    pub refund: RefundPatience,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenUp {
    /// Refunds that had no process.
    pub refunds: u64,
    /// Gifts without a process that Wave was asked about.
    pub settled: u64,
    /// Pots that are given up and whose process had forgotten that.
    pub pots: u64,
}
