//! The Temporal CLI from its makers' releases. Many machines cannot reach them, so it gives up quickly.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::pins::{TEMPORAL_CLI, Temporal};
use super::run;

const CONNECT: Duration = Duration::from_secs(3);
const DOWNLOAD: Duration = Duration::from_mins(3);

/// Fetches the archive and unpacks `temporal` into the folder. The caller checks its hash.
pub(super) async fn fetch_into(folder: &Path, pin: Temporal) -> Result<(), String> {
    let url = format!(
        "https://github.com/temporalio/cli/releases/download/v{TEMPORAL_CLI}/temporal_cli_{TEMPORAL_CLI}_{}.tar.gz",
        pin.archive
    );
    let download = async {
        let client = reqwest::Client::builder().connect_timeout(CONNECT).timeout(DOWNLOAD).build()?;
        client.get(&url).send().await?.error_for_status()?.bytes().await
    };
    let bytes = download.await.map_err(|error| error.to_string())?;
    let archive = folder.join("temporal.tar.gz");
    tokio::fs::write(&archive, &bytes).await.map_err(|error| error.to_string())?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xzf").arg(&archive).arg("-C").arg(folder).arg("temporal");
    run::answer(&mut unpack, DOWNLOAD).await.map_err(|problem| format!("tar: {problem}"))?;
    tokio::fs::remove_file(&archive).await.map_err(|error| error.to_string())
}
