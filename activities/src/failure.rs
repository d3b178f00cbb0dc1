//! How a deed fails, so that the engine does the right thing next.
//!
//! An error that is passed on with `?` is tried again, at the pace that the process has set. This is right for nearly
//! everything: a database comes back, a provider recovers, a contradiction in the books is mended by a person, and the
//! process goes on where it stood. What is not so is said with a function of this module, and each failure carries a type
//! that operators can search for. Failures hold ids and codes, never a person's data: the engine keeps them.

use std::time::Duration;

use temporalio_common::error::{ApplicationErrorCategory, ApplicationFailure};
use temporalio_sdk::activities::ActivityError;
use wolo_database::Error as DatabaseError;
use wolo_providers::ProviderError;

/// What is asked for contradicts what is there; nothing was done.
pub const CONTRADICTION: &str = "contradiction";
/// The worker is stopping, or the process has no use for the deed any more.
pub const INTERRUPTED: &str = "interrupted";
/// Wave did not answer, or is in trouble.
pub const WAVE_UNREACHABLE: &str = "wave.unreachable";
/// Wave asked us to slow down.
pub const WAVE_THROTTLED: &str = "wave.throttled";
/// Wave said no where a no has no meaning for the process: our key, our wallet, or an id that Wave gave us itself.
pub const WAVE_REFUSED: &str = "wave.refused";
/// Wave's answer cannot be read, or contradicts what it said before.
pub const WAVE_UNEXPECTED: &str = "wave.unexpected";

/// The store of documents or of their keys did not do it; it is done again.
pub const VAULT_UNREACHABLE: &str = "vault.unreachable";
/// Documents are to be destroyed, and this worker was given no vault.
pub const VAULT_ABSENT: &str = "vault.absent";

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The deed fails for good and its process with it. Only where nothing has happened and somebody waits for the answer.
pub fn stop(kind: &str, error: impl Into<Cause>) -> ActivityError {
    let failure = ApplicationFailure::builder(error).type_name(kind.to_owned()).non_retryable(true).build();
    ActivityError::application(failure)
}

/// The deed is tried again, at the pace of the process.
pub fn retry(kind: &str, error: impl Into<Cause>) -> ActivityError {
    ActivityError::application(ApplicationFailure::builder(error).type_name(kind.to_owned()).build())
}

/// The deed is tried again after a delay that somebody else has set. It is no fault, so it does not count as one.
pub fn later(kind: &str, delay: Duration, error: impl Into<Cause>) -> ActivityError {
    let failure = ApplicationFailure::builder(error)
        .type_name(kind.to_owned())
        .next_retry_delay(delay)
        .category(ApplicationErrorCategory::Benign)
        .build();
    ActivityError::application(failure)
}

/// A provider of messages could not be asked now; nothing was sent.
pub const MESSENGER_UNREACHABLE: &str = "messenger.unreachable";
/// A provider of messages asked us to slow down.
pub const MESSENGER_THROTTLED: &str = "messenger.throttled";

/// A message was certainly not sent, and is tried again.
pub fn messenger(error: ProviderError) -> ActivityError {
    match error {
        ProviderError::Throttled { retry_after: Some(delay) } => later(MESSENGER_THROTTLED, delay, error),
        ProviderError::Throttled { .. } => retry(MESSENGER_THROTTLED, error),
        _ => retry(MESSENGER_UNREACHABLE, error),
    }
}

/// Wave did not give what was asked, and the deed has no better use for the reason than to try again.
pub fn wave(error: ProviderError) -> ActivityError {
    let kind = match &error {
        ProviderError::Throttled { retry_after: Some(delay) } => {
            return later(WAVE_THROTTLED, *delay, error);
        }
        ProviderError::Throttled { retry_after: None } => WAVE_THROTTLED,
        ProviderError::Unreachable { .. } => WAVE_UNREACHABLE,
        ProviderError::Refused { .. } => WAVE_REFUSED,
        ProviderError::Unexpected { .. } => WAVE_UNEXPECTED,
    };
    retry(kind, error)
}

/// Our books did not take it: not now, or it contradicts what stands there and a person must look.
pub fn books(error: DatabaseError) -> ActivityError {
    if error.may_pass() { error.into() } else { retry(CONTRADICTION, error) }
}

/// Nothing that is tried again soon mends it, and it says nothing of any other gift.
pub(crate) fn is_a_riddle(failure: &ApplicationFailure) -> bool {
    matches!(failure.type_name(), Some(CONTRADICTION | WAVE_REFUSED | WAVE_UNEXPECTED))
}

#[cfg(test)]
mod tests {
    use wolo_providers::Sent;

    use super::*;

    #[test]
    fn each_failure_of_wave_has_its_type_and_none_stops() {
        let seven = Duration::from_secs(7);
        let unreachable = |sent| ProviderError::Unreachable { sent, status: None, source: None };
        let refused =
            ProviderError::Refused { code: "disabled-wallet".to_owned(), message: "".into(), status: 403 };
        let unexpected = ProviderError::Unexpected { what: "half an answer".to_owned(), status: Some(200) };
        for (error, kind, delay) in [
            (unreachable(Sent::No), WAVE_UNREACHABLE, None),
            (unreachable(Sent::Perhaps), WAVE_UNREACHABLE, None),
            (ProviderError::Throttled { retry_after: None }, WAVE_THROTTLED, None),
            (ProviderError::Throttled { retry_after: Some(seven) }, WAVE_THROTTLED, Some(seven)),
            (refused, WAVE_REFUSED, None),
            (unexpected, WAVE_UNEXPECTED, None),
        ] {
            let ActivityError::Application(failure) = wave(error) else { panic!("not a failure") };
            assert_eq!((failure.type_name(), failure.next_retry_delay()), (Some(kind), delay));
            assert!(!failure.is_non_retryable());
        }
    }
}
