//! What an answer of Wave's proves about an order. Nothing that is not proof gets past here as one.

use wolo_database::payouts::Receipt;
use wolo_domain::money::Xof;
use wolo_providers::ProviderError;
use wolo_providers::wave::{Currency, Payout, PayoutStatus};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Evidence {
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
    pub(super) fn none(why: impl Into<String>) -> Self {
        Self::None { why: why.into() }
    }
}

/// What one record of Wave's proves about an order of this amount.
pub(super) fn of_record(record: &Payout, amount: Xof) -> Evidence {
    if record.receive_amount != amount || record.currency != Currency::Xof {
        return Evidence::none("Wave shows another amount under our reference");
    }
    match (&record.status, record.fee) {
        (PayoutStatus::Succeeded, Some(fee)) => Evidence::Paid(Receipt {
            wave_payout_id: record.id.clone(),
            received: record.receive_amount,
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
pub(super) fn of_records(records: &[Payout], amount: Xof) -> Option<Evidence> {
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
pub(super) fn of_first_failure(error: &ProviderError) -> Evidence {
    match error {
        // Somebody has used this key, and it was not this database: an older copy of it, perhaps.
        ProviderError::Refused { code, status: 409, .. } => {
            Evidence::none(format!("Wave knows our key for another order ({code})"))
        }
        ProviderError::Refused { code, .. } => Evidence::Refused { code: code.clone() },
        _ => of_answerless(error),
    }
}

/// What a failed call proves about an order that may have been sent before: nothing. That this very call was refused says
/// what Wave thinks of paying *now*; an order that was paid empties our wallet and fills the recipient's limits, so the
/// refusal may even follow from it.
pub(super) fn of_repeated_failure(error: &ProviderError) -> Evidence {
    match error {
        ProviderError::Refused { code, .. } => Evidence::none(format!(
            "Wave refused to take it again ({code}), which says nothing of the first time"
        )),
        _ => of_answerless(error),
    }
}

fn of_answerless(error: &ProviderError) -> Evidence {
    Evidence::none(format!("the order was sent, and {error}"))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use wolo_providers::Sent;

    use super::*;

    const ASKED: Xof = Xof::new(48_500);

    fn record(status: PayoutStatus) -> Payout {
        Payout {
            id: "pt-1".to_owned(),
            receive_amount: ASKED,
            fee: Some(Xof::new(485)),
            currency: Currency::Xof,
            client_reference: Some("pay_1.1".to_owned()),
            status,
            timestamp: DateTime::UNIX_EPOCH,
            mobile: None,
        }
    }

    fn failed(code: &str) -> Payout {
        record(PayoutStatus::Failed { code: code.to_owned() })
    }

    fn refusal(code: &str, status: u16) -> ProviderError {
        ProviderError::Refused { code: code.to_owned(), message: "".into(), status }
    }

    fn is_none(evidence: &Evidence) -> bool {
        matches!(evidence, Evidence::None { .. })
    }

    #[test]
    fn a_record_proves_only_what_it_says_about_the_very_order() {
        assert!(matches!(of_record(&record(PayoutStatus::Succeeded), ASKED), Evidence::Paid(_)));
        assert_eq!(of_record(&failed("x"), ASKED), Evidence::Refused { code: "x".to_owned() });
        for status in [PayoutStatus::Processing, PayoutStatus::Reversed, PayoutStatus::Unknown] {
            assert!(is_none(&of_record(&record(status), ASKED)));
        }
        assert!(is_none(&of_record(&record(PayoutStatus::Succeeded), Xof::new(48_501))));
        let dollars = Payout { currency: Currency::Unknown, ..record(PayoutStatus::Succeeded) };
        assert!(is_none(&of_record(&dollars, ASKED)));
        let unpriced = Payout { fee: None, ..record(PayoutStatus::Succeeded) };
        assert!(is_none(&of_record(&unpriced, ASKED)));
    }

    #[test]
    fn of_several_records_one_may_be_alive() {
        let (paid, odd) = (record(PayoutStatus::Succeeded), record(PayoutStatus::Processing));
        assert_eq!(of_records(&[], ASKED), None);
        assert!(matches!(of_records(&[failed("x"), paid.clone()], ASKED), Some(Evidence::Paid(_))));
        assert!(matches!(of_records(&[failed("x"), failed("y")], ASKED), Some(Evidence::Refused { .. })));
        for two in [[paid.clone(), paid.clone()], [paid, odd]] {
            assert!(of_records(&two, ASKED).is_some_and(|evidence| is_none(&evidence)));
        }
    }

    #[test]
    fn a_refusal_of_the_first_call_is_final_and_of_a_later_one_proves_nothing() {
        for (code, status, first) in [
            ("recipient-minor", 422, true),
            ("insufficient-funds", 422, true),
            ("recipient-limit-exceeded", 422, true),
            ("request-validation-error", 400, true),
            ("api-key-revoked", 401, true),
            ("a-code-of-tomorrow", 422, true),
            ("idempotency-mismatch", 409, false),
        ] {
            let error = refusal(code, status);
            assert_eq!(!is_none(&of_first_failure(&error)), first, "{code} at first");
            assert!(is_none(&of_repeated_failure(&error)), "{code} later");
        }
    }

    #[test]
    fn whatever_else_went_wrong_proves_nothing() {
        for error in [
            ProviderError::Throttled { retry_after: None },
            ProviderError::Unreachable { sent: Sent::No, status: None, source: None },
            ProviderError::Unreachable { sent: Sent::Perhaps, status: Some(503), source: None },
            ProviderError::Unexpected { what: "half an answer".to_owned(), status: Some(200) },
        ] {
            assert!(is_none(&of_first_failure(&error)) && is_none(&of_repeated_failure(&error)));
        }
    }
}
