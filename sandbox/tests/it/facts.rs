//! Facts about this machine that tests wait for.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes; only a failure waits this long.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Waits until it is so, or fails with what it waited for.
pub(crate) async fn eventually(what: &str, so: impl FnMut() -> bool) {
    soon(what, Duration::from_secs(30), so).await;
}

/// The same, within a time that is itself part of what is proved.
pub(crate) async fn soon(what: &str, within: Duration, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < within, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether the process runs. One that has ended but was not yet taken note of does not.
pub(crate) fn runs(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// The process group: of a program under its supervisor, that of the whole tree.
pub(crate) fn group_of(pid: u32) -> u32 {
    let group = Command::new("ps").args(["-o", "pgid=", "-p", &pid.to_string()]).output().unwrap();
    String::from_utf8(group.stdout).unwrap().trim().parse().unwrap()
}

/// Whether anybody of the process group runs.
pub(crate) fn group_runs(group: u32) -> bool {
    let all = Command::new("ps").args(["-A", "-o", "pgid=", "-o", "stat="]).output().unwrap();
    let all = String::from_utf8(all.stdout).unwrap();
    all.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(&group.to_string())
            && fields.next().is_some_and(|state| !state.starts_with('Z'))
    })
}

pub(crate) fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Whether anybody still holds this log, which every process of a tree inherits.
pub(crate) fn is_held(log: &Path) -> bool {
    File::open(log).unwrap().try_lock().is_err()
}

/// The port at the end of an URL without a path.
pub(crate) fn port_of(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}
