//! What people report of a pot, in a fixed list of reasons. A report is for a moderator to look at; by itself it stops nothing, since
//! whoever is reported by many has not done anything for that.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// The longest that somebody says besides.
pub const LONGEST_WORDS: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// The money is for something else than what the pot says.
    Fraud,
    /// Whoever is said to celebrate does not know of it.
    Impersonation,
    /// A title, a description or a wish that insults or hurts.
    Offensive,
    /// A child is shown, or in danger.
    Child,
    Other,
}

impl ReportReason {
    pub const ALL: [Self; 5] = [Self::Fraud, Self::Impersonation, Self::Offensive, Self::Child, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Impersonation => "impersonation",
            Self::Offensive => "offensive",
            Self::Child => "child",
            Self::Other => "other",
        }
    }
}

words!(ReportReason, "a reason to report a pot");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_back_as_written() {
        assert!(ReportReason::ALL.iter().all(|one| one.as_str().parse() == Ok(*one)));
        let json = |reason: ReportReason| serde_json::to_value(reason).unwrap();
        assert!(ReportReason::ALL.iter().all(|one| json(*one) == one.as_str()));
    }
}
