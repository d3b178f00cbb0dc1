use serde_json::{Value, json};
use wolo_sandbox::Temporal;
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::temporal::{IndexedType, NAMESPACE, Options, SearchAttribute};

use crate::facts::{is_held, listens, port_of, runs};

fn with(attributes: &[&str]) -> Options {
    let search_attributes =
        attributes.iter().map(|name| SearchAttribute::new(*name, IndexedType::Keyword)).collect();
    Options { search_attributes, ..Options::default() }
}

/// Starts a workflow nobody works on: it waits.
async fn start_workflow(temporal: &Temporal, id: &str, attribute: &str) {
    let url = format!("{}/api/v1/namespaces/{NAMESPACE}/workflows/{id}", temporal.http_address());
    // "pot-1", in quotes, as base64.
    let keyword = json!({
        "metadata": { "encoding": "anNvbi9wbGFpbg==", "type": "S2V5d29yZA==" },
        "data": "InBvdC0xIg=="
    });
    let request = json!({
        "workflowType": { "name": "Nothing" },
        "taskQueue": { "name": "nobody" },
        "searchAttributes": { "indexedFields": { attribute: keyword } }
    });
    let response = reqwest::Client::new().post(url).json(&request).send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}

async fn status(temporal: &Temporal, id: &str) -> String {
    let url = format!("{}/api/v1/namespaces/{NAMESPACE}/workflows/{id}", temporal.http_address());
    let description: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    description["workflowExecutionInfo"]["status"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn processes_survive_a_crash_and_a_new_start_on_a_kept_folder() {
    let around = DataFolder::temporary().unwrap();
    let folder = DataFolder::kept(&around.path().join("kept")).unwrap();
    let mut temporal = Temporal::start(&folder, &with(&["PotId"])).await.unwrap();
    let address = temporal.address();
    start_workflow(&temporal, "waiting", "PotId").await;

    let before = temporal.pid();
    temporal.kill().await;
    assert!(!runs(before) && !listens(port_of(&address)));
    temporal.restart().await.unwrap();
    assert_eq!(temporal.address(), address);
    assert_ne!(temporal.pid(), before);
    assert_eq!(status(&temporal, "waiting").await, "WORKFLOW_EXECUTION_STATUS_RUNNING");
    temporal.shutdown().await;
    assert!(!is_held(&folder.log("temporal")));

    // A search attribute that is new since then is there too.
    let temporal = Temporal::start(&folder, &with(&["PotId", "OwnerId"])).await.unwrap();
    assert_eq!(status(&temporal, "waiting").await, "WORKFLOW_EXECUTION_STATUS_RUNNING");
    start_workflow(&temporal, "another", "OwnerId").await;
}

#[tokio::test]
async fn a_temporary_server_survives_a_restart_too() {
    let folder = DataFolder::temporary().unwrap();
    let mut temporal = Temporal::start(&folder, &with(&["PotId"])).await.unwrap();
    start_workflow(&temporal, "waiting", "PotId").await;
    temporal.restart().await.unwrap();
    assert_eq!(status(&temporal, "waiting").await, "WORKFLOW_EXECUTION_STATUS_RUNNING");
}

#[tokio::test]
async fn its_pages_and_its_measurements_are_there() {
    let folder = DataFolder::temporary().unwrap();
    let temporal = Temporal::start(&folder, &Options::default()).await.unwrap();
    for url in [temporal.ui_url(), temporal.workflow_url("pot/1", None), temporal.metrics_url()] {
        assert!(reqwest::get(&url).await.unwrap().status().is_success(), "{url}");
    }
}
