//! `wolo backup prune`: the newest backups stay, as many of them as are whole; older ones go, and what was begun and never finished.
//!
//! It removes nothing that is not a backup of ours and nothing else: a folder that has anything beside what a backup has is left and
//! named. One that is damaged and newer than those that stay is left, too, so that somebody looks at it, and so is one that does not say
//! how old it is. It needs neither database nor settings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::manifest::{FILE, Manifest, TABLE, UNFINISHED};
use super::{DATABASE, DOCUMENTS};
use crate::commands::Sure;
use crate::confirm::{Confirmed, confirm};
use crate::output::{self, Format, Progress};

/// One that is younger may be in the making.
const MAKING: Duration = Duration::from_hours(24);

#[derive(Args, Debug)]
pub(crate) struct Prune {
    /// The folder in which backups are, each a folder of its own
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// So many stay: the newest that are as they were written
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

/// What is to become of each folder.
#[derive(Default)]
struct Plan {
    kept: Vec<PathBuf>,
    old: Vec<PathBuf>,
    unfinished: Vec<PathBuf>,
    in_the_making: Vec<PathBuf>,
    damaged: Vec<PathBuf>,
    /// Not ours, or not ours alone.
    left: Vec<PathBuf>,
}

enum Found {
    Whole(Manifest),
    Unfinished {
        since: SystemTime,
    },
    /// What it says of itself cannot be read.
    Damaged,
    Other,
}

impl Prune {
    pub(super) fn run(self) -> Result<()> {
        let working = Progress::spinning("looking at the backups");
        let plan = Plan::of(&self.folder, self.keep)?;
        drop(working);
        let goes: Vec<_> = plan.goes().collect();
        let named = |path: &&PathBuf| format!("{} is removed", path.display());
        let confirmed =
            confirm(&goes.iter().map(named).collect::<Vec<_>>(), self.sure.yes || goes.is_empty())?;
        remove(&goes, confirmed)?;
        self.say(&plan)?;
        if plan.damaged.is_empty() {
            return Ok(());
        }
        bail!(
            "{} of the backups that stay are not as they were written: wolo backup verify says why",
            plan.damaged.len()
        )
    }

    fn say(&self, plan: &Plan) -> Result<()> {
        let Plan { kept, old, unfinished, in_the_making, damaged, left } = plan;
        if self.format.json {
            return output::json(&json!({
                "kept": kept, "removed": { "old": old, "unfinished": unfinished }, "in_the_making": in_the_making,
                "damaged": damaged, "left": left,
            }));
        }
        let parts = [
            (kept, "stays"),
            (old, "was removed: it was old"),
            (unfinished, "was removed: it was never finished"),
            (in_the_making, "stays: it is being made, or was not finished today"),
            (damaged, "stays: it is NOT as it was written"),
            (left, "was left as it is: it is no backup, or there is something else in it"),
        ];
        for (paths, what) in parts {
            for path in paths {
                output::say(&format!("{} {what}.", path.display()));
            }
        }
        if (kept.len() as u64) < u64::from(self.keep) {
            output::say(&format!("Only {} of the {} that were to stay are there.", kept.len(), self.keep));
        }
        Ok(())
    }
}

impl Plan {
    fn of(folder: &Path, keep: u32) -> Result<Self> {
        let (mut plan, mut whole) = (Self::default(), Vec::new());
        let unreadable = || format!("{} cannot be read", folder.display());
        for entry in fs::read_dir(folder).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            // What is linked to is somewhere else.
            if !entry.file_type().with_context(unreadable)?.is_dir() {
                continue;
            }
            let path = entry.path();
            match look(&path).with_context(unreadable)? {
                Found::Whole(manifest) => whole.push((manifest.at, path, manifest)),
                Found::Unfinished { since } if since.elapsed().is_ok_and(|age| age > MAKING) => {
                    plan.unfinished.push(path);
                }
                Found::Unfinished { .. } => plan.in_the_making.push(path),
                Found::Damaged => plan.damaged.push(path),
                Found::Other => plan.left.push(path),
            }
        }
        plan.sort(whole, keep);
        Ok(plan)
    }

    /// The newest first. What is older than those that stay is not read any more.
    fn sort(&mut self, mut whole: Vec<(DateTime<Utc>, PathBuf, Manifest)>, keep: u32) {
        whole.sort_by(|(one, path, _), (other, beside, _)| (other, beside).cmp(&(one, path)));
        for (_, path, manifest) in whole {
            if self.kept.len() as u64 >= u64::from(keep) {
                self.old.push(path);
            } else if manifest.check(&path).is_ok() {
                self.kept.push(path);
            } else {
                self.damaged.push(path);
            }
        }
        for paths in [&mut self.unfinished, &mut self.in_the_making, &mut self.damaged, &mut self.left] {
            paths.sort();
        }
    }

    fn goes(&self) -> impl Iterator<Item = &PathBuf> {
        self.old.iter().chain(&self.unfinished)
    }
}

fn look(path: &Path) -> io::Result<Found> {
    let (mut finished, mut since) = (false, None);
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        match name.to_str() {
            Some(FILE) if kind.is_file() => finished = true,
            Some(UNFINISHED) if kind.is_file() => since = Some(entry.metadata()?.modified()?),
            Some(DATABASE) if kind.is_dir() && has_tables_alone(&entry.path())? => {}
            Some(DOCUMENTS) if kind.is_dir() => {}
            _ => return Ok(Found::Other),
        }
    }
    Ok(match (finished, since) {
        (false, Some(since)) => Found::Unfinished { since },
        (true, None) => Manifest::read(path).map_or(Found::Damaged, Found::Whole),
        _ => Found::Other,
    })
}

fn has_tables_alone(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() || entry.path().extension().is_none_or(|end| end != TABLE) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn remove(goes: &[&PathBuf], _: Confirmed) -> Result<()> {
    for path in goes {
        remove_one(path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    Ok(())
}

/// Where it is interrupted, what is left says of itself that it is no backup any more.
fn remove_one(path: &Path) -> io::Result<()> {
    let gone_is_fine = |done: io::Result<()>| match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    };
    gone_is_fine(fs::rename(path.join(FILE), path.join(UNFINISHED)))?;
    for part in [DATABASE, DOCUMENTS] {
        gone_is_fine(fs::remove_dir_all(path.join(part)))?;
    }
    fs::remove_file(path.join(UNFINISHED))?;
    fs::remove_dir(path)
}
