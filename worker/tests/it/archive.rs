//! What ended processes went through is kept without what they carried, and told when the engine has forgotten it.

#![expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]

use chrono::Utc;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_client::{NamespacedClient as _, WorkflowStartOptions};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::DeleteWorkflowExecutionRequest;
use uuid::Uuid;
use wolo_control::AskError;
use wolo_control::story::{Archived, Run, Story};
use wolo_database::histories::{self, History};
use wolo_domain::histories::Lacks;
use wolo_domain::pots::PotStage;
use wolo_workflows::history_archive::{ArchiveInput, HistoryArchive};
use wolo_workflows::steps::histories::ArchivedRuns;
use wolo_workflows::{ids, queues};

use crate::books::{house_of_its_own, started_by};
use crate::histories::{keep, keep_run};
use crate::house::{House, alone, live, until};

/// Archives what has ended; the name of the process that did, its first run and what it came to.
async fn archive(house: &House, input: ArchiveInput) -> (String, Option<String>, ArchivedRuns) {
    let id = format!("{}/{}", ids::HISTORY_ARCHIVE, Uuid::now_v7().simple());
    let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
    let started = house.control.client().start_workflow(HistoryArchive::run, input, options).await;
    let first = started.expect("it starts").info().first_execution_run_id.clone();
    let runs = house.outcome::<HistoryArchive>(id.clone()).await;
    (id, first, runs)
}

fn input() -> ArchiveInput {
    ArchiveInput::new(2_000)
}

/// Archives until a process is: the engine's index may lag behind.
async fn is_archived(house: &House, process: &str, run: Option<&str>) {
    until(&format!("{process} is archived"), async || {
        archive(house, input()).await;
        histories::read(&house.pool, process, run).await.expect("Postgres answers").map(drop)
    })
    .await;
}

/// Makes the engine forget a run of a process, as it does when its time is over.
async fn forget(house: &House, process: &str, run: &str) {
    let client = house.control.client();
    let execution = WorkflowExecution { workflow_id: process.to_owned(), run_id: run.to_owned() };
    let delete =
        DeleteWorkflowExecutionRequest { namespace: client.namespace(), workflow_execution: Some(execution) };
    let mut service = client.connection().workflow_service();
    service.delete_workflow_execution(delete.into_request()).await.expect("it is deleted");
    until("the engine has forgotten it", async || {
        let known = house.control.history(process, Some(run.to_owned())).await;
        matches!(known, Err(AskError::NotFound)).then_some(())
    })
    .await;
}

/// Tells from the archive what a story lacks, as `wolo workflows show` does.
async fn completed(house: &House, mut story: Story) -> Vec<Run> {
    while story.lacks_its_beginning() {
        let read = histories::read(&house.pool, &story.process, story.lacks_run()).await;
        let Some((ended, history)) = read.expect("Postgres answers") else { break };
        let history = match history {
            History::Written { format, bytes } => Ok((format, bytes)),
            History::Lacks(lacks) => Err(lacks),
        };
        let (began, ended_at) = (ended.began_at, ended.ended_at);
        let archived = Archived { run: ended.run, kind: ended.kind, began, ended: ended_at, history };
        story.begin_with(archived).expect("it can be read");
    }
    story.runs
}

/// What happened when, without what it carried.
fn happenings(runs: &[Run]) -> Vec<(&'static str, Option<chrono::DateTime<Utc>>, String)> {
    let lines = runs.iter().flat_map(|run| &run.lines);
    lines
        .map(|line| {
            let ends = |c| matches!(c, ':' | ',');
            (line.what, line.at, line.words.split(ends).next().unwrap_or_default().to_owned())
        })
        .collect()
}

async fn rows(house: &House, process: &str) -> Vec<chrono::DateTime<Utc>> {
    let rows = sqlx::query_scalar("select archived_at from ops.histories where workflow_id = $1");
    rows.bind(process).fetch_all(&house.pool).await.expect("Postgres answers")
}

#[test]
fn what_a_pot_its_gift_and_its_payout_went_through_is_told_when_the_engine_has_forgotten_it() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.give(pot, 5_000).await;
        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        let processes = [ids::pot_lifecycle(pot), ids::donation(gift.donation), ids::payout(pot)];
        for process in &processes {
            let before = until("it has ended", async || {
                let runs = house.runs_of(process).await;
                runs.last().is_some_and(|run| run.ended.is_some()).then_some(runs)
            })
            .await;
            is_archived(house, process, None).await;
            let once = rows(house, process).await;
            started_by(house, ids::HISTORY_ARCHIVE).await;
            archive(house, input()).await;
            assert_eq!((once.len(), rows(house, process).await), (1, once), "{process} is archived once");

            forget(house, process, &before[0].run).await;
            let unknown = house.control.story(process, None, Utc::now()).await;
            assert!(matches!(unknown, Err(AskError::NotFound)), "{unknown:?}");
            let told = completed(house, Story::forgotten(process, None)).await;
            assert!(told.len() == before.len() && told.iter().all(|run| run.archived), "{told:#?}");
            assert_eq!(happenings(&told), happenings(&before), "{process}");
            assert!(told.iter().flat_map(|run| &run.lines).all(|line| line.carried.is_null()), "{told:#?}");
            assert_eq!((told[0].kind.as_str(), told[0].ended), (before[0].kind.as_str(), before[0].ended));
        }
        let told = completed(house, Story::forgotten(&processes[0], None)).await;
        for words in ["is asked to schedule", "stands at open", &format!("begins payout/{pot}"), "ends"] {
            assert!(told[0].lines.iter().any(|line| line.words == words), "{words}: {told:#?}");
        }
        assert!(told[0].lines.iter().any(|line| line.words.starts_with("pots.close, ")), "{told:#?}");
        let kept: Vec<u8> = sqlx::query_scalar(
            "select string_agg(convert_to(to_jsonb(histories)::text, 'UTF8') || coalesce(history, ''), '' order by run_id)
             from ops.histories",
        )
        .fetch_one(&house.pool)
        .await
        .expect("Postgres answers");
        for person in ["Fatou", "Awa", "+221", "trente ans"] {
            let stands = kept.windows(person.len()).any(|bytes| bytes == person.as_bytes());
            assert!(!stands, "{person} stands in the archive");
        }
        let (last, _, _) = archive(house, input()).await;
        keep(house, "history-archive", &last).await;
    });
}

#[test]
fn what_was_missed_is_made_up_for_and_what_cannot_be_read_is_counted_and_stops_nothing() {
    alone(async {
        let house = house_of_its_own().await;
        let (process, before) = house.pot_in_a_new_run().await;
        let first = before[0].run.clone();
        is_archived(house, &process, Some(&first)).await;
        forget(house, &process, &first).await;
        // The engine knows the last runs, and the archive what came before them.
        let story = house.control.story(&process, None, Utc::now()).await.expect("its story");
        assert_eq!((story.runs.len(), story.lacks_run()), (before.len() - 1, Some(first.as_str())));
        let told = completed(house, story).await;
        let archived: Vec<_> = told.iter().map(|run| (run.run.as_str(), run.archived)).collect();
        assert_eq!((archived[0], archived.len()), ((first.as_str(), true), before.len()));
        assert!(archived[1..].iter().all(|(_, archived)| !archived), "{archived:?}");
        assert_eq!(happenings(&told[..1]), happenings(&before[..1]));
        let alone = completed(house, Story::forgotten(&process, Some(first.clone()))).await;
        assert_eq!(alone.len(), 1);

        // Twenty hours are made up for in stretches, by as many runs of the process as that needs.
        let back = "update ops.histories_mark set archived_until = archived_until - interval '20 hours'";
        sqlx::query(back).execute(&house.pool).await.expect("nobody was there");
        let began = Utc::now();
        let (long, run, _) = archive(house, ArchiveInput { continue_after_events: 1, ..input() }).await;
        let told = house.runs_of(&long).await;
        assert_eq!(told.len(), 4, "{told:#?}");
        let mark = histories::mark(&house.pool).await.expect("Postgres answers").expect("a mark");
        assert!(mark >= began, "{mark} {began}");
        keep_run(house, "history-archive-carried-on", &long, run).await;

        // The last of them has ended since and is too long for this one, which comes to its end all the same.
        let last = told[3].run.clone();
        let too_long = until("the index knows of them", async || {
            let (_, _, runs) = archive(house, ArchiveInput { longest_bytes: 1, ..input() }).await;
            assert_eq!((runs.archived, runs.gone), (0, 0));
            let read = histories::read(&house.pool, &long, Some(&last)).await.expect("an answer");
            read.map(|(_, history)| history)
        })
        .await;
        assert_eq!(too_long, History::Lacks(Lacks::TooLong));
        assert!(histories::lost(&house.pool, began).await.expect("Postgres answers") >= 1);
        let told = completed(house, Story::forgotten(&long, Some(last))).await;
        let words = "ends; what happened until then is not archived: it was too long";
        assert_eq!(told[0].lines.iter().map(|line| line.words.as_str()).collect::<Vec<_>>(), [words]);
    });
}
