//! Two builds of a worker beside each other: the engine gives processes to the one that was promoted, and those that are under way move
//! with it.

use std::collections::BTreeSet;

use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use tokio::task::JoinHandle;
use wolo_bootstrap::Shutdown;
use wolo_control::builds::Promoting;
use wolo_domain::pots::PotStage;
use wolo_sandbox::World;
use wolo_worker::Worker;
use wolo_workflows::ids;

use crate::house::{House, alone, until};

/// A worker of a build, with whatever ends it.
struct Release {
    ends: Shutdown,
    serving: JoinHandle<Result<(), wolo_worker::Error>>,
}

impl Release {
    async fn serve(house: &House, build: &str) -> Self {
        let mut settings = house.settings.clone();
        settings.worker.build_id = Some(build.to_owned());
        settings.worker.versioned = true;
        let ends = Shutdown::new();
        let worker = Worker::start(&settings, ends.clone()).await.expect("the worker starts");
        until("the engine has seen the build", async || {
            let builds = house.control.builds().await.ok()?;
            builds.iter().any(|known| known.id == build).then_some(())
        })
        .await;
        Self { ends, serving: tokio::spawn(worker.end()) }
    }

    async fn make_way(self) {
        self.ends.begin();
        self.serving.await.expect("no panic").expect("it ends well");
    }
}

/// Its workers may not have asked for work on every queue yet.
async fn promote(house: &House, build: &str) {
    until(&format!("{build} is promoted"), async || {
        (house.control.promote(build).await.ok()? == Promoting::Promoted).then_some(())
    })
    .await;
}

async fn current(house: &House) -> Vec<String> {
    let builds = house.control.builds().await.expect("an answer");
    builds.into_iter().filter(|build| build.current_since.is_some()).map(|build| build.id).collect()
}

/// The builds that have thought about a process.
async fn carried_on_by(house: &House, process: &str) -> BTreeSet<String> {
    let thoughts = house.events_of(process).await.into_iter().filter_map(|event| match event {
        Attributes::WorkflowTaskCompletedEventAttributes(thought) => thought.deployment_version,
        _ => None,
    });
    thoughts.map(|version| version.build_id).collect()
}

#[test]
fn a_pot_that_one_build_opened_moves_to_the_next_when_that_is_promoted_and_not_before() {
    alone(async {
        let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
        let house = House::without_worker(world).await;
        assert_eq!(house.control.builds().await.expect("an answer"), []);
        let old = Release::serve(&house, "old").await;
        assert_eq!(current(&house).await, Vec::<String>::new());
        let refused = house.control.promote("nobodys").await.expect("an answer");
        assert!(matches!(refused, Promoting::Refused(_)), "{refused:?}");
        promote(&house, "old").await;

        let pot = house.open_pot().await;
        let process = ids::pot_lifecycle(pot);
        let new = Release::serve(&house, "new").await;
        house.give(pot, 10_000).await;
        assert_eq!(current(&house).await, ["old"]);
        assert_eq!(carried_on_by(&house, &process).await, BTreeSet::from(["old".to_owned()]));

        promote(&house, "new").await;
        assert_eq!(current(&house).await, ["new"]);
        old.make_way().await;
        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(carried_on_by(&house, &process).await, BTreeSet::from(["new", "old"].map(str::to_owned)));
        new.make_way().await;
    });
}
