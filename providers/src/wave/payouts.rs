//! Payouts: money that leaves our wallet for a person's phone.
//!
//! Every payout carries an idempotency key that the caller derived from its business object and stored before the first
//! call. The same body under another key is a second transfer, so this client never makes a key of its own.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wolo_domain::evidence::payouts::PayoutStatus;
use wolo_domain::money::Xof;

use super::{Currency, Wave, amount, identifier};
use crate::private::Private;
use crate::wire::{ProviderError, is_code};

/// The key under which Wave executes a payout once: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text cannot be an idempotency key.
#[derive(Debug, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    pub fn new(key: impl Into<String>) -> Result<Self, InvalidIdempotencyKey> {
        let key = key.into();
        let valid = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if valid { Ok(Self(key)) } else { Err(InvalidIdempotencyKey) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order to pay a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendPayout {
    /// What the person gets, in whole francs. Our wallet is debited this and the fee.
    pub receive_amount: Xof,
    /// E.164 with `+`.
    pub mobile: Private<String>,
    /// At most 255 characters.
    pub name: Option<Private<String>>,
    /// Our opaque reference, at most 255 characters; the only way to find the payout without its id.
    pub client_reference: String,
    /// Printed on the receipt, at most 40 characters.
    pub payment_reason: Option<String>,
}

#[derive(Serialize)]
struct SendBody<'a> {
    currency: Currency,
    #[serde(with = "amount")]
    receive_amount: Xof,
    mobile: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    client_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reason: Option<&'a str>,
}

/// A payout as Wave gives it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// `pt-…`, at most 20 characters.
    pub id: String,
    pub receive_amount: Xof,
    /// Never computed by us: the rounding is not published. Absent while Wave has not said.
    pub fee: Option<Xof>,
    pub currency: Currency,
    pub client_reference: Option<String>,
    pub status: PayoutStatus,
    /// When it was ordered; reversal is possible for three days from here.
    pub timestamp: DateTime<Utc>,
    pub mobile: Option<Private<String>>,
}

#[derive(Deserialize)]
struct PayoutBody {
    id: String,
    currency: Currency,
    #[serde(with = "amount")]
    receive_amount: Xof,
    #[serde(default, deserialize_with = "amount::optional_change::deserialize")]
    fee: Option<Xof>,
    #[serde(default)]
    client_reference: Option<String>,
    status: StatusWord,
    #[serde(default)]
    payout_error: Option<PayoutFailure>,
    timestamp: DateTime<Utc>,
    #[serde(default)]
    mobile: Option<Private<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    Processing,
    Succeeded,
    Failed,
    Reversed,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct PayoutFailure {
    #[serde(default)]
    error_code: Option<String>,
}

impl PayoutBody {
    fn payout(self, status: u16) -> Result<Payout, ProviderError> {
        let state = match (self.status, self.payout_error) {
            (StatusWord::Failed, failure) => {
                let code = failure.and_then(|failure| failure.error_code).filter(|code| is_code(code));
                PayoutStatus::Failed { code: code.unwrap_or_else(|| "unspecified".to_owned()) }
            }
            (StatusWord::Succeeded | StatusWord::Reversed, Some(_)) => {
                return Err(ProviderError::unexpected(
                    "a payout that succeeded and has an error",
                    Some(status),
                ));
            }
            (StatusWord::Processing, _) => PayoutStatus::Processing,
            (StatusWord::Succeeded, None) => PayoutStatus::Succeeded,
            (StatusWord::Reversed, None) => PayoutStatus::Reversed,
            (StatusWord::Unknown, _) => PayoutStatus::Unknown,
        };
        if self.fee.is_some_and(|fee| fee.francs() < 0) {
            return Err(ProviderError::unexpected("a fee below zero", Some(status)));
        }
        Ok(Payout {
            id: self.id,
            receive_amount: self.receive_amount,
            fee: self.fee,
            currency: self.currency,
            client_reference: self.client_reference,
            status: state,
            timestamp: self.timestamp,
            mobile: self.mobile,
        })
    }
}

#[derive(Deserialize)]
struct Found {
    result: Vec<PayoutBody>,
}

/// A question about a person before paying: would it work, and is the number theirs? Wave allows 30 such questions per
/// phone in five minutes, then none for an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyRecipient {
    /// E.164 with `+`.
    pub mobile: Private<String>,
    pub name: Option<Private<String>>,
    pub national_id: Option<Private<String>>,
    pub amount: Option<Xof>,
}

#[derive(Serialize)]
struct VerifyBody<'a> {
    mobile: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    national_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "amount::optional::serialize")]
    amount: Option<Xof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
}

/// How the given name compares with the one that Wave knows (fuzzily).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NameMatch {
    Match,
    NoMatch,
    NameNotKnown,
    #[serde(other)]
    Unknown,
}

/// How the given national id compares with the one that Wave knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NationalIdMatch {
    Match,
    NoMatch,
    IdNotKnown,
    #[serde(other)]
    Unknown,
}

/// What Wave says of a person. A part that was not asked, or not answered, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientCheck {
    #[serde(default)]
    pub within_limits: Option<bool>,
    #[serde(default)]
    pub name_match: Option<NameMatch>,
    #[serde(default)]
    pub national_id_match: Option<NationalIdMatch>,
}

impl Wave {
    /// `POST /v1/payout`. After an open outcome call again with the **same** key and the same order; another order under
    /// the key is refused with `idempotency-mismatch`.
    pub async fn send_payout(
        &self,
        key: &IdempotencyKey,
        order: &SendPayout,
    ) -> Result<Payout, ProviderError> {
        let body = SendBody {
            currency: Currency::Xof,
            receive_amount: order.receive_amount,
            mobile: order.mobile.expose(),
            name: order.name.as_ref().map(|name| name.expose().as_str()),
            client_reference: &order.client_reference,
            payment_reason: order.payment_reason.as_deref(),
        };
        let reply = self.post(self.address(&["payout"]), &body, Some(key)).await?;
        let status = reply.status;
        let payout = reply.decode::<PayoutBody>()?.payout(status)?;
        let same = payout.receive_amount == order.receive_amount
            && payout.currency == Currency::Xof
            && payout.client_reference.as_ref().is_none_or(|reference| *reference == order.client_reference);
        if same {
            Ok(payout)
        } else {
            Err(ProviderError::unexpected("the payout is not the one ordered", Some(status)))
        }
    }

    /// `GET /v1/payout/{id}`. An unknown id is refused with `not-found` (404).
    pub async fn payout(&self, id: &str) -> Result<Payout, ProviderError> {
        let reply = self.get(self.address(&["payout", identifier(id)?])).await?;
        let status = reply.status;
        let payout = reply.decode::<PayoutBody>()?.payout(status)?;
        if payout.id == id {
            Ok(payout)
        } else {
            Err(ProviderError::unexpected("another payout", Some(status)))
        }
    }

    /// `GET /v1/payouts/search`: every payout ordered with this reference, none when there is none. Absence is no proof
    /// while an order may still be on its way.
    pub async fn search_payouts(&self, client_reference: &str) -> Result<Vec<Payout>, ProviderError> {
        let mut url = self.address(&["payouts", "search"]);
        url.query_pairs_mut().append_pair("client_reference", client_reference);
        let reply = self.get(url).await?;
        let status = reply.status;
        let found: Found = reply.decode()?;
        found
            .result
            .into_iter()
            .map(|body| {
                let payout = body.payout(status)?;
                let ours =
                    payout.client_reference.as_ref().is_none_or(|reference| reference == client_reference);
                if ours {
                    Ok(payout)
                } else {
                    Err(ProviderError::unexpected("a payout of another reference", Some(status)))
                }
            })
            .collect()
    }

    /// `POST /v1/payout/{id}/reverse`, within three days of the order: gives back amount and fee. Safe to repeat. Refused
    /// with `payout-reversal-time-limit-exceeded`, `payout-reversal-account-terminated`, or `insufficient-funds` when
    /// the person has spent it.
    pub async fn reverse_payout(&self, id: &str) -> Result<(), ProviderError> {
        let id = identifier(id)?;
        // Wave wants a key on the POSTs of this part; a reversal is one thing per payout, so its id is the key.
        let key = IdempotencyKey(format!("reverse-{id}"));
        self.post_empty(self.address(&["payout", id, "reverse"]), Some(&key)).await?.done()
    }

    /// `POST /v1/verify_recipient/`. Changes nothing, so it may be repeated freely (within Wave's allowance).
    pub async fn verify_recipient(
        &self,
        question: &VerifyRecipient,
    ) -> Result<RecipientCheck, ProviderError> {
        let body = VerifyBody {
            mobile: question.mobile.expose(),
            name: question.name.as_ref().map(|name| name.expose().as_str()),
            national_id: question.national_id.as_ref().map(|id| id.expose().as_str()),
            amount: question.amount,
            currency: question.amount.map(|_| Currency::Xof),
        };
        // The empty last segment is the slash at the end, which this address has.
        self.post(self.address(&["verify_recipient", ""]), &body, None).await?.decode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &str, rest: &str) -> Result<Payout, ProviderError> {
        let body = format!(
            r#"{{"id":"pt-1","currency":"XOF","receive_amount":"48500","fee":"485","mobile":"+221770000009","name":"Awa Test",
            "client_reference":"dist_1","status":"{status}","timestamp":"2026-11-22T10:00:00Z"{rest}}}"#
        );
        serde_json::from_str::<PayoutBody>(&body).unwrap().payout(200)
    }

    #[test]
    fn a_success_over_http_can_be_a_failed_payout() {
        let payout =
            read("failed", r#","payout_error":{"error_code":"recipient-minor","error_message":"m"}"#)
                .unwrap();
        assert_eq!(payout.status, PayoutStatus::Failed { code: "recipient-minor".into() });
        let without = read("failed", "").unwrap();
        assert_eq!(without.status, PayoutStatus::Failed { code: "unspecified".into() });
    }

    #[test]
    fn a_state_of_tomorrow_decides_nothing() {
        assert_eq!(read("queued", "").unwrap().status, PayoutStatus::Unknown);
    }

    #[test]
    fn a_success_with_an_error_is_a_contradiction() {
        assert!(read("succeeded", r#","payout_error":{"error_code":"x"}"#).unwrap_err().may_have_happened());
    }

    #[test]
    fn debug_shows_neither_phone_nor_name() {
        let order = SendPayout {
            receive_amount: Xof::new(1),
            mobile: "+221770000009".into(),
            name: Some("Awa Test".into()),
            client_reference: "dist_1".into(),
            payment_reason: None,
        };
        let shown = format!("{order:?} {:?}", read("succeeded", "").unwrap());
        assert!(!shown.contains("7700") && !shown.contains("Awa"), "{shown}");
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        for bad in ["", "a b", "a\n", "é", &"k".repeat(256)] {
            assert!(IdempotencyKey::new(bad).is_err(), "{bad}");
        }
        assert!(IdempotencyKey::new("k".repeat(255)).is_ok());
    }
}
