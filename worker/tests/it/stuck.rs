//! What does not go on by itself is named, with what helps.

use chrono::{TimeDelta, Utc};
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_common::protos::temporal::api::common::v1::WorkflowType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use wolo_control::stuck::{Look, Standstill, Stuck, Why};
use wolo_domain::accounts::Role;
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};
use wolo_workflows::{ids, queues};

use crate::house::{House, live, until};

impl House {
    async fn stuck(&self, look: Look<'_>) -> Standstill {
        self.control.stuck(look).await.expect("the engine answers")
    }

    /// What is said of a process, once something is.
    pub(crate) async fn stuck_at(&self, process: &str, why: Why) -> Stuck {
        until(&format!("{process} stands still: {why:?}"), async || {
            let found = self.stuck(everything()).await;
            found.stuck.into_iter().find(|one| one.process == process && one.why == why)
        })
        .await
    }
}

fn everything() -> Look<'static> {
    Look { now: Utc::now(), at_most: 10_000, queue: None }
}

#[test]
fn a_step_whose_provider_is_down_is_named_with_its_tries_and_what_helps_until_it_succeeds() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.gift(pot, 5_000);
        let donation = gift.request.donation;
        // The page is asked for once; from then on it is looked for first.
        let faults = [Endpoint::CheckoutCreate, Endpoint::CheckoutSearch].map(|endpoint| {
            let down = FaultRule::always(endpoint, Fault::ErrorBefore { status: 503 });
            house.world.wave.fault(down.times(1_000).about(donation.to_string()))
        });
        let control = house.control.clone();
        let asking = tokio::spawn(async move { control.open_checkout(gift, crate::house::LONG).await });
        let process = ids::donation(donation);
        let named = house.stuck_at(&process, Why::Retries).await;
        assert_eq!(named.waits_for, "donations.open_checkout to succeed, which is tried again until it does");
        assert!(named.attempts.is_some_and(|tries| tries >= 2), "{named:?}");
        let fault = named.last_error.as_ref().expect("it failed");
        assert_eq!(fault.kind.as_deref(), Some("wave.unreachable"));
        assert!(!fault.words.is_empty() && !fault.words.contains("Encoded failure"), "{fault:?}");
        assert_eq!((named.owner, named.help.as_str()), (Role::Finance, "wolo doctor"));
        assert!(named.since.is_some_and(|since| since <= Utc::now()), "{named:?}");
        let story = house.control.story(&process, None, Utc::now()).await.expect("its story");
        assert_eq!(story.stuck.map(|stuck| stuck.why), Some(Why::Retries));

        for fault in faults {
            house.world.wave.remove_fault(fault);
        }
        asking.await.expect("nobody stops it").expect("the gift is answered");
        let found = house.stuck(everything()).await;
        assert!(found.stuck.iter().all(|one| one.process != process), "{:?}", found.stuck);
    });
}

#[test]
fn a_process_that_no_code_can_carry_on_is_named_as_failing() {
    live(async |house| {
        let client = house.control.client();
        let process = "rehearsal/of-a-type-that-nobody-knows";
        let request = StartWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: process.to_owned(),
            workflow_type: Some(WorkflowType { name: "NobodyKnowsIt".to_owned() }),
            task_queue: Some(TaskQueue { name: queues::LIFECYCLE.to_owned(), ..TaskQueue::default() }),
            request_id: "once".to_owned(),
            ..StartWorkflowExecutionRequest::default()
        };
        let mut service = client.connection().workflow_service();
        service.start_workflow_execution(request.into_request()).await.expect("it is started");
        let named = house.stuck_at(process, Why::Fails).await;
        assert_eq!(named.owner, Role::Superadmin);
        assert_eq!(named.help, format!("wolo workflows show {process}"));
        let fault = named.last_error.expect("it failed");
        assert_eq!(fault.kind.as_deref(), Some("workflow_worker_unhandled_failure"));
        assert!(fault.words.contains("NobodyKnowsIt"), "{fault:?}");
        let story = house.control.story(process, None, Utc::now()).await.expect("its story");
        assert!(story.runs[0].lines.iter().any(|line| line.what == "stumbles"), "{story:?}");
        house.terminate(process).await;
    });
}

#[test]
fn a_process_that_is_past_its_day_is_named_and_one_that_waits_for_it_is_not() {
    live(async |house| {
        let pot = house.open_pot().await;
        let process = ids::pot_lifecycle(pot);
        let later = Look { now: Utc::now() + TimeDelta::days(60), ..everything() };
        let named = until("it is named", async || {
            let found = house.stuck(later).await;
            // The index still has the moment of its opening for a while.
            let waits = |one: &Stuck| one.since.is_some_and(|due| due > Utc::now());
            found.stuck.into_iter().find(|one| one.process == process && waits(one))
        })
        .await;
        assert_eq!((named.why, named.owner), (Why::Overdue, Role::Support));
        assert_eq!(named.help, format!("wolo pots show {pot}"));
        let now = house.stuck(everything()).await;
        assert!(now.stuck.iter().all(|one| one.process != process), "{:?}", now.stuck);
    });
}

#[test]
fn only_as_many_are_looked_at_as_is_said_and_that_is_told() {
    live(async |house| {
        house.open_pot().await;
        house.open_pot().await;
        let few = until("the index knows of two", async || {
            let found = house.stuck(Look { at_most: 1, ..everything() }).await;
            (found.running > 1).then_some(found)
        })
        .await;
        assert!(few.looked_at == 1 && few.is_partial(), "{few:?}");
        let others = house.stuck(Look { queue: Some("no-such-queue' OR 'a' = 'a"), ..everything() }).await;
        assert_eq!((others.running, others.looked_at), (0, 0));
    });
}
