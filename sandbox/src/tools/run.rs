//! Runs a program once, for its answer.

use std::time::Duration;

use tokio::process::Command;

/// Runs the command and returns its standard output. The error says in words what went wrong.
pub(super) async fn answer(command: &mut Command, within: Duration) -> Result<String, String> {
    command.kill_on_drop(true).stdin(std::process::Stdio::null());
    let output = tokio::time::timeout(within, command.output())
        .await
        .map_err(|_| format!("it did not answer within {}s", within.as_secs()))?
        .map_err(|error| format!("it does not run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.trim().lines().last().unwrap_or("it said nothing").to_owned();
    Err(format!("it failed ({}): {last}", output.status))
}
