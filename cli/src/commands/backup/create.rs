//! `wolo backup create`.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};
use wolo_database::Pool;
use wolo_database::audit::Doer;
use wolo_database::backups::{self, Snapshot};
use wolo_providers::vault::Mirrored;

use super::manifest::{self, Document, Manifest, Table};
use super::{DATABASE, DOCUMENTS, REASON, apart, store};
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format, Progress};
use crate::system::{System, operator};

/// Who makes one at night, where no user of a shell does.
const BY_ITSELF: &str = "process:backup";

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the one copy of the vault's keys is, or is to be: it is made to hold those of now and no others
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Who takes it, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
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
        let pool = system.pool().await?;
        may_copy(&pool).await?;
        begin(&self.out)?;
        // Noted before anybody reads it.
        let by = operator(self.by.as_deref()).unwrap_or_else(|_| BY_ITSELF.to_owned());
        backups::note_creation(&pool, self.keys.is_some(), Doer::new(&by, REASON)).await?;
        let working = Progress::spinning("copying");
        // The database first: what comes into the vault after it is in no row, and is nobody's.
        let mut manifest = database(&pool, &self.out).await?;
        self.documents(&system, &mut manifest).await?;
        manifest.write(&self.out)?;
        let mirrored = self.keys(&system).await?;
        drop(working);
        self.say(&manifest, mirrored)
    }

    async fn documents(&self, system: &System, manifest: &mut Manifest) -> Result<()> {
        if system.settings.vault.is_none() {
            return Ok(());
        }
        let copied = system.vault().await?.copy_documents(store(&self.out.join(DOCUMENTS))?).await;
        let copied = copied.context("the documents cannot be copied")?;
        let document = |one: wolo_providers::vault::Copied| Document {
            path: one.path,
            bytes: one.bytes,
            sha256: hex::encode(one.hash),
        };
        manifest.documents = Some(copied.into_iter().map(document).collect());
        Ok(())
    }

    async fn keys(&self, system: &System) -> Result<Option<Mirrored>> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let mirrored = system.vault().await?.mirror_keys(store(keys)?).await;
        let mirrored = mirrored.context("the backup is whole, and the keys cannot be copied")?;
        if mirrored.is_none() {
            return Err(refused(
                "the backup is whole, and the copy of the keys was left as it is: the vault has not the keys that the copy has. If \
                 they were lost, bring them back (wolo backup restore --keys); if every document was destroyed, remove the copy",
            ));
        }
        Ok(mirrored)
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

/// Said before a folder is made: a table that has its policies forced would say it in the middle.
async fn may_copy(pool: &Pool) -> Result<()> {
    let rights = backups::rights(pool).await?;
    if rights.owns_all && rights.past_policies {
        return Ok(());
    }
    Err(refused(
        "the settings' database user may not read all rows: it must own the tables, and be a superuser or have bypassrls (alter role … \
         bypassrls, as a superuser)",
    ))
}

/// A folder that says of itself that it is not finished.
fn begin(out: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(out) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(there_already(out)),
        Err(error) => bail!("the folder cannot be made: {error}"),
    }
    fs::write(out.join(manifest::UNFINISHED), "{}\n").context("the folder cannot be written")
}

fn there_already(out: &Path) -> anyhow::Error {
    let (folder, is_there) = (out.display(), |name: &str| out.join(name).exists());
    refused(if is_there(manifest::UNFINISHED) {
        format!(
            "{folder} has a backup that was never finished, or is being made: give another name, and remove it (wolo backup prune does, \
             when it is a day old)"
        )
    } else if is_there(manifest::FILE) {
        format!("{folder} has a backup already, and is not written over: give another name")
    } else {
        format!("{folder} is there already: name a folder that is to be made")
    })
}

async fn database(pool: &Pool, out: &Path) -> Result<Manifest> {
    DirBuilder::new().mode(0o700).create(out.join(DATABASE))?;
    let mut snapshot = Snapshot::take(pool).await.context("the database cannot be read")?;
    let at = snapshot.at().await?;
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
