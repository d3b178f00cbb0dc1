//! `wolo workflows show`: what a process went through, a line each, in Dakar's time. What the engine has forgotten of it is told from
//! the archive.

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use wolo_control::AskError;
use wolo_control::story::{Archived, Run, Story};
use wolo_database::histories::{self, Ended, History};

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
        let mut story = match control.story(&self.process, self.run.clone(), Utc::now()).await {
            Err(AskError::NotFound) => Story::forgotten(&self.process, self.run.clone()),
            told => told.context("the engine does not tell what happened")?,
        };
        let known = !story.runs.is_empty();
        let untold = match complete(&system, &mut story).await {
            // What the engine knows is told all the same.
            Err(error) if known => Some(format!("{error:#}")),
            completed => completed.map(|()| None)?,
        };
        if story.runs.is_empty() {
            bail!("the engine knows no process {}, and none is archived", self.process);
        }
        let page = system.process_page(&story.process).filter(|_| known);
        if self.format.json {
            return output::json(&json!({ "story": story, "page": page, "untold": untold }));
        }
        if let Some(why) = untold {
            output::say(&format!("What came before is not told: {why}"));
        }
        print(&story, page);
        Ok(())
    }
}

/// Tells from the archive what the engine has forgotten of a story.
async fn complete(system: &System, story: &mut Story) -> Result<()> {
    if !story.lacks_its_beginning() {
        return Ok(());
    }
    let pool = system.pool().await?;
    while story.lacks_its_beginning() {
        let read = histories::read(&pool, &story.process, story.lacks_run()).await;
        let Some((ended, history)) = read.context("the archive does not answer")? else { break };
        let history = match history {
            History::Written { format, bytes } => Ok((format, bytes)),
            History::Lacks(lacks) => Err(lacks),
        };
        let Ended { run, kind, began_at, ended_at, .. } = ended;
        story.begin_with(Archived { run, kind, began: began_at, ended: ended_at, history })?;
    }
    Ok(())
}

fn print(story: &Story, page: Option<String>) {
    let paint = Paint::for_stdout();
    output::say(&format!("{}", paint.bold(&story.process)));
    for run in &story.runs {
        let archived = if run.archived { " (archived: what it carried was not kept)" } else { "" };
        output::say(&format!("\n{} {}, run {}{archived}", run.kind, standing(run), run.run));
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
