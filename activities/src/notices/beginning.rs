//! Starting the process of a message, for whoever has something to say.

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions};
use wolo_workflows::notice_delivery::{NoticeDelivery, NoticeInput};
use wolo_workflows::{attributes, ids, queues};

/// The engine does last what can be missed: messages that waited for the morning wake up by the thousand.
const BULK: u32 = 5;

/// Starts it, unless it has been: a person is told of an event once. Answers whether it was started now.
pub async fn begin(client: &Client, notice: NoticeInput) -> Result<bool, WorkflowStartError> {
    let message = &notice.message;
    let kind = message.says.kind();
    let mut options =
        WorkflowStartOptions::new(queues::NOTICES, ids::notice(&message.event, &message.person))
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .search_attributes(attributes::of_notice(message.pot, kind))
            .build();
    if !kind.category().must_be_heard() {
        options.priority.priority_key = Some(BULK);
    }
    match client.start_workflow(NoticeDelivery::run, notice, options).await {
        Ok(_) => Ok(true),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
