//! `wolo workflows list`.

use anyhow::Result;
use clap::Args;
use wolo_control::story::{Listed, Wanted};
use wolo_database::histories::{self, Ended};

use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant_or_dash, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those of this type, such as `PotLifecycle`
    #[arg(long, value_name = "TYPE")]
    kind: Option<String>,
    /// Only those that stand so, such as open
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Only those that run
    #[arg(long)]
    running: bool,
    /// Those of the archive, which the engine may have forgotten, the last ended first
    #[arg(long, conflicts_with = "running")]
    archived: bool,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let Self { kind, stage, running, archived, most, format } = self;
        let processes = if archived {
            let pool = system.pool().await?;
            let kept = histories::list(&pool, kind.as_deref(), stage.as_deref(), most.limit).await?;
            kept.into_iter().map(listed).collect()
        } else {
            let wanted = Wanted { kind, stage, running, at_most: usize::try_from(most.limit)? };
            system.control().await?.processes(&wanted).await?
        };
        if format.json {
            return output::json(&processes);
        }
        let mut listing = Listing::new(["PROCESS", "TYPE", "STANDS AT", "BEGAN", "ENDED"]);
        for one in processes {
            let (began, ended) = (instant_or_dash(one.began), instant_or_dash(one.ended));
            listing.row([one.process, one.kind, or_dash(one.stage), began, ended]);
        }
        let who = if archived { "archive" } else { "engine" };
        let nothing = || format!("The {who} knows no such process.");
        output::say(&if listing.is_empty() { nothing() } else { listing.text() });
        Ok(())
    }
}

fn listed(ended: Ended) -> Listed {
    let Ended { process, run, kind, stage, began_at, ended_at, .. } = ended;
    Listed { process, kind, run, stage, began: began_at, ended: Some(ended_at) }
}
