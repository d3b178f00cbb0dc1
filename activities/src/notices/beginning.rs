//! Starting the process of a message, for whoever has something to say.

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions};
use wolo_domain::notices::Category;
use wolo_workflows::notice_delivery::{NoticeDelivery, NoticeInput};
use wolo_workflows::{attributes, ids, queues};

/// The engine does what is less urgent last.
const BULK: u32 = 5;

/// Starts it, unless it has been: a person is told of an event once.
pub async fn begin(client: &Client, notice: NoticeInput) -> Result<(), WorkflowStartError> {
    let message = &notice.message;
    let kind = message.says.kind();
    let mut options =
        WorkflowStartOptions::new(queues::NOTICES, ids::notice(&message.event, &message.person))
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .search_attributes(attributes::of_notice(message.pot, kind))
            .build();
    if kind.category() == Category::Wishes {
        options.priority.priority_key = Some(BULK);
    }
    match client.start_workflow(NoticeDelivery::run, notice, options).await {
        Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
