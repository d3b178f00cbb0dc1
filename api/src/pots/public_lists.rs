//! The public list as it was told a moment ago.
//!
//! It is the one answer that is the same for everybody who shows no token, and the one that a pot's fame brings crowds
//! to. Only that answer is kept here, by what was asked of it; whoever is signed in is never answered from it.

use std::time::Duration;

use axum::body::Bytes;
use moka::future::Cache;

use super::list::Wish;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// All pages together, in bytes: whoever invents pages to ask for pushes out others, and takes no memory.
const MOST: u64 = 16 * 1024 * 1024;
/// What a page costs beside its bytes, roughly.
const OVERHEAD: usize = 256;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct PublicLists {
    /// Absent where nothing may be kept.
    cache: Option<Cache<Wish, Bytes>>,
    metrics: Metrics,
}

impl PublicLists {
    pub(crate) fn kept_for(time: Duration, metrics: Metrics) -> Self {
        let build = || {
            Cache::builder()
                .max_capacity(MOST)
                .weigher(|_, body: &Bytes| u32::try_from(body.len() + OVERHEAD).unwrap_or(u32::MAX))
                .time_to_live(time)
                .build()
        };
        Self { cache: (!time.is_zero()).then(build), metrics }
    }

    /// The page from memory, or as `ask` finds it. Of many who want the same page at once, one asks.
    pub(super) async fn get(
        &self,
        page: Wish,
        ask: impl Future<Output = Result<Bytes, Problem>>,
    ) -> Result<Bytes, Problem> {
        let Some(cache) = &self.cache else { return ask.await };
        let entry = cache.entry(page).or_try_insert_with(ask).await.map_err(|problem| (*problem).clone())?;
        self.metrics.looked_up("public_lists", !entry.is_fresh());
        Ok(entry.into_value())
    }
}
