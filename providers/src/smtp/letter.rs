//! A mail as it goes over the line: headers, and the text twice, plain and as HTML.

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::mail::{Mail, Sender};
use crate::wire::ProviderError;

pub(super) struct Letter {
    /// The `Message-ID`: our reference at the sender's domain.
    pub(super) id: String,
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

impl Letter {
    pub(super) fn write(
        reference: &str,
        from: &Sender,
        sender: &Address,
        mail: &Mail,
    ) -> Result<Self, ProviderError> {
        let Mail { to, subject, text, html, .. } = mail;
        let to: Address = to.reveal().parse().map_err(|_| ProviderError::refused_here("invalid-address"))?;
        let id = format!("<{reference}@{}>", sender.domain());
        let mut message = lettre::Message::builder()
            .message_id(Some(id.clone()))
            .from(Mailbox::new(Some(from.name.clone()), sender.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(subject.as_str());
        for (name, value) in mail.unsubscribe_headers() {
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::new(name, value));
        }
        let message = message
            .multipart(MultiPart::alternative_plain_html(text.clone(), html.clone()))
            .map_err(|_| ProviderError::refused_here("unwritable-mail"))?;
        Ok(Self { id, to, bytes: message.formatted() })
    }
}
