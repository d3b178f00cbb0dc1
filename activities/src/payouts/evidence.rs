//! What an answer of Wave's proves about an order: Wave's records and failures in the domain's words, which decide
//! (`wolo_domain::evidence::payouts`).

use wolo_domain::evidence::payouts::{self, Failure, Record};
use wolo_domain::money::Xof;
use wolo_providers::ProviderError;
use wolo_providers::wave::{Currency, Payout, PayoutStatus};

pub(super) use payouts::Evidence;

/// What one record of Wave's proves about an order of this amount.
pub(super) fn of_record(record: &Payout, amount: Xof) -> Evidence {
    payouts::of_record(&read(record), amount)
}

/// What all of Wave's records under an order's reference prove together; `None` when there are none.
pub(super) fn of_records(records: &[Payout], amount: Xof) -> Option<Evidence> {
    let records: Vec<_> = records.iter().map(read).collect();
    payouts::of_records(&records, amount)
}

/// The same about an order that counts as refused. What was paid and taken back, amount and fee, is no payout: finance has ended such
/// an order by its two lines on the statement, or the books have stopped everything because of them.
pub(super) fn of_earlier(mut records: Vec<Payout>, amount: Xof) -> Option<Evidence> {
    records.retain(|record| record.status != PayoutStatus::Reversed);
    of_records(&records, amount)
}

/// What a failed call proves about an order that cannot have been sent before this call.
pub(super) fn of_first_failure(error: &ProviderError) -> Evidence {
    payouts::of_first_failure(&failure(error))
}

/// What a failed call proves about an order that may have been sent before: nothing.
pub(super) fn of_repeated_failure(error: &ProviderError) -> Evidence {
    payouts::of_repeated_failure(&failure(error))
}

fn read(record: &Payout) -> Record {
    Record {
        wave_payout_id: record.id.clone(),
        received: record.receive_amount,
        in_francs: record.currency == Currency::Xof,
        fee: record.fee,
        status: record.status.clone(),
    }
}

fn failure(error: &ProviderError) -> Failure {
    match error {
        ProviderError::Refused { code, status, .. } => {
            Failure::Refused { code: code.clone(), of_our_key: *status == 409 }
        }
        other => Failure::Answerless { why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use wolo_providers::Sent;

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
