//! What the engine remembers, kept aside: a server that comes back with an older file has forgotten what came after.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wolo_sandbox::temporal::FILE;

use super::Stage;

/// The engine's file as it was at a moment.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
}

impl Stage {
    /// Keeps aside what the engine remembers now. It is away for a moment, as in a restart.
    pub async fn remember(&self) -> Result<Memory> {
        let folder = self.folder.path().join("memory");
        let mut temporal = self.temporal.lock().await;
        temporal.kill().await;
        if folder.exists() {
            fs::remove_dir_all(&folder).context("the last memory cannot be taken away")?;
        }
        fs::create_dir_all(&folder).context("there is no place for a memory")?;
        copy(temporal.folder(), &folder)?;
        temporal.restart().await?;
        Ok(Memory { folder })
    }

    /// The engine forgets everything since then, while the database and Wave do not.
    pub async fn forget_since(&self, memory: &Memory) -> Result<()> {
        let mut temporal = self.temporal.lock().await;
        temporal.kill().await;
        for file in files(temporal.folder())? {
            fs::remove_file(&file).context("the engine's file cannot be taken away")?;
        }
        copy(&memory.folder, temporal.folder())?;
        temporal.restart().await?;
        Ok(())
    }
}

/// The file, and what the database has put beside it.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE)) {
            found.push(path);
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, to.join(name)).context("the engine's file cannot be copied")?;
    }
    Ok(())
}
