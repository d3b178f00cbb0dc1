//! Starts the programs of the outside world so that none outlives us.
//!
//! Each program runs under a small shell supervisor in its own process group. The supervisor reads a pipe whose other
//! end only we hold: when we close it, or end in whatever way, it asks the program to stop and, after its patience,
//! kills the group. This needs no unsafe code, no `setsid` and no Linux-only call. What it cannot survive is somebody
//! killing the supervisor itself.

mod log;
mod sweeper;
pub mod user;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use log::Log;
pub(crate) use sweeper::Sweeper;
use user::User;

const SUPERVISOR: &str = include_str!("supervisor.sh");
/// How long an earlier run on the same log may take to end, before we say that the folder is in use.
const EARLIER_RUN: Duration = Duration::from_secs(15);
/// Between two looks at something that will happen soon.
pub(crate) const SOON: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{name} could not be started")]
    Start { name: &'static str, source: std::io::Error },
    #[error("{name} is already running with the log {log}, for somebody else")]
    InUse { name: &'static str, log: PathBuf },
    #[error("{name} ended before it was ready; its log ends with:\n{log}")]
    Ended { name: &'static str, log: String },
    #[error("{name} has ended though nobody told it to; its log ends with:\n{log}")]
    Died { name: &'static str, log: String },
    #[error("{name} was not ready after {}s; its log ends with:\n{log}", waited.as_secs())]
    NotReady { name: &'static str, waited: Duration, log: String },
}

/// How a program is asked to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// The signal's name without `SIG`.
    pub signal: &'static str,
    /// Seconds until the whole group is killed.
    pub patience: u32,
}

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Launch {
    /// What errors call it.
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, String)>,
    /// Our own environment variables that begin like this are not passed on.
    pub withheld: Option<&'static str>,
    pub working_folder: PathBuf,
    pub log: PathBuf,
    /// Whom to become; `None` stays who we are.
    pub user: Option<User>,
    pub stop: Stop,
}

/// A running program with everything it started. Dropping it stops it and waits for its end.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    supervisor: Child,
    lifeline: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    pid: u32,
    stop: Stop,
    log: Log,
}

impl Process {
    /// Starts the program. An earlier run on the same log that is just ending is waited for.
    pub async fn start(launch: &Launch) -> Result<Self, Error> {
        let refused = |source| Error::Start { name: launch.name, source };
        let deadline = Instant::now() + EARLIER_RUN;
        let (log, file) = loop {
            if let Some(opened) = Log::open(&launch.log).map_err(refused)? {
                break opened;
            }
            if Instant::now() > deadline {
                return Err(Error::InUse { name: launch.name, log: launch.log.clone() });
            }
            tokio::time::sleep(SOON).await;
        };
        let mut supervisor = launch.command(file).spawn().map_err(refused)?;
        let lifeline = supervisor.stdin.take();
        let said = supervisor.stdout.take().ok_or_else(|| refused(std::io::ErrorKind::BrokenPipe.into()))?;
        let mut process = Process {
            name: launch.name,
            supervisor,
            lifeline,
            said: BufReader::new(said),
            pid: 0,
            stop: launch.stop,
            log,
        };
        // The shell says the process id at once, before anything slow can happen.
        let mut line = String::new();
        process.said.read_line(&mut line).map_err(refused)?;
        process.pid = line.trim().parse().map_err(|_| process.ended())?;
        Ok(process)
    }

    /// The program's own process id (not the supervisor's).
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The process id that is gone when the whole group is.
    pub(crate) fn supervisor_pid(&self) -> u32 {
        self.supervisor.id()
    }

    /// Whether the program has ended, by itself or because it was stopped.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.supervisor.try_wait(), Ok(None))
    }

    /// Waits until the program ends by itself. Returns its exit status, `None` if it was killed.
    pub async fn finish(&mut self) -> Option<i32> {
        while !self.has_ended() {
            tokio::time::sleep(SOON).await;
        }
        let mut status = String::new();
        self.said.read_to_string(&mut status).ok()?;
        status.trim().parse().ok()
    }

    /// The error of a program that ended too early.
    pub fn ended(&self) -> Error {
        Error::Ended { name: self.name, log: self.log.last_lines() }
    }

    /// Why a program does not run any more that ought to.
    pub fn died(&mut self) -> Option<Error> {
        self.has_ended().then(|| Error::Died { name: self.name, log: self.log.last_lines() })
    }

    /// The error of a program that took too long.
    pub fn not_ready(&self, waited: Duration) -> Error {
        Error::NotReady { name: self.name, waited, log: self.log.last_lines() }
    }

    /// Asks the program to stop and waits until nothing of it is left.
    pub async fn stop(&mut self) {
        drop(self.lifeline.take());
        self.gone().await;
    }

    /// Kills the program (SIGKILL, as a crash would be) and waits until nothing of it is left.
    pub async fn kill(&mut self) {
        if let Some(mut lifeline) = self.lifeline.take() {
            // Nobody reads any more when it has already ended: that is what we want.
            let _ = lifeline.write_all(b"kill\n");
        }
        self.gone().await;
    }

    async fn gone(&mut self) {
        let deadline = self.deadline();
        while !(self.has_ended() && self.log.is_free()) && Instant::now() < deadline {
            tokio::time::sleep(SOON).await;
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_secs(u64::from(self.stop.patience) + 5)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let deadline = self.deadline();
        while !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(SOON);
        }
    }
}

impl Launch {
    fn command(&self, log: std::fs::File) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SUPERVISOR, self.name, self.stop.signal, &self.stop.patience.to_string()])
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(&self.working_folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0);
        if let Some(prefix) = self.withheld {
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with(prefix) {
                    command.env_remove(name);
                }
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(user) = &self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}
