//! `wolo refunds show`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_control::refunds::RefundStatus;
use wolo_domain::ids::DonationId;
use wolo_workflows::ids;

use super::named;
use crate::commands::Config;
use crate::output::{self, Fields, Format, instant_or_dash, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The gift's id
    #[arg(value_name = "GIFT")]
    donation: DonationId,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let refund = named(&system.pool().await?, self.donation).await?;
        let process = system
            .ask(async |control| {
                control.refund_status(self.donation).await.map_err(|error| error.to_string())
            })
            .await;
        let page = system.process_page(&ids::refund(self.donation));
        if self.format.json {
            let (status, problem) = (process.as_ref().ok(), process.as_ref().err());
            return output::json(&json!({
                "refund": refund, "process": status, "process_problem": problem, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("gift", refund.donation);
        fields.field("pot", refund.pot);
        fields.field("amount", refund.amount);
        fields.field("stage", refund.stage);
        fields.field("Wave's payment", or_dash(refund.wave_transaction_id));
        fields.field("asked for", instant_or_dash(refund.sent_at));
        fields.field("ended", instant_or_dash(refund.ended_at));
        fields.field("refused for", or_dash(refund.refusal_code));
        let process = match process {
            _ if refund.ended_at.is_some() => "has ended".to_owned(),
            Ok(RefundStatus { refused: Some(code), refusals, .. }) => {
                let times = if refusals == 1 { "once".to_owned() } else { format!("{refusals} times") };
                format!("waits to ask Wave again, which has refused {times} ({code})")
            }
            Ok(_) => "is asking Wave".to_owned(),
            Err(why) => format!("gives no answer: {why}"),
        };
        fields.field("its process", process);
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        Ok(())
    }
}
