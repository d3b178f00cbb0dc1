//! The recorded histories of finished processes: what a new version of the code must still be able to follow.
//!
//! `WOLO_RECORD_HISTORIES=1 cargo test -p wolo-worker --test it` writes them anew; see CONTRIBUTING.md for when.

use std::path::PathBuf;

use temporalio_client::WorkflowHandle;
use wolo_workflows::donation::Donation;

use crate::house::House;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Keeps the history of an ending, when histories are being recorded.
pub(crate) async fn keep(house: &House, name: &str, workflow_id: &str) {
    keep_run(house, name, workflow_id, None).await;
}

/// Keeps the history of one run of several that a process has had; nothing means its last.
pub(crate) async fn keep_run(house: &House, name: &str, workflow_id: &str, run_id: Option<String>) {
    if std::env::var_os("WOLO_RECORD_HISTORIES").is_none() {
        return;
    }
    let client = house.control.client();
    // The type of the handle does not matter for reading a history.
    let handle: WorkflowHandle<_, Donation> = client.get_workflow_handle(workflow_id);
    let mut run = handle.info().clone();
    run.run_id = run_id;
    let handle: WorkflowHandle<_, Donation> = WorkflowHandle::new(client.clone(), run);
    let history = handle.fetch_history(Default::default());
    let json = history.to_json().await.expect("the engine remembers it");
    std::fs::create_dir_all(folder()).expect("the folder can be made");
    std::fs::write(folder().join(format!("{name}.json")), json).expect("the history can be kept");
}
