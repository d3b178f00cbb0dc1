//! What the engine shows of a process to whoever operates it.

use std::time::Duration;

use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wolo_workflows::attributes;
use wolo_workflows::donation::Donation;

use crate::house::House;

impl House {
    /// The pauses that the current run of a process has begun, in order.
    pub(crate) async fn pauses_of(&self, workflow_id: &str) -> Vec<Duration> {
        let pause = |event| match event {
            Attributes::TimerStartedEventAttributes(timer) => timer.start_to_fire_timeout?.try_into().ok(),
            _ => None,
        };
        self.events_of(workflow_id).await.into_iter().filter_map(pause).collect()
    }

    /// Whether operators see that a process waits for a person.
    pub(crate) async fn needs_human(&self, workflow_id: &str) -> Option<bool> {
        let handle = self.control.client().get_workflow_handle::<Donation>(workflow_id);
        let described = handle.describe(Default::default()).await.expect("the engine remembers it");
        described.search_attributes().get(&attributes::NEEDS_HUMAN)
    }

    /// As an operator may, in the engine's UI: the process is asked to end.
    pub(crate) async fn cancel(&self, workflow_id: &str) {
        let handle = self.control.client().get_workflow_handle::<Donation>(workflow_id);
        handle.cancel(Default::default()).await.expect("it was running");
    }
}
