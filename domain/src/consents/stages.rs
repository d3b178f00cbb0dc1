//! Where a consent stands.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::words;

/// How far a consent has come.
///
/// ```text
/// requested ─► given ◄─► withdrawn ─► ended          each of them, too, when the minor's account is closed
///     │          └──────────┴──────────────► handed_over     the minor has come of age
///     ├─► refused, lapsed      by the guardian, or by their silence
///     ├─► superseded           the minor has named somebody else
///     └─► handed_over
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStage {
    Requested,
    Given,
    Withdrawn,
    Refused,
    Lapsed,
    Superseded,
    Ended,
    HandedOver,
}

/// A step that a consent's stage does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a consent that is {from} cannot become {to}")]
pub struct StageError {
    pub from: ConsentStage,
    pub to: ConsentStage,
}

impl ConsentStage {
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Given,
        Self::Withdrawn,
        Self::Refused,
        Self::Lapsed,
        Self::Superseded,
        Self::Ended,
        Self::HandedOver,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Withdrawn => "withdrawn",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::HandedOver => "handed_over",
        }
    }

    /// The guardian agrees, or agrees again after having withdrawn.
    pub fn give(self) -> Result<Self, StageError> {
        self.step(Self::Given, matches!(self, Self::Requested | Self::Withdrawn))
    }

    pub fn withdraw(self) -> Result<Self, StageError> {
        self.step(Self::Withdrawn, matches!(self, Self::Given))
    }

    /// The minor names somebody else before anybody has answered.
    pub fn supersede(self) -> Result<Self, StageError> {
        self.step(Self::Superseded, matches!(self, Self::Requested))
    }

    /// It comes to nothing.
    pub fn end(self, end: ConsentEnd) -> Result<Self, StageError> {
        let allowed = match end {
            ConsentEnd::Refused | ConsentEnd::Lapsed => matches!(self, Self::Requested),
            ConsentEnd::Ended => matches!(self, Self::Withdrawn),
            ConsentEnd::AccountClosed => self.is_in_force(),
        };
        self.step(end.into(), allowed)
    }

    /// The minor is none any more.
    pub fn hand_over(self) -> Result<Self, StageError> {
        self.step(Self::HandedOver, self.is_in_force())
    }

    /// The guardian agrees now.
    pub const fn is_given(self) -> bool {
        matches!(self, Self::Given)
    }

    /// It has been asked for and is not over. A minor has one of these at most.
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Requested | Self::Given | Self::Withdrawn)
    }

    /// What it comes to when nobody says anything until its time is over.
    pub const fn by_silence(self) -> Option<ConsentEnd> {
        match self {
            Self::Requested => Some(ConsentEnd::Lapsed),
            Self::Withdrawn => Some(ConsentEnd::Ended),
            _ => None,
        }
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

words!(ConsentStage, "a stage of a consent");

/// How a consent comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentEnd {
    /// The guardian said no.
    Refused,
    /// They said nothing in time.
    Lapsed,
    /// They took it back and did not return.
    Ended,
    /// The minor's account is closed.
    AccountClosed,
}

impl From<ConsentEnd> for ConsentStage {
    fn from(end: ConsentEnd) -> Self {
        match end {
            ConsentEnd::Refused => Self::Refused,
            ConsentEnd::Lapsed => Self::Lapsed,
            ConsentEnd::Ended | ConsentEnd::AccountClosed => Self::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConsentStage::{Ended, Given, HandedOver, Lapsed, Refused, Requested, Superseded, Withdrawn};

    type Step = fn(ConsentStage) -> Result<ConsentStage, StageError>;

    #[test]
    fn every_step_is_allowed_from_its_stages_and_from_no_other() {
        let steps: [(Step, ConsentStage, &[ConsentStage]); 7] = [
            (ConsentStage::give, Given, &[Requested, Withdrawn]),
            (ConsentStage::withdraw, Withdrawn, &[Given]),
            (ConsentStage::supersede, Superseded, &[Requested]),
            (ConsentStage::hand_over, HandedOver, &[Requested, Given, Withdrawn]),
            (|stage| stage.end(ConsentEnd::Refused), Refused, &[Requested]),
            (|stage| stage.end(ConsentEnd::Lapsed), Lapsed, &[Requested]),
            (|stage| stage.end(ConsentEnd::Ended), Ended, &[Withdrawn]),
        ];
        for (step, to, allowed) in steps {
            for from in ConsentStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_is_over_stays_over() {
        for stage in ConsentStage::ALL.into_iter().filter(|stage| !stage.is_in_force()) {
            assert!(
                stage.give().is_err() && stage.withdraw().is_err() && stage.hand_over().is_err(),
                "{stage}"
            );
            assert_eq!(stage.by_silence(), None);
        }
    }

    #[test]
    fn silence_ends_what_waits_for_an_answer_and_nothing_else() {
        let ends = ConsentStage::ALL.map(|stage| stage.by_silence().map(|end| stage.end(end)));
        assert_eq!(ends[..3], [Some(Ok(Lapsed)), None, Some(Ok(Ended))]);
        assert!(ends[3..].iter().all(Option::is_none));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for stage in ConsentStage::ALL {
            assert_eq!(stage.as_str().parse(), Ok(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
    }
}
