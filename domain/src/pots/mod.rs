//! Pots: their stages, their holds and their days.

mod holds;
mod timeline;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Xof;
use crate::people::{first_name, of};
use crate::words::words;

pub use holds::HoldReason;
pub use timeline::{Announcement, Occasion, PotRules, Timeline};

/// Where a pot stands.
///
/// ```text
/// scheduled ─► open ─► closed ─► paying_out ─► settled
///     │         ├────────┴─────► cancelling        every gift goes back
///     └─────────┴────────┴────────────┴──► cancelled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PotStage {
    Scheduled,
    Open,
    Closed,
    PayingOut,
    Settled,
    Cancelling,
    Cancelled,
}

/// A step that a pot's stage does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a pot that is {from} cannot become {to}")]
pub struct StageError {
    pub from: PotStage,
    pub to: PotStage,
}

impl PotStage {
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Open,
        Self::Closed,
        Self::PayingOut,
        Self::Settled,
        Self::Cancelling,
        Self::Cancelled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::PayingOut => "paying_out",
            Self::Settled => "settled",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn open(self) -> Result<Self, StageError> {
        self.step(Self::Open, self == Self::Scheduled)
    }

    pub fn close(self) -> Result<Self, StageError> {
        self.step(Self::Closed, self == Self::Open)
    }

    pub fn pay_out(self) -> Result<Self, StageError> {
        self.step(Self::PayingOut, self == Self::Closed)
    }

    /// A closed pot with nothing in it settles without a payout.
    pub fn settle(self) -> Result<Self, StageError> {
        self.step(Self::Settled, matches!(self, Self::Closed | Self::PayingOut))
    }

    /// The pot is given up, and what was given to it goes back.
    pub fn begin_cancelling(self) -> Result<Self, StageError> {
        self.step(Self::Cancelling, matches!(self, Self::Open | Self::Closed))
    }

    /// The pot is given up and there is nothing in it, or nothing any more.
    pub fn cancel(self) -> Result<Self, StageError> {
        let allowed = matches!(self, Self::Scheduled | Self::Open | Self::Closed | Self::Cancelling);
        self.step(Self::Cancelled, allowed)
    }

    pub const fn takes_donations(self) -> bool {
        matches!(self, Self::Open)
    }

    /// Its gifts go back, or have gone.
    pub const fn is_given_up(self) -> bool {
        matches!(self, Self::Cancelling | Self::Cancelled)
    }

    /// Nothing more will happen.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Settled | Self::Cancelled)
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

words!(PotStage, "a stage of a pot");

/// Who sees a pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The owner only.
    Private,
    /// Whoever has the link.
    #[default]
    Link,
    /// Everybody; the pot is listed.
    Public,
}

impl Visibility {
    pub const ALL: [Self; 3] = [Self::Private, Self::Link, Self::Public];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Link => "link",
            Self::Public => "public",
        }
    }
}

words!(Visibility, "a visibility");

/// What the owner chose. Texts are as the owner wrote them; whoever shows them escapes them.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches, as the owner sees them")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotSettings {
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// An aim, not a condition.
    pub target: Xof,
    #[serde(default)]
    pub visibility: Visibility,
    #[serde(default)]
    pub show_donor_names: bool,
    #[serde(default)]
    pub show_amounts: bool,
    #[serde(default)]
    pub allow_anonymous: bool,
    #[serde(default)]
    pub allow_messages: bool,
    /// The owner cannot see who gave what until the day.
    #[serde(default)]
    pub surprise: bool,
}

impl PotSettings {
    /// What a pot is that nobody has made by hand. Its title has the owner's first name and no more, because it may be the pot of
    /// a child.
    pub fn of_birthday(owner: &str, target: Xof) -> Self {
        Self {
            title: format!("L'anniversaire {}", of(first_name(owner))),
            description: String::new(),
            target,
            visibility: Visibility::Link,
            show_donor_names: true,
            show_amounts: true,
            allow_anonymous: true,
            allow_messages: true,
            surprise: false,
        }
    }
}

/// The title and the description are the owner's own words, so they are not shown.
impl fmt::Debug for PotSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PotSettings")
            .field("target", &self.target)
            .field("visibility", &self.visibility)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pot_that_nobody_made_by_hand_is_named_after_a_first_name() {
        let title = |owner: &str| PotSettings::of_birthday(owner, Xof::new(25_000)).title;
        assert_eq!(title("Moussa Diop"), "L'anniversaire de Moussa");
        assert_eq!(title("Awa"), "L'anniversaire d'Awa");
        assert_eq!(title("Élodie Marie"), "L'anniversaire d'Élodie");
    }

    #[test]
    fn a_pot_goes_forward_only_and_every_other_step_is_refused() {
        type Step = fn(PotStage) -> Result<PotStage, StageError>;
        let cancellable = &[PotStage::Scheduled, PotStage::Open, PotStage::Closed, PotStage::Cancelling];
        let steps: [(Step, PotStage, &[PotStage]); 6] = [
            (PotStage::open, PotStage::Open, &[PotStage::Scheduled]),
            (PotStage::close, PotStage::Closed, &[PotStage::Open]),
            (PotStage::pay_out, PotStage::PayingOut, &[PotStage::Closed]),
            (PotStage::settle, PotStage::Settled, &[PotStage::Closed, PotStage::PayingOut]),
            (PotStage::begin_cancelling, PotStage::Cancelling, &[PotStage::Open, PotStage::Closed]),
            (PotStage::cancel, PotStage::Cancelled, cancellable),
        ];
        for (step, to, allowed) in steps {
            for from in PotStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected);
            }
        }
    }

    #[test]
    fn words_are_read_back_as_written() {
        assert!(PotStage::ALL.iter().all(|stage| stage.as_str().parse() == Ok(*stage)));
        assert!(HoldReason::ALL.iter().all(|reason| reason.as_str().parse() == Ok(*reason)));
        assert!(Visibility::ALL.iter().all(|visibility| visibility.as_str().parse() == Ok(*visibility)));
        assert!("paid".parse::<PotStage>().is_err());
    }
}
