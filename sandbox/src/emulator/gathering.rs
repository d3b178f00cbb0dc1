//! Events that wait a moment, to be told in one letter, as providers do.

use std::sync::Arc;

use serde_json::Value;

use super::desk::locked;
use super::{Desk, Provider};

/// A provider that tells several events at once.
pub trait Gathers: Provider {
    /// One letter about all of them.
    fn pack(&self, events: Vec<Value>) -> String;
}

impl<P: Gathers> Desk<P> {
    /// Tells an event together with those of its kind that come within the same moment.
    pub(crate) fn announce(self: &Arc<Self>, kind: &'static str, event: Value) {
        let moment = self.place.webhook_gather;
        if moment.is_zero() {
            return self.tell(kind, &self.provider.pack(vec![event]));
        }
        let first = {
            let mut gathered = locked(&self.gathered);
            let waiting = gathered.entry(kind).or_default();
            waiting.push(event);
            waiting.len() == 1
        };
        if first {
            let desk = Arc::clone(self);
            self.later(async move {
                tokio::time::sleep(moment).await;
                let events = locked(&desk.gathered).remove(kind).unwrap_or_default();
                desk.tell(kind, &desk.provider.pack(events));
            });
        }
    }
}
