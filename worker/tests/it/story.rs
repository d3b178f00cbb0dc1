//! What happened to a process is told in words, run after run, and nothing of anybody in it.

use chrono::Utc;
use wolo_control::AskError;
use wolo_control::pots::{HoldWish, WishAnswer};
use wolo_control::story::{Run, Wanted};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::ids;

use crate::house::{House, live, until};

impl House {
    pub(crate) async fn runs_of(&self, process: &str) -> Vec<Run> {
        self.control.story(process, None, Utc::now()).await.expect("its story").runs
    }

    /// A pot whose process has gone on in a new run, and still runs.
    pub(crate) async fn pot_in_a_new_run(&self) -> (String, Vec<Run>) {
        let owner = self.person().await;
        let mut plan = self.plan(owner, 40).await;
        plan.patience.continue_after_events = 12;
        let pot = self.schedule(plan).await;
        let process = ids::pot_lifecycle(pot);
        let wish = || HoldWish {
            reason: HoldReason::Moderation,
            by: "operator:test".to_owned(),
            note: "seen".to_owned(),
        };
        for _ in 0..4 {
            assert_eq!(self.control.hold_pot(pot, wish()).await.expect("an answer"), WishAnswer::Done);
            assert_eq!(self.control.release_pot(pot, wish()).await.expect("an answer"), WishAnswer::Done);
        }
        let runs = until("it goes on in a new run", async || {
            let runs = self.runs_of(&process).await;
            (runs.len() > 1).then_some(runs)
        })
        .await;
        (process, runs)
    }
}

fn words(runs: &[Run]) -> Vec<String> {
    runs.iter().flat_map(|run| &run.lines).map(|line| line.words.clone()).collect()
}

fn has(words: &[String], beginning: &str) -> bool {
    words.iter().any(|line| line.starts_with(beginning))
}

#[test]
fn a_pots_life_is_told_from_its_plan_to_its_payout_without_its_people() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.give(pot, 5_000).await;
        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        let runs = until("it has ended", async || {
            let runs = house.runs_of(&ids::pot_lifecycle(pot)).await;
            runs.last().is_some_and(|run| run.ended.is_some()).then_some(runs)
        })
        .await;
        assert_eq!((runs.len(), runs[0].kind.as_str()), (1, "PotLifecycle"));
        let told = words(&runs);
        for beginning in [
            "begins as PotLifecycle: ",
            "is asked to schedule: •••",
            "pots.schedule: holds [], outcome scheduled, ",
            "stands at open",
            "pots.close: closed, ",
            "waits for ",
            "its time has come: ",
            &format!("begins payout/{pot}"),
            &format!("payout/{pot} ends: amount 4950, outcome paid"),
            "ends: amount 4950, outcome paid_out",
        ] {
            assert!(has(&told, beginning), "{beginning}: {told:#?}");
        }
        let gifts = words(&house.runs_of(&ids::donation(gift.donation)).await);
        assert!(has(&gifts, "hears payment_completed"), "{gifts:#?}");
        assert!(has(&gifts, "donations.open_checkout: "), "{gifts:#?}");
        for person in ["Fatou", "Awa", "+221"] {
            let json = serde_json::to_string(&(&runs, &gifts)).expect("JSON");
            assert!(!json.contains(person), "{person}: {json}");
        }
        let listed = until("the index knows", async || {
            let wanted = Wanted {
                kind: Some("Payout".to_owned()),
                stage: Some("paid".to_owned()),
                running: false,
                at_most: 1_000,
            };
            let listed = house.control.processes(&wanted).await.expect("the engine answers");
            listed.into_iter().find(|one| one.process == ids::payout(pot))
        })
        .await;
        assert_eq!((listed.kind.as_str(), listed.stage.as_deref()), ("Payout", Some("paid")));
    });
}

#[test]
fn a_story_goes_through_all_runs_of_a_process_and_can_be_told_of_one() {
    live(async |house| {
        let (process, runs) = house.pot_in_a_new_run().await;
        assert!(has(&words(&runs[..1]), "has become long"), "{runs:#?}");
        assert!(has(&words(&runs[1..]), "goes on: "), "{runs:#?}");
        let first = runs[0].run.clone();
        let alone = house.control.story(&process, Some(first.clone()), Utc::now()).await.expect("its story");
        assert_eq!(alone.runs.iter().map(|run| run.run.clone()).collect::<Vec<_>>(), [first]);
        let nobody = house.control.story("pot/of-nobody", None, Utc::now()).await;
        assert!(matches!(nobody, Err(AskError::NotFound)), "{nobody:?}");
    });
}
