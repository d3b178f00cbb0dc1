//! The count that all processes share, in Redis.
//!
//! Redis counts by its own clock, in one step, so processes need not agree on anything. When it does not answer at
//! once it is left alone for a moment, and one request at a time finds out whether it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use secrecy::{ExposeSecret as _, SecretString};

use super::RedisUnusable;
use super::key::Key;
use super::standing::{Policy, Taken};
use crate::problem;

/// A limit is not worth a longer wait: the local count is there at once.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a Redis that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Shared {
    connection: ConnectionManager,
    script: Script,
    /// Set while Redis is away: when somebody may try again.
    away: Mutex<Option<Instant>>,
}

#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error("it did not answer within {} ms", PATIENCE.as_millis())]
    TimedOut,
    #[error("it did not do what was asked")]
    Refused(#[from] RedisError),
}

impl Shared {
    /// Connects when it is first asked, so that an API can start before its Redis.
    pub(super) fn at(url: &SecretString) -> Result<Self, RedisUnusable> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            // We ask again ourselves, when it is time.
            .set_number_of_retries(0);
        let connection = Client::open(url.expose_secret())
            .and_then(|client| ConnectionManager::new_lazy_with_config(client, config))
            .map_err(|_| RedisUnusable)?;
        Ok(Self { connection, script: Script::new(include_str!("shared.lua")), away: Mutex::default() })
    }

    /// `None` while Redis is away.
    pub(super) async fn take(&self, policy: Policy, key: Key) -> Option<Taken> {
        if !self.may_ask() {
            return None;
        }
        let answer = self.ask(policy, key).await;
        self.note(answer.as_ref().err());
        let (remaining, wait) = answer.ok()?;
        let wait = (wait > 0).then(|| Duration::from_micros(wait));
        Some(Taken { remaining, wait })
    }

    async fn ask(&self, policy: Policy, key: Key) -> Result<(u32, u64), Silence> {
        let period = u64::try_from(policy.period.as_micros()).unwrap_or(u64::MAX);
        let mut question = self.script.key(format!("wolo:limit:{}:{}", policy.class.name(), key.text()));
        question.arg(policy.burst.get()).arg(period);
        let mut connection = self.connection.clone();
        let answer = question.invoke_async(&mut connection);
        Ok(tokio::time::timeout(PATIENCE, answer).await.map_err(|_| Silence::TimedOut)??)
    }

    /// Whether it is there now, whatever became of the last request.
    pub(super) async fn answers(&self) -> bool {
        let mut connection = self.connection.clone();
        let ping = redis::cmd("PING");
        matches!(tokio::time::timeout(PATIENCE, ping.query_async::<()>(&mut connection)).await, Ok(Ok(())))
    }

    fn may_ask(&self) -> bool {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        match *away {
            None => true,
            Some(again) if Instant::now() < again => false,
            // This request tries; the others go on without.
            Some(_) => {
                *away = Some(Instant::now() + PAUSE);
                true
            }
        }
    }

    fn note(&self, silence: Option<&Silence>) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let was_away = away.is_some();
        *away = silence.map(|_| Instant::now() + PAUSE);
        match silence {
            Some(silence) if !was_away => {
                let cause = problem::chain(silence);
                tracing::warn!(cause, "Redis is away: this process counts its limits alone");
            }
            None if was_away => tracing::info!("Redis is back: limits are shared again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use wolo_sandbox::Redis;
    use wolo_sandbox::folders::DataFolder;

    use super::*;

    /// What the script should say, in whole numbers.
    fn model(before: &mut u64, now: u64, burst: u64, period: u64) -> (u64, u64) {
        let after = (*before).max(now) + period;
        let (used, all) = (after - now, burst * period);
        if used > all {
            return (0, used - all);
        }
        *before = after;
        ((all - used) / period, 0)
    }

    #[tokio::test]
    async fn ten_thousand_arrivals_are_counted_as_the_rule_says() {
        const TIME: &str = "redis.call('TIME')";
        const BEGAN: u64 = 1_790_000_000_000_000;
        let folder = DataFolder::temporary().unwrap();
        let redis = Redis::start(&folder).await.unwrap();
        let mut connection =
            Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        // The script itself, told what time it is. Its keys live for seconds at least, which no arrival takes.
        let code = include_str!("shared.lua");
        assert_eq!(code.matches(TIME).count(), 1);
        let script = Script::new(&code.replace(TIME, "{ ARGV[3], ARGV[4] }"));
        for pattern in 0..100 {
            let burst: u64 = rand::random_range(1..=6);
            let period: u64 = rand::random_range(20_000_000..60_000_000);
            let (mut now, mut before) = (BEGAN, 0);
            for arrival in 0..100 {
                now += rand::random_range(0..period * 2);
                let question = [burst, period, now / 1_000_000, now % 1_000_000];
                let answer: (u64, u64) = script
                    .key(format!("pattern-{pattern}"))
                    .arg(&question)
                    .invoke_async(&mut connection)
                    .await
                    .unwrap();
                let right = model(&mut before, now, burst, period);
                assert_eq!(answer, right, "arrival {arrival} at {now} with {burst} and {period}");
            }
        }
    }
}
