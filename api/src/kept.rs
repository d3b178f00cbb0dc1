//! Answers that many ask for at once, kept for a moment.
//!
//! While an answer is fresh everybody gets it. A little later everybody gets it still, and one of them has it asked for anew behind
//! their back: nobody waits for a sum over a hundred thousand gifts because they came when it had just grown old. After that
//! it is forgotten.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache;

use crate::problem::Problem;

/// How long an answer that is not fresh any more is still told, while it is asked for anew.
const LATE: Duration = Duration::from_secs(3);
const MOST: u64 = 10_000;

/// Cheap to clone.
pub(crate) struct Kept<K, V> {
    /// Absent where nothing may be kept.
    cache: Option<Cache<K, Arc<Answer<V>>>>,
    fresh: Duration,
}

struct Answer<V> {
    value: Arc<V>,
    at: Instant,
    renewing: AtomicBool,
}

impl<V> Answer<V> {
    fn new(value: V) -> Arc<Self> {
        Arc::new(Self { value: Arc::new(value), at: Instant::now(), renewing: AtomicBool::new(false) })
    }
}

impl<K, V> Clone for Kept<K, V> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), fresh: self.fresh }
    }
}

impl<K, V> Kept<K, V>
where
    K: Hash + Eq + Copy + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(crate) fn fresh_for(fresh: Duration) -> Self {
        let build = || Cache::builder().max_capacity(MOST).time_to_live(fresh + LATE).build();
        Self { cache: (!fresh.is_zero()).then(build), fresh }
    }

    /// What is kept, or as `ask` finds it. Of many who want the same at once, one asks.
    pub(crate) async fn get(
        &self,
        key: K,
        ask: impl Future<Output = Result<V, Problem>> + Send + 'static,
    ) -> Result<Arc<V>, Problem> {
        let Some(cache) = &self.cache else { return ask.await.map(Arc::new) };
        if let Some(answer) = cache.get(&key).await {
            let old = answer.at.elapsed() > self.fresh;
            if old && !answer.renewing.swap(true, Ordering::Relaxed) {
                let (cache, answer) = (cache.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    match ask.await {
                        Ok(value) => cache.insert(key, Answer::new(value)).await,
                        Err(_) => answer.renewing.store(false, Ordering::Relaxed),
                    }
                });
            }
            return Ok(Arc::clone(&answer.value));
        }
        let asked = async { ask.await.map(Answer::new) };
        let answer =
            cache.try_get_with(key, asked).await.map_err(|problem: Arc<Problem>| (*problem).clone())?;
        Ok(Arc::clone(&answer.value))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[tokio::test]
    async fn an_old_answer_is_told_once_more_while_it_is_asked_for_anew() {
        let (kept, asked) = (Kept::fresh_for(Duration::from_nanos(1)), Arc::new(AtomicU32::new(0)));
        let ask = || {
            let asked = Arc::clone(&asked);
            async move { Ok(asked.fetch_add(1, Ordering::SeqCst)) }
        };
        assert_eq!(*kept.get(1, ask()).await.unwrap(), 0);
        // The old one at once, and then, as soon as it is there, the new one.
        assert_eq!(*kept.get(1, ask()).await.unwrap(), 0);
        while *kept.get(1, ask()).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_does() {
        let (kept, asked) = (Kept::fresh_for(Duration::from_mins(1)), Arc::new(AtomicU32::new(0)));
        let many = (0..50).map(|_| {
            let (kept, asked) = (kept.clone(), Arc::clone(&asked));
            async move {
                let ask = async move {
                    tokio::task::yield_now().await;
                    Ok(asked.fetch_add(1, Ordering::SeqCst))
                };
                *kept.get(1, ask).await.unwrap()
            }
        });
        assert!(futures::future::join_all(many).await.into_iter().all(|answer| answer == 0));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        // Where nothing may be kept, everybody asks.
        let none = Kept::fresh_for(Duration::ZERO);
        for expected in 0..2 {
            assert_eq!(*none.get(1, async move { Ok(expected) }).await.unwrap(), expected);
        }
    }
}
