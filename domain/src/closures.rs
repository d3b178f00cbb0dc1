//! Closing an account: what has to come to its end before whoever it was of is erased.

use serde::{Deserialize, Serialize};

/// What of somebody's is on its way still. While any of it is, nobody erases them: money that must arrive somewhere would not
/// know where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Their pots that have not ended.
    pub pots: i64,
    /// Gifts of theirs that were asked for and have not ended, or that go back.
    pub gifts: i64,
    /// Invitations of theirs that nobody has answered.
    pub invitations: i64,
    /// Gifts of theirs and to them in suspense, until finance has said what becomes of their money.
    pub for_finance: i64,
}

impl UnderWay {
    pub const fn is_nothing(&self) -> bool {
        matches!(*self, Self { pots: 0, gifts: 0, invitations: 0, for_finance: 0 })
    }

    /// What is waited for, in words for those who work here; empty where it is nothing.
    pub fn in_words(&self) -> String {
        let counted = [
            (self.pots, "pots to end"),
            (self.gifts, "gifts to end"),
            (self.invitations, "invitations to be taken back"),
            (
                self.for_finance,
                "gifts in suspense, which wait for finance (wolo discrepancies list --kind odd_gift)",
            ),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        counted.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_at_all_is_something_and_is_said() {
        assert!(UnderWay::default().is_nothing());
        assert_eq!(UnderWay::default().in_words(), "");
        for one in [
            UnderWay { pots: 1, ..UnderWay::default() },
            UnderWay { gifts: 1, ..UnderWay::default() },
            UnderWay { invitations: 1, ..UnderWay::default() },
            UnderWay { for_finance: 1, ..UnderWay::default() },
        ] {
            assert!(!one.is_nothing(), "{one:?}");
            assert!(one.in_words().starts_with("1 "), "{one:?}");
        }
        let two = UnderWay { pots: 2, gifts: 1, ..UnderWay::default() };
        assert_eq!(two.in_words(), "2 pots to end, 1 gifts to end");
    }
}
