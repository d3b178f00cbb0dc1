//! How often one caller may ask, by kind of request.
//!
//! Where a Redis is set, all processes of the API share the count; otherwise, and while Redis is away, each process
//! counts for itself. A request is never refused, and hardly ever late, because Redis is away: it is the one part of
//! the house whose loss nobody outside may notice.
//!
//! What a caller is known by is hashed before it becomes a key, so neither memory nor Redis holds an address or a phone.

mod class;
mod key;
mod local;
mod shared;
mod standing;
mod tally;

use std::net::IpAddr;

use aws_lc_rs::hmac;
use wolo_bootstrap::Settings;
use wolo_domain::ids::UserId;

pub(crate) use class::Class;
pub(crate) use key::Key;
use local::Local;
use shared::Shared;
pub(crate) use standing::{LIMIT, POLICY, Standing};
use standing::{Policy, Taken};
pub(crate) use tally::Tally;

use crate::metrics::Metrics;

/// Redis cannot be asked at the address that the settings give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redis.url is not the address of a Redis")]
pub struct RedisUnusable;

/// All limits of one process.
pub(crate) struct Limits {
    policies: [Policy; Class::ALL.len()],
    local: Local,
    shared: Option<Shared>,
    hashing: hmac::Key,
    metrics: Metrics,
}

impl Limits {
    pub(crate) fn new(settings: &Settings, metrics: Metrics) -> Result<Self, RedisUnusable> {
        let policies = Class::ALL.map(|class| Policy::new(class, class.rate(&settings.limits)));
        let shared = settings.redis.url.as_ref().map(Shared::at).transpose()?;
        // With a Redis the first request that counts finds out.
        if shared.is_none() {
            metrics.limits_are_shared(false);
        }
        let hashing = key::hashing(&settings.tokens.signing_key);
        Ok(Self { local: Local::new(&policies), policies, shared, hashing, metrics })
    }

    /// Counts one request of this class against the key.
    pub(crate) async fn take(&self, class: Class, key: Key) -> Standing {
        let policy = self.policies[class.place()];
        let (taken, store) = self.taken(policy, key).await;
        let standing = Standing::new(policy, taken);
        if standing.is_refused() {
            self.metrics.limited(class.name(), store);
        }
        standing
    }

    async fn taken(&self, policy: Policy, key: Key) -> (Taken, &'static str) {
        if let Some(shared) = &self.shared {
            let taken = shared.take(policy, key).await;
            self.metrics.limits_are_shared(taken.is_some());
            if let Some(taken) = taken {
                return (taken, "shared");
            }
        }
        (self.local.take(policy.class, key), "local")
    }

    /// Whether the Redis of the settings answers; none where there is no such thing.
    pub(crate) async fn redis_answers(&self) -> Option<bool> {
        match &self.shared {
            Some(shared) => Some(shared.answers().await),
            None => None,
        }
    }

    pub(crate) fn user(&self, user: UserId) -> Key {
        self.key("user", user.uuid().as_bytes())
    }

    /// Who has one address of IPv6 has the 2⁶⁴ beside it too: they are one caller.
    pub(crate) fn address(&self, address: IpAddr) -> Key {
        match address.to_canonical() {
            IpAddr::V4(address) => self.key("address", &address.octets()),
            IpAddr::V6(address) => self.key("network", &address.octets()[..8]),
        }
    }

    /// A key of the caller's choice: `kind` says what it is, so that a phone and an e-mail address never meet.
    pub(crate) fn key(&self, kind: &str, value: &[u8]) -> Key {
        Key::of(&self.hashing, kind, value)
    }
}
