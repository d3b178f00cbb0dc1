//! `wolo backup restore`: all of it or nothing, and the books are checked afterwards.
//!
//! The API and the workers must not run: what they write meanwhile would be lost. It refuses a backup that is not as it was
//! written, one of another shape than this release's, and keys beside other keys that are there. Until it has a yes it changes nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde_json::json;
use tokio::fs::File;
use wolo_database::audit::Doer;
use wolo_database::backups::{self, Decisions, Filling};
use wolo_database::{Pool, ledger};

use super::manifest::{Manifest, Table};
use super::report::Report;
use super::{DOCUMENTS, REASON, apart, decisions, store};
use crate::commands::{Config, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format, Progress};
use crate::system::{System, operator};

/// What was begun before a backup and committed after it began no earlier.
const DOUBT: TimeDelta = TimeDelta::minutes(1);

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The copy of the vault's keys; only where the vault has none any more
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// What `wolo backup decisions` wrote last, where the database was lost that knew it
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Who brings it back, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Restore {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let by = operator(self.by.as_deref())?;
        if let Some(keys) = &self.keys {
            apart(&self.folder, keys)?;
            ensure!(keys.is_dir(), "there is no copy of keys at {}", keys.display());
        }
        let manifest = Manifest::read(&self.folder)?;
        fits(&manifest)?;
        let told = self.decisions.as_deref().map(|file| decisions::read(file, manifest.at)).transpose()?;
        let working = Progress::spinning("looking at the backup");
        manifest.check(&self.folder)?;
        drop(working);
        let pool = system.pool().await?;
        may_replace(&pool).await?;
        let confirmed = self.confirmed(&manifest, &pool).await?;
        let working = Progress::spinning("bringing it back");
        // The vault first: one that has other keys refuses these before anything has changed, and what is in it without a row is
        // nobody's. What is said of the rows must not be lost by what comes after them.
        let keys = self.keys(&system).await?;
        let documents = self.documents(&system, &manifest).await?;
        let doer = Doer::new(&by, REASON);
        let report = fill(&manifest, &self.folder, &pool, told.as_ref(), doer, confirmed).await?;
        let books = ledger::check(&pool).await.map(|violations| violations.len());
        drop(working);
        self.say(&manifest, &report, (documents, keys), matches!(books, Ok(0)))?;
        match books.context("the books cannot be read")? {
            0 => Ok(()),
            broken => bail!(
                "all rows are back, and {broken} rules of the books do not hold: wolo ledger check says which"
            ),
        }
    }

    fn say(
        &self,
        manifest: &Manifest,
        report: &Report,
        (documents, keys): (u64, Option<u64>),
        books_hold: bool,
    ) -> Result<()> {
        if self.format.json {
            let mut told = report.json();
            told["at"] = json!(manifest.at);
            told["rows"] = json!(manifest.rows());
            told["documents"] = json!(documents);
            told["keys"] = json!(keys);
            told["books_hold"] = json!(books_hold);
            return output::json(&told);
        }
        let books = if books_hold { " Every rule of the books holds." } else { "" };
        output::say(&format!(
            "{} rows, {documents} documents and {} keys are back, as of {}.{books}",
            manifest.rows(),
            keys.unwrap_or(0),
            of(manifest.at)
        ));
        for line in report.lines() {
            output::say(&line);
        }
        Ok(())
    }

    /// Nothing is asked where nothing is lost.
    async fn confirmed(&self, manifest: &Manifest, pool: &Pool) -> Result<Confirmed> {
        let there = backups::standing(pool).await?;
        let release = wolo_database::migrations();
        if there.shape.iter().any(|migration| !release.contains(migration)) {
            return Err(refused(
                "the database is of a newer release than this one: bring it back with that one",
            ));
        }
        let will_happen = [
            format!(
                "This database holds {} people and {} transactions of the ledger.",
                there.people, there.transactions
            ),
            format!("All of it is replaced by what was there on {}.", of(manifest.at)),
            "Everybody is signed out. What was decided since about who is erased, locked out or trusted stays so."
                .to_owned(),
        ];
        confirm(&will_happen, self.sure.yes || (there.people == 0 && there.transactions == 0))
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
            "the documents cannot be brought back, and no row was replaced; give the command once more",
        )
    }
}

fn of(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Looked at before the database is.
fn fits(manifest: &Manifest) -> Result<()> {
    let release = wolo_database::migrations();
    if manifest.shape == release {
        return Ok(());
    }
    let last = |shape: &[i64]| shape.last().map_or_else(|| "none".to_owned(), ToString::to_string);
    Err(refused(format!(
        "the backup's last migration is {}, and this release's is {}: bring it back with the release that made it, into an empty \
         database, and then give wolo migrate of this one",
        last(&manifest.shape),
        last(&release)
    )))
}

async fn may_replace(pool: &Pool) -> Result<()> {
    let rights = backups::rights(pool).await?;
    if rights.owns_all && rights.past_policies && rights.past_triggers {
        return Ok(());
    }
    Err(refused(
        "the settings' database user may not replace all rows: it must own the tables, and be a superuser, or have bypassrls and be \
         allowed to set session_replication_role (grant set on parameter …)",
    ))
}

async fn fill(
    manifest: &Manifest,
    folder: &Path,
    pool: &Pool,
    told: Option<&Decisions>,
    doer: Doer<'_>,
    _: Confirmed,
) -> Result<Report> {
    wolo_database::migrate(pool).await?;
    let tables: Vec<_> = manifest.tables.iter().map(Table::layout).collect();
    ensure!(backups::layout(pool).await? == tables, "the tables that are there are not those of the backup");
    let since = manifest.at - DOUBT;
    let filling = Filling::begin(pool, &tables, since).await;
    let mut filling = filling.context("the database cannot be written")?;
    for (table, layout) in manifest.tables.iter().zip(&tables) {
        let failed = || format!("{} cannot be brought back", table.name);
        let mut file = File::open(table.file(folder)).await.with_context(failed)?;
        let rows = filling.fill(layout, &mut file).await.with_context(failed)?;
        ensure!(rows == table.rows, "{} of {} rows of {} came back", rows, table.rows, table.name);
    }
    for sequence in &manifest.sequences {
        filling.advance(&sequence.stand()).await?;
    }
    let (again, known) = filling.finish(manifest.at, told, doer).await?;
    let sources: Vec<_> = known.iter().chain(told).collect();
    Ok(Report::new(again, &sources, since))
}
