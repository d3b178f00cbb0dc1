//! One trial: a boundary is armed, a story is told, somebody dies there, and the story comes to its end all the same.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use temporalio_client::WorkflowFetchHistoryOptions;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use tokio::sync::{Mutex, OwnedMutexGuard};
use wolo_faultpoints::Trap;
use wolo_sandbox::wave::{Fault, FaultRule};
use wolo_workflows::donation::Donation;

use crate::boundaries::{Boundary, Loss};
use crate::people::millis;
use crate::stage::{Stage, comes_about};
use crate::stories::{LONG, Scene};

/// A story may pass a boundary without dying, when another one's loss came in between. Then it is told again.
const TELLINGS: u32 = 4;
const SOON: Duration = Duration::from_millis(20);

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    pub boundary: String,
    /// Nobody died there, however often the story was told.
    pub missed: bool,
    /// From the death to the next thing that its process has done, in milliseconds.
    pub recovery: Option<u64>,
    /// Why the story did not come to its end.
    pub stuck: Option<String>,
}

impl Trial {
    /// The kind of its boundary, such as `k5`.
    pub fn kind(&self) -> &str {
        self.boundary.rsplit(' ').next().unwrap_or_default()
    }

    pub fn words(&self) -> String {
        match (&self.stuck, self.missed, self.recovery) {
            (Some(why), ..) => format!("stuck: {why}"),
            (None, true, _) => "missed".to_owned(),
            (None, false, Some(recovery)) => format!("{recovery} ms"),
            (None, false, None) => "struck".to_owned(),
        }
    }
}

/// Points that are armed now; two trials of one point take turns.
#[derive(Default)]
pub struct Turns {
    points: Mutex<std::collections::HashMap<String, std::sync::Arc<Mutex<()>>>>,
}

impl Turns {
    async fn take(&self, point: &str) -> OwnedMutexGuard<()> {
        let turn = std::sync::Arc::clone(self.points.lock().await.entry(point.to_owned()).or_default());
        turn.lock_owned().await
    }
}

pub async fn run(scene: &Scene, turns: &Turns, boundary: &Boundary) -> Trial {
    let _turn = turns.take(&boundary.point).await;
    let mut trial = Trial { boundary: boundary.name.clone(), missed: false, recovery: None, stuck: None };
    for _ in 0..TELLINGS {
        match tell(scene, boundary).await {
            Ok(Told::Struck { recovery }) => return Trial { recovery, ..trial },
            Ok(Told::Missed) => {}
            Err(why) => {
                trial.stuck = Some(format!("{why:#}"));
                return trial;
            }
        }
    }
    trial.missed = true;
    trial
}

enum Told {
    /// Without a recovery an API died, and how long people were without an answer is seen by themselves; or the recovery was
    /// over before anybody could look.
    Struck {
        recovery: Option<u64>,
    },
    Missed,
}

async fn tell(scene: &Scene, boundary: &Boundary) -> Result<Told> {
    let trap = scene.stage.trap(&boundary.point);
    trap.arm(1)?;
    let loss = boundary.loss.map(|(endpoint, loss)| {
        let fault = match loss {
            Loss::Request => Fault::LostRequest,
            Loss::Reply => Fault::LostReply,
        };
        // Until it has struck where it is meant to: others ask for the same thing meanwhile, and would use it up.
        scene.stage.wave.fault(FaultRule::always(endpoint, fault))
    });
    let watching = recovery(&scene.stage, &trap, loss);
    let (told, struck) = tokio::join!(
        async {
            let told = boundary.story.play(scene).await;
            trap.disarm();
            told
        },
        watching
    );
    if let Some(loss) = loss {
        scene.stage.wave.remove_fault(loss);
    }
    told?;
    struck
}

/// Waits until the trap strikes, or is taken away, and then until the process it struck has done something.
async fn recovery(stage: &Stage, trap: &Trap, loss: Option<u64>) -> Result<Told> {
    let mut armed = true;
    let struck = loop {
        if let Some(struck) = trap.struck() {
            break struck;
        }
        if !armed {
            return Ok(Told::Missed);
        }
        armed = trap.is_armed();
        tokio::time::sleep(SOON).await;
    };
    let died = Instant::now();
    if let Some(loss) = loss {
        stage.wave.remove_fault(loss);
    }
    let Some(process) = struck.process else { return Ok(Told::Struck { recovery: None }) };
    let before = comes_about(LONG, async || Ok(Some(done(stage, &process).await?)))
        .await
        .with_context(|| format!("nothing is known of {process}, which was struck"))?;
    // It came to its end before anybody could look, which havoc can keep one from for a while.
    if before.ended {
        return Ok(Told::Struck { recovery: None });
    }
    comes_about(LONG, async || Ok((done(stage, &process).await?.things > before.things).then_some(())))
        .await
        .with_context(|| format!("{process} was struck, and has done nothing since"))?;
    Ok(Told::Struck { recovery: Some(millis(died)) })
}

/// How much a process has done: steps that were completed, and thoughts.
struct Done {
    things: usize,
    ended: bool,
}

async fn done(stage: &Stage, process: &str) -> Result<Done> {
    // The type of the handle does not matter for looking at a history.
    let handle = stage.control.client().get_workflow_handle::<Donation>(process);
    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?;
    let mut done = Done { things: 0, ended: false };
    for event in events.into_iter().filter_map(|event| event.attributes) {
        match event {
            Attributes::ActivityTaskCompletedEventAttributes(_)
            | Attributes::WorkflowTaskCompletedEventAttributes(_) => done.things += 1,
            Attributes::WorkflowExecutionCompletedEventAttributes(_)
            | Attributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => done.ended = true,
            _ => {}
        }
    }
    Ok(done)
}
