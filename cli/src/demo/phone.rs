//! The phones of the story: what it says to people, as they read it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use wolo_domain::notices::Kind;
use wolo_sandbox::inbox::{Button, Message};

use super::invitation::COUMBAS_PHONE;
use super::story::{AWAS_PHONE, Story};

/// Nobody waits longer for a message that is on its way.
const WITHIN: Duration = Duration::from_secs(40);

impl Story<'_> {
    /// Waits until these have come to Awa, and shows them.
    pub(super) async fn awa_reads(&self, kinds: &[Kind]) -> Result<()> {
        for kind in kinds {
            self.read(AWAS_PHONE, *kind, 1).await?;
        }
        Ok(())
    }

    /// The same of Coumba, who has so many of a kind by then.
    pub(super) async fn coumba_reads(&self, kind: Kind, times: usize) -> Result<()> {
        self.read(COUMBAS_PHONE, kind, times).await.map(drop)
    }

    /// The invitation on Awa's phone; answers the secret part of the link behind its button.
    pub(super) async fn awa_reads_the_invitation(&self) -> Result<String> {
        let link = self.link_read_on(AWAS_PHONE, Kind::Invitation).await?;
        Ok(link.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Waits for a message, shows it, and answers the link behind its button.
    pub(super) async fn link_read_on(&self, phone: &str, kind: Kind) -> Result<String> {
        let message = self.read(phone, kind, 1).await?;
        let link = message.buttons.into_iter().find_map(|button| match button {
            Button::Link { url, .. } => Some(url),
            Button::Reply { .. } | Button::Copy { .. } => None,
        });
        link.context("the message has no link")
    }

    async fn read(&self, phone: &str, kind: Kind, times: usize) -> Result<Message> {
        let message = self.local.world.inbox.wait_for(phone, WITHIN, |messages| {
            let is_it = |template: &str| template.starts_with(&format!("{kind}_v"));
            let mut found = messages.iter().filter(|one| one.template.as_deref().is_some_and(is_it));
            found.nth(times - 1).cloned()
        });
        let message = message.await.with_context(|| format!("no message of the kind {kind} came"))?;
        self.teller.message("WhatsApp", &message.text);
        Ok(message)
    }
}
