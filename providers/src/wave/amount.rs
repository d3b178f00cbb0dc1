//! Amounts on Wave's wire: always JSON strings of digits, because XOF has no decimals.
//!
//! A JSON number, a decimal point, a plus sign or a leading zero is refused: an amount that we have to interpret is an
//! amount that we can get wrong.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use wolo_domain::money::Xof;

/// An amount of money asked for or moved. The domain reads exactly what Wave writes: digits only.
pub(super) fn plain(text: &str) -> Option<Xof> {
    text.parse().ok()
}

/// A change of the wallet: negative when money left. Only statement lines have it.
pub(super) fn signed(text: &str) -> Option<Xof> {
    match text.strip_prefix('-') {
        Some("0") => None,
        Some(rest) => plain(rest).map(|amount| -amount),
        None => plain(text),
    }
}

// The text itself is not part of the error: it is the provider's, and may be anything.
const NOT_AN_AMOUNT: &str = "not an amount in whole francs";

/// For `#[serde(with = "amount")]` on an [`Xof`].
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` calls it with a reference")]
pub(super) fn serialize<S: Serializer>(amount: &Xof, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.francs().to_string())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Xof, D::Error> {
    plain(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(NOT_AN_AMOUNT))
}

/// For an [`Xof`] that can be negative.
pub(super) mod change {
    use super::{Deserialize, Deserializer, NOT_AN_AMOUNT, Xof, signed};
    use serde::de::Error as _;

    pub(in crate::wave) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Xof, D::Error> {
        signed(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(NOT_AN_AMOUNT))
    }
}

/// For an optional [`Xof`] that can be negative; absent, `null` and the empty string are `None`.
pub(super) mod optional_change {
    use super::{Deserialize, Deserializer, NOT_AN_AMOUNT, Xof, signed};
    use serde::de::Error as _;

    pub(in crate::wave) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Xof>, D::Error> {
        match Option::<String>::deserialize(deserializer)?.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => signed(text).map(Some).ok_or_else(|| D::Error::custom(NOT_AN_AMOUNT)),
        }
    }
}

/// For an optional [`Xof`] that goes out.
pub(super) mod optional {
    use super::{Serializer, Xof};

    #[expect(clippy::ref_option, reason = "serde's `with` calls it with a reference")]
    pub(in crate::wave) fn serialize<S: Serializer>(
        amount: &Option<Xof>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => super::serialize(amount, serializer),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_francs_are_read() {
        for (text, francs) in [("0", 0), ("1", 1), ("5000", 5000), ("9223372036854775807", i64::MAX)] {
            assert_eq!(plain(text), Some(Xof::new(francs)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in
            ["", " 5", "5 ", "+5", "-5", "05", "00", "5.0", "5,000", "5e3", "0x5", "٥", "9223372036854775808"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn a_change_of_the_wallet_can_be_negative() {
        assert_eq!(signed("-48985"), Some(Xof::new(-48_985)));
        assert_eq!(signed("4950"), Some(Xof::new(4950)));
        for text in ["-", "--5", "-0", "-05", "- 5"] {
            assert_eq!(signed(text), None, "{text}");
        }
    }
}
