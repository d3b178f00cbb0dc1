//! `wolo export`: what the figures are made of, line by line, as it is read. However many lines there are, a few are held at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use clap::Args;
use futures::TryStreamExt as _;
use wolo_database::audit::Doer;
use wolo_database::{Pool, figures};
use wolo_domain::figures::{Export as Exported, Writing};

use super::Config;
use super::stats::Period;
use crate::failure::refused;
use crate::output::{self, Progress, grouped};
use crate::system::{System, operator};

/// Why, as the audit trail has it.
const REASON: &str = "asked for on the command line";
/// Whoever watches is told every so many lines.
const TOLD_EVERY: i64 = 1_000;

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// figures, ledger, gifts, payouts, invitations or notices
    #[arg(value_name = "NAME")]
    name: Exported,
    /// How the lines are written
    #[arg(long, default_value_t = Writing::Csv, value_name = "csv|ndjson")]
    format: Writing,
    #[command(flatten)]
    period: Period,
    /// Write them to this file, which must not be there yet, instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Who takes them, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Export {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        // Before it is written down that anything was given out.
        if let Some(file) = self.out.as_deref().filter(|file| file.exists()) {
            return Err(refused(format!("{} is there already", file.display())));
        }
        let days = self.period.days()?;
        let by = operator(self.by.as_deref())?;
        let pool = System::find(config)?.pool().await?;
        let mut tx = pool.begin().await?;
        figures::note_export(&mut tx, self.name, days, self.format, Doer::new(&by, REASON)).await?;
        // Noted before anybody reads it.
        tx.commit().await?;
        let Some(path) = &self.out else {
            let written = self.write(&pool, days, io::stdout().lock()).await;
            return written.map(drop).or_else(unless_nobody_reads);
        };
        let file = own_file(path).with_context(|| format!("{} could not be written", path.display()))?;
        match self.write(&pool, days, file).await {
            Ok(lines) => {
                let s = if lines == 1 { "" } else { "s" };
                output::say(&format!(
                    "{} line{s} of {} stand in {}.",
                    grouped(lines),
                    self.name,
                    path.display()
                ));
                Ok(())
            }
            Err(error) => {
                // Half a file would be taken for a whole one.
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    async fn write(&self, pool: &Pool, days: (NaiveDate, NaiveDate), out: impl Write) -> Result<i64> {
        let progress = Progress::spinning(format!("Reading {}", self.name));
        let mut out = BufWriter::new(out);
        let columns = self.name.columns();
        let mut text = self.format.head(columns);
        out.write_all(text.as_bytes())?;
        let mut tx = pool.begin().await?;
        let mut lines = figures::lines(&mut tx, self.name, days).await?;
        let mut count = 0;
        while let Some(cells) = lines.try_next().await? {
            text.clear();
            self.format.line(columns, &cells, &mut text);
            out.write_all(text.as_bytes())?;
            count += 1;
            if count % TOLD_EVERY == 0 {
                progress.say(format!("Reading {}: {} lines", self.name, grouped(count)));
            }
        }
        out.flush()?;
        Ok(count)
    }
}

/// A reader that has gone away (`| head`) is not an error worth words.
fn unless_nobody_reads(error: anyhow::Error) -> Result<()> {
    let gone = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe);
    if gone { Ok(()) } else { Err(error) }
}

/// For the eyes of whoever asked for it alone.
fn own_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
