//! What is asked of Wave's statement: the one place where the real fees stand.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct Statements;

#[activity_definitions]
impl Statements {
    #[activity(name = "statements.book_fees")]
    pub fn book_fees(input: BookFees) -> Result<BookedFees, ActivityError> {
        unimplemented!()
    }
}

pub use statements::BookFees as BookFeesStep;

/// Reads one day of Wave's statement, page by page, and books the fee of every gift that has none yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BookFees {
    pub day: NaiveDate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedFees {
    /// Lines read.
    pub lines: u64,
    /// Fees that were not in the books before.
    pub booked: u64,
}
