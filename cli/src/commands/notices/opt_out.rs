//! `wolo notices opt-out`: somebody has told us, by whatever way, that they want to hear no more there.

use anyhow::Result;
use chrono::Utc;
use clap::Args;
use serde_json::json;
use wolo_database::notices;
use wolo_domain::contacts::Contact;
use wolo_domain::notices::Channel;

use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct OptOut {
    /// A phone, written +221771234567, or a mail address
    #[arg(value_name = "CONTACT")]
    contact: String,
    /// Only this channel of a phone: whatsapp or sms
    #[arg(long)]
    channel: Option<Channel>,
    /// Let messages come again
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    format: Format,
}

impl OptOut {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let contact: Contact =
            self.contact.parse().map_err(|_| refused("that is neither a phone nor a mail address"))?;
        let of_contact: &[Channel] = match &contact {
            Contact::Phone(_) => &[Channel::WhatsApp, Channel::Sms],
            Contact::Email(_) => &[Channel::Email],
        };
        let channels: Vec<Channel> =
            of_contact.iter().copied().filter(|one| self.channel.is_none_or(|only| only == *one)).collect();
        if channels.is_empty() {
            return Err(refused("nothing comes to this contact on that channel"));
        }
        let mut tx = System::find(config)?.pool().await?.begin().await?;
        for channel in &channels {
            if self.undo {
                notices::opt_in(&mut tx, *channel, contact.reveal(), Utc::now()).await?;
            } else {
                let how = notices::OptOut::Staff;
                notices::opt_out(&mut tx, *channel, contact.reveal(), how, Utc::now()).await?;
            }
        }
        tx.commit().await?;
        if self.format.json {
            return output::json(&json!({ "channels": channels, "opted_out": !self.undo }));
        }
        let names: Vec<_> = channels.iter().map(Channel::to_string).collect();
        let words = if self.undo { "messages may come again by" } else { "nothing more goes out by" };
        output::say(&format!("To this contact {words} {}.", names.join(" and ")));
        Ok(())
    }
}
