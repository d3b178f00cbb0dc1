//! What stands still, and the story of a process, as the operator reads them.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json as body};
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::workflowservice::v1::DeleteWorkflowExecutionRequest;
use wolo_bootstrap::settings::Layers;

use crate::dev::{Dev, json, post};
use crate::payout::{pot_with_a_gift, until};
use crate::{said, wolo};

pub(crate) fn what_stands_still_is_named_and_helped(home: &Path, dev: &Dev) {
    let address = |part: &str| dev.addresses[part].as_str().unwrap().to_owned();
    let (api, wave) = (address("api"), address("wave"));
    let pot = pot_with_a_gift(home, &api, &wave, "771234511");
    json(home, &["pots", "hold", &pot, "--note", "a test", "--json"]);
    let held = named(home, &format!("pot/{pot}")).unwrap();
    assert_eq!((&held["why"], &held["owner"]), (&body!("held"), &body!("support")));
    assert_eq!(held["help"], format!("wolo pots release {pot} --reason …"));
    json(home, &["pots", "release", &pot, "--reason", "seen", "--json"]);
    assert_eq!(named(home, &format!("pot/{pot}")), None);

    for endpoint in ["checkout.create", "checkout.search"] {
        let down = body!({ "endpoint": endpoint, "times": 1_000, "fault": { "kind": "error_before", "status": 503 } });
        post(&format!("{wave}/_sandbox/faults"), None, &down);
    }
    let slug = json(home, &["pots", "show", &pot, "--json"])["pot"]["slug"].clone();
    try_to_give(&api, &body!({ "pot": slug, "amount": 900, "name": "Moussa" }));
    let retried = until(|| {
        let found = json(home, &["stuck", "--queue", "money", "--json"])["stuck"].as_array().cloned()?;
        found.into_iter().find(|one| one["why"] == "retries")
    });
    let process = retried["process"].as_str().unwrap().to_owned();
    assert!(process.starts_with("donation/don_"), "{retried}");
    assert!(retried["attempts"].as_u64().unwrap() >= 2, "{retried}");
    assert_eq!(retried["last_error"]["kind"], "wave.unreachable");
    assert_eq!((&retried["help"], &retried["owner"]), (&body!("wolo doctor"), &body!("finance")));
    assert!(retried["page"].as_str().unwrap().contains("/workflows/donation%2Fdon_"), "{retried}");
    let (code, out, err) = said(wolo(home).arg("stuck"));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    // Under the role of the API nothing would be seen, and everything would seem to go on.
    let settings = dev.addresses["settings"].as_str().unwrap();
    let database = dev.addresses["postgres"].as_str().unwrap().rsplit_once('@').unwrap().1;
    let blind = wolo(home)
        .env("WOLO__DATABASE__URL", format!("postgres://wolo_api@{database}"))
        .args(["--config", settings, "stuck"])
        .output()
        .unwrap();
    let told = String::from_utf8(blind.stderr).unwrap();
    assert!(!blind.status.success() && told.contains("connects as wolo_api"), "{told}");
    for words in [
        &*process,
        "donations.open_checkout to succeed",
        "wave.unreachable: ",
        "finance helps with: wolo doctor",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (code, out, _) = said(wolo(home).args(["workflows", "show", &process]));
    assert!(
        code == 0 && out.contains("has asked for donations.open_checkout, which is not done yet"),
        "{out}"
    );
    assert!(out.contains("It does not go on: it waits for donations.open_checkout to succeed, which is tried again until it does."), "{out}");
    assert!(!out.contains("Moussa"), "{out}");

    post(&format!("{wave}/_sandbox/faults/clear"), None, &body!({}));
    until(|| named(home, &process).is_none().then_some(()));
    let told = json(home, &["workflows", "show", &process, "--json"]);
    let lines = told["story"]["runs"][0]["lines"].as_array().unwrap();
    let opened = lines.iter().find(|line| line["what"] == "step").unwrap()["words"].as_str().unwrap();
    assert!(
        opened.starts_with("donations.open_checkout: ") && opened.contains(" try (before that: "),
        "{opened}"
    );
    let listed = json(home, &["workflows", "list", "--kind", "Donation", "--running", "--json"]);
    assert!(listed.as_array().unwrap().iter().any(|one| one["process"] == process), "{listed}");
    let (code, _, err) = said(wolo(home).args(["workflows", "show", "pot/of-nobody"]));
    assert_eq!(
        (code, err.as_str()),
        (1, "wolo: the engine knows no process pot/of-nobody, and none is archived\n")
    );
    its_history_is_recorded_as_the_replay_suite_reads_it(home, &process);
}

/// What has ended is told from the archive when the engine has forgotten it, and the command says so.
pub(crate) fn what_the_engine_has_forgotten_is_told_from_the_archive(home: &Path, dev: &Dev) {
    said(wolo(home).args(["schedules", "trigger", "housekeeping"]));
    let process = until(|| {
        let known = json(home, &["workflows", "list", "--kind", "Housekeeping", "--json"]);
        let ended = known.as_array()?.iter().find(|one| !one["ended"].is_null())?;
        Some(ended["process"].as_str()?.to_owned())
    });
    let before = json(home, &["workflows", "show", &process, "--json"]);
    assert_eq!(before["story"]["runs"][0]["archived"], false);
    until(|| {
        said(wolo(home).args(["schedules", "trigger", "history-archive"]));
        let archived = json(home, &["workflows", "list", "--archived", "--kind", "Housekeeping", "--json"]);
        archived.as_array()?.iter().any(|one| one["process"] == process).then_some(())
    });
    forget(dev.addresses["temporal"].as_str().unwrap(), &process);
    let told = until(|| {
        let told = json(home, &["workflows", "show", &process, "--json"]);
        (told["story"]["runs"][0]["archived"] == true).then_some(told)
    });
    let whats = |told: &Value| -> Vec<_> {
        let lines = told["story"]["runs"][0]["lines"].as_array().unwrap().clone();
        lines.into_iter().map(|line| (line["what"].clone(), line["at"].clone())).collect()
    };
    assert_eq!(whats(&told), whats(&before));
    let (code, out, _) = said(wolo(home).args(["workflows", "show", &process]));
    assert!(code == 0 && out.contains("(archived: what it carried was not kept)"), "{out}");
    assert!(out.contains("begins as Housekeeping\n") && out.contains("retention.keep, "), "{out}");
    let (code, out, _) = said(wolo(home).args(["workflows", "list", "--archived"]));
    assert!(code == 0 && out.contains(&process), "{out}");
}

/// Makes the engine forget a process, as it does when its time is over.
fn forget(temporal: &str, process: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = Layers::new().set("temporal.address", temporal).read().unwrap();
        let client = wolo_bootstrap::temporal::connect(&settings.temporal).await.unwrap();
        let execution = WorkflowExecution { workflow_id: process.to_owned(), run_id: String::new() };
        let delete = DeleteWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(execution),
        };
        let mut service = client.connection().workflow_service();
        service.delete_workflow_execution(delete.into_request()).await.unwrap();
    });
}

/// With the key that the suite has.
fn its_history_is_recorded_as_the_replay_suite_reads_it(home: &Path, process: &str) {
    let folder = home.join("histories");
    let folder = folder.to_str().unwrap();
    let words = ["histories", "record", process, "--ending", "donation-under-way", "--to", folder, "--json"];
    let recorded = json(home, &words);
    let text = std::fs::read(recorded["file"].as_str().unwrap()).unwrap();
    assert!(recorded["events"].as_u64().unwrap() > 5, "{recorded}");
    assert!(temporalio_client::WorkflowHistory::from_json(&text).is_ok());
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("Moussa") && text.contains("donations.open_checkout"), "{text}");
    let (code, _, err) = said(wolo(home).args(["histories", "record", process, "--ending", "../x"]));
    assert!(code == 2 && err.starts_with("wolo: an ending is named in small letters and dashes"), "{err}");
}

/// What is said of a process.
fn named(home: &Path, process: &str) -> Option<Value> {
    let told = json(home, &["stuck", "--json"]);
    told["stuck"].as_array().unwrap().iter().find(|one| one["process"] == process).cloned()
}

/// Whoever gives while Wave is away is told to come again.
fn try_to_give(api: &str, gift: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(Duration::from_secs(30));
        let http = wolo_providers::http::client(timeouts).unwrap();
        let asked =
            http.post(format!("{api}/api/payments/donate")).header("idempotency-key", "while-wave-is-away");
        let answer = asked.json(gift).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 503, "{}", answer.text().await.unwrap());
    });
}
