//! `wolo workflows list`.

use anyhow::Result;
use clap::Args;
use wolo_control::story::Wanted;

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
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let control = System::find(config)?.control().await?;
        let Self { kind, stage, running, most, format } = self;
        let wanted = Wanted { kind, stage, running, at_most: usize::try_from(most.limit)? };
        let processes = control.processes(&wanted).await?;
        if format.json {
            return output::json(&processes);
        }
        let mut listing = Listing::new(["PROCESS", "TYPE", "STANDS AT", "BEGAN", "ENDED"]);
        for one in processes {
            let (began, ended) = (instant_or_dash(one.began), instant_or_dash(one.ended));
            listing.row([one.process, one.kind, or_dash(one.stage), began, ended]);
        }
        let nothing = || "The engine knows no such process.".to_owned();
        output::say(&if listing.is_empty() { nothing() } else { listing.text() });
        Ok(())
    }
}
