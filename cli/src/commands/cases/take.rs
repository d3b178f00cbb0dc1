//! `wolo cases take` and `wolo cases assign`: whose a case is. It keeps two from doing the same work; who decides may be somebody else.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_control::identities::{Taking, TakingBy};
use wolo_domain::ids::{CaseId, UserId};

use super::{PATIENCE, answered, known, words};
use crate::commands::Config;
use crate::commands::proving::Reviewer;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Take {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    #[command(flatten)]
    reviewer: Reviewer,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Assign {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// Whose it is to be: the id of a reviewer
    #[arg(long, value_name = "USER")]
    to: UserId,
    #[command(flatten)]
    reviewer: Reviewer,
    #[command(flatten)]
    format: Format,
}

impl Take {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let by = TakingBy { reviewer: self.reviewer.by, assigned_by: None };
        give(config, self.case, &self.reviewer, by, self.format).await
    }
}

impl Assign {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let by = TakingBy { reviewer: self.to, assigned_by: Some(self.reviewer.by) };
        give(config, self.case, &self.reviewer, by, self.format).await
    }
}

async fn give(config: Config<'_>, case: CaseId, by: &Reviewer, to: TakingBy, format: Format) -> Result<()> {
    let system = System::find(config)?;
    let pool = system.pool().await?;
    known(&pool, case).await?;
    by.is_one(&pool).await?;
    by.proves(&system, &pool).await?;
    let reviewer = to.reviewer;
    match answered(system.control().await?.take_case(case, to, PATIENCE).await, case)? {
        Taking::Taken => {}
        Taking::TakenBy { reviewer } => {
            return Err(refused(format!(
                "{reviewer} has it: wolo cases assign {case} --to USER gives it to somebody else"
            )));
        }
        Taking::NotNow { stage } => return Err(words::not_now(case, stage)),
        Taking::NotAReviewer => return Err(words::not_a_reviewer()),
        Taking::OwnCase => return Err(words::own_case()),
    }
    if format.json {
        return output::json(&json!({ "case": case, "assigned_to": reviewer }));
    }
    output::say(&format!(
        "{case} is in review by {reviewer}.\nWhat comes next: wolo cases open {case} --reason …"
    ));
    Ok(())
}
