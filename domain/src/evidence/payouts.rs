//! What an answer of Wave's proves about an order to pay.

use crate::money::Xof;

/// Wave's proof that an order was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub wave_payout_id: String,
    /// What arrived at the recipient.
    pub received: Xof,
    /// What Wave charged us on top.
    pub fee: Xof,
}

/// How far a payout is at Wave. A success over HTTP is not proof of one: `Failed` also comes with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutStatus {
    Processing,
    Succeeded,
    /// Final; the wallet was not debited.
    Failed {
        /// For example `recipient-minor`, `insufficient-funds`; `unspecified` when Wave gave none.
        code: String,
    },
    /// It had succeeded and was given back, amount and fee.
    Reversed,
    /// A state that we do not know: ask again later, decide nothing.
    Unknown,
}

/// Wave's record of a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub wave_payout_id: String,
    pub received: Xof,
    pub in_francs: bool,
    pub fee: Option<Xof>,
    pub status: PayoutStatus,
}

/// A call that brought no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Wave understood, and said no.
    Refused {
        code: String,
        /// Wave knows the key for another order.
        of_our_key: bool,
    },
    /// No answer, or none that can be read; the reason in words.
    Answerless { why: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    Paid(Receipt),
    /// Not paid, and this order never will be.
    Refused {
        code: String,
    },
    /// Neither; the reason is in words for a person.
    None {
        why: String,
    },
}

impl Evidence {
    pub fn none(why: impl Into<String>) -> Self {
        Self::None { why: why.into() }
    }
}

/// What one record of Wave's proves about an order of this amount.
pub fn of_record(record: &Record, amount: Xof) -> Evidence {
    if record.received != amount || !record.in_francs {
        return Evidence::none("Wave shows another amount under our reference");
    }
    match (&record.status, record.fee) {
        (PayoutStatus::Succeeded, Some(fee)) => Evidence::Paid(Receipt {
            wave_payout_id: record.wave_payout_id.clone(),
            received: record.received,
            fee,
        }),
        (PayoutStatus::Succeeded, None) => Evidence::none("Wave shows it as paid, and not yet for what fee"),
        (PayoutStatus::Failed { code }, _) => Evidence::Refused { code: code.clone() },
        (PayoutStatus::Processing, _) => Evidence::none("Wave is still working on it"),
        (PayoutStatus::Reversed, _) => Evidence::none("Wave shows that it was paid and taken back"),
        (PayoutStatus::Unknown, _) => Evidence::none("Wave shows it in a state that we do not know"),
    }
}

/// What all of Wave's records under an order's reference prove together; `None` when there are none.
pub fn of_records(records: &[Record], amount: Xof) -> Option<Evidence> {
    let mut refused = None;
    let mut others = Vec::new();
    for record in records {
        match of_record(record, amount) {
            refusal @ Evidence::Refused { .. } => refused = Some(refusal),
            other => others.push(other),
        }
    }
    match others.len() {
        0 => refused,
        1 => others.pop(),
        count => Some(Evidence::none(format!("Wave shows {count} payouts under our one reference"))),
    }
}

/// What a failed call proves about an order that cannot have been sent before this call.
pub fn of_first_failure(failure: &Failure) -> Evidence {
    match failure {
        // Somebody has used this key, and it was not this database: an older copy of it, perhaps.
        Failure::Refused { code, of_our_key: true } => {
            Evidence::none(format!("Wave knows our key for another order ({code})"))
        }
        Failure::Refused { code, of_our_key: false } => Evidence::Refused { code: code.clone() },
        Failure::Answerless { why } => of_answerless(why),
    }
}

/// What a failed call proves about an order that may have been sent before: nothing. That this very call was refused says
/// what Wave thinks of paying *now*; an order that was paid empties our wallet and fills the recipient's limits, so the
/// refusal may even follow from it.
pub fn of_repeated_failure(failure: &Failure) -> Evidence {
    match failure {
        Failure::Refused { code, .. } => Evidence::none(format!(
            "Wave refused to take it again ({code}), which says nothing of the first time"
        )),
        Failure::Answerless { why } => of_answerless(why),
    }
}

fn of_answerless(why: &str) -> Evidence {
    Evidence::none(format!("the order was sent, and {why}"))
}
