//! Awa's phone: what the story says to her, as she reads it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use wolo_domain::notices::Kind;

use super::story::{AWAS_PHONE, Story};

/// Nobody waits longer for a message that is on its way.
const WITHIN: Duration = Duration::from_secs(40);

impl Story<'_> {
    /// Waits until these have come to her, and shows them.
    pub(super) async fn awa_reads(&self, kinds: &[Kind]) -> Result<()> {
        for kind in kinds {
            let text = self.local.world.inbox.wait_for(AWAS_PHONE, WITHIN, |messages| {
                let is_it = |template: &str| template.starts_with(kind.as_str());
                let found = messages.iter().find(|one| one.template.as_deref().is_some_and(is_it))?;
                Some(found.text.clone())
            });
            let text = text.await.with_context(|| format!("no message of the kind {kind} came to Awa"))?;
            self.teller.message("WhatsApp", &text);
        }
        Ok(())
    }
}
