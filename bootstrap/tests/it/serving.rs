//! Against a real Temporal server, one for the whole story.

use std::time::{Duration, Instant};

use temporalio_client::tonic::IntoRequest as _;
use temporalio_client::{Client, WorkflowStartOptions};
use temporalio_common::UntypedWorkflow;
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::protos::temporal::api::common::v1::{Payload, WorkflowExecution};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
use wolo_bootstrap::codec::{ENCRYPTED, EncryptionCodec};
use wolo_bootstrap::settings::Layers;
use wolo_bootstrap::temporal::{self, IndexedValueType, SearchAttributeError};
use wolo_sandbox::Temporal;
use wolo_sandbox::folders::DataFolder;

const WANTED: [(&str, IndexedValueType); 3] = [
    ("PotId", IndexedValueType::Keyword),
    ("DueAt", IndexedValueType::Datetime),
    ("NeedsHuman", IndexedValueType::Bool),
];

#[tokio::test]
async fn a_server_is_connected_to_given_its_attributes_and_only_ciphertext() {
    let folder = DataFolder::temporary().unwrap();
    let mut server = Temporal::start(&folder, &wolo_sandbox::temporal::Options::default()).await.unwrap();
    let settings = Layers::new().set("temporal.address", server.address()).read().unwrap().temporal;
    let client = temporal::connect(&settings).await.unwrap();
    temporal::probe(&client).await.unwrap();

    // From two processes at once, then again.
    let (one, two) = tokio::join!(
        temporal::ensure_search_attributes(&client, &WANTED),
        temporal::ensure_search_attributes(&client, &WANTED)
    );
    one.unwrap();
    two.unwrap();
    temporal::ensure_search_attributes(&client, &WANTED).await.unwrap();
    let more = [WANTED[0], ("Kind", IndexedValueType::Keyword)];
    temporal::ensure_search_attributes(&client, &more).await.unwrap();
    let other = temporal::ensure_search_attributes(&client, &[("PotId", IndexedValueType::Bool)]).await;
    assert!(matches!(other, Err(SearchAttributeError::OtherType { .. })), "{other:?}");

    let stored = input_as_stored(&client).await;
    assert_eq!(stored.metadata["encoding"], ENCRYPTED.as_bytes());
    assert!(!stored.data.windows(3).any(|part| part == b"Awa"));
    let read = EncryptionCodec::new(&settings.payload_keys).unwrap().decrypt(stored).unwrap();
    assert_eq!(read.data, br#""Awa""#);

    server.kill().await;
    let asked = Instant::now();
    temporal::probe(&client).await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(5), "a probe does not wait for a server that is gone");
    let error = temporal::connect(&settings).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().starts_with("Temporal cannot be reached at http://127.0.0.1:"), "{error}");
}

/// Starts a process that nobody works on, and reads what the server keeps of its input.
async fn input_as_stored(client: &Client) -> Payload {
    let input = RawValue::from_value(&"Awa".to_owned(), &PayloadConverter::serde_json());
    let options = WorkflowStartOptions::new("nobody", "rehearsal/1").build();
    client.start_workflow(UntypedWorkflow::new("Rehearsal"), input, options).await.unwrap();
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: client.options().namespace.clone(),
        execution: Some(WorkflowExecution { workflow_id: "rehearsal/1".to_owned(), run_id: String::new() }),
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let mut service = client.connection().workflow_service();
    let history = service.get_workflow_execution_history(request.into_request()).await.unwrap().into_inner();
    let first = history.history.unwrap().events.swap_remove(0);
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = first.attributes else {
        panic!("{first:?}");
    };
    assert!(started.identity.starts_with("it-"), "the identity names the program only: {}", started.identity);
    started.input.unwrap().payloads.swap_remove(0)
}
