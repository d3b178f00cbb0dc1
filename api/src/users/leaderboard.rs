//! Those who have the most points, as they were a moment ago.
//!
//! It is the same for everybody, and it is made from the points of all: whoever looks within the same minute is shown the same. Who
//! of them the caller is, is said for each caller.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use wolo_database::points::Leader;

use crate::metrics::Metrics;
use crate::problem::Problem;

const MINUTE: Duration = Duration::from_mins(1);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Leaderboard {
    /// Absent where nothing may be kept.
    cache: Option<Cache<(), Arc<[Leader]>>>,
    metrics: Metrics,
}

impl Leaderboard {
    /// Kept where lists are kept at all.
    pub(crate) fn kept(lists: Duration, metrics: Metrics) -> Self {
        let build = || Cache::builder().max_capacity(1).time_to_live(MINUTE).build();
        Self { cache: (!lists.is_zero()).then(build), metrics }
    }

    /// The list from memory, or as `ask` finds it. Of many who want it at once, one asks.
    pub(super) async fn get(
        &self,
        ask: impl Future<Output = Result<Arc<[Leader]>, Problem>>,
    ) -> Result<Arc<[Leader]>, Problem> {
        let Some(cache) = &self.cache else { return ask.await };
        let entry = cache.entry(()).or_try_insert_with(ask).await.map_err(|problem| (*problem).clone())?;
        self.metrics.looked_up("leaders", !entry.is_fresh());
        Ok(entry.into_value())
    }
}
