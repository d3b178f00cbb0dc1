//! What is wrong with the books, in words for whoever has to look.

use std::fmt;

use super::Violation;

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BookNotZero { sum } => write!(f, "all accounts together are {sum} and not zero"),
            Self::TransactionNotZero { transaction, sum } => {
                write!(f, "the transaction {transaction} comes to {sum} and not to zero")
            }
            Self::NegativePot { pot, balance } => write!(f, "{pot} holds {balance}"),
            Self::DonationNotInBooks { donation } => {
                write!(f, "the ledger does not have the payment of {donation} as its row has it")
            }
            Self::PayoutNotInBooks { payout } => {
                write!(f, "the ledger does not have {payout} as its row has it")
            }
            Self::SettledNotEmpty { pot, balance } => write!(f, "{pot} is settled and holds {balance}"),
            Self::PostedTwice { transaction } => {
                write!(f, "the transaction {transaction} says what another one has said already")
            }
            Self::RefundNotInBooks { donation } => {
                write!(f, "the ledger does not have the refund of {donation} as its row has it")
            }
            Self::FeeNotInBooks { donation } => {
                write!(f, "the ledger does not have Wave's fee on {donation} as its row has it")
            }
            Self::CreditNotInBooks { conversion } => {
                write!(f, "the ledger does not have the credit of {conversion} as its row has it")
            }
            Self::PostedAgainstStage { donation } => {
                write!(f, "the ledger has something about {donation} that its stage does not allow")
            }
            Self::AboutNothing { transaction } => {
                write!(f, "the transaction {transaction} is about nothing that there is")
            }
            Self::OrdersDisagree { payout } => {
                write!(f, "{payout} and its orders do not say the same")
            }
            Self::SuspenseNotOwned { held, owned } => {
                write!(f, "the suspense account holds {held}, and open discrepancies own {owned} of it")
            }
            Self::NotAsAtWave { discrepancy, kind } => {
                write!(f, "the books are not as Wave's statement: {kind}, {discrepancy}")
            }
        }
    }
}
