//! The process that is ended is this test binary itself, started again with one ignored test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wolo_bootstrap::Shutdown;

const ROLE: &str = "WOLO_TEST_ENDING";

struct Process {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "ending::a_process_to_be_ended", "--nocapture"])
            .env(ROLE, role)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, lines };
        process.wait_for("ready");
        process
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it ended before it said {word}");
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }
}

/// Not a test: the process that the tests below start.
#[test]
#[ignore = "started by the other tests of this file"]
fn a_process_to_be_ended() {
    let Some(role) = std::env::var_os(ROLE).and_then(|role| role.into_string().ok()) else { return };
    let limit = if role == "slow" { Duration::from_millis(50) } else { Duration::from_hours(1) };
    let shutdown = Shutdown::on_signals(limit).unwrap();
    println!("ready");
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(shutdown.begun());
    println!("begun");
    if role != "orderly" {
        // A runtime that is stuck: nothing but the watching thread can end this.
        loop {
            std::thread::park();
        }
    }
}

#[test]
fn the_first_signal_lets_the_process_end_by_itself() {
    for signal in ["-TERM", "-INT"] {
        let process = Process::start("orderly");
        process.signal(signal);
        assert_eq!(process.end(), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn the_second_signal_ends_it_at_once_with_one_sentence() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut process = Process::start("stuck");
        process.signal("-TERM");
        process.wait_for("begun");
        process.signal(signal);
        let sentence = "wolo: told to stop a second time, ending at once.\n".to_owned();
        assert_eq!(process.end(), (Some(code), sentence), "{signal}");
    }
}

#[test]
fn too_slow_an_end_is_cut_short_with_one_sentence() {
    let process = Process::start("slow");
    process.signal("-TERM");
    assert_eq!(process.end(), (Some(124), "wolo: stopping took too long, ending at once.\n".to_owned()));
}
