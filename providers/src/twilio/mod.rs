//! SMS by Twilio, where Orange does not reach: numbers abroad, and days on which Orange is away.
//!
//! Twilio has no idempotency key either. But it tells what became of a message at an address of our choice, and ours
//! holds the reference, so that a message whose sending was not answered is known by its receipt ([`webhook`]).
//!
//! Source: Twilio's published description of its API (2010-04-01) and its own clients' signature check.

mod reply;
pub mod webhook;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use url::{Url, form_urlencoded};
use wolo_domain::people::Phone;

use crate::guard::BreakerState;
use crate::http;
use crate::messages::{Handed, HttpAccess, HttpApi, SetupError, decoded};
use crate::wire::ProviderError;

pub use reply::remedy;

const NAME: &str = "Twilio";

/// The name under which the receipts' address holds our reference.
const REFERENCE: &str = "reference";

/// What is needed to send for one account at Twilio.
#[derive(Debug, Clone)]
pub struct TwilioAccess {
    pub http: HttpAccess,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    pub auth_token: SecretString,
    pub sender: Sender,
    /// Where receipts are to come, https, without a query; the reference is added to it.
    pub status_callback: Url,
}

/// Who a message is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A number in E.164, or a name that the country lets through.
    From(String),
    /// A service that picks the sender by the country: `MG` and 32 hexadecimal digits.
    Service(String),
}

/// A client of one account at Twilio. Cheap to clone; makes one attempt per call.
#[derive(Debug, Clone)]
pub struct Twilio {
    api: HttpApi,
    account_sid: String,
    header: HeaderValue,
    sender: Sender,
    status_callback: Url,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    status: Option<String>,
    error_code: Option<u32>,
}

impl Twilio {
    pub fn new(access: TwilioAccess) -> Result<Self, SetupError> {
        let TwilioAccess { http, account_sid, auth_token, sender, status_callback } = access;
        let sender_is_fine = match &sender {
            Sender::From(text) => {
                let text = text.strip_prefix('+').unwrap_or(text);
                (1..=15).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            }
            Sender::Service(sid) => is_sid(sid, "MG"),
        };
        if !sender_is_fine || !is_sid(&account_sid, "AC") || !http::is_safe_address(&status_callback) {
            return Err(SetupError::Setting(NAME));
        }
        let header = http::basic(&account_sid, &auth_token).ok_or(SetupError::Setting(NAME))?;
        let api = HttpApi::new(NAME, http)?;
        Ok(Self { api, account_sid, header, sender, status_callback })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.api.breaker()
    }

    /// Hands over a text of at most 1600 characters. The receipts will carry the reference.
    pub async fn send(&self, to: &Phone, text: &str, reference: &str) -> Result<Handed, ProviderError> {
        let mut callback = self.status_callback.clone();
        callback.query_pairs_mut().append_pair(REFERENCE, reference);
        let (name, from) = match &self.sender {
            Sender::From(from) => ("From", from),
            Sender::Service(sid) => ("MessagingServiceSid", sid),
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to.reveal())
            .append_pair(name, from)
            .append_pair("Body", text)
            .append_pair("StatusCallback", callback.as_str())
            .finish();
        let request = self
            .api
            .request(Method::POST, &["2010-04-01", "Accounts", &self.account_sid, "Messages.json"])
            .header(AUTHORIZATION, &self.header)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let answer = self.api.call(http::read(request, reply::failure)).await?;
        let message: Message = decoded(&answer)?;
        if !webhook::is_message_sid(&message.sid) {
            return Err(ProviderError::unexpected("a message without a name", Some(answer.status)));
        }
        match (message.status.as_deref(), message.error_code) {
            // Taken and turned down in one answer.
            (Some("failed" | "undelivered" | "canceled"), code) => Err(ProviderError::Refused {
                code: code.map_or_else(|| "failed".to_owned(), |code| code.to_string()),
                message: "".into(),
                status: answer.status,
            }),
            _ => Ok(Handed { id: message.sid }),
        }
    }
}

/// Twilio's names: two letters for what it is, and 32 hexadecimal digits.
fn is_sid(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Timeouts;

    fn access() -> TwilioAccess {
        TwilioAccess {
            http: HttpAccess {
                base_url: "https://api.twilio.com".parse().unwrap(),
                timeouts: Timeouts::total(Duration::from_secs(15)),
                pause: Duration::from_secs(30),
            },
            account_sid: format!("AC{}", "0".repeat(32)),
            auth_token: SecretString::from("s3cret"),
            sender: Sender::From("WOLO".to_owned()),
            status_callback: "https://api.wolo.example/webhooks/twilio/status".parse().unwrap(),
        }
    }

    #[test]
    fn a_setting_that_cannot_be_twilios_is_refused() {
        let service = |sid: &str| Sender::Service(sid.to_owned());
        let good = format!("MG{}", "a".repeat(32));
        assert!(Twilio::new(access()).is_ok());
        assert!(Twilio::new(TwilioAccess { sender: service(&good), ..access() }).is_ok());
        let from = Sender::From("+221 & co".to_owned());
        for bad in [
            TwilioAccess { sender: service("MG1"), ..access() },
            TwilioAccess { sender: from, ..access() },
            TwilioAccess { account_sid: "AC../Calls.json".to_owned(), ..access() },
            TwilioAccess { auth_token: SecretString::from(""), ..access() },
            TwilioAccess { status_callback: "http://api.wolo.example/".parse().unwrap(), ..access() },
        ] {
            assert!(matches!(Twilio::new(bad), Err(SetupError::Setting("Twilio"))));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Twilio::new(access()).unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("Basic"), "{shown}");
    }
}
