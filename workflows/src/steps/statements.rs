//! What is asked of Wave's statement: the one place where the real fees stand, and the other side of our books.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

use crate::refund::RefundPatience;

pub struct Statements;

#[activity_definitions]
impl Statements {
    #[activity(name = "statements.book_fees")]
    pub fn book_fees(input: BookFees) -> Result<BookedFees, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "statements.find_uncompared")]
    pub fn find_uncompared(input: FindUncompared) -> Result<Option<NaiveDate>, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "statements.reconcile")]
    pub fn reconcile(input: ReconcileDay) -> Result<ReconciledDay, ActivityError> {
        unimplemented!()
    }
}

pub use statements::{
    BookFees as BookFeesStep, FindUncompared as FindUncomparedStep, Reconcile as ReconcileDayStep,
};

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

/// Finds the oldest day before this one that nobody has compared since it was over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FindUncompared {
    pub before: NaiveDate,
}

/// Compares one day of Wave's statement with our books, page by page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileDay {
    /// The run of the process that asks: what it came to is written down once.
    pub run: String,
    pub day: NaiveDate,
    /// The day is over, so that what is missing on the statement can be told.
    pub whole: bool,
    pub started_at: DateTime<Utc>,
    /// What Wave moved after this may still be on its way into our books.
    pub settled_until: DateTime<Utc>,
    /// How a gift is given back that has no process of its own and came too late.
    #[serde(default)]
    pub refund: RefundPatience,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledDay {
    pub day: NaiveDate,
    /// Lines read.
    pub lines: u64,
    /// Lines that stand in our books with the same amount.
    pub matched: u64,
    /// Gifts that Wave was paid for and we had not heard of: their processes were made to ask, or their money was booked.
    /// And gifts that were given back by hand and have left their pots.
    pub repaired: u64,
    /// Fees that were not in the books before.
    pub fees_booked: u64,
    /// Discrepancies that were not open before.
    pub opened: u64,
    /// Discrepancies that are found no longer.
    pub closed: u64,
}
