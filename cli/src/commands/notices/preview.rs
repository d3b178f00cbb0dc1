//! `wolo notices preview`: a message as its receiver would see it. It is made of a sample and sent to nobody.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use wolo_activities::words::{Purpose, Words};
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Channel, Kind, Says, sms};

use crate::output::{self, Fields, Format};

/// Facts of a message that are the name of a person.
const NAMES: [&str; 3] = ["name", "giver", "sponsor"];

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// The kind of message, such as `pot_opened`
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// The language: fr, en or wo
    #[arg(long, value_name = "LANGUAGE", default_value = "fr")]
    lang: Language,
    /// Only one channel: whatsapp, sms, email or push
    #[arg(long)]
    channel: Option<Channel>,
    /// Print the page of the mail, and nothing else
    #[arg(long, conflicts_with_all = ["channel", "json"])]
    html: bool,
    /// Whoever is named in it is called so
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Preview {
    pub(super) fn run(self) -> Result<()> {
        let words = Words::new()?;
        let says = named(Says::sample(self.kind), self.name.as_deref())?;
        if self.html {
            output::say(&words.email(&says, self.lang, None)?.html);
            return Ok(());
        }
        let channels = Channel::ALL.into_iter().filter(|one| self.channel.is_none_or(|only| only == *one));
        if self.format.json {
            let shown = channels.map(|channel| written(&words, &says, self.lang, channel));
            let shown: Vec<_> = shown.collect::<Result<_>>()?;
            return output::json(&shown);
        }
        let shown = channels.map(|channel| page(&words, &says, self.lang, channel));
        output::say(&shown.collect::<Result<Vec<_>>>()?.join("\n\n"));
        Ok(())
    }
}

fn named(says: Says, name: Option<&str>) -> Result<Says> {
    let Some(name) = name else { return Ok(says) };
    let mut facts = serde_json::to_value(says).context("the sample cannot be read")?;
    for field in NAMES {
        if let Some(fact) = facts.get_mut(field) {
            *fact = json!(name);
        }
    }
    serde_json::from_value(facts).context("the sample cannot be read")
}

/// A head with what is not seen at once, and below it what is.
fn page(words: &Words, says: &Says, lang: Language, channel: Channel) -> Result<String> {
    let mut head = Fields::new();
    head.field("channel", channel);
    let text = match channel {
        Channel::WhatsApp => {
            let message = words.whatsapp(says, lang)?;
            head.field("template", format!("{} ({})", message.template, message.language));
            if let Some(fill) = message.button {
                let copies = message.purpose == Purpose::Authentication;
                head.field("button", if copies { format!("copies {fill}") } else { format!("…/{fill}") });
            }
            message.text
        }
        Channel::Sms => {
            let text = words.sms(says, lang)?;
            head.field("parts", sms::size(&text).parts);
            text
        }
        Channel::Email => {
            let mail = words.email(says, lang, None)?;
            head.field("subject", mail.subject);
            mail.text
        }
        Channel::Push => {
            let push = words.push(says, lang)?;
            if let Some(link) = push.link {
                head.field("opens", link);
            }
            format!("{}\n{}", push.title, push.body)
        }
    };
    Ok(format!("{}\n\n{}", head.text(), output::indented(text.trim_end(), 2)))
}

fn written(words: &Words, says: &Says, lang: Language, channel: Channel) -> Result<Value> {
    let message = match channel {
        Channel::WhatsApp => {
            let message = words.whatsapp(says, lang)?;
            json!({
                "template": message.template, "language": message.language,
                "category": message.purpose.as_str(), "parameters": message.parameters,
                "button": message.button, "text": message.text,
            })
        }
        Channel::Sms => {
            let text = words.sms(says, lang)?;
            json!({ "parts": sms::size(&text).parts, "text": text })
        }
        Channel::Email => {
            let mail = words.email(says, lang, None)?;
            json!({ "subject": mail.subject, "text": mail.text, "html": mail.html })
        }
        Channel::Push => {
            let push = words.push(says, lang)?;
            json!({ "title": push.title, "body": push.body, "link": push.link })
        }
    };
    Ok(json!({ "kind": says.kind(), "lang": lang, "channel": channel, "message": message }))
}
