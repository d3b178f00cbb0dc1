//! `wolo vault`: the keys of identity documents. Documents themselves are seen with `wolo cases open` and nowhere else.

mod check;
mod rotate;
mod status;

use anyhow::Result;
use clap::Subcommand;
use wolo_bootstrap::settings::Settings;
use wolo_providers::vault::Standing;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Vault {
    /// Show how many people's keys stand under which key-encryption key, and whether an old one may go
    Status(status::Status),
    /// Take all keys over to the first key-encryption key of the settings; what is interrupted goes on when it is given again
    Rotate(rotate::Rotate),
    /// Say whether both stores answer, and whether every key in them can be unwrapped by one of the settings
    Check(check::Check),
}

impl Vault {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Status(status) => status.run(config).await,
            Self::Rotate(rotate) => rotate.run(config).await,
            Self::Check(check) => check.run(config).await,
        }
    }
}

/// The names of the key-encryption keys of the settings, the current one first.
fn ring(settings: &Settings) -> Vec<String> {
    let keys = settings.vault.iter().flat_map(|vault| &vault.key_encryption_keys);
    keys.map(|(id, _)| id.clone()).collect()
}

/// How many keys stand under another than the current key-encryption key.
fn behind(standing: &Standing, ring: &[String]) -> u64 {
    let current = ring.first();
    standing.by_key.iter().filter(|(id, _)| Some(*id) != current).map(|(_, count)| count).sum()
}

/// How many keys none of the settings' unwraps.
fn locked(standing: &Standing, ring: &[String]) -> u64 {
    let others = standing.by_key.iter().filter(|(id, _)| !ring.contains(id));
    others.map(|(_, count)| count).sum::<u64>() + standing.unreadable
}
