//! Mail by SendGrid: sending, what its events say ([`webhook`]), and the lists of those it will not send to.
//!
//! A 202 says that SendGrid has the mail, not that anybody else has. It has no idempotency key either; our reference goes
//! along in `custom_args` and comes back in every event. Links are left as they are and openings are not watched: what
//! SendGrid would learn of a reader is nobody's business.
//!
//! Source: SendGrid's `tsg_mail_v3`, `tsg_suppressions_v3` and `tsg_webhooks_v3`.

mod answers;
mod suppressions;
pub mod webhook;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde::Serialize;

use crate::guard::BreakerState;
use crate::http::{self, Answer};
use crate::mail::{Mail, Sender};
use crate::messages::{Handed, HttpAccess, HttpApi, SetupError, with_json};
use crate::wire::{ProviderError, identifier};

pub use answers::remedy;
pub use suppressions::Bounce;

const NAME: &str = "SendGrid";

/// What is needed to send for one account.
#[derive(Debug, Clone)]
pub struct SendGridAccess {
    /// `https://api.sendgrid.com`, or `https://api.eu.sendgrid.com` for an account of the EU.
    pub http: HttpAccess,
    /// `SG.…`, with the right to send and to keep suppressions.
    pub api_key: SecretString,
    /// Verified at SendGrid.
    pub from: Sender,
}

/// A client of one SendGrid account. Cheap to clone; one attempt per call.
#[derive(Debug, Clone)]
pub struct SendGrid {
    api: HttpApi,
    header: HeaderValue,
    from: Sender,
}

#[derive(Serialize)]
struct Body<'a> {
    personalizations: [Personalization<'a>; 1],
    from: Address<'a>,
    subject: &'a str,
    /// Plain text first: a reader takes the last that it can show.
    content: [Content<'a>; 2],
    tracking_settings: Tracking,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: [Address<'a>; 1],
    custom_args: CustomArgs<'a>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    headers: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Address<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct CustomArgs<'a> {
    notification_id: &'a str,
}

#[derive(Serialize)]
struct Content<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct Tracking {
    click_tracking: Switch,
    open_tracking: Switch,
}

#[derive(Serialize)]
struct Switch {
    enable: bool,
}

const OFF: Switch = Switch { enable: false };

impl SendGrid {
    pub fn new(access: SendGridAccess) -> Result<Self, SetupError> {
        let SendGridAccess { http, api_key, from } = access;
        let header = http::bearer(&api_key).map_err(|_| SetupError::Setting(NAME))?;
        Ok(Self { api: HttpApi::new(NAME, http)?, header, from })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.api.breaker()
    }

    /// `POST /v3/mail/send`. An open outcome is not to be repeated before an event has had its time.
    pub async fn send(&self, mail: &Mail, reference: &str) -> Result<Handed, ProviderError> {
        let Mail { to, subject, text, html, .. } = mail;
        let body = Body {
            personalizations: [Personalization {
                to: [Address { email: to.reveal(), name: None }],
                custom_args: CustomArgs { notification_id: identifier(reference)? },
                headers: mail
                    .unsubscribe_headers()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect(),
            }],
            from: Address { email: self.from.email.reveal(), name: Some(&self.from.name) },
            subject,
            content: [
                Content { kind: "text/plain", value: text },
                Content { kind: "text/html", value: html },
            ],
            tracking_settings: Tracking { click_tracking: OFF, open_tracking: OFF },
        };
        let answer =
            self.call(with_json(self.request(Method::POST, &["v3", "mail", "send"]), &body)?).await?;
        let id = answer.headers.get("x-message-id").and_then(|value| value.to_str().ok());
        match id {
            Some(id) if !id.is_empty() => Ok(Handed { id: id.to_owned() }),
            _ => Err(ProviderError::unexpected("an accepted mail without an id", Some(answer.status))),
        }
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.api.request(method, segments).header(AUTHORIZATION, &self.header)
    }

    async fn call(&self, request: RequestBuilder) -> Result<Answer, ProviderError> {
        self.api.call(http::read(request, answers::failure)).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Timeouts;

    fn access() -> SendGridAccess {
        SendGridAccess {
            http: HttpAccess {
                base_url: "https://api.sendgrid.com".parse().unwrap(),
                timeouts: Timeouts::total(Duration::from_secs(15)),
                pause: Duration::from_secs(30),
            },
            api_key: SecretString::from("SG.s3cret"),
            from: Sender { email: "bonjour@wolo.example".parse().unwrap(), name: "WOLO".to_owned() },
        }
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_and_none_is_shown() {
        let bad = SendGridAccess { api_key: SecretString::from("SG.s3cret\n"), ..access() };
        assert!(matches!(SendGrid::new(bad), Err(SetupError::Setting("SendGrid"))));
        let shown = format!("{:?} {:?}", access(), SendGrid::new(access()).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
