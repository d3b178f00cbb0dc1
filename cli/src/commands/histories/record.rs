//! `wolo histories record`: a history of a running sandbox as a file that the replay suite reads.
//!
//! What it carries is decrypted and encrypted again with the development key, which the suite has. It refuses to do that with
//! anything of production: a recorded history lies among the code for everybody to read.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;
use temporalio_client::WorkflowHistory;
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::payload_visitor::encode_payloads;
use temporalio_common::protos::temporal::api::history::v1::History;
use wolo_bootstrap::codec;
use wolo_bootstrap::settings::{Layers, Mode};
use wolo_control::AskError;

use crate::commands::Config;
use crate::failure::{not_understood, refused};
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Record {
    /// Its name, such as `pot/pot_0193…`
    #[arg(value_name = "PROCESS")]
    process: String,
    /// What ending it shows, such as pot-paid-out: the name of the file
    #[arg(long, value_name = "NAME")]
    ending: String,
    /// Only this run of it, instead of the last
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Where recorded histories lie
    #[arg(long, value_name = "FOLDER", default_value = "worker/tests/histories")]
    to: PathBuf,
    #[command(flatten)]
    format: Format,
}

impl Record {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        if system.settings.mode == Mode::Production {
            return Err(refused("histories of production are not recorded: people are in them"));
        }
        let named =
            !self.ending.is_empty() && self.ending.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if !named {
            return Err(not_understood(
                "an ending is named in small letters and dashes, such as pot-paid-out",
            ));
        }
        let control = system.control().await?;
        let events = match control.history(&self.process, self.run).await {
            Err(AskError::NotFound) => bail!("the engine knows no process {}", self.process),
            told => told.context("the engine does not tell what happened")?,
        };
        let count = events.len();
        let mut history = History { events };
        let development = codec::data_converter(&Layers::new().read()?.temporal.payload_keys)?;
        encode_payloads(&mut history, development.codec(), &SerializationContextData::None)
            .await
            .context("the history cannot be encrypted again")?;
        let text = WorkflowHistory::from(history).to_json().await?;
        fs::create_dir_all(&self.to).with_context(|| format!("{} cannot be made", self.to.display()))?;
        let path = self.to.join(format!("{}.json", self.ending));
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        if self.format.json {
            return output::json(&json!({ "file": path, "events": count }));
        }
        output::say(&format!(
            "{}: {count} events. Name it in ENDINGS of worker/tests/it/replay.rs.",
            path.display()
        ));
        Ok(())
    }
}
