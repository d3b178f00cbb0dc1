//! Identity cases: whether somebody is who they say, and whether a guardian is a minor's guardian, as far as documents show.
//!
//! ```text
//! opened ─► submitted ─► in_review ─► approved
//!    │          ▲            ├──────► rejected
//!    │          └─ more_needed ◄┘         ▲
//!    └───────────────────┴────────────────┘    nothing came
//! ```
//!
//! And from every stage before its end a case may be given up, which is a rejection too. What a document shows has no place in this
//! crate: a case knows of each what kind it is, whose it is and the hash of its content.

mod answers;
mod decisions;
mod documents;
mod reasons;
mod rules;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::words;

pub use answers::{
    Adding, Answered, Deciding, Ending, Looking, Removing, Standing, Submitting, Taking, TakingBy,
};
pub use decisions::{Decision, LONGEST_NOTE, Verdict, says_something};
pub use documents::{ContentHash, Document, DocumentKind, InvalidHash, Media, Party};
pub use reasons::{CaseEnd, Reason, in_words};
pub use rules::IdentityRules;

/// Where a case stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStage {
    /// Documents are collected.
    #[default]
    Opened,
    /// They wait for a reviewer.
    Submitted,
    /// A reviewer has taken it.
    InReview,
    Approved,
    Rejected,
    /// Documents are collected again.
    MoreNeeded,
}

/// A step that a case's stage does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an identity case that is {from} cannot become {to}")]
pub struct StageError {
    pub from: CaseStage,
    pub to: CaseStage,
}

impl CaseStage {
    pub const ALL: [Self; 6] =
        [Self::Opened, Self::Submitted, Self::InReview, Self::Approved, Self::Rejected, Self::MoreNeeded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Submitted => "submitted",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::MoreNeeded => "more_needed",
        }
    }

    /// The documents are complete, as whoever sent them thinks.
    pub fn submit(self) -> Result<Self, StageError> {
        self.step(Self::Submitted, self.collects())
    }

    /// A reviewer takes it, or is given it in the place of another.
    pub fn take(self) -> Result<Self, StageError> {
        self.step(Self::InReview, self.is_under_review())
    }

    pub fn approve(self) -> Result<Self, StageError> {
        self.step(Self::Approved, self == Self::InReview)
    }

    pub fn reject(self) -> Result<Self, StageError> {
        self.step(Self::Rejected, self == Self::InReview)
    }

    pub fn ask_for_more(self) -> Result<Self, StageError> {
        self.step(Self::MoreNeeded, self == Self::InReview)
    }

    /// Nobody sends anything, and no more is waited for.
    pub fn let_go(self) -> Result<Self, StageError> {
        self.step(Self::Rejected, self.collects())
    }

    /// What the case was for is over.
    pub fn give_up(self) -> Result<Self, StageError> {
        self.step(Self::Rejected, !self.is_decided())
    }

    /// Documents may be added and taken back.
    pub const fn collects(self) -> bool {
        matches!(self, Self::Opened | Self::MoreNeeded)
    }

    /// Reviewers may look, and have to decide.
    pub const fn is_under_review(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }

    /// Nothing more will be decided.
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

words!(CaseStage, "a stage of an identity case");

#[cfg(test)]
mod tests {
    use super::CaseStage::{Approved, InReview, MoreNeeded, Opened, Rejected, Submitted};
    use super::*;

    #[test]
    fn a_case_goes_only_the_ways_that_the_product_names() {
        type Step = fn(CaseStage) -> Result<CaseStage, StageError>;
        let steps: [(Step, &[CaseStage], CaseStage); 7] = [
            (CaseStage::submit, &[Opened, MoreNeeded], Submitted),
            (CaseStage::take, &[Submitted, InReview], InReview),
            (CaseStage::approve, &[InReview], Approved),
            (CaseStage::reject, &[InReview], Rejected),
            (CaseStage::ask_for_more, &[InReview], MoreNeeded),
            (CaseStage::let_go, &[Opened, MoreNeeded], Rejected),
            (CaseStage::give_up, &[Opened, Submitted, InReview, MoreNeeded], Rejected),
        ];
        for (step, allowed, to) in steps {
            for from in CaseStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected);
            }
        }
    }

    #[test]
    fn a_case_collects_or_is_reviewed_or_is_decided() {
        for stage in CaseStage::ALL {
            let is = [stage.collects(), stage.is_under_review(), stage.is_decided()];
            assert_eq!(is.into_iter().filter(|is| *is).count(), 1, "{stage}");
            assert_eq!(stage.as_str().parse(), Ok(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
    }
}
