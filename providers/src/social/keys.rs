//! The public keys with which a provider signs, as it publishes them (RFC 7517).
//!
//! They are kept for as long as the provider says. A key that is not among them is asked for once, and then not again for
//! a moment, so that nobody makes us ask by inventing names of keys. While the provider is away, keys that we have had
//! stay good for a day.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use reqwest::Client;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::guard::Guard;
use crate::http::{self, Answer};
use crate::wire::{ProviderError, Sent};

/// Where the provider does not say how long its keys are good.
const UNSAID_SECONDS: i64 = 600;
/// Whatever it says: not shorter, or each sign-in would ask, and not longer than a day.
const SECONDS_KEPT: (i64, i64) = (60, 86_400);
/// How long keys are good that could not be asked for again, from when they were got.
const STALE: TimeDelta = TimeDelta::hours(24);
/// Between two such times.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

struct Kept {
    keys: BTreeMap<String, DecodingKey>,
    got_at: DateTime<Utc>,
    good_until: DateTime<Utc>,
}

/// The last time that we asked though we had keys: for one that we had not, or in vain.
#[derive(Clone, Copy)]
struct Asked {
    at: DateTime<Utc>,
    in_vain: bool,
}

/// What there is without asking.
struct Look {
    /// Some that are good for anything.
    has_keys: bool,
    known: Option<DecodingKey>,
    is_fresh: bool,
}

pub(super) struct Keys {
    http: Client,
    guard: Guard<Answer>,
    address: Url,
    kept: RwLock<Option<Arc<Kept>>>,
    /// Held while somebody asks: nobody asks twice at once.
    asked: Mutex<Option<Asked>>,
    /// How often we have asked in vain.
    in_vain: AtomicU64,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?})", self.guard)
    }
}

impl Keys {
    pub(super) fn new(http: Client, guard: Guard<Answer>, address: Url) -> Self {
        Self {
            http,
            guard,
            address,
            kept: RwLock::default(),
            asked: Mutex::default(),
            in_vain: AtomicU64::new(0),
        }
    }

    pub(super) fn guard(&self) -> &Guard<Answer> {
        &self.guard
    }

    /// The key of this name; nothing when the provider has none.
    pub(super) async fn key(
        &self,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<DecodingKey>, ProviderError> {
        let Look { known, is_fresh, .. } = self.look(name, now);
        if known.is_some() && is_fresh {
            return Ok(known);
        }
        let before = self.in_vain.load(Ordering::Acquire);
        let mut asked = match &known {
            // Whoever has a key that will do does not wait for another who asks.
            Some(_) => match self.asked.try_lock() {
                Ok(asked) => asked,
                Err(_) => return Ok(known),
            },
            None => self.asked.lock().await,
        };
        // Another may have asked meanwhile.
        let Look { has_keys, known, is_fresh } = self.look(name, now);
        if known.is_some() && is_fresh {
            return Ok(known);
        }
        if known.is_none() && self.in_vain.load(Ordering::Acquire) != before {
            // Whoever waited while another asked in vain has their answer: it would be the same.
            return Err(not_asked());
        }
        if let Some(last) = asked.filter(|last| has_keys && now - last.at < PAUSE) {
            return if known.is_none() && last.in_vain { Err(not_asked()) } else { Ok(known) };
        }
        let answer = self.ask(now).await;
        let in_vain = answer.is_err();
        if in_vain {
            self.in_vain.fetch_add(1, Ordering::Release);
        }
        if has_keys && (known.is_none() || in_vain) {
            *asked = Some(Asked { at: now, in_vain });
        }
        match answer {
            Ok(fresh) => {
                let found = fresh.keys.get(name).cloned();
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(fresh));
                Ok(found)
            }
            Err(error) if known.is_some() => {
                tracing::warn!(%error, "a provider's keys could not be renewed; the old ones are used");
                Ok(known)
            }
            Err(error) => Err(error),
        }
    }

    fn look(&self, name: &str, now: DateTime<Utc>) -> Look {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = kept.filter(|kept| now < kept.got_at + STALE);
        Look {
            has_keys: kept.is_some(),
            known: kept.as_ref().and_then(|kept| kept.keys.get(name).cloned()),
            is_fresh: kept.is_some_and(|kept| now < kept.good_until),
        }
    }

    async fn ask(&self, now: DateTime<Utc>) -> Result<Kept, ProviderError> {
        let request = self.http.get(self.address.clone());
        let answer = self.guard.call(Box::pin(http::answer(request))).await?;
        let unusable = |what: &str| ProviderError::unexpected(what, Some(answer.status));
        if !(200..=299).contains(&answer.status) {
            return Err(unusable("its keys are not where they should be"));
        }
        let Published { keys } =
            serde_json::from_slice(&answer.body).map_err(|_| unusable("its keys cannot be read"))?;
        let keys: BTreeMap<_, _> = keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(unusable("none of its keys can be used"));
        }
        Ok(Kept { keys, got_at: now, good_until: now + TimeDelta::seconds(seconds_kept(&answer.headers)) })
    }
}

/// A moment ago the provider did not answer, so it was not asked again.
fn not_asked() -> ProviderError {
    ProviderError::Unreachable { sent: Sent::No, status: None, source: None }
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// RSA keys that have a name and may sign. What is published beside them is passed over.
fn usable(published: Value) -> Option<(String, DecodingKey)> {
    let jwk: Jwk = serde_json::from_value(published).ok()?;
    let rsa = matches!(jwk.algorithm, AlgorithmParameters::RSA(_));
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let rs256 = matches!(jwk.common.key_algorithm, None | Some(KeyAlgorithm::RS256));
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    if rsa && signs && rs256 { Some((jwk.common.key_id?, key)) } else { None }
}

/// `max-age` less the time for which a cache on the way has had the answer already.
fn seconds_kept(headers: &HeaderMap) -> i64 {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = text(CACHE_CONTROL).split(',').find_map(|part| {
        let (name, seconds) = part.trim().split_once('=')?;
        if name.eq_ignore_ascii_case("max-age") { seconds.parse::<u32>().ok() } else { None }
    });
    let age: u32 = text(AGE).parse().unwrap_or_default();
    let (least, most) = SECONDS_KEPT;
    said.map_or(UNSAID_SECONDS, |said| i64::from(said) - i64::from(age)).clamp(least, most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(cache_control: &str, age: Option<&str>) -> i64 {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, cache_control.parse().unwrap());
        if let Some(age) = age {
            headers.insert(AGE, age.parse().unwrap());
        }
        seconds_kept(&headers)
    }

    #[test]
    fn keys_are_kept_for_as_long_as_the_provider_says_within_reason() {
        assert_eq!(kept("public, max-age=19845, must-revalidate", None), 19_845);
        assert_eq!(kept("Max-Age=600", Some("100")), 500);
        assert_eq!(kept("max-age=0", None), 60);
        assert_eq!(kept("max-age=600", Some("900")), 60);
        assert_eq!(kept("max-age=4000000000", None), 86_400);
        for unsaid in ["no-store", "max-age=soon", "s-maxage=5", "max-age"] {
            assert_eq!(kept(unsaid, None), 600, "{unsaid}");
        }
        assert_eq!(seconds_kept(&HeaderMap::new()), 600);
    }

    #[test]
    fn only_named_rsa_keys_that_sign_are_used() {
        let good =
            json!({ "kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": "AQAB", "e": "AQAB" });
        assert_eq!(usable(good.clone()).unwrap().0, "1");
        for (field, value) in [
            ("use", json!("enc")),
            ("alg", json!("RS512")),
            ("alg", json!("HS256")),
            ("kid", Value::Null),
            ("n", json!("not base64!")),
            ("kty", json!("oct")),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(usable(bad).is_none(), "{field}");
        }
        assert!(usable(json!({ "kty": "oct", "kid": "1", "k": "AQAB" })).is_none());
        assert!(usable(json!("nonsense")).is_none());
    }
}
