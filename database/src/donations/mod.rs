//! Donations: one row per gift, from the request to its end, and the postings that belong to its end.
//!
//! Proof of payment comes by webhook, by asking Wave or by Wave's statement, and all three end in [`confirm`]. What
//! does not match what was asked for is booked as suspense; it is never credited and never dropped.

mod refund;
mod request;
mod rows;
mod settle;
mod shown;
mod waiting;

use std::fmt;

use chrono::{DateTime, Utc};
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::Phone;

pub use refund::{Refunding, TakingBack, begin_refund, record_refund, refuse_refund, take_back};
pub(crate) use refund::{WentBack, went_back};
pub use request::{attach_checkout, refuse_checkout, request};
pub use rows::{donation, due_of_pot, going_back, of_pot, refunds, requested_of_pot};
pub use settle::{confirm, expire};
pub use shown::{Shown, shown, wishes};
pub use waiting::{due, overdue};

const DONATIONS: &str = "money.donations";

/// A gift as asked for.
#[derive(Clone, Debug)]
pub struct NewDonation {
    pub id: DonationId,
    pub pot: PotId,
    pub amount: Xof,
    pub donor: Donor,
}

/// Who gives, as far as they say.
#[derive(Clone, Default)]
pub struct Donor {
    pub user: Option<UserId>,
    pub name: Option<String>,
    pub phone: Option<Phone>,
    pub message: Option<String>,
    pub anonymous: bool,
}

/// Personal, all of it.
impl fmt::Debug for Donor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Donor(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requesting {
    New,
    /// It was asked for before; this is where it stands.
    Existing(Box<Donation>),
    /// Nothing is kept.
    Refused(DonationRefusal),
}

/// A gift as it stands. The giver's phone is not in it: no page shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Donation {
    pub id: DonationId,
    pub pot: PotId,
    /// What was asked for.
    pub amount: Xof,
    pub stage: DonationStage,
    pub donor_user: Option<UserId>,
    pub donor_name: Option<String>,
    pub message: Option<String>,
    pub anonymous: bool,
    pub checkout: Option<Checkout>,
    /// Why Wave would not open a checkout.
    pub refusal_code: Option<String>,
    pub payment: Option<Payment>,
    /// Wave's part, once its statement has told.
    pub fee: Option<Xof>,
    pub failed_attempts: u32,
    pub requested_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub refund_sent_at: Option<DateTime<Utc>>,
    /// Why Wave did not give it back, the last time that it was asked.
    pub refund_refusal_code: Option<String>,
}

impl fmt::Debug for Donation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Donation")
            .field("id", &self.id)
            .field("pot", &self.pot)
            .field("amount", &self.amount)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A page at Wave where the gift can be paid. Both times are Wave's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    pub id: String,
    pub wave_launch_url: String,
    pub opened_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Wave's proof of a payment: what was paid, which need not be what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub wave_transaction_id: String,
    pub amount: Xof,
    /// As Wave writes it.
    pub currency: String,
    /// When Wave completed it.
    pub at: DateTime<Utc>,
}

impl Payment {
    pub(crate) fn is_what_was_asked(&self, amount: Xof) -> bool {
        self.amount == amount && self.currency == "XOF"
    }
}

/// A gift that waits for its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub donation: DonationId,
    /// None where the process died before Wave's page was written down.
    pub checkout_id: Option<String>,
}
