//! What `mail/send` takes, read as strictly as SendGrid does.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::errors::Refusal;

/// Recipients of one request.
const MOST_RECIPIENTS: usize = 1000;
/// Bytes of all custom arguments.
const MOST_ARGUMENTS: usize = 10_000;
/// How far ahead a mail may be ordered.
const FARTHEST: i64 = 72 * 3600;
/// Headers that are SendGrid's own to write.
const RESERVED: [&str; 12] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    pub(super) personalizations: Vec<Personalization>,
    pub(super) from: Address,
    reply_to: Option<Address>,
    #[serde(default)]
    reply_to_list: Vec<Address>,
    pub(super) subject: Option<String>,
    #[serde(default)]
    content: Vec<Content>,
    #[serde(default)]
    attachments: Vec<Attachment>,
    template_id: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    #[serde(default)]
    pub(super) custom_args: BTreeMap<String, String>,
    send_at: Option<i64>,
    #[serde(rename = "batch_id")]
    _batch_id: Option<String>,
    asm: Option<Asm>,
    #[serde(rename = "ip_pool_name")]
    _ip_pool_name: Option<String>,
    #[serde(default)]
    mail_settings: BTreeMap<String, Setting>,
    tracking_settings: Option<Tracking>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Personalization {
    pub(super) to: Vec<Address>,
    #[serde(default)]
    pub(super) cc: Vec<Address>,
    #[serde(default)]
    pub(super) bcc: Vec<Address>,
    from: Option<Address>,
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) custom_args: BTreeMap<String, String>,
    send_at: Option<i64>,
    #[serde(rename = "substitutions")]
    _substitutions: Option<BTreeMap<String, String>>,
    #[serde(rename = "dynamic_template_data")]
    _dynamic_template_data: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    pub(super) email: String,
    #[serde(rename = "name")]
    _name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attachment {
    content: String,
    filename: String,
    #[serde(rename = "type")]
    _kind: Option<String>,
    #[serde(rename = "disposition")]
    _disposition: Option<String>,
    #[serde(rename = "content_id")]
    _content_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asm {
    #[serde(rename = "group_id")]
    _group_id: i64,
    #[serde(default)]
    groups_to_display: Vec<i64>,
}

#[derive(Debug, Deserialize)]
struct Setting {
    #[serde(default)]
    enable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tracking {
    #[serde(rename = "click_tracking")]
    _click: Option<Value>,
    #[serde(rename = "open_tracking")]
    openings: Option<Setting>,
    #[serde(rename = "subscription_tracking")]
    _subscription: Option<Value>,
    #[serde(rename = "ganalytics")]
    _ganalytics: Option<Value>,
}

impl Order {
    /// Whether it is only to be checked.
    pub(super) fn only_checks(&self) -> bool {
        self.mail_settings.get("sandbox_mode").is_some_and(|setting| setting.enable)
    }

    /// Whether it tells when it is opened: as the account does by itself.
    pub(super) fn watches_openings(&self) -> bool {
        let tracking = self.tracking_settings.as_ref().and_then(|tracking| tracking.openings.as_ref());
        tracking.is_none_or(|tracking| tracking.enable)
    }

    /// The words of one kind.
    pub(super) fn words(&self, kind: &str) -> Option<&String> {
        self.content.iter().find(|content| content.kind == kind).map(|content| &content.value)
    }

    /// Refuses what SendGrid would, in its order: recipients, sender, words, and the rest.
    pub(super) fn check(&self, now: i64) -> Result<(), Refusal> {
        if !(1..=MOST_RECIPIENTS).contains(&self.personalizations.len()) {
            return Err(Refusal::field("personalizations", "one to 1000 are required"));
        }
        let mut recipients = 0;
        for (at, one) in self.personalizations.iter().enumerate() {
            recipients += one.check(&format!("personalizations.{at}"), self, now)?;
        }
        if recipients > MOST_RECIPIENTS {
            return Err(Refusal::field("personalizations", "more than 1000 recipients"));
        }
        address("from.email", &self.from)?;
        self.reply_to.iter().try_for_each(|one| address("reply_to.email", one))?;
        self.reply_to_list.iter().try_for_each(|one| address("reply_to_list.email", one))?;
        self.check_words()?;
        headers("headers", &self.headers)?;
        arguments("custom_args", self.custom_args.iter())?;
        if self.categories.len() > 10 || self.categories.iter().any(|one| one.chars().count() > 255) {
            return Err(Refusal::field("categories", "at most 10, each of at most 255 characters"));
        }
        if self.asm.as_ref().is_some_and(|asm| asm.groups_to_display.len() > 25) {
            return Err(Refusal::field("asm.groups_to_display", "at most 25"));
        }
        soon("send_at", self.send_at, now)?;
        for (at, attachment) in self.attachments.iter().enumerate() {
            if attachment.filename.is_empty() || STANDARD.decode(&attachment.content).is_err() {
                let message = "The attachment content must be base64 encoded, and it needs a filename.";
                return Err(Refusal::field(format!("attachments.{at}.content"), message));
            }
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), Refusal> {
        if self.template_id.is_some() {
            return Ok(());
        }
        if self.content.is_empty() || self.content.iter().any(|content| content.value.is_empty()) {
            let message = "The content value must be a string at least one character in length.";
            return Err(Refusal::field("content", message));
        }
        let kinds: Vec<_> = self.content.iter().map(|content| content.kind.as_str()).collect();
        if kinds.contains(&"text/plain") && kinds.first() != Some(&"text/plain") {
            return Err(Refusal::field("content.0.type", "text/plain must come first"));
        }
        let named = |one: &Personalization| {
            one.subject.as_ref().or(self.subject.as_ref()).is_some_and(|it| !it.is_empty())
        };
        if self.personalizations.iter().all(named) {
            Ok(())
        } else {
            Err(Refusal::field("subject", "The subject is required."))
        }
    }
}

impl Personalization {
    /// How many recipients it has.
    fn check(&self, place: &str, order: &Order, now: i64) -> Result<usize, Refusal> {
        if self.to.is_empty() {
            return Err(Refusal::field(format!("{place}.to"), "The to array is required"));
        }
        let mut known = Vec::new();
        for (list, addresses) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            for (at, one) in addresses.iter().enumerate() {
                address(&format!("{place}.{list}.{at}.email"), one)?;
                if known.contains(&&one.email) {
                    let message = "Each email address in the personalization block should be unique";
                    return Err(Refusal::field(place, message));
                }
                known.push(&one.email);
            }
        }
        self.from.iter().try_for_each(|one| address(&format!("{place}.from.email"), one))?;
        headers(&format!("{place}.headers"), &self.headers)?;
        arguments(&format!("{place}.custom_args"), order.custom_args.iter().chain(&self.custom_args))?;
        soon(&format!("{place}.send_at"), self.send_at, now)?;
        Ok(known.len())
    }
}

fn address(place: &str, address: &Address) -> Result<(), Refusal> {
    let sound = address.email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !address.email.contains(char::is_whitespace)
    });
    if sound { Ok(()) } else { Err(Refusal::field(place, "Does not contain a valid address.")) }
}

fn headers(place: &str, headers: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let reserved = headers.keys().find(|name| RESERVED.contains(&name.to_ascii_lowercase().as_str()));
    match reserved {
        Some(name) => Err(Refusal::field(format!("{place}.{name}"), "This header is reserved.")),
        None => Ok(()),
    }
}

fn arguments<'a>(
    place: &str,
    arguments: impl Iterator<Item = (&'a String, &'a String)>,
) -> Result<(), Refusal> {
    let bytes: usize = arguments.map(|(name, value)| name.len() + value.len()).sum();
    if bytes <= MOST_ARGUMENTS {
        Ok(())
    } else {
        Err(Refusal::field(place, "The custom arguments are larger than 10000 bytes."))
    }
}

fn soon(place: &str, send_at: Option<i64>, now: i64) -> Result<(), Refusal> {
    match send_at {
        Some(at) if at - now > FARTHEST => Err(Refusal::field(place, "more than 72 hours in the future")),
        _ => Ok(()),
    }
}
