//! The files of a Postgres: made once with `initdb`, owned by whoever runs it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use super::{Error, OWNER};
use crate::folders::DataFolder;
use crate::processes::user::{self, User};
use crate::processes::{Launch, Process, Stop};
use crate::tools::{self, Places, PostgresTools};

/// The longest path of a Unix socket that every system takes, with room for Postgres's own file name.
const SOCKET_FOLDER: usize = 80;

/// Files ready to be served.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) tools: PostgresTools,
    pub(super) user: Option<User>,
    /// Belongs to that user; has the data and the socket.
    pub(super) home: PathBuf,
    pub(super) data: PathBuf,
}

/// The tools for the data that is there; for none, the first that are found.
async fn find_tools(folder: &DataFolder, places: &Places) -> Result<PostgresTools, tools::Error> {
    let version = fs::read_to_string(folder.path().join("postgres/data/PG_VERSION"));
    let major = version.ok().and_then(|version| version.trim().parse().ok());
    PostgresTools::find(places, major).await
}

impl Cluster {
    pub(super) async fn open(folder: &DataFolder, places: &Places) -> Result<Self, Error> {
        let user = user::unprivileged();
        if user.is_none() && user::is_root() {
            return Err(Error::NobodyToBecome);
        }
        let tools = find_tools(folder, places).await?;
        let home = folder.subfolder("postgres")?;
        let data = home.join("data");
        if let Some(user) = &user {
            give(user, &home).map_err(|source| Error::Prepare { folder: home.clone(), source })?;
            may_enter(user, &home)?;
        }
        let cluster = Cluster { tools, user, home, data };
        if !cluster.data.join("PG_VERSION").exists() {
            cluster.make(folder).await?;
        }
        Ok(cluster)
    }

    /// Made beside its place and moved there when complete, so that half a cluster is never taken for one.
    async fn make(&self, folder: &DataFolder) -> Result<(), Error> {
        let unfinished = self.home.join("unfinished");
        let failed = |source| Error::Prepare { folder: self.home.clone(), source };
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(failed)?;
        }
        let mut arguments: Vec<OsString> = ["--pgdata".into(), unfinished.clone().into()].into();
        arguments.extend(
            ["--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"].map(Into::into),
        );
        arguments.extend(["--no-sync", "--no-instructions"].map(Into::into));
        let launch = Launch {
            name: "initdb",
            program: self.tools.program("initdb"),
            arguments,
            environment: environment(),
            withheld: Some("PG"),
            working_folder: self.home.clone(),
            log: folder.log("initdb"),
            user: self.user.clone(),
            stop: Stop { signal: "TERM", patience: 5 },
        };
        let mut process = Process::start(&launch).await?;
        folder.is_used_by(&process);
        if process.finish().await != Some(0) {
            return Err(process.ended().into());
        }
        fs::rename(&unfinished, &self.data).map_err(failed)
    }

    pub(super) fn server_arguments(&self, port: u16, durable: bool) -> Vec<OsString> {
        let socket_folder = match self.home.to_str() {
            Some(home) if home.len() <= SOCKET_FOLDER => home,
            _ => "",
        };
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={socket_folder}"),
            "max_connections=300".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
            "log_min_messages=warning".to_owned(),
        ];
        if !durable {
            settings
                .extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
        }
        let mut arguments: Vec<OsString> = ["-D".into(), self.data.clone().into()].into();
        arguments.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]));
        arguments
    }

    pub(super) fn forget_dead_owner(&self) {
        forget_dead_owner(&self.data);
    }
}

/// After a crash `postmaster.pid` stays behind. Postgres sees through that unless the number meanwhile belongs to
/// another process of its user, as happens in containers, where numbers are few. Where the system can tell us that the
/// process does not serve this data, the file goes; everywhere else Postgres decides.
pub(super) fn forget_dead_owner(data: &Path) {
    let file = data.join("postmaster.pid");
    let Some(pid) = fs::read_to_string(&file).ok().and_then(|text| Some(text.lines().next()?.to_owned()))
    else {
        return;
    };
    if fs::read_link(Path::new("/proc").join(pid).join("cwd")).is_ok_and(|folder| folder != data) {
        // If it cannot be deleted, Postgres says so better than we could.
        let _ = fs::remove_file(&file);
    }
}

/// The same messages and sorting on every machine.
pub(super) fn environment() -> Vec<(&'static str, String)> {
    [("LC_ALL", "C"), ("TZ", "UTC")].map(|(name, value)| (name, value.to_owned())).into()
}

/// Gives a folder with everything in it to the user, if it is not theirs already.
fn give(user: &User, folder: &Path) -> std::io::Result<()> {
    if fs::metadata(folder)?.uid() == user.uid {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give(user, &entry.path())?;
        } else {
            lchown(entry.path(), Some(user.uid), Some(user.gid))?;
        }
    }
    lchown(folder, Some(user.uid), Some(user.gid))
}

fn may_enter(user: &User, folder: &Path) -> Result<(), Error> {
    let entered = std::process::Command::new("/bin/sh")
        .args(["-c", "cd \"$1\"", "enter"])
        .arg(folder)
        .current_dir("/")
        .uid(user.uid)
        .gid(user.gid)
        .stderr(std::process::Stdio::null())
        .status();
    if entered.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Error::Closed { user: user.name.clone(), folder: folder.to_owned() })
}
