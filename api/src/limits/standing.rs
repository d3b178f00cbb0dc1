//! Where a caller stands after a request was counted, in the words of draft-ietf-httpapi-ratelimit-headers.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use wolo_bootstrap::settings::Rate;

use super::Class;
use crate::problem::{Code, Problem};

pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The measure of a class (GCRA): so many at once, and one more each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) class: Class,
    pub(super) burst: NonZeroU32,
    pub(super) period: Duration,
}

/// What a store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// How many more may follow at once.
    pub(super) remaining: u32,
    /// Refused: for so long.
    pub(super) wait: Option<Duration>,
}

/// A caller after a request of theirs was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a count that nobody looks at limits nothing"]
pub(crate) struct Standing {
    policy: Policy,
    taken: Taken,
}

impl Policy {
    pub(super) fn new(class: Class, rate: Rate) -> Self {
        let micros = 60_000_000 / u64::from(rate.per_minute.get());
        Self { class, burst: rate.burst, period: Duration::from_micros(micros) }
    }

    /// How long so many take to come back.
    fn refill(self, count: u32) -> Duration {
        self.period.saturating_mul(count)
    }
}

impl Standing {
    pub(super) fn new(policy: Policy, taken: Taken) -> Self {
        Self { policy, taken }
    }

    pub(super) fn is_refused(self) -> bool {
        self.taken.wait.is_some()
    }

    /// The one of two that fewer requests are left of.
    pub(super) fn or_nearer(self, other: Self) -> Self {
        let left = |one: Self| (!one.is_refused(), one.taken.remaining);
        if left(other) < left(self) { other } else { self }
    }

    /// An error where the measure is full, which says when asking again will help.
    pub(crate) fn allowed(self) -> Result<(), Problem> {
        match self.taken.wait {
            None => Ok(()),
            Some(wait) => Err(Problem::new(Code::TooManyRequests).retry_after(whole_seconds(wait).max(1))),
        }
    }

    /// Tells the caller the measure, and how much of it is left.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Self { policy, taken } = self;
        let name = policy.class.name();
        let (burst, window) = (policy.burst, whole_seconds(policy.refill(policy.burst.get())));
        // When all of it will be there again, if nothing is asked until then.
        let used = burst.get().saturating_sub(taken.remaining);
        let (left, full_in) = (taken.remaining, whole_seconds(policy.refill(used)));
        for (header, value) in [
            (POLICY, format!("\"{name}\";q={burst};w={window}")),
            (LIMIT, format!("\"{name}\";r={left};t={full_in}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(header, value);
            }
        }
    }
}

/// Rounded up: who waits so long has waited long enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(remaining: u32, wait: Option<Duration>) -> Standing {
        let number = |number| NonZeroU32::new(number).unwrap();
        let rate = Rate { burst: number(30), per_minute: number(40) };
        Standing::new(Policy::new(Class::Write, rate), Taken { remaining, wait })
    }

    fn told(standing: Standing) -> (String, String) {
        let mut headers = HeaderMap::new();
        standing.tell(&mut headers);
        (headers[POLICY].to_str().unwrap().to_owned(), headers[LIMIT].to_str().unwrap().to_owned())
    }

    #[test]
    fn a_measure_is_told_in_whole_seconds_that_are_never_too_few() {
        let (policy, limit) = told(standing(29, None));
        assert_eq!((policy.as_str(), limit.as_str()), (r#""write";q=30;w=45"#, r#""write";r=29;t=2"#));
        assert_eq!(told(standing(0, Some(Duration::from_millis(1)))).1, r#""write";r=0;t=45"#);
        assert!(standing(0, None).allowed().is_ok());
        assert!(standing(0, Some(Duration::from_millis(1))).allowed().is_err());
    }

    #[test]
    fn of_two_measures_that_one_is_nearer_of_which_less_is_left() {
        let refused = standing(0, Some(Duration::from_secs(1)));
        for (nearer, farther) in [
            (standing(3, None), standing(4, None)),
            (refused, standing(0, None)),
            (refused, standing(9, None)),
        ] {
            assert_eq!(nearer.or_nearer(farther), nearer);
            assert_eq!(farther.or_nearer(nearer), nearer);
        }
    }
}
