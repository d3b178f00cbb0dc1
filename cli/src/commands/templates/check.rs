//! `wolo templates check`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_activities::words::{Mistakes, Words};
use wolo_domain::notices::Kind;

use crate::output::{self, Format};

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(super) fn run(self) -> Result<()> {
        let read = Words::new();
        if self.format.json {
            let mistakes = read.as_ref().err().map_or(&[][..], |Mistakes(mistakes)| mistakes);
            let mistakes = mistakes
                .iter()
                .map(|one| json!({ "file": one.file, "line": one.line, "words": one.wrong.to_string() }));
            let mistakes: Vec<_> = mistakes.collect();
            output::json(&json!({ "usable": read.is_ok(), "mistakes": mistakes }))?;
        }
        read?;
        if !self.format.json {
            output::say(&format!("All words of {} kinds of messages can be used.", Kind::ALL.len()));
        }
        Ok(())
    }
}
