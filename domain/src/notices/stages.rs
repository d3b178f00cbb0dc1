//! Where a message stands, by what its provider's receipts say. Receipts come twice, late and in any order, so a stage is the
//! furthest that any of them has told of, whatever came when.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What a receipt tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The provider has sent it on.
    Sent,
    /// It will not arrive. A phone may still have it when another phone of the same person could not take it.
    Failed,
    Delivered,
    Read,
}

impl Fate {
    pub const ALL: [Self; 4] = [Self::Sent, Self::Failed, Self::Delivered, Self::Read];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

words!(Fate, "what becomes of a message");

/// In the order in which one outdoes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeStage {
    /// Nobody has taken it yet.
    Queued,
    /// A provider has taken it.
    Accepted,
    Failed,
    Delivered,
    Read,
}

impl NoticeStage {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Accepted, Self::Failed, Self::Delivered, Self::Read];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    #[must_use]
    pub fn hear(self, fate: Fate) -> Self {
        self.max(match fate {
            Fate::Sent => Self::Accepted,
            Fate::Failed => Self::Failed,
            Fate::Delivered => Self::Delivered,
            Fate::Read => Self::Read,
        })
    }

    /// Whether the person has it.
    pub const fn has_arrived(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }
}

words!(NoticeStage, "a stage of a message");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_that_was_read_was_not_lost() {
        let told = |fates: &[Fate]| fates.iter().fold(NoticeStage::Queued, |stage, fate| stage.hear(*fate));
        assert_eq!(told(&[Fate::Read, Fate::Delivered, Fate::Sent]), NoticeStage::Read);
        assert_eq!(told(&[Fate::Delivered, Fate::Failed]), NoticeStage::Delivered);
        assert_eq!(told(&[Fate::Failed, Fate::Delivered]), NoticeStage::Delivered);
        assert_eq!(told(&[Fate::Failed, Fate::Sent]), NoticeStage::Failed);
    }

    proptest! {
        #[test]
        fn the_order_of_receipts_does_not_matter(
            mut fates in prop::collection::vec(prop::sample::select(&Fate::ALL[..]), 0..8),
            seed in any::<u64>(),
        ) {
            let told = |fates: &[Fate]| fates.iter().fold(NoticeStage::Queued, |stage, fate| stage.hear(*fate));
            let before = told(&fates);
            let turn = usize::try_from(seed % 8).unwrap();
            let turn = turn.min(fates.len());
            fates.rotate_left(turn);
            fates.reverse();
            prop_assert_eq!(told(&fates), before);
            // Nor does it matter how often one comes.
            let twice = fates.repeat(2);
            prop_assert_eq!(told(&twice), before);
        }
    }
}
