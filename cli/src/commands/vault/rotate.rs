//! `wolo vault rotate`: takes people's keys over to the current key-encryption key. Documents stay as they are.
//!
//! It may be interrupted at any moment and given again: what is taken over already is passed by.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;
use wolo_database::Pool;
use wolo_database::audit::{self, Doer};
use wolo_domain::audit::{Action, Happening};
use wolo_providers::vault::{Standing, Vault};

use super::{behind, ring};
use crate::commands::{Config, Decider};
use crate::output::{self, Format, Progress};
use crate::system::{System, operator};

/// So many between two looks at how far it has come.
const A_PART: usize = 100;

#[derive(Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    format: Format,
}

impl Rotate {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let by = operator(self.decider.by.as_deref())?;
        let (vault, pool) = (system.vault().await?, system.pool().await?);
        let ring = ring(&system.settings);
        let current = ring.first().context("there is no key-encryption key")?;
        let before = vault.standing().await.context("the vault cannot be read")?;
        let left = behind(&before, &ring);
        if left == 0 && before.unreadable == 0 {
            return self.tell(current, 0);
        }
        // Before the first key, so that one that is interrupted is known of as well.
        note(&pool, current, &before, Doer::new(&by, &self.decider.reason)).await?;
        let (rewrapped, unreadable) = take_over(&vault, &before).await?;
        if unreadable > 0 {
            return Err(anyhow!(
                "{rewrapped} keys are taken over to {current}, and {unreadable} cannot be unwrapped and stay as they are: wolo \
                 vault status says under which name they stand"
            ));
        }
        self.tell(current, rewrapped)
    }

    fn tell(&self, current: &str, rewrapped: u64) -> Result<()> {
        if self.format.json {
            return output::json(&json!({ "key": current, "rewrapped": rewrapped }));
        }
        output::say(&match rewrapped {
            0 => format!("All keys stand under {current} already."),
            1 => format!("1 key is taken over to {current}."),
            more => format!("{more} keys are taken over to {current}."),
        });
        Ok(())
    }
}

async fn note(pool: &Pool, current: &str, before: &Standing, doer: Doer<'_>) -> Result<()> {
    let stood = before.by_key.iter().map(|(id, count)| format!("{id}:{count}")).collect::<Vec<_>>().join(" ");
    let happening = Happening::new(Action::VaultKeysRotated, format!("key_encryption_key:{current}"))
        .with("before", stood);
    let mut tx = pool.begin().await?;
    audit::note(&mut tx, happening, doer).await?;
    Ok(tx.commit().await?)
}

/// How many were taken over, and how many cannot be.
async fn take_over(vault: &Vault, before: &Standing) -> Result<(u64, u64)> {
    let all = before.by_key.values().sum::<u64>() + before.unreadable;
    let progress = Progress::counting("keys", all);
    let (mut after, mut seen, mut rewrapped, mut unreadable) = (None, 0, 0, 0);
    loop {
        let part = vault.rotate(after, A_PART).await.context(
            "the rotation was interrupted; what is done stays done, and the command given again does the rest",
        )?;
        rewrapped += part.rewrapped;
        unreadable += part.unreadable;
        seen += A_PART as u64;
        progress.to(seen.min(all));
        after = part.next;
        if after.is_none() {
            return Ok((rewrapped, unreadable));
        }
    }
}
