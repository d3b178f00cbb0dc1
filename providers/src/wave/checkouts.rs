//! Checkout sessions: the page on which a giver pays.
//!
//! Creating has no idempotency key. After an open outcome, look with [`Wave::search_checkouts`] before creating again:
//! an orphan session costs nothing, but two open sessions for one gift can both be paid.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use wolo_domain::evidence::gifts::{CheckoutStatus, PaymentStatus};
use wolo_domain::money::Xof;

use super::reply::Reply;
use super::{Currency, Wave, amount, identifier};
use crate::private::Private;
use crate::wire::ProviderError;

/// What is asked of a giver. Who may pay is left open on purpose: relatives often pay from another phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCheckout {
    /// What the giver pays, in whole francs; Wave's fee is taken from what we receive.
    pub amount: Xof,
    /// Our opaque reference, at most 255 characters; the only way to find the session when the reply is lost.
    pub client_reference: String,
    /// Where Wave sends the browser afterwards; `https` only. Arriving there proves nothing.
    pub success_url: Url,
    /// As `success_url`, when it did not work.
    pub error_url: Url,
}

#[derive(Serialize)]
struct CreateBody<'a> {
    #[serde(with = "amount")]
    amount: Xof,
    currency: Currency,
    client_reference: &'a str,
    success_url: &'a Url,
    error_url: &'a Url,
}

/// Why the last attempt of the giver failed. The session stays open: this is not an end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentFailure {
    /// For example `insufficient-funds`, `payer-mobile-mismatch`, `blocked-account`.
    pub code: String,
    #[serde(default)]
    pub message: Option<Private<String>>,
}

/// A session as Wave gives it back from creating, reading and searching.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckoutSession {
    /// `cos-…`, at most 20 characters.
    pub id: String,
    #[serde(with = "amount")]
    pub amount: Xof,
    pub currency: Currency,
    pub checkout_status: CheckoutStatus,
    pub payment_status: PaymentStatus,
    #[serde(default)]
    pub client_reference: Option<String>,
    /// Set once paid; the giver sees it too.
    #[serde(default)]
    pub transaction_id: Option<String>,
    #[serde(default)]
    pub last_payment_error: Option<PaymentFailure>,
    /// To be opened in the system's browser, never in a web view.
    pub wave_launch_url: Url,
    #[serde(default)]
    pub when_created: Option<DateTime<Utc>>,
    #[serde(default)]
    pub when_completed: Option<DateTime<Utc>>,
    /// The only truth about how long it lives (half an hour, usually). A payment in the last second can still complete.
    pub when_expires: DateTime<Utc>,
}

impl CheckoutSession {
    /// Paid means both: the session complete and the payment succeeded.
    pub fn is_paid(&self) -> bool {
        self.checkout_status == CheckoutStatus::Complete && self.payment_status == PaymentStatus::Succeeded
    }

    /// Still payable as far as Wave is concerned.
    pub fn is_open(&self) -> bool {
        self.checkout_status == CheckoutStatus::Open
    }

    /// Says what of the session cannot be so, if anything.
    fn contradiction(&self) -> Option<&'static str> {
        if !matches!(self.wave_launch_url.scheme(), "https" | "http") {
            Some("a payment page that is not a web page")
        } else if self.is_paid() && self.transaction_id.is_none() {
            Some("a paid session without a transaction")
        } else {
            None
        }
    }
}

/// What came of asking to expire a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It was open and is expired now.
    Expired,
    /// It had already been paid or had expired: read it to know which.
    AlreadyEnded,
}

#[derive(Deserialize)]
struct Found {
    result: Vec<CheckoutSession>,
}

impl Wave {
    /// `POST /v1/checkout/sessions`. A reply that speaks of another amount, currency or reference is `Unexpected`.
    pub async fn create_checkout(&self, request: &CreateCheckout) -> Result<CheckoutSession, ProviderError> {
        let body = CreateBody {
            amount: request.amount,
            currency: Currency::Xof,
            client_reference: &request.client_reference,
            success_url: &request.success_url,
            error_url: &request.error_url,
        };
        let reply = self.post(self.address(&["checkout", "sessions"]), &body, None).await?;
        let status = reply.status;
        let session = sound(reply.decode()?, status)?;
        let same = session.amount == request.amount
            && session.currency == Currency::Xof
            && session
                .client_reference
                .as_ref()
                .is_none_or(|reference| *reference == request.client_reference);
        if same {
            Ok(session)
        } else {
            Err(ProviderError::unexpected("the session is not the one asked for", Some(status)))
        }
    }

    /// `GET /v1/checkout/sessions/{id}`. An unknown id is refused with `checkout-session-not-found` (404).
    pub async fn checkout(&self, id: &str) -> Result<CheckoutSession, ProviderError> {
        let reply = self.get(self.address(&["checkout", "sessions", identifier(id)?])).await?;
        let status = reply.status;
        let session: CheckoutSession = sound(reply.decode()?, status)?;
        if session.id == id {
            Ok(session)
        } else {
            Err(ProviderError::unexpected("another session", Some(status)))
        }
    }

    /// `GET /v1/checkout/sessions/search`: every session made with this reference, none when there is none. Not paged.
    pub async fn search_checkouts(
        &self,
        client_reference: &str,
    ) -> Result<Vec<CheckoutSession>, ProviderError> {
        let mut url = self.address(&["checkout", "sessions", "search"]);
        url.query_pairs_mut().append_pair("client_reference", client_reference);
        let reply = self.get(url).await?;
        let status = reply.status;
        let found: Found = reply.decode()?;
        found
            .result
            .into_iter()
            .map(|session| {
                let ours =
                    session.client_reference.as_ref().is_none_or(|reference| reference == client_reference);
                if ours {
                    sound(session, status)
                } else {
                    Err(ProviderError::unexpected("a session of another reference", Some(status)))
                }
            })
            .collect()
    }

    /// `POST /v1/checkout/sessions/{id}/expire`, so that no one can pay it any more. Safe to repeat.
    pub async fn expire_checkout(&self, id: &str) -> Result<Expiry, ProviderError> {
        let reply =
            self.post_empty(self.address(&["checkout", "sessions", identifier(id)?, "expire"]), None).await?;
        // The status is the whole answer here; the bodies of this 409 differ.
        if reply.status == 409 {
            return Ok(Expiry::AlreadyEnded);
        }
        reply.done().map(|()| Expiry::Expired)
    }

    /// `POST /v1/checkout/sessions/{id}/refund`: all of it, fee included; there is no partial refund. Safe to repeat: a
    /// second call gives nothing back again. Refused with `checkout-refund-failed` when the payment did not succeed or
    /// our wallet is short.
    pub async fn refund_checkout(&self, id: &str) -> Result<(), ProviderError> {
        let reply: Reply =
            self.post_empty(self.address(&["checkout", "sessions", identifier(id)?, "refund"]), None).await?;
        reply.done()
    }
}

fn sound(session: CheckoutSession, status: u16) -> Result<CheckoutSession, ProviderError> {
    match session.contradiction() {
        Some(what) => Err(ProviderError::unexpected(what, Some(status))),
        None => Ok(session),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"{"id":"cos-1wolo00000001","amount":"5000","checkout_status":"open","client_reference":"don_1",
        "currency":"XOF","error_url":"https://wolo.example/ko","last_payment_error":null,"business_name":"WOLO",
        "payment_status":"processing","transaction_id":null,"a_field_of_tomorrow":{"x":1},
        "success_url":"https://wolo.example/ok","wave_launch_url":"https://pay.wave.com/c/cos-1wolo00000001",
        "when_completed":null,"when_created":"2026-11-22T10:00:00Z","when_expires":"2026-11-22T10:30:00Z"}"#;

    fn session(from: &str, to: &str) -> Result<CheckoutSession, serde_json::Error> {
        assert!(OPEN.contains(from));
        serde_json::from_str(&OPEN.replacen(from, to, 1))
    }

    #[test]
    fn unknown_fields_and_unknown_states_are_taken_as_they_come() {
        let session = session(r#""checkout_status":"open""#, r#""checkout_status":"paused""#).unwrap();
        assert_eq!(session.checkout_status, CheckoutStatus::Unknown);
        assert!(!session.is_paid() && !session.is_open());
    }

    #[test]
    fn paid_means_complete_and_succeeded() {
        let complete = session(r#""checkout_status":"open""#, r#""checkout_status":"complete""#).unwrap();
        assert!(!complete.is_paid());
        let succeeded =
            session(r#""payment_status":"processing""#, r#""payment_status":"succeeded""#).unwrap();
        assert!(!succeeded.is_paid());
    }

    #[test]
    fn an_amount_that_is_not_a_string_of_digits_is_no_session() {
        for amount in ["5000", "\"5000.00\"", "\"-5000\"", "\"\"", "null"] {
            assert!(session(r#""amount":"5000""#, &format!(r#""amount":{amount}"#)).is_err(), "{amount}");
        }
    }

    #[test]
    fn a_payment_page_that_runs_code_is_a_contradiction() {
        let session = session("https://pay.wave.com/c/cos-1wolo00000001", "javascript:alert(1)").unwrap();
        assert!(matches!(sound(session, 200), Err(ProviderError::Unexpected { .. })));
    }
}
