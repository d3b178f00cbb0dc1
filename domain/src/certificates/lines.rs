//! The lines of a certificate, each with exactly one way to be written.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ConversionId, DonationId, PayoutId, PotId};
use crate::money::Xof;

/// The ways of writing that this program knows. A pot to which nobody gave credit is written in the first, as it always was.
pub(super) const WITHOUT_CREDITS: u32 = 1;
pub(super) const WITH_CREDITS: u32 = 2;

/// A line without its seal. Fields are written in the order in which they stand here: changing it makes a new format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// From 1, as an editor counts them.
    pub(super) line: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum What {
    Opening(Opening),
    Credit(Credit),
    Gift(Gift),
    /// Wave's part of the gift before it.
    Fee(OfGift),
    /// The gift before it went back.
    Refund(OfGift),
    Payout(Payout),
    PayoutFee(PayoutFee),
    Closing(Closing),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opening {
    pub(super) format: u32,
    pub(super) pot: PotId,
    /// The year of the birthday, and no more of it.
    pub(super) year: i32,
    pub(super) currency: Currency,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) closed_at: DateTime<Utc>,
    pub(super) key_id: String,
    /// The 32 bytes of the public half, in the base64 of addresses.
    pub(super) public_key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Currency {
    #[serde(rename = "XOF")]
    Xof,
}

/// What a gift or a credit is called in a certificate. Who has its id finds it by that; nobody finds the id, with which one may
/// ask what became of the gift.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn of(pot: PotId, donation: DonationId) -> Self {
        Self::named(&format!("wolo certificate 1: gift\0{pot}\0{donation}"))
    }

    pub(super) fn of_credit(pot: PotId, conversion: ConversionId) -> Self {
        Self::named(&format!("wolo certificate 2: credit\0{pot}\0{conversion}"))
    }

    fn named(name: &str) -> Self {
        let hash = digest(&SHA256, name.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]))
    }
}

/// Points that became francs. Nothing of it is at Wave before the payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credit {
    pub(super) mark: Mark,
    pub(super) amount: Xof,
    pub(super) borne_by: Bearer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gift {
    pub(super) mark: Mark,
    pub(super) amount: Xof,
    /// Wave's id of the payment.
    pub(super) transaction: String,
    pub(super) paid_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfGift {
    pub(super) mark: Mark,
    pub(super) amount: Xof,
    /// Wave's id of the payment that it is about.
    pub(super) transaction: String,
}

#[expect(clippy::struct_field_names, reason = "the names are the document's")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payout {
    pub(super) payout: PayoutId,
    pub(super) amount: Xof,
    /// Wave's id of the payout.
    pub(super) transaction: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PayoutFee {
    pub(super) payout: PayoutId,
    pub(super) amount: Xof,
    pub(super) transaction: String,
    pub(super) borne_by: Bearer,
}

/// Who pays what no giver and no pot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bearer {
    Wolo,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closing {
    pub(super) settled_at: DateTime<Utc>,
    /// With the opening and this one.
    pub(super) lines: u64,
    pub(super) gift_count: u64,
    pub(super) gifts: Xof,
    /// In the format with credits, and in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) credits: Option<Xof>,
    pub(super) fees: Xof,
    pub(super) refunds: Xof,
    pub(super) payout: Xof,
    /// Not a part of the sum: WOLO bears it.
    pub(super) payout_fee: Xof,
}

impl Line {
    /// The one way to write it, without its seal. `None` for what cannot be written, which no value of this type is.
    pub(super) fn body(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Reads a line without its seal, if it is written in the one way.
    pub(super) fn read(body: &str) -> Option<Self> {
        let line: Self = serde_json::from_str(body).ok()?;
        (line.body()? == body).then_some(line)
    }
}
