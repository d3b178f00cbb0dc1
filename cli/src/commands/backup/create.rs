//! `wolo backup create`.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Args;
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};
use wolo_database::backups::{self, Snapshot};
use wolo_providers::vault::Mirrored;

use super::manifest::{self, Document, Manifest, Table};
use super::{DATABASE, DOCUMENTS, apart, store};
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format, Progress};
use crate::system::System;

/// The settings' database user must own the tables.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the one copy of the vault's keys is, or is to be: it is made to hold those of now and no others
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

impl Create {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        if let Some(keys) = &self.keys {
            apart(&self.out, keys)?;
            if system.settings.vault.is_none() {
                return Err(refused("these settings have no vault, so there are no keys to copy"));
            }
        }
        // Whoever reads it reads everything about everybody.
        DirBuilder::new().mode(0o700).create(&self.out).context("the folder cannot be made, or is there")?;
        let working = Progress::spinning("copying");
        // The database first: what comes into the vault after it is in no row, and is nobody's.
        let mut manifest = database(&system, &self.out).await?;
        let mirrored = self.vault(&system, &mut manifest).await?;
        manifest.write(&self.out)?;
        drop(working);
        self.say(&manifest, mirrored)
    }

    async fn vault(&self, system: &System, manifest: &mut Manifest) -> Result<Option<Mirrored>> {
        if system.settings.vault.is_none() {
            return Ok(None);
        }
        let vault = system.vault().await?;
        let copied = vault.copy_documents(store(&self.out.join(DOCUMENTS))?).await;
        let copied = copied.context("the documents cannot be copied")?;
        let document = |one: wolo_providers::vault::Copied| Document {
            path: one.path,
            bytes: one.bytes,
            sha256: hex::encode(one.hash),
        };
        manifest.documents = Some(copied.into_iter().map(document).collect());
        let Some(keys) = &self.keys else { return Ok(None) };
        Ok(Some(vault.mirror_keys(store(keys)?).await.context("the keys cannot be copied")?))
    }

    fn say(&self, manifest: &Manifest, mirrored: Option<Mirrored>) -> Result<()> {
        let documents = manifest.documents.as_ref().map(Vec::len);
        if self.format.json {
            return output::json(&json!({
                "at": manifest.at, "tables": manifest.tables.len(), "rows": manifest.rows(), "documents": documents,
                "keys": mirrored.map(|one| json!({ "kept": one.keys, "forgotten": one.forgotten })),
            }));
        }
        output::say(&format!(
            "{} rows of {} tables and {} documents are in {}.",
            manifest.rows(),
            manifest.tables.len(),
            documents.unwrap_or(0),
            self.out.display()
        ));
        match mirrored {
            Some(one) => output::say(&format!(
                "The copy of the keys has the {} of now; {} were destroyed since the last time, and are gone from it.",
                one.keys, one.forgotten
            )),
            None if documents.is_some() => {
                output::say(
                    "No key was copied (--keys): without the vault's own keys no document is read again.",
                );
            }
            None => {}
        }
        Ok(())
    }
}

async fn database(system: &System, out: &Path) -> Result<Manifest> {
    DirBuilder::new().mode(0o700).create(out.join(DATABASE))?;
    let pool = system.pool().await?;
    let mut snapshot = Snapshot::take(&pool).await.context("the database cannot be read")?;
    let at = Utc::now();
    let mut tables = Vec::new();
    for table in snapshot.tables().await? {
        tables.push(copied(&mut snapshot, table, out).await?);
    }
    Ok(Manifest::new(at, snapshot.shape().await?, tables, snapshot.sequences().await?, None))
}

async fn copied(snapshot: &mut Snapshot, table: backups::Table, out: &Path) -> Result<Table> {
    let path = manifest::file(out, &table.name);
    let failed = || format!("{} cannot be copied", table.name);
    let mut file = BufWriter::new(File::create(&path).await.with_context(failed)?);
    snapshot.copy(&table, &mut file).await.with_context(failed)?;
    file.flush().await.with_context(failed)?;
    file.get_ref().sync_all().await.with_context(failed)?;
    // What is hashed is what the disk has, not what was meant.
    let (sha256, rows) = manifest::hash_of(&path)?;
    Ok(Table { name: table.name, columns: table.columns, rows, sha256 })
}
