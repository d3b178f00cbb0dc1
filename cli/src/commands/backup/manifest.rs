//! What a backup says of itself: what is in it, in which shape, and by which hashes one knows that it is as it was.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wolo_database::backups;

use super::{DATABASE, DOCUMENTS};

pub(super) const FILE: &str = "manifest.json";
/// What stands in its place until everything is there.
pub(super) const UNFINISHED: &str = "unfinished.json";
/// How the file of a table ends.
pub(super) const TABLE: &str = "copy";
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    pub(super) at: DateTime<Utc>,
    /// The migrations that made the database's shape.
    pub(super) shape: Vec<i64>,
    pub(super) tables: Vec<Table>,
    pub(super) sequences: Vec<Sequence>,
    /// Absent: the settings had no vault.
    pub(super) documents: Option<Vec<Document>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: u64,
    /// Of the file, in hexadecimal.
    pub(super) sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sequence {
    name: String,
    last: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn new(
        at: DateTime<Utc>,
        shape: Vec<i64>,
        tables: Vec<Table>,
        sequences: Vec<backups::Sequence>,
        documents: Option<Vec<Document>>,
    ) -> Self {
        let sequences =
            sequences.into_iter().map(|one| Sequence { name: one.name, last: one.last }).collect();
        Self { format: FORMAT, at, shape, tables, sequences, documents }
    }

    /// Last of all, and whole or not at all: a backup without it was not finished.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let written = || -> io::Result<()> {
            let mut file = File::create(folder.join(UNFINISHED))?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(folder.join(UNFINISHED), folder.join(FILE))?;
            File::open(folder)?.sync_all()
        };
        written().context("the manifest cannot be written")
    }

    pub(super) fn read(folder: &Path) -> Result<Self> {
        if folder.join(UNFINISHED).exists() {
            bail!("this backup was never finished: make another, and remove this one");
        }
        let text = fs::read(folder.join(FILE)).context("there is no backup here")?;
        let manifest: Self = serde_json::from_slice(&text).context("the manifest cannot be read")?;
        ensure!(manifest.format == FORMAT, "the backup has a format that this release does not know");
        Ok(manifest)
    }

    /// Reads every file and names the first that is not as it was written. Documents that are there beside those named belong to
    /// nobody.
    pub(super) fn check(&self, folder: &Path) -> Result<()> {
        for table in &self.tables {
            table.check(folder)?;
        }
        for document in self.documents.iter().flatten() {
            let path = folder.join(DOCUMENTS).join(&document.path);
            ensure!(hash_of(&path)?.0 == document.sha256, "the document {} is not as it was", document.path);
        }
        Ok(())
    }

    pub(super) fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

impl Table {
    pub(super) fn file(&self, folder: &Path) -> PathBuf {
        file(folder, &self.name)
    }

    fn check(&self, folder: &Path) -> Result<()> {
        let (hash, lines) = hash_of(&self.file(folder))?;
        if hash != self.sha256 || lines != self.rows {
            bail!("the file of {} is not as it was written", self.name);
        }
        Ok(())
    }

    pub(super) fn layout(&self) -> backups::Table {
        backups::Table { name: self.name.clone(), columns: self.columns.clone() }
    }
}

impl Sequence {
    pub(super) fn stand(&self) -> backups::Sequence {
        backups::Sequence { name: self.name.clone(), last: self.last }
    }
}

pub(super) fn file(folder: &Path, table: &str) -> PathBuf {
    folder.join(DATABASE).join(format!("{table}.{TABLE}"))
}

/// And how many lines it has, which is as many as rows: a line break within one is written otherwise.
pub(super) fn hash_of(path: &Path) -> Result<(String, u64)> {
    let unreadable = || format!("{} cannot be read", path.display());
    let mut file = File::open(path).with_context(unreadable)?;
    let (mut hash, mut lines) = (digest::Context::new(&digest::SHA256), 0);
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece).with_context(unreadable)?;
        if read == 0 {
            return Ok((hex::encode(hash.finish()), lines));
        }
        hash.update(&piece[..read]);
        lines += piece[..read].split(|byte| *byte == b'\n').skip(1).count() as u64;
    }
}
