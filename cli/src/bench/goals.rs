//! What the figures are to be. Each goal is said with a mark; one that is missed ends the command with exit code 1, so that a
//! script need not read.

use anyhow::{Result, bail};
use serde::Serialize;

use crate::output::{self, Paint};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Goal {
    pub(super) name: String,
    pub(super) found: String,
    #[serde(rename = "goal")]
    pub(super) wanted: String,
    pub(super) ok: bool,
}

/// Says each of them, for people.
pub(super) fn say(goals: &[Goal]) {
    let paint = Paint::for_stdout();
    for Goal { name, found, wanted, ok } in goals {
        let mark = if *ok { paint.good("✓") } else { paint.bad("✗") };
        output::say(&format!("{mark} {name}: {found} (goal: {wanted})"));
    }
}

/// An error that names those that were missed.
pub(super) fn all_met(goals: &[Goal]) -> Result<()> {
    let missed = goals.iter().filter(|one| !one.ok);
    let missed: Vec<_> =
        missed.map(|one| format!("{}: {}, not {}", one.name, one.found, one.wanted)).collect();
    match &missed[..] {
        [] => Ok(()),
        [one] => bail!("a goal was missed ({one})"),
        several => bail!("{} goals were missed ({})", several.len(), several.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goals_that_were_missed_are_named_and_no_others() {
        let goal = |name: &str, ok| Goal {
            name: name.to_owned(),
            found: "0.70".to_owned(),
            wanted: "at least 0.80".to_owned(),
            ok,
        };
        assert!(all_met(&[]).is_ok() && all_met(&[goal("rate", true)]).is_ok());
        let words = |goals: &[Goal]| all_met(goals).unwrap_err().to_string();
        let missed = [goal("rate", true), goal("memory", false), goal("CPU", false)];
        assert_eq!(words(&missed[..2]), "a goal was missed (memory: 0.70, not at least 0.80)");
        assert_eq!(
            words(&missed),
            "2 goals were missed (memory: 0.70, not at least 0.80; CPU: 0.70, not at least 0.80)"
        );
    }
}
