//! Telling the processes that bring messages what their providers say.

use temporalio_client::WorkflowSignalOptions;
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use wolo_workflows::notice_delivery::NoticeDelivery;

/// What a message's process is told.
pub use wolo_workflows::notice_delivery::ReceiptCame;

use crate::{AskError, Control};

impl Control {
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
}
