//! SMS by Orange in Senegal: sending, receipts, and how many messages are left in the bundle.
//!
//! A message is paid for with a unit of a bundle that was bought beforehand and expires. Orange has no idempotency key
//! and answers no question about one message, so an answer that was lost stays lost until a receipt comes, and its
//! receipts carry Orange's name for the message only: one whose sending was not answered cannot be told.
//!
//! Source: Orange's SMS API for Africa and the Middle East (token, send, delivery receipt, contracts); what it leaves
//! open follows public client code.

mod contracts;
pub mod receipts;
mod reply;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wolo_domain::people::Phone;

use crate::guard::BreakerState;
use crate::http;
use crate::messages::{Handed, HttpAccess, HttpApi, SetupError, decoded, with_json};
use crate::oauth::{Authorized, Issuer};
use crate::wire::{ProviderError, identifier};

pub use contracts::Contract;
pub use reply::remedy;

const NAME: &str = "Orange";

/// What is needed to send for one application at Orange.
#[derive(Debug, Clone)]
pub struct OrangeAccess {
    pub http: HttpAccess,
    pub client_id: String,
    pub client_secret: SecretString,
    /// The number that Orange sends from in our country: `+2210000` in Senegal.
    pub sender: String,
    /// What stands where the number would, at most 11 letters, digits and spaces. Only one that Orange has approved.
    pub sender_name: Option<String>,
}

/// A client of one application at Orange. Cheap to clone; makes one attempt per call.
#[derive(Debug, Clone)]
pub struct Orange {
    calls: Arc<Authorized<Credentials>>,
    /// `tel:+2210000`
    sender: String,
    sender_name: Option<String>,
}

struct Credentials {
    api: HttpApi,
    header: HeaderValue,
}

impl Issuer for Credentials {
    const EARLY: TimeDelta = TimeDelta::seconds(60);

    fn api(&self) -> &HttpApi {
        &self.api
    }

    fn question(&self, _now: DateTime<Utc>) -> Result<RequestBuilder, ProviderError> {
        Ok(self
            .api
            .request(Method::POST, &["oauth", "v3", "token"])
            .header(AUTHORIZATION, &self.header)
            .header(ACCEPT, "application/json")
            .form(&[("grant_type", "client_credentials")]))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Send<'a> {
    #[serde(rename = "outboundSMSMessageRequest")]
    request: SendRequest<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendRequest<'a> {
    address: &'a str,
    sender_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_name: Option<&'a str>,
    #[serde(rename = "outboundSMSTextMessage")]
    text: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    message: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "outboundSMSMessageRequest")]
    request: TakenRequest,
}

#[derive(Deserialize)]
struct TakenRequest {
    /// Its last part is Orange's name for the message.
    #[serde(rename = "resourceURL")]
    resource: String,
}

impl Orange {
    pub fn new(access: OrangeAccess) -> Result<Self, SetupError> {
        let OrangeAccess { http, client_id, client_secret, sender, sender_name } = access;
        let number = sender.strip_prefix('+').unwrap_or_default();
        let is_number = (4..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || sender_name.as_deref().is_some_and(|name| !is_sender_name(name)) {
            return Err(SetupError::Setting(NAME));
        }
        let header = http::basic(&client_id, &client_secret).ok_or(SetupError::Setting(NAME))?;
        let api = HttpApi::new(NAME, http)?;
        let credentials = Credentials { api: api.clone(), header };
        Ok(Self {
            calls: Arc::new(Authorized::new(api, credentials)),
            sender: format!("tel:{sender}"),
            sender_name,
        })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.calls.breaker()
    }

    /// Hands over a text. More than one segment is sent as one message and costs a unit for each.
    pub async fn send(&self, to: &Phone, text: &str) -> Result<Handed, ProviderError> {
        let address = format!("tel:{}", to.reveal());
        let body = Send {
            request: SendRequest {
                address: &address,
                sender_address: &self.sender,
                sender_name: self.sender_name.as_deref(),
                text: Text { message: text },
            },
        };
        // Orange wants the colon and the plus escaped.
        let sender: String = url::form_urlencoded::byte_serialize(self.sender.as_bytes()).collect();
        let path = format!("smsmessaging/v1/outbound/{sender}/requests");
        let request = self.calls.request_escaped(Method::POST, &path).header(ACCEPT, "application/json");
        let request = with_json(request, &body)?;
        let answer = self.calls.call(request, reply::failure, Utc::now()).await?;
        let taken: Taken = decoded(&answer)?;
        let id = taken.request.resource.rsplit('/').next().filter(|id| identifier(id).is_ok());
        match id {
            Some(id) => Ok(Handed { id: id.to_owned() }),
            None => Err(ProviderError::unexpected("a message without a name", Some(answer.status))),
        }
    }
}

fn is_sender_name(name: &str) -> bool {
    (1..=11).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Timeouts;

    fn access() -> OrangeAccess {
        OrangeAccess {
            http: HttpAccess {
                base_url: "https://api.orange.com".parse().unwrap(),
                timeouts: Timeouts::total(Duration::from_secs(15)),
                pause: Duration::from_secs(30),
            },
            client_id: "wolo".to_owned(),
            client_secret: SecretString::from("s3cret"),
            sender: "+2210000".to_owned(),
            sender_name: Some("WOLO".to_owned()),
        }
    }

    #[test]
    fn a_sender_that_orange_cannot_have_approved_is_refused() {
        assert!(Orange::new(access()).is_ok());
        for sender in ["", "2210000", "tel:+2210000", "+221 0000", "+221", "+2210000/requests"] {
            let bad = OrangeAccess { sender: sender.to_owned(), ..access() };
            assert!(matches!(Orange::new(bad), Err(SetupError::Setting("Orange"))), "{sender}");
        }
        for name in ["", "WOLO-SN", "a name too long", "Wóló"] {
            let bad = OrangeAccess { sender_name: Some(name.to_owned()), ..access() };
            assert!(matches!(Orange::new(bad), Err(SetupError::Setting("Orange"))), "{name}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Orange::new(access()).unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("Basic"), "{shown}");
    }
}
