//! What a process has cost, by the system's own accounts.

use anyhow::{Context as _, Result};

/// A tick of the accounts in `/proc`: a hundredth of a second on every Linux, whatever the kernel itself counts in.
const TICK_MS: u64 = 10;

/// Processor time so far, in milliseconds, of all threads, user and system.
pub(super) fn cpu_ms(pid: u32) -> Result<u64> {
    let stat = read(pid, "stat")?;
    // The second field is the program's name in brackets, with anything in it.
    let after_name = stat.rsplit_once(')').map(|(_, rest)| rest);
    let field = |place: usize| after_name?.split_whitespace().nth(place)?.parse::<u64>().ok();
    // Fields 14 and 15, counted from 1 and from the start.
    let (user, system) = field(11).zip(field(12)).context("the accounts of a process cannot be read")?;
    Ok((user + system) * TICK_MS)
}

/// The most memory it has ever had at once, in KiB.
pub(super) fn peak_kib(pid: u32) -> Result<u64> {
    status(pid, "VmHWM:")
}

/// The memory that it has now, in KiB.
pub(super) fn resident_kib(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

fn status(pid: u32, name: &str) -> Result<u64> {
    let status = read(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("the accounts of a process have no {name}"))
}

fn read(pid: u32, file: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read (this needs Linux)"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_cost_something() {
        let pid = std::process::id();
        assert!(peak_kib(pid).unwrap() >= resident_kib(pid).unwrap() / 2);
        let began = cpu_ms(pid).unwrap();
        let mut waste = 0_u64;
        while cpu_ms(pid).unwrap() == began {
            waste = std::hint::black_box(waste.wrapping_add(1));
        }
    }
}
