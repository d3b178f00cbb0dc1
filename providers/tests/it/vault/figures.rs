//! What storing costs. Run it by hand, optimised:
//! `cargo test --release -p wolo-providers --test it figures -- --ignored --nocapture`.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use super::*;

const DOCUMENT: usize = 5 * 1024 * 1024;
const TIMES: u32 = 20;

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    [usage.user_time(), usage.system_time()]
        .map(|time| Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap()))
        .into_iter()
        .sum()
}

/// The most memory that this process has had, in KiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "measures; says nothing on a machine that is busy"]
async fn figures_of_a_document_of_five_megabytes() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let places: Vec<_> = (0..TIMES).map(|_| place()).collect();
    put(&vault, &place(), b"the first of all").await.unwrap();
    let before = most_memory();
    let began = cpu();
    for place in &places {
        let content = tokio::io::AsyncReadExt::take(tokio::io::repeat(7), DOCUMENT as u64);
        vault.put(place, content).await.unwrap();
    }
    let stored = cpu().saturating_sub(began) / TIMES;
    let began = cpu();
    for place in &places {
        let mut reading = vault.read(place).await.unwrap().unwrap();
        while let Some(piece) = futures::StreamExt::next(&mut reading.content).await {
            piece.unwrap();
        }
    }
    let read = cpu().saturating_sub(began) / TIMES;
    println!("encrypt and store 5 MB: {stored:?} of CPU; read and decrypt: {read:?} of CPU");
    println!("memory grew by {} KiB while 20 were stored and read", most_memory() - before);
}
