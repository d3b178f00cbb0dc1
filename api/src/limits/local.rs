//! The count of one process alone.

use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Class;
use super::key::Key;
use super::standing::{Policy, Taken};

/// Between two sweeps, which take away who has a full measure again.
const SWEEP: Duration = Duration::from_secs(20);

/// Counted by place, not by key: however many callers somebody invents, a class takes some tens of megabytes and no more.
type Places = RateLimiter<u32, DashMapStateStore<u32>, DefaultClock, StateInformationMiddleware>;

pub(super) struct Local {
    places: Arc<Vec<Places>>,
}

impl Local {
    pub(super) fn new(policies: &[Policy; Class::ALL.len()]) -> Self {
        let places = Arc::new(policies.iter().map(places).collect());
        let swept = Arc::downgrade(&places);
        tokio::spawn(async move {
            let mut sweep = tokio::time::interval(SWEEP);
            sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                sweep.tick().await;
                // It ends with what it sweeps.
                let Some(places) = swept.upgrade() else { return };
                let places: &Vec<Places> = &places;
                for places in places {
                    places.retain_recent();
                    places.shrink_to_fit();
                }
            }
        });
        Self { places }
    }

    pub(super) fn take(&self, class: Class, key: Key) -> Taken {
        let places = &self.places[class.place()];
        match places.check_key(&key.place()) {
            Ok(state) => Taken { remaining: state.remaining_burst_capacity(), wait: None },
            Err(refused) => Taken { remaining: 0, wait: Some(refused.wait_time_from(places.clock().now())) },
        }
    }
}

fn places(policy: &Policy) -> Places {
    // A period is never zero, which is the one thing that a quota refuses.
    let quota = Quota::with_period(policy.period).unwrap_or_else(|| Quota::per_second(policy.burst));
    RateLimiter::dashmap(quota.allow_burst(policy.burst)).with_middleware()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use wolo_bootstrap::settings::Layers;

    use super::*;

    fn local(rate: &str) -> Local {
        let limits = Layers::new().set("limits.read", rate).read().unwrap().limits;
        Local::new(&Class::ALL.map(|class| Policy::new(class, class.rate(&limits))))
    }

    fn key(name: u32) -> Key {
        let hashing = hmac::Key::new(hmac::HMAC_SHA256, b"a test");
        Key::of(&hashing, "caller", &name.to_be_bytes())
    }

    #[tokio::test]
    async fn a_burst_is_exact_and_each_caller_has_their_own() {
        let local = local("5,1");
        for left in (0..5).rev() {
            assert_eq!(local.take(Class::Read, key(1)), Taken { remaining: left, wait: None });
        }
        let refused = local.take(Class::Read, key(1));
        assert_eq!(refused.remaining, 0);
        assert!(refused.wait.unwrap() <= Duration::from_mins(1), "{refused:?}");
        assert_eq!(local.take(Class::Read, key(2)).remaining, 4);
        assert_eq!(local.take(Class::Webhook, key(1)).wait, None);
    }

    #[tokio::test]
    async fn invented_callers_take_no_more_than_their_places() {
        let local = local("1,1");
        for name in 0..50_000 {
            let _ = local.take(Class::Read, key(name));
        }
        let places = &local.places[Class::Read.place()];
        assert!((45_000..=50_000).contains(&places.len()), "{}", places.len());
        assert!((0..50_000).all(|name| key(name).place() < 1 << 20));
    }
}
