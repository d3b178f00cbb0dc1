//! All that the engine remembers: every history as it is stored, and with its payloads decrypted; and the files that it writes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use serde_json::Value;
use temporalio_client::{WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowListOptions};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use wolo_bootstrap::codec::EncryptionCodec;
use wolo_control::{Control, ids};
use wolo_workflows::donation::Donation;

use crate::app::TestApp;

pub(crate) struct Kept {
    pub(crate) as_stored: Vec<u8>,
    pub(crate) decrypted: Vec<u8>,
    pub(crate) processes: usize,
    pub(crate) payloads: usize,
}

pub(crate) async fn kept(app: &TestApp) -> Kept {
    let client = wolo_bootstrap::temporal::connect(&app.settings.temporal).await.unwrap();
    let codec = EncryptionCodec::new(&app.settings.temporal.payload_keys).unwrap();
    let mut kept = Kept { as_stored: Vec::new(), decrypted: Vec::new(), processes: 0, payloads: 0 };
    let mut all = client.list_workflows("", WorkflowListOptions::default());
    while let Some(one) = all.next().await {
        let one = one.unwrap();
        // Its name, its memo and its search attributes.
        kept.as_stored.extend(format!("{:?}\n", one.raw()).into_bytes());
        let mut handle: WorkflowHandle<_, Donation> = client.get_workflow_handle(one.id());
        let mut run = handle.info().clone();
        run.run_id = Some(one.run_id().to_owned());
        handle = WorkflowHandle::new(client.clone(), run);
        let history = handle.fetch_history(WorkflowFetchHistoryOptions::default()).to_json().await.unwrap();
        let parsed: Value = serde_json::from_slice(&history).unwrap();
        kept.as_stored.extend(history);
        kept.decrypt(&codec, &parsed);
        kept.processes += 1;
    }
    kept
}

impl Kept {
    /// Every payload of a history, wherever it stands in it.
    fn decrypt(&mut self, codec: &EncryptionCodec, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let (Some(Value::Object(metadata)), Some(Value::String(data))) =
                    (fields.get("metadata"), fields.get("data"))
                {
                    let bytes = |text: &str| STANDARD.decode(text).unwrap();
                    let metadata = metadata
                        .iter()
                        .map(|(name, value)| (name.clone(), bytes(value.as_str().unwrap())))
                        .collect();
                    let payload = Payload { metadata, data: bytes(data), ..Payload::default() };
                    self.decrypted.extend(codec.decrypt(payload).unwrap().data);
                    self.decrypted.push(b'\n');
                    self.payloads += 1;
                }
                for value in fields.values() {
                    self.decrypt(codec, value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.decrypt(codec, value)),
            _ => {}
        }
    }
}

/// All that is archived of processes that have ended.
#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
pub(crate) async fn archived(app: &TestApp) -> Vec<u8> {
    let client = wolo_bootstrap::temporal::connect(&app.settings.temporal).await.unwrap();
    Control::new(client).trigger_schedule(ids::HISTORY_ARCHIVE).await.unwrap();
    let all = "select count(*), string_agg(convert_to(to_jsonb(histories)::text, 'UTF8') || coalesce(history, ''), '')
               from ops.histories where exists (select from ops.histories_mark)";
    let archive = async {
        loop {
            let (count, content): (i64, Option<Vec<u8>>) =
                sqlx::query_as(all).fetch_one(&app.pool).await.unwrap();
            if let Some(content) = content.filter(|_| count >= 20) {
                println!("{count} histories are archived");
                return content;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), archive).await.expect("what has ended is archived")
}

/// What the engine has written to its disk, and what it has said.
pub(crate) fn files(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let folder = app.world().temporal.folder();
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let kept: Vec<_> = files
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("temporal.db"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    assert!(
        kept.iter().any(|(_, content)| content.len() > 100_000),
        "the engine keeps a file in {}",
        folder.display()
    );
    kept
}
