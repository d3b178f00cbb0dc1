//! WhatsApp, by Meta's Cloud API: what is sent to a person, and what comes back of it.
//!
//! Free words reach somebody only within a day of their last message to us; before and after, only a template that Meta
//! has approved does. Meta answers a send before it knows whether the person can be reached: most refusals come later,
//! in a receipt ([`webhook`]), under the codes of [`remedy`].
//!
//! A status says little here: one and the same code has come under different ones, so the code in the body decides. This
//! client refuses to send what Meta is known to refuse (a text that is too long, a parameter of two lines), for such a
//! refusal would be found out one message at a time. Source: Meta's `business-messaging-api` v23.0 and its list of codes.

mod codes;
mod media;
mod message;
mod templates;
pub mod webhook;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wolo_domain::people::Phone;

use crate::guard::BreakerState;
use crate::http::{self, Answer};
use crate::messages::{Handed, HttpAccess, HttpApi, SetupError, decoded, with_json};
use crate::wire::{ProviderError, identifier};

pub use codes::remedy;
pub use media::MediaFile;
pub use message::{Button, ButtonFill, Buttons, Message, Template};
pub use templates::{
    Category, KnownTemplate, NewTemplate, TemplateButton, TemplateForm, TemplatePage, TemplateStatus,
};

const NAME: &str = "WhatsApp";

/// Theirs: `wamid.` and Base64.
const LONGEST_ID: usize = 512;

/// What is needed to speak for one number of one business account.
#[derive(Debug, Clone)]
pub struct WhatsAppAccess {
    /// The address has the API's version in it: `https://graph.facebook.com/v25.0`.
    pub http: HttpAccess,
    /// What sends. Not a phone number: Meta's id for one.
    pub phone_number_id: String,
    /// What templates belong to.
    /// Empty: messages are sent all the same, and templates are registered elsewhere.
    pub business_account_id: String,
    /// A system user's token; a temporary one dies after a day.
    pub access_token: SecretString,
}

/// A client of one WhatsApp number. Cheap to clone; one attempt per call.
#[derive(Debug, Clone)]
pub struct WhatsApp {
    api: HttpApi,
    phone_number_id: String,
    business_account_id: String,
    header: HeaderValue,
}

/// Every message that is sent has these round it.
#[derive(Serialize)]
struct Envelope<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    #[serde(rename = "biz_opaque_callback_data")]
    reference: &'a str,
    #[serde(flatten)]
    message: message::Wire<'a>,
}

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
}

#[derive(Deserialize)]
struct Done {
    success: bool,
}

impl WhatsApp {
    pub fn new(access: WhatsAppAccess) -> Result<Self, SetupError> {
        let WhatsAppAccess { http, phone_number_id, business_account_id, access_token } = access;
        let has_account = !business_account_id.is_empty();
        if identifier(&phone_number_id).is_err() || has_account && identifier(&business_account_id).is_err() {
            return Err(SetupError::Setting(NAME));
        }
        let header = http::bearer(&access_token).map_err(|_| SetupError::Setting(NAME))?;
        Ok(Self { api: HttpApi::new(NAME, http)?, phone_number_id, business_account_id, header })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.api.breaker()
    }

    /// `POST /{phone number}/messages`. The reference comes back in every receipt. An open outcome is not to be repeated
    /// before a receipt has had its time: there is no idempotency key.
    pub async fn send(
        &self,
        to: &Phone,
        message: &Message,
        reference: &str,
    ) -> Result<Handed, ProviderError> {
        if let Some(what) = message.unsendable() {
            return Err(ProviderError::refused_here(what));
        }
        let envelope = Envelope {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: to.reveal(),
            reference: identifier(reference)?,
            message: message.wire(),
        };
        let answer = self.post(&[&self.phone_number_id, "messages"], &envelope).await?;
        let accepted: Accepted = decoded(&answer)?;
        match accepted.messages.into_iter().next() {
            Some(AcceptedMessage { id }) if is_id(&id) => Ok(Handed { id }),
            _ => Err(ProviderError::unexpected("an accepted message without an id", Some(answer.status))),
        }
    }

    /// Shows the person that their message was read.
    pub async fn mark_read(&self, message_id: &str) -> Result<(), ProviderError> {
        #[derive(Serialize)]
        struct Read<'a> {
            messaging_product: &'static str,
            status: &'static str,
            message_id: &'a str,
        }
        let read = Read { messaging_product: "whatsapp", status: "read", message_id };
        done(&self.post(&[&self.phone_number_id, "messages"], &read).await?)
    }

    /// `POST /{account}/subscribed_apps`: from then on Meta tells our app what becomes of messages and what people write. Before that
    /// it tells nothing, whatever address it has of us. Asked again it changes nothing.
    pub async fn subscribe(&self) -> Result<(), ProviderError> {
        let account = identifier(&self.business_account_id)?;
        done(&self.call(self.request(Method::POST, &[account, "subscribed_apps"])).await?)
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.api.request(method, segments).header(AUTHORIZATION, &self.header)
    }

    async fn post<B: Serialize>(&self, segments: &[&str], body: &B) -> Result<Answer, ProviderError> {
        self.call(with_json(self.request(Method::POST, segments), body)?).await
    }

    async fn call(&self, request: RequestBuilder) -> Result<Answer, ProviderError> {
        self.api.call(http::read(request, codes::failure)).await
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn done(answer: &Answer) -> Result<(), ProviderError> {
    match decoded(answer)? {
        Done { success: true } => Ok(()),
        Done { success: false } => {
            Err(ProviderError::unexpected("neither done nor refused", Some(answer.status)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Timeouts;

    fn access() -> WhatsAppAccess {
        WhatsAppAccess {
            http: HttpAccess {
                base_url: "https://graph.facebook.com/v25.0".parse().unwrap(),
                timeouts: Timeouts::total(Duration::from_secs(15)),
                pause: Duration::from_secs(30),
            },
            phone_number_id: "1001".to_owned(),
            business_account_id: "2002".to_owned(),
            access_token: SecretString::from("EAA-s3cret"),
        }
    }

    #[test]
    fn a_setting_that_would_address_something_else_is_refused() {
        for bad in ["", "1/2", "..", "+221 33"] {
            let number = WhatsAppAccess { phone_number_id: bad.to_owned(), ..access() };
            let account = WhatsAppAccess { business_account_id: bad.to_owned(), ..access() };
            assert!(matches!(WhatsApp::new(number), Err(SetupError::Setting("WhatsApp"))), "{bad}");
            let account = WhatsApp::new(account);
            // Who registers templates elsewhere names no account.
            assert_eq!(account.is_ok(), bad.is_empty(), "{bad}");
        }
        let token = WhatsAppAccess { access_token: SecretString::from("a\nb"), ..access() };
        assert!(matches!(WhatsApp::new(token), Err(SetupError::Setting("WhatsApp"))));
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?} {:?}", access(), WhatsApp::new(access()).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
