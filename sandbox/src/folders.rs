//! Where things are kept: fetched tools, and the data of a world.

use std::env;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::processes::user::is_root;
use crate::processes::{Process, Sweeper};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the folder {folder} cannot be made ready")]
    Prepare { folder: PathBuf, source: std::io::Error },
    #[error("the world in {folder} is in use: end whoever runs it, or choose another data folder")]
    InUse { folder: PathBuf },
}

fn failed(folder: &Path) -> impl Fn(std::io::Error) -> Error {
    |source| Error::Prepare { folder: folder.to_owned(), source }
}

/// Where fetched tools are kept: `WOLO_CACHE`, else the user's cache folder.
///
/// Root's own cache is closed to the unprivileged user as whom Postgres has to run, so root uses the system's.
pub fn cache() -> PathBuf {
    let chosen = folder_in("WOLO_CACHE");
    let users = || {
        if is_root() {
            return None;
        }
        let base = folder_in("XDG_CACHE_HOME").or_else(|| Some(folder_in("HOME")?.join(".cache")))?;
        Some(base.join("wolo"))
    };
    chosen.or_else(users).unwrap_or_else(|| PathBuf::from("/var/cache/wolo"))
}

/// Where a developer's world is kept between runs: `WOLO_DATA`, else the user's data folder (the system's for root,
/// for the same reason as [`cache`]).
pub fn data() -> PathBuf {
    let chosen = folder_in("WOLO_DATA");
    let users = || {
        if is_root() {
            return None;
        }
        let base = folder_in("XDG_DATA_HOME").or_else(|| Some(folder_in("HOME")?.join(".local/share")))?;
        Some(base.join("wolo"))
    };
    chosen.or_else(users).unwrap_or_else(|| PathBuf::from("/var/lib/wolo"))
}

fn folder_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folder of one world. A temporary one is deleted when it is dropped, or when this process is killed.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    sweeper: Option<Sweeper>,
    /// Locked by us alone: our processes do not inherit it, so the lock ends with us.
    _lock: Option<File>,
}

impl DataFolder {
    /// A folder whose data outlives us. It is made if it does not exist; nobody else may be using it.
    pub fn kept(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(failed(path))?;
        let path = path.canonicalize().map_err(failed(path))?;
        let lock = File::create(path.join("lock")).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => Self::prepared(path, None, Some(lock)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: path }),
            Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
        }
    }

    /// A folder in the system's temporary folder.
    pub fn temporary() -> Result<Self, Error> {
        let name = Uuid::new_v4().simple().to_string();
        // Short, because the path of a Unix socket in it may not exceed about a hundred characters.
        let path = env::temp_dir().join(format!("wolo-{}", &name[..12]));
        DirBuilder::new().mode(0o755).create(&path).map_err(failed(&path))?;
        let path = path.canonicalize().map_err(failed(&path))?;
        let sweeper = Sweeper::over(&path).map_err(failed(&path))?;
        Self::prepared(path, Some(sweeper), None)
    }

    fn prepared(path: PathBuf, sweeper: Option<Sweeper>, lock: Option<File>) -> Result<Self, Error> {
        let folder = DataFolder { path, sweeper, _lock: lock };
        folder.subfolder("logs")?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the data outlives us, and so has to be durable.
    pub fn is_kept(&self) -> bool {
        self.sweeper.is_none()
    }

    /// The log file of one process.
    pub fn log(&self, process: &str) -> PathBuf {
        self.path.join("logs").join(format!("{process}.log"))
    }

    /// A folder in it, made if it does not exist.
    pub(crate) fn subfolder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.path.join(name);
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        Ok(folder)
    }

    /// The folder is not deleted before this process has ended.
    pub(crate) fn is_used_by(&self, process: &Process) {
        if let Some(sweeper) = &self.sweeper {
            sweeper.wait_for(process.supervisor_pid());
        }
    }

    /// Deletes a temporary folder now; a kept one stays. Those who write there must have ended.
    pub async fn close(mut self) {
        if let Some(sweeper) = self.sweeper.take() {
            sweeper.sweep().await;
        }
    }
}

/// Lets everybody enter and read a folder, whatever our umask is.
pub(crate) fn open_to_all(folder: &Path) -> std::io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}
