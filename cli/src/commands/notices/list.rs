//! `wolo notices list`.

use anyhow::Result;
use clap::Args;
use wolo_database::Page;
use wolo_database::notices::{self, Filter};
use wolo_domain::ids::UserId;
use wolo_domain::notices::NoticeStage;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant, or_dash};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only messages to this person
    #[arg(long, value_name = "USER")]
    user: Option<UserId>,
    /// Only messages about this pot: its id, or the last part of its link
    #[arg(long, value_name = "POT")]
    pot: Option<String>,
    /// Only messages in this stage: queued, accepted, failed, delivered, read
    #[arg(long)]
    stage: Option<NoticeStage>,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let pot = match &self.pot {
            Some(name) => Some(named_pot(&pool, name).await?.id),
            None => None,
        };
        let filter = Filter { user: self.user, pot, stage: self.stage };
        let found = notices::list(&pool, filter, Page::first(self.most.limit)).await?;
        let notices: Vec<Brief> = found.into_iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&notices);
        }
        let mut listing = Listing::new(["MESSAGE", "KIND", "TO", "STAGE", "CHANNEL", "WHY NOT", "WRITTEN"]);
        for notice in notices {
            listing.row([
                notice.notice.to_string(),
                notice.kind.to_string(),
                or_dash(notice.user),
                notice.stage.to_string(),
                or_dash(notice.channel),
                or_dash(notice.why_not),
                instant(notice.created_at),
            ]);
        }
        output::say(&if listing.is_empty() {
            "There is no such message.".to_owned()
        } else {
            listing.text()
        });
        Ok(())
    }
}
