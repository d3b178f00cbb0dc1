//! The figures that must agree, each under a name.

use std::fmt::Display;

use serde::Serialize;

/// One thing that was expected, and what was found.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) ok: bool,
    pub(super) expected: String,
    pub(super) found: String,
}

#[derive(Debug, Default)]
pub(super) struct Checks(Vec<Check>);

impl Checks {
    /// Two figures that must be the same.
    #[expect(clippy::needless_pass_by_value, reason = "figures are small, and most are made at the call")]
    pub(super) fn same<T: PartialEq + Display>(&mut self, name: &str, expected: T, found: T) {
        let ok = expected == found;
        let (expected, found) = (expected.to_string(), found.to_string());
        self.0.push(Check { name: name.to_owned(), ok, expected, found });
    }

    pub(super) fn all(&self) -> &[Check] {
        &self.0
    }

    pub(super) fn all_agree(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|check| check.ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_figure_that_differs_spoils_all() {
        let mut checks = Checks::default();
        assert!(!checks.all_agree(), "nothing compared is nothing proved");
        checks.same("gifts", 5, 5);
        assert!(checks.all_agree());
        checks.same("payouts", 1, 2);
        assert!(!checks.all_agree());
    }
}
