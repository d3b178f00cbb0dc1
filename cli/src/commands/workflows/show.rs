//! `wolo workflows show`: what a process went through, a line each, in Dakar's time.

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use wolo_control::AskError;
use wolo_control::story::{Run, Story};

use crate::commands::Config;
use crate::output::{self, Format, Paint, instant_or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Its name, such as `pot/pot_0193…`
    #[arg(value_name = "PROCESS")]
    process: String,
    /// Only this run of it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let control = system.control().await?;
        let story = match control.story(&self.process, self.run.clone(), Utc::now()).await {
            Err(AskError::NotFound) => bail!("the engine knows no process {}", self.process),
            told => told.context("the engine does not tell what happened")?,
        };
        let page = system.process_page(&story.process);
        if self.format.json {
            return output::json(&json!({ "story": story, "page": page }));
        }
        print(&story, page);
        Ok(())
    }
}

fn print(story: &Story, page: Option<String>) {
    let paint = Paint::for_stdout();
    output::say(&format!("{}", paint.bold(&story.process)));
    for run in &story.runs {
        output::say(&format!("\n{} {}, run {}", run.kind, standing(run), run.run));
        for line in &run.lines {
            let words: String = line.words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            output::say(&format!("  {}  {words}", paint.faint(to_the_second(line.at))));
        }
    }
    if let Some(stuck) = &story.stuck {
        output::say(&format!(
            "\nIt does not go on: it waits for {}. {} helps with: {}",
            stuck.waits_for, stuck.owner, stuck.help
        ));
    }
    if let Some(page) = page {
        output::say(&format!("\n{page}"));
    }
}

fn standing(run: &Run) -> String {
    match run.ended {
        Some(_) => format!("from {} to {}", instant_or_dash(run.began), instant_or_dash(run.ended)),
        None => format!("running since {}", instant_or_dash(run.began)),
    }
}

fn to_the_second(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.format("%-d %b %Y %H:%M:%S").to_string())
}
