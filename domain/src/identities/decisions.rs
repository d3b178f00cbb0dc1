//! What reviewers decide, and what a decision must say to be one.

use serde::{Deserialize, Serialize};

use super::{ContentHash, Reason};
use crate::ids::UserId;
use crate::words::words;

/// As much as a note or the reason of a look may say, in characters.
pub const LONGEST_NOTE: usize = 500;

/// Whether somebody who decides or looks has said why.
pub fn says_something(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_NOTE
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    Reject,
    /// More is needed.
    Ask,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Approve, Self::Reject, Self::Ask];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Ask => "ask",
        }
    }
}

words!(Verdict, "a verdict on an identity case");

/// One reviewer's word about what they have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub verdict: Verdict,
    pub reviewer: UserId,
    /// For whoever sent the documents. None, when they are approved.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// For those who work here.
    pub note: String,
    /// Of all documents that the reviewer has seen, in whatever order.
    pub seen: Vec<ContentHash>,
}

impl Decision {
    /// Whether it says why, to those who work here and to those whom it is about.
    pub fn says_why(&self) -> bool {
        let fit = self.reasons.iter().all(|reason| reason.is_for(self.verdict));
        says_something(&self.note) && fit && (self.verdict == Verdict::Approve) == self.reasons.is_empty()
    }

    /// Whether these are the documents that it was decided about.
    pub fn has_seen(&self, mut hashes: Vec<ContentHash>) -> bool {
        let mut seen = self.seen.clone();
        for list in [&mut seen, &mut hashes] {
            list.sort_unstable();
            list.dedup();
        }
        seen == hashes
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn decision(verdict: Verdict, reasons: &[Reason], note: &str) -> Decision {
        Decision {
            verdict,
            reviewer: UserId::from_uuid(Uuid::from_u128(1)),
            reasons: reasons.to_vec(),
            note: note.to_owned(),
            seen: Vec::new(),
        }
    }

    #[test]
    fn a_decision_says_why() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            let reasons: &[Reason] = if verdict == Verdict::Approve { &[] } else { &[Reason::Unreadable] };
            assert!(decision(verdict, reasons, "seen").says_why(), "{verdict}");
            assert!(!decision(verdict, reasons, " \n").says_why(), "{verdict}");
            assert!(!decision(verdict, reasons, &"x".repeat(501)).says_why(), "{verdict}");
        }
        assert!(!decision(Verdict::Approve, &[Reason::Unreadable], "seen").says_why());
        assert!(!decision(Verdict::Reject, &[], "seen").says_why());
        assert!(!decision(Verdict::Ask, &[Reason::Expired, Reason::NotGenuine], "seen").says_why());
    }

    #[test]
    fn what_was_seen_is_a_set() {
        let [a, b] = [1, 2].map(|byte| ContentHash::new([byte; 32]));
        let seen = Decision { seen: vec![b, a, a], ..decision(Verdict::Approve, &[], "seen") };
        assert!(seen.has_seen(vec![a, b]));
        assert!(seen.has_seen(vec![a, b, b]));
        assert!(!seen.has_seen(vec![a]));
        assert!(!seen.has_seen(Vec::new()));
    }
}
