//! The post of a local world: carries letters from the outbox to the sandbox's inbox, where people on this machine read
//! them.
//!
//! In production they go out by the providers of messages; here nobody's phone rings.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;
use wolo_activities::words::Words;
use wolo_bootstrap::{Seal, Settings};
use wolo_database::{Pool, outbox};
use wolo_domain::contacts::Contact;
use wolo_domain::notices::Letter;
use wolo_sandbox::inbox::{Channel, Message, Slot};

/// Between two looks into the outbox.
const LOOK: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 100;

/// Carries letters until it is dropped.
#[derive(Debug)]
pub(crate) struct Post(JoinHandle<()>);

impl Drop for Post {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Post {
    pub(super) fn start(pool: Pool, settings: &Settings, inbox: Slot) -> Result<Self> {
        let seal = Seal::new(&settings.temporal.payload_keys).context("letters cannot be opened")?;
        let words = Words::new().context("letters have no words")?;
        Ok(Self(tokio::spawn(async move {
            let mut looks = tokio::time::interval(LOOK);
            loop {
                looks.tick().await;
                if let Err(error) = carry(&pool, &seal, &words, &inbox).await {
                    tracing::warn!(%error, "letters stay in the outbox for now");
                }
            }
        })))
    }
}

async fn carry(pool: &Pool, seal: &Seal, words: &Words, inbox: &Slot) -> Result<()> {
    for waiting in outbox::letters(pool, AT_ONCE).await? {
        let opened = seal.open(&waiting.key, &waiting.sealed).context("a letter cannot be opened")?;
        let letter: Letter = serde_json::from_slice(&opened).context("a letter cannot be read")?;
        let text = words.sms(&letter.says, letter.language)?;
        let channel = match letter.to {
            Contact::Phone(_) => Channel::WhatsApp,
            Contact::Email(_) => Channel::Email,
        };
        inbox.deliver(Message::new(channel, letter.to.reveal(), waiting.key, text));
        outbox::mark_relayed(pool, waiting.id).await?;
    }
    Ok(())
}
