//! Identifiers: one type per thing, so that a pot can never stand where a donation is meant.
//!
//! The text form is `<prefix>_<32 hex digits>` of a UUID, as in `pot_0193…`. It is opaque: it holds nothing
//! personal, and may stand in workflow ids, logs, errors and addresses. Identifiers are made outside this crate
//! (randomness and the clock are I/O); the ones that follow from others are derived here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::points::PointsRule;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this is not {what}: it should be `{prefix}_` and 32 hexadecimal digits")]
pub struct InvalidId {
    what: &'static str,
    prefix: &'static str,
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    // Only the form that `Display` writes: one thing has one name.
                    .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(InvalidId { what: $what, prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

// Append only: a prefix that has been given out keeps its meaning.
typed_ids! {
    /// A person with an account.
    UserId = "usr", "a user";
    /// A birthday pot.
    PotId = "pot", "a pot";
    /// One gift to a pot.
    DonationId = "don", "a donation";
    /// The sending of a pot's money to its owner.
    PayoutId = "pay", "a payout";
    /// What Wave's statement and our books do not say alike.
    DiscrepancyId = "dsc", "a discrepancy";
    /// A message to one person about one event.
    NoticeId = "ntf", "a message";
    /// Somebody asked to come here by somebody who is here.
    InvitationId = "inv", "an invitation";
    /// Points for one thing that happened.
    AwardId = "awd", "an award of points";
    /// Points that somebody turned into credit for a pot.
    ConversionId = "cnv", "a conversion of points";
    /// A guardian who is asked for a minor, and what they answer.
    ConsentId = "csn", "a consent";
    /// Somebody's identity that is being looked into.
    CaseId = "cas", "an identity case";
    /// What shows somebody's identity.
    DocumentId = "doc", "a document";
}

impl PotId {
    /// The pot of one person's birthday in one calendar year. Asking twice gives the same pot, so neither a
    /// retried request nor a sweep that runs again can make a second one.
    pub fn for_birthday(owner: UserId, year: i32) -> Self {
        Self(Uuid::new_v5(&owner.uuid(), format!("pot/{year}").as_bytes()))
    }
}

impl PayoutId {
    /// A pot is paid out once; its payout has no identity of its own.
    pub fn of_pot(pot: PotId) -> Self {
        Self(Uuid::new_v5(&pot.uuid(), b"payout"))
    }
}

/// Who has no account, in the word that events have for people.
pub const NOBODY: &str = "nobody";

impl NoticeId {
    /// The message that brings an invitation.
    pub fn of_invitation(invitation: InvitationId) -> Self {
        Self::of("invitation", &invitation.to_string())
    }

    /// The message that carries a letter to somebody who has no account, by the id of its event.
    pub fn of_letter(event: Uuid) -> Self {
        Self::of(&event.simple().to_string(), NOBODY)
    }

    /// The message about one event to one person, whoever that is by the word that events have for them.
    pub fn of(event: &str, person: &str) -> Self {
        const MESSAGES: Uuid = Uuid::from_u128(0x7d53_9fb1_f2ce_4c6d_9a5e_0c27_5d0b_31aa);
        Self(Uuid::new_v5(&MESSAGES, format!("{event}:{person}").as_bytes()))
    }
}

impl CaseId {
    /// A case of the minor whom a consent is about: the first, or one more because what was approved does not hold any more.
    pub fn of_consent(consent: ConsentId, number: u32) -> Self {
        Self(Uuid::new_v5(&consent.uuid(), format!("case/{number}").as_bytes()))
    }

    /// A case of somebody of age.
    pub fn of_adult(user: UserId, number: u32) -> Self {
        Self(Uuid::new_v5(&user.uuid(), format!("case/{number}").as_bytes()))
    }
}

impl AwardId {
    /// The award of one rule for one invitation.
    pub fn of(invitation: InvitationId, rule: PointsRule) -> Self {
        Self(Uuid::new_v5(&invitation.uuid(), rule.as_str().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_person_has_one_pot_a_year() {
        let (awa, moussa) = (UserId::from_uuid(Uuid::from_u128(1)), UserId::from_uuid(Uuid::from_u128(2)));
        assert_eq!(PotId::for_birthday(awa, 2027), PotId::for_birthday(awa, 2027));
        assert_ne!(PotId::for_birthday(awa, 2027), PotId::for_birthday(awa, 2028));
        assert_ne!(PotId::for_birthday(awa, 2027), PotId::for_birthday(moussa, 2027));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let user = UserId::from_uuid(Uuid::from_u128(7)).to_string();
        assert_eq!(
            user.parse::<PotId>().map_err(|error| error.to_string()),
            Err("this is not a pot: it should be `pot_` and 32 hexadecimal digits".to_owned())
        );
        for text in [
            "",
            "pot_",
            "pot_123",
            "pot_0193000000007000800000000000000G",
            "POT_01930000000070008000000000000000",
        ] {
            assert!(text.parse::<PotId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_read_back_as_written(bits in any::<u128>()) {
            let id = DonationId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).expect("an id is a string");
            prop_assert_eq!(json, format!("\"{id}\""));
        }
    }
}
