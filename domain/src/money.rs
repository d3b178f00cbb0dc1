//! Money: whole West African francs.
//!
//! XOF has no smaller unit, so an amount is an integer and stays one. There is no conversion from or to a
//! float, here or anywhere.

use std::fmt;
use std::iter::Sum;
use std::ops::Neg;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An amount in whole francs (ISO 4217 `XOF`). Negative where money leaves, as in a ledger entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Xof(i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    #[error("an amount is written in digits only, without sign, separator or decimals")]
    NotWholeFrancs,
    #[error("an amount has no leading zero")]
    LeadingZero,
    #[error("the amount is too large")]
    TooLarge,
}

impl Xof {
    pub const ZERO: Self = Self(0);

    pub const fn new(francs: i64) -> Self {
        Self(francs)
    }

    pub const fn francs(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(francs) => Some(Self(francs)),
            None => None,
        }
    }

    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(francs) => Some(Self(francs)),
            None => None,
        }
    }
}

impl Neg for Xof {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// Sums of amounts that are known to fit, as those of one transaction or of one pot; an overflow is a bug and
/// stops the program (overflow checks stay on in release builds).
impl Sum for Xof {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(Self::francs).sum())
    }
}

/// Reads the form that Wave writes and that people type into a request: `5000`. Nothing is rounded, trimmed or
/// guessed.
impl FromStr for Xof {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotWholeFrancs);
        }
        if text.len() > 1 && text.starts_with('0') {
            return Err(AmountError::LeadingZero);
        }
        text.parse().map(Self).map_err(|_| AmountError::TooLarge)
    }
}

/// The French way: groups of three, then the currency: `25 000 XOF`.
impl fmt::Display for Xof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 5);
        if self.0 < 0 {
            text.push('-');
        }
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(' ');
            }
            text.push(digit);
        }
        text.push_str(" XOF");
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_shown_in_groups_of_three() {
        for (francs, shown) in [
            (0, "0 XOF"),
            (100, "100 XOF"),
            (25_000, "25 000 XOF"),
            (1_000_000, "1 000 000 XOF"),
            (-4_950, "-4 950 XOF"),
            (i64::MIN, "-9 223 372 036 854 775 808 XOF"),
        ] {
            assert_eq!(Xof::new(francs).to_string(), shown);
        }
    }

    #[test]
    fn only_plain_digits_are_an_amount() {
        for text in [
            "",
            " 5",
            "5 ",
            "+5",
            "-5",
            "5.0",
            "5,0",
            "1e3",
            "5_000",
            "\u{665}",
            "\u{ff15}",
            "5\u{a0}000",
            "0x5",
        ] {
            assert_eq!(text.parse::<Xof>(), Err(AmountError::NotWholeFrancs), "{text:?}");
        }
        assert_eq!("007".parse::<Xof>(), Err(AmountError::LeadingZero));
        assert_eq!("9223372036854775808".parse::<Xof>(), Err(AmountError::TooLarge));
        assert_eq!("0".parse(), Ok(Xof::ZERO));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(francs in 0..=i64::MAX) {
            prop_assert_eq!(francs.to_string().parse(), Ok(Xof::new(francs)));
        }

        #[test]
        fn no_text_makes_the_parser_panic_or_round(text in ".*") {
            if let Ok(amount) = text.parse::<Xof>() {
                prop_assert_eq!(amount.francs().to_string(), text);
            }
        }

        #[test]
        fn sums_never_wrap(a in any::<i64>(), b in any::<i64>()) {
            let sum = Xof::new(a).checked_add(Xof::new(b));
            let exact = i128::from(a) + i128::from(b);
            prop_assert_eq!(sum.map(|sum| i128::from(sum.francs())), i64::try_from(exact).ok().map(i128::from));
        }
    }
}
