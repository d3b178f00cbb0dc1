//! `wolo notices show`. What the message says is not shown: it is not kept, and is nobody's business.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::notices::NoticeStatus;
use wolo_database::notices;
use wolo_domain::ids::NoticeId;

use super::Brief;
use crate::commands::Config;
use crate::output::{self, Fields, Format, Listing, instant, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The message's id
    #[arg(value_name = "MESSAGE")]
    notice: NoticeId,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let entry = notices::notice(&pool, self.notice).await?;
        let entry = entry.with_context(|| format!("there is no message {}", self.notice))?;
        let tried = notices::attempts_of(&pool, self.notice).await?;
        let name = entry.process.clone();
        let process = system
            .ask(async |control| control.notice_status(&name).await.map_err(|error| error.to_string()))
            .await;
        let page = system.process_page(&entry.process);
        let notice = Brief::from(entry);
        if self.format.json {
            let tried: Vec<_> = tried
                .iter()
                .map(|one| {
                    json!({
                        "number": one.number, "channel": one.channel, "provider": one.provider, "state": one.state,
                        "code": one.code, "sent_at": one.sent_at, "told": one.told,
                    })
                })
                .collect();
            let (status, problem) = (process.as_ref().ok(), process.as_ref().err());
            return output::json(&json!({
                "notice": notice, "attempts": tried, "process": status, "process_problem": problem, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("message", notice.notice);
        fields.field("kind", notice.kind);
        fields.field("to", or_dash(notice.user));
        fields.field("pot", or_dash(notice.pot));
        fields.field("stage", notice.stage);
        fields.field("written", instant(notice.created_at));
        if let Some(why) = &notice.why_not {
            fields.field("why not", why);
        }
        fields.field("its process", words(process));
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        if !tried.is_empty() {
            let mut listing =
                Listing::new(["TRY", "CHANNEL", "BY", "STATE", "CODE", "TOLD", "SENT"]).right(0);
            for one in tried {
                listing.row([
                    one.number.to_string(),
                    one.channel.to_string(),
                    one.provider,
                    one.state,
                    or_dash(one.code),
                    or_dash(Some(one.told.join(", ")).filter(|told| !told.is_empty())),
                    instant(one.sent_at),
                ]);
            }
            output::say(&format!("\n{}", listing.text()));
        }
        Ok(())
    }
}

fn words(process: Result<NoticeStatus, String>) -> String {
    match process {
        Ok(NoticeStatus { not_before: Some(moment), .. }) => format!("waits until {}", instant(moment)),
        Ok(NoticeStatus { channel: Some(channel), number, .. }) => {
            format!("has come to try {number}, by {channel}")
        }
        Ok(_) => "has not begun to send".to_owned(),
        Err(why) => format!("gives no answer: {why}"),
    }
}
