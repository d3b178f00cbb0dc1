//! `wolo templates list`: what is registered with WhatsApp, and what the same message is on the other channels.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use url::Url;
use wolo_activities::words::{RegisteredButton, Registration, Words};
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Kind, Says, sms};

use crate::output::{self, Format, Listing};

/// Where buttons lead in what is only looked at.
const SITE: &str = "https://wolo.example";

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only one kind of message, such as `pot_opened`
    #[arg(long)]
    kind: Option<Kind>,
    /// Only one language: fr or en
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) fn run(self) -> Result<()> {
        let words = Words::new()?;
        let site = Url::parse(SITE).context("the address of the samples cannot be read")?;
        let mut templates = words.registry(&site)?;
        templates.retain(|one| {
            self.kind.is_none_or(|kind| kind == one.kind) && self.lang.is_none_or(|lang| lang == one.language)
        });
        if self.format.json {
            return output::json(&templates.iter().map(written).collect::<Value>());
        }
        let mut listing =
            Listing::new(["KIND", "ABOUT", "LANG", "WHATSAPP", "FOR", "SMS", "SUBJECT"]).right(5);
        for one in templates {
            let says = Says::sample(one.kind);
            listing.row([
                one.kind.to_string(),
                one.kind.category().to_string(),
                one.language.to_string(),
                one.name,
                one.purpose.as_str().to_lowercase(),
                sms::size(&words.sms(&says, one.language)?).parts.to_string(),
                words.email(&says, one.language, None)?.subject,
            ]);
        }
        output::say(&if listing.is_empty() { "There are none.".to_owned() } else { listing.text() });
        Ok(())
    }
}

fn written(one: &Registration) -> Value {
    let button = one.button.as_ref().map(|button| match button {
        RegisteredButton::Open { label, url, .. } => json!({ "label": label, "url": url }),
        RegisteredButton::Copy { label } => json!({ "label": label, "copies": "{{1}}" }),
    });
    json!({
        "kind": one.kind, "name": one.name, "language": one.language, "category": one.purpose.as_str(),
        "body": one.body, "examples": one.examples, "button": button,
    })
}
