//! `wolo backup`: everything of WOLO in a folder, and a folder made WOLO again.
//!
//! A backup has the database as it was at one moment and the documents of the vault, encrypted as they lie there. Keys are not in
//! it: of them there is one copy elsewhere (`--keys`), which is made anew with each backup and forgets what was destroyed. So an
//! old backup has nothing by which a document could be read whose key is gone.
//!
//! Nor does one bring back what was decided for people's safety after it: that is read from the database that it replaces, or from
//! a file that is kept elsewhere (`wolo backup decisions`).

mod create;
mod decisions;
mod manifest;
mod prune;
mod report;
mod restore;
mod verify;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use url::Url;
use wolo_providers::vault::StoreAddress;

use super::Config;
use crate::failure::refused;

/// Below a backup's folder: a file for each table, and the documents by their places.
const DATABASE: &str = "database";
const DOCUMENTS: &str = "documents";

/// Why, as the audit trail has it.
const REASON: &str = "asked for on the command line";

#[derive(Subcommand, Debug)]
pub(crate) enum Backup {
    /// Write the database as it is now, and the documents, into a new folder
    ///
    /// The settings' database user must own the tables, and row level security must not hold for it: a superuser, or an owner who
    /// was given bypassrls. It is noted in the audit trail: whoever reads a backup reads everything about everybody.
    Create(create::Create),
    /// Say whether a backup is as it was written
    Verify(verify::Verify),
    /// Make this database, and the vault, what they were when a backup was made
    ///
    /// The settings' database user must own the tables, and be a superuser, or have bypassrls and be allowed to set
    /// `session_replication_role`. Everybody signs in again afterwards; what was decided since about who is erased, locked out or
    /// trusted is done again, as far as this database or --decisions knows it.
    Restore(restore::Restore),
    /// Write down who was erased, locked out or no longer trusted, for a restore after the database was lost
    ///
    /// The settings' database user must own the tables, and row level security must not hold for it.
    Decisions(decisions::Write),
    /// Remove old backups, and those that were never finished
    Prune(prune::Prune),
}

impl Backup {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Create(create) => create.run(config).await,
            Self::Verify(verify) => verify.run(),
            Self::Restore(restore) => restore.run(config).await,
            Self::Decisions(write) => write.run(config).await,
            Self::Prune(prune) => prune.run(),
        }
    }
}

/// A folder of this machine as a store of the vault.
fn store(folder: &Path) -> Result<StoreAddress> {
    let folder = std::path::absolute(folder).context("the folder has no full path")?;
    let url = Url::from_file_path(folder).map_err(|()| anyhow!("the folder has no address"))?;
    Ok(StoreAddress { url, s3: None })
}

/// Where something is, or will be: whatever way there is a link is followed.
fn real(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for there in path.ancestors() {
        match there.canonicalize() {
            Ok(found) => return Ok(found.join(path.strip_prefix(there)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", there.display())),
        }
    }
    Ok(path)
}

/// Keys that lie in a backup would be in every copy of it.
fn apart(backup: &Path, keys: &Path) -> Result<()> {
    let (backup, keys) = (real(backup)?, real(keys)?);
    if backup.starts_with(&keys) || keys.starts_with(&backup) {
        return Err(refused(
            "the copy of the keys must lie apart from the backup, and best on another machine",
        ));
    }
    Ok(())
}
