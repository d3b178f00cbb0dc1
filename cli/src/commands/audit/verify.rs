//! `wolo audit verify`: reads the whole trail and believes nothing but keys, and checkpoints that were sealed with one.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::json;
use wolo_bootstrap::settings::Certificates;
use wolo_database::{Pool, audit};
use wolo_domain::audit::{Broken, Checkpoint, Trail};
use wolo_domain::seals::{NamedKey, PublicKey, SealingKey};

use crate::commands::{Config, verify};
use crate::failure::{not_understood, refused};
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Checkpoints that were kept elsewhere, one on each line; those of the database are looked at too. Without them nobody can
    /// tell whether the end of the trail was cut off together with the checkpoints there
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The public keys to believe, as `wolo verify` takes them; without it those of the settings
    #[arg(long, value_name = "FILE|KEY")]
    key: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Verify {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let keys = match &self.key {
            Some(given) => verify::keys(given)?,
            None => keys(&system.settings.certificates)?,
        };
        let pool = system.pool().await?;
        let mut checkpoints = audit::checkpoints(&pool).await?;
        let ours = checkpoints.len();
        checkpoints.extend(self.kept()?);
        let kept = checkpoints.len() - ours;
        for checkpoint in &checkpoints {
            let place = checkpoint.place;
            checkpoint
                .believe(&keys)
                .with_context(|| format!("the checkpoint of line {place} is not believed"))?;
        }
        let mut trail = Trail::new(keys, checkpoints);
        let found = read(&pool, &mut trail).await?;
        let waiting = audit::waiting(&pool).await?;
        let (lines, end) = (trail.lines(), trail.head().map(|head| head.place.to_string()));
        if self.format.json {
            let first = found.as_ref().err();
            output::json(&json!({
                "whole": first.is_none(), "lines": lines, "end": end, "waiting": waiting,
                "checkpoints": { "database": ours, "kept_elsewhere": kept },
                "first_wrong_line": first.map(|broken| broken.place.to_string()),
                "why": first.map(|broken| broken.fault.to_string()),
            }))?;
        }
        if let Err(broken) = found {
            return Err(anyhow!("the audit trail is not as it was written. Line {broken}"));
        }
        if !self.format.json {
            output::say(&whole(lines, end.as_deref(), waiting, kept));
        }
        Ok(())
    }

    /// What somebody has kept where nobody who changes the trail could reach it.
    fn kept(&self) -> Result<Vec<Checkpoint>> {
        let Some(file) = &self.against else { return Ok(Vec::new()) };
        let text = fs::read_to_string(file)
            .map_err(|error| not_understood(format!("{} cannot be read: {error}", file.display())))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| line.parse::<Checkpoint>().map_err(|error| not_understood(error.to_string())))
            .collect()
    }
}

/// Those of the settings: the key that seals, and those that sealed before.
fn keys(settings: &Certificates) -> Result<Vec<NamedKey>> {
    let mut keys = Vec::new();
    if let Some(sealing) = &settings.sealing {
        let key = SealingKey::from_pkcs8(&sealing.key_id, sealing.key.expose_secret())?;
        keys.push(NamedKey { id: Some(sealing.key_id.clone()), key: key.public() });
    }
    for (id, bytes) in &settings.public_keys {
        let bytes = bytes.as_slice().try_into().context("a public key of the settings has not 32 bytes")?;
        keys.push(NamedKey { id: Some(id.clone()), key: PublicKey::new(bytes) });
    }
    if keys.is_empty() {
        return Err(refused(
            "the settings have no key to check seals with: give the published one with --key",
        ));
    }
    Ok(keys)
}

/// Day by day, up to the first line that is wrong.
async fn read(pool: &Pool, trail: &mut Trail) -> Result<Result<(), Broken>> {
    for day in audit::days(pool).await? {
        if let Err(broken) = trail.day(day, &audit::of_day(pool, day).await?) {
            return Ok(Err(broken));
        }
    }
    Ok(trail.end())
}

fn whole(lines: u64, end: Option<&str>, waiting: i64, kept: usize) -> String {
    let Some(end) = end else { return "Nothing stands in the audit trail yet.".to_owned() };
    let s = if lines == 1 { "" } else { "s" };
    let mut words = format!("The audit trail is whole: {lines} line{s}, up to {end}.");
    if kept == 0 {
        words.push_str(
            " No checkpoint that was kept elsewhere was given, so its end is believed to be its end.",
        );
    }
    if waiting > 0 {
        let things = if waiting == 1 { "thing was" } else { "things were" };
        words = format!("{words} {waiting} more {things} done, and not written down by a worker yet.");
    }
    words
}
