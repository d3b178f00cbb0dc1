//! The accounts, by the words with which they stand in the books.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::PotId;
use crate::words::UnknownWord;

/// Where money is, or who owes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Account {
    /// Our wallet at Wave (negative: what is held there).
    WaveFloat,
    /// What a pot holds.
    Pot(PotId),
    /// Fees that WOLO bears itself, such as those of payouts (negative: a cost).
    Fees,
    /// Money that goes back to its giver: it came too late, or its pot is given up.
    RefundsDue,
    /// Credit that WOLO gives away (negative: what has been given).
    Promotions,
    /// Money that matches nothing yet.
    Suspense,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaveFloat => f.pad("wave_float"),
            Self::Pot(pot) => f.pad(&format!("pot:{pot}")),
            Self::Fees => f.pad("fees"),
            Self::RefundsDue => f.pad("refunds_due"),
            Self::Promotions => f.pad("promotions"),
            Self::Suspense => f.pad("suspense"),
        }
    }
}

impl FromStr for Account {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "wave_float" => Ok(Self::WaveFloat),
            "fees" => Ok(Self::Fees),
            "refunds_due" => Ok(Self::RefundsDue),
            "promotions" => Ok(Self::Promotions),
            "suspense" => Ok(Self::Suspense),
            _ => word
                .strip_prefix("pot:")
                .and_then(|pot| pot.parse().ok())
                .map(Self::Pot)
                .ok_or_else(|| UnknownWord { what: "an account", word: word.to_owned() }),
        }
    }
}

impl TryFrom<String> for Account {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn accounts_are_read_back_as_written(pot: u128) {
            let pot = Account::Pot(PotId::from_uuid(Uuid::from_u128(pot)));
            let others =
                [Account::WaveFloat, Account::Fees, Account::RefundsDue, Account::Promotions, Account::Suspense];
            for account in others.into_iter().chain([pot]) {
                prop_assert_eq!(account.to_string().parse(), Ok(account));
            }
        }
    }
}
