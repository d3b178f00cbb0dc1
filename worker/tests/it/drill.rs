//! A drill for a change of a process that is under way: one that an old worker began is carried on by a new one, whose code does
//! something else, and one that begins afterwards goes the new way.
//!
//! The processes of WOLO are held to it by their recorded histories; here it is shown that `patched` does what CONTRIBUTING.md says
//! of it, on a real server, with two workers after each other.

use std::thread::JoinHandle;
use std::time::Duration;

use temporalio_client::{Client, WorkflowStartOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::runtime::{Runtime, RuntimeOptions};
use temporalio_sdk::{SyncWorkflowContext, Worker, WorkerOptions, WorkflowContext, WorkflowResult};
use uuid::Uuid;

use crate::house::{live, until};

/// As the patch is named, with its day.
const PATCH: &str = "2026-11-27-a-longer-pause";

const SHORT: Duration = Duration::from_millis(10);
const LONGER: Duration = Duration::from_millis(20);

/// The process as it was.
#[workflow]
#[derive(Default)]
struct Old {
    told: bool,
}

#[workflow_methods]
impl Old {
    #[run(name = "Drill")]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<String> {
        let _ = ctx.timer(SHORT).await;
        ctx.wait_condition(|drill| drill.told).await?;
        Ok("the old way".to_owned())
    }

    #[signal(name = "go_on")]
    fn go_on(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.told = true;
    }
}

/// The process as it is: it makes another pause first.
#[workflow]
#[derive(Default)]
struct New {
    told: bool,
}

#[workflow_methods]
impl New {
    #[run(name = "Drill")]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<String> {
        let is_new = ctx.patched(PATCH);
        let _ = ctx.timer(SHORT).await;
        if is_new {
            let _ = ctx.timer(LONGER).await;
        }
        ctx.wait_condition(|drill| drill.told).await?;
        Ok(if is_new { "the new way" } else { "the old way" }.to_owned())
    }

    #[signal(name = "go_on")]
    fn go_on(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.told = true;
    }
}

/// A worker of one release, until it is replaced.
struct Release {
    stop: Box<dyn Fn() + Send>,
    serving: JoinHandle<()>,
}

impl Release {
    fn serve(client: Client, queue: &str, code: impl FnOnce(&mut WorkerOptions) + Send + 'static) -> Self {
        let queue = queue.to_owned();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let serving = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            tokio.expect("a runtime").block_on(async {
                let mut options = WorkerOptions::new(queue).build();
                code(&mut options);
                let runtime = Runtime::from_current_tokio(RuntimeOptions::default()).expect("a runtime");
                let mut worker = Worker::new(&runtime, client, options).expect("a worker");
                let stop: Box<dyn Fn() + Send> = Box::new(worker.shutdown_handle());
                ready.send(stop).expect("somebody waits");
                worker.run().await.expect("it ends when it is told");
            });
        });
        Self { stop: is_ready.recv().expect("it starts"), serving }
    }

    fn make_way(self) {
        (self.stop)();
        self.serving.join().expect("it ends well");
    }
}

#[test]
fn what_an_old_worker_began_a_new_one_finishes_in_the_old_way_and_what_begins_then_goes_the_new() {
    live(async |house| {
        let client = house.control.client();
        let queue = format!("drill-{}", Uuid::now_v7());
        let begin = async |name: &str| {
            let options =
                WorkflowStartOptions::new(queue.clone(), format!("drill/{name}-{}", Uuid::now_v7()));
            client.start_workflow(New::run, (), options.build()).await.expect("it begins")
        };
        let pauses = async |process: &str| house.pauses_of(process).await.len();

        let release = Release::serve(client.clone(), &queue, |options| {
            options.register_workflow::<Old>().expect("once");
        });
        let under_way = begin("under-way").await;
        let process = under_way.info().workflow_id.clone();
        until("it waits", async || {
            let fired = house.events_of(&process).await;
            fired.iter().any(|what| matches!(what, Attributes::TimerFiredEventAttributes(_))).then_some(())
        })
        .await;
        release.make_way();

        let release = Release::serve(client.clone(), &queue, |options| {
            options.register_workflow::<New>().expect("once");
        });
        let afterwards = begin("afterwards").await;
        for handle in [&under_way, &afterwards] {
            handle.signal(New::go_on, RawValue::empty(), Default::default()).await.expect("it hears");
        }
        let outcome = under_way.get_result(Default::default()).await.expect("it ends");
        assert_eq!((outcome.as_str(), pauses(&process).await), ("the old way", 1));
        let outcome = afterwards.get_result(Default::default()).await.expect("it ends");
        assert_eq!((outcome.as_str(), pauses(&afterwards.info().workflow_id).await), ("the new way", 2));
        tokio::task::spawn_blocking(move || release.make_way()).await.expect("it ends");
    });
}
