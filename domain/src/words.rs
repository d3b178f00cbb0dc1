//! Enums that stand as words in rows, in addresses and on the command line.

use thiserror::Error;

/// A word that names nothing the domain knows, such as a stage in a damaged row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is not {what}")]
pub struct UnknownWord {
    pub what: &'static str,
    pub word: String,
}

/// Writes an enum as its `as_str`, and reads back whichever of its `ALL` has that word.
#[macro_export]
macro_rules! words {
    ($kind:ty, $what:literal) => {
        impl ::std::fmt::Display for $kind {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $kind {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .into_iter()
                    .find(|one| one.as_str() == word)
                    .ok_or_else(|| $crate::words::UnknownWord { what: $what, word: word.to_owned() })
            }
        }
    };
}

pub use words;
