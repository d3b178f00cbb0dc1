//! Asking the processes that bring messages, and telling them what their providers say.

use temporalio_client::{
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowStartOptions,
};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use wolo_domain::ids::NoticeId;
use wolo_workflows::notice_delivery::NoticeDelivery;
use wolo_workflows::{attributes, ids, queues};

/// What a message's process is told, and answers.
pub use wolo_workflows::notice_delivery::{NoticeStatus, ReceiptCame};

use crate::{AskError, Control};

/// Makes another event of an event.
const AGAIN: &str = "-again";

impl Control {
    /// A message as its process sees it; also after its end, as long as the engine remembers it.
    pub async fn notice_status(&self, process: &str) -> Result<NoticeStatus, AskError> {
        let handle = self.client.get_workflow_handle::<NoticeDelivery>(process);
        Ok(handle.query(NoticeDelivery::status, (), WorkflowQueryOptions::default()).await?)
    }

    /// Passes on what one receipt says, under a name of its own: however often it is told, the process hears it once. One
    /// that has ended answers [`AskError::NotFound`] or [`AskError::Ended`], and has nothing left to hear.
    pub async fn tell_notice(
        &self,
        process: &str,
        receipt: ReceiptCame,
        name: String,
    ) -> Result<(), AskError> {
        let handle = self.client.get_workflow_handle::<NoticeDelivery>(process);
        let options = WorkflowSignalOptions::builder().request_id(name).build();
        let receipt = RawValue::from_value(&receipt, &PayloadConverter::default());
        Ok(handle.signal(NoticeDelivery::receipt_came, receipt, options).await?)
    }

    /// Has the same said again, as a message of its own, whose id is the answer. Asked twice it is said again once: then the
    /// answer is [`AskError::Ended`]. What is not remembered any more is [`AskError::NotFound`].
    pub async fn resend_notice(&self, process: &str) -> Result<NoticeId, AskError> {
        let handle = self.client.get_workflow_handle::<NoticeDelivery>(process);
        let mut input = handle.query(NoticeDelivery::input, (), WorkflowQueryOptions::default()).await?;
        let message = &mut input.message;
        message.event.push_str(AGAIN);
        message.notice = NoticeId::of(&message.event, &message.person);
        let notice = message.notice;
        let options =
            WorkflowStartOptions::new(queues::NOTICES, ids::notice(&message.event, &message.person))
                .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
                .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
                .search_attributes(attributes::of_notice(message.pot, message.says.kind()))
                .build();
        self.client.start_workflow(NoticeDelivery::run, input, options).await?;
        Ok(notice)
    }
}
