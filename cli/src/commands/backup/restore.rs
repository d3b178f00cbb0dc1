//! `wolo backup restore`: all of it or nothing, and the books are checked afterwards.
//!
//! The API and the workers must not run: what they write meanwhile would be lost. It refuses a backup that is not as it was
//! written, one of another shape than this release's, and keys beside keys that are there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use serde_json::json;
use tokio::fs::File;
use wolo_database::backups::{self, Filling};
use wolo_database::{Pool, ledger};

use super::manifest::{Manifest, Table};
use super::{DOCUMENTS, apart, store};
use crate::commands::{Config, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format, Progress};
use crate::system::System;

/// The settings' database user must own the tables, and be allowed to set `session_replication_role`.
#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The copy of the vault's keys; only where the vault has none any more
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Restore {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        if let Some(keys) = &self.keys {
            apart(&self.folder, keys)?;
        }
        let manifest = Manifest::read(&self.folder)?;
        let working = Progress::spinning("looking at the backup");
        manifest.check(&self.folder)?;
        drop(working);
        let pool = system.pool().await?;
        wolo_database::migrate(&pool).await?;
        fits(&manifest, &pool).await?;
        let confirmed = self.confirmed(&manifest, &pool).await?;
        let working = Progress::spinning("bringing it back");
        // Keys first: a vault that has keys refuses others before anything has changed.
        let keys = self.keys(&system).await?;
        fill(&manifest, &self.folder, &pool, confirmed).await?;
        let documents = self.documents(&system, &manifest).await?;
        let violations = ledger::check(&pool).await.context("the books cannot be read")?;
        drop(working);
        ensure!(
            violations.is_empty(),
            "all rows are back, and {} rules of the books do not hold: wolo ledger check says which",
            violations.len()
        );
        if self.format.json {
            return output::json(&json!({
                "at": manifest.at, "rows": manifest.rows(), "documents": documents, "keys": keys,
            }));
        }
        output::say(&format!(
            "{} rows, {documents} documents and {} keys are back, as of {}. Every rule of the books holds.",
            manifest.rows(),
            keys.unwrap_or(0),
            manifest.at.format("%Y-%m-%d %H:%M:%S UTC")
        ));
        output::say(
            "Before anything is started: who was erased since then is here again (docs/operations.md, Backup).",
        );
        Ok(())
    }

    /// Nothing is asked where nothing is lost.
    async fn confirmed(&self, manifest: &Manifest, pool: &Pool) -> Result<Confirmed> {
        let (people, transactions) = backups::holds(pool).await?;
        let will_happen = [
            format!("This database holds {people} people and {transactions} transactions of the ledger."),
            format!(
                "All of it is replaced by what was there on {}.",
                manifest.at.format("%Y-%m-%d %H:%M UTC")
            ),
        ];
        confirm(&will_happen, self.sure.yes || (people == 0 && transactions == 0))
    }

    async fn keys(&self, system: &System) -> Result<Option<u64>> {
        let Some(from) = &self.keys else { return Ok(None) };
        let brought = system.vault().await?.bring_back_keys(store(from)?).await;
        let brought = brought.context("the keys cannot be brought back")?.ok_or_else(|| {
            refused(
                "the vault has its keys: older ones are not put beside them, or what was destroyed could be read again",
            )
        })?;
        Ok(Some(brought))
    }

    async fn documents(&self, system: &System, manifest: &Manifest) -> Result<u64> {
        if manifest.documents.is_none() || system.settings.vault.is_none() {
            return Ok(0);
        }
        let from = store(&self.folder.join(DOCUMENTS))?;
        let brought = system.vault().await?.bring_back_documents(from).await;
        brought.context(
            "the rows are back, and the documents cannot be brought back; give the command once more",
        )
    }
}

async fn fits(manifest: &Manifest, pool: &Pool) -> Result<()> {
    let (tables, shape) = backups::layout(pool).await?;
    let theirs: Vec<_> = manifest.tables.iter().map(Table::layout).collect();
    if manifest.shape == shape && theirs == tables {
        return Ok(());
    }
    let last = |shape: &[i64]| shape.last().map_or_else(|| "none".to_owned(), ToString::to_string);
    Err(anyhow!(
        "the backup's last migration is {}, and this release's is {}: bring it back with its own release, then migrate",
        last(&manifest.shape),
        last(&shape)
    ))
}

async fn fill(manifest: &Manifest, folder: &Path, pool: &Pool, _: Confirmed) -> Result<()> {
    let tables: Vec<_> = manifest.tables.iter().map(Table::layout).collect();
    let mut filling = Filling::begin(pool, &tables).await.context("the database cannot be written")?;
    for (table, layout) in manifest.tables.iter().zip(&tables) {
        let failed = || format!("{} cannot be brought back", table.name);
        let mut file = File::open(table.file(folder)).await.with_context(failed)?;
        let rows = filling.fill(layout, &mut file).await.with_context(failed)?;
        ensure!(rows == table.rows, "{} of {} rows of {} came back", rows, table.rows, table.name);
    }
    for sequence in &manifest.sequences {
        filling.advance(&sequence.stand()).await?;
    }
    Ok(filling.finish().await?)
}
