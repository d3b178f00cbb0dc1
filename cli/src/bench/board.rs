//! Where it is written when each gift was known to be there. Those who wait for one look here.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// A gift that takes longer is lost, and the measurement with it.
const LIMIT: Duration = Duration::from_mins(2);

#[derive(Debug)]
pub(super) struct Board {
    known: Mutex<HashMap<String, DateTime<Utc>>>,
    news: watch::Sender<u64>,
}

impl Default for Board {
    fn default() -> Self {
        Self { known: Mutex::default(), news: watch::Sender::new(0) }
    }
}

impl Board {
    /// Writes down what has become known; what was known before keeps its time.
    pub(super) fn write(&self, facts: impl IntoIterator<Item = (String, DateTime<Utc>)>) {
        let Ok(mut known) = self.known.lock() else { return };
        let before = known.len();
        for (name, at) in facts {
            known.entry(name).or_insert(at);
        }
        if known.len() > before {
            self.news.send_modify(|count| *count += 1);
        }
    }

    /// Waits until it is known, and says since when.
    pub(super) async fn wait_for(&self, name: &str) -> Result<DateTime<Utc>> {
        let mut news = self.news.subscribe();
        let waiting = async {
            loop {
                if let Some(at) = self.find(name) {
                    return Ok(at);
                }
                news.changed().await.context("nobody looks any more")?;
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .with_context(|| format!("{name} was never heard of again"))?
    }

    fn find(&self, name: &str) -> Option<DateTime<Utc>> {
        self.known.lock().ok()?.get(name).copied()
    }
}
