//! `wolo backup decisions`: what a restore must not undo, in a file that is kept where the database is not.
//!
//! Ids and instants, and the words for which accounts were locked. It is written over each time, whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use wolo_database::backups::{self, Decisions};

use crate::commands::Config;
use crate::failure::{not_understood, refused};
use crate::output::{self, instant};
use crate::system::System;

/// How far back it tells of what a person has to look at.
const DAYS: i64 = 40;

#[derive(Args, Debug)]
pub(crate) struct Write {
    /// The file to write, over the one of before
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Write {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let decisions = backups::decisions(&pool, Utc::now() - TimeDelta::days(DAYS)).await?;
        let Some(decisions) = decisions else {
            return Err(refused("nobody is in this database, so nothing is known that could be kept"));
        };
        let text = serde_json::to_vec_pretty(&decisions)?;
        replace(&self.out, &text).with_context(|| format!("{} cannot be written", self.out.display()))?;
        output::say(&format!(
            "What was decided until {} is in {}.",
            instant(decisions.at),
            self.out.display()
        ));
        Ok(())
    }
}

fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// One that is older than the backup knows nothing that the backup does not, and one that begins after it does not know all.
pub(super) fn read(path: &Path, backup: DateTime<Utc>) -> Result<Decisions> {
    let text = fs::read(path)
        .map_err(|error| not_understood(format!("{} cannot be read: {error}", path.display())))?;
    let decisions: Decisions = serde_json::from_slice(&text).map_err(|_| {
        not_understood(format!("{} is not what wolo backup decisions writes", path.display()))
    })?;
    if decisions.at < backup {
        return Err(refused(format!("{} was written before the backup was made", path.display())));
    }
    Ok(decisions)
}
