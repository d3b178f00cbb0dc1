//! `wolo cases approve`, `reject` and `ask`: one reviewer's word about the documents that they have looked at. It names the hash of each,
//! so that it is no word about documents that came later.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_control::Control;
use wolo_control::identities::{Deciding, Decision};
use wolo_database::Pool;
use wolo_database::identities::{self, Case};
use wolo_domain::identities::{CaseStage, Document, Reason, Verdict};
use wolo_domain::ids::{CaseId, UserId};

use super::{PATIENCE, a_reason, answered, known, words};
use crate::commands::proving::Reviewer;
use crate::commands::{Config, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::{not_understood, refused};
use crate::output::{self, Format};
use crate::system::System;

const TO_REJECT: &str = "What people are told, and once more for a second one: unreadable, incomplete, expired, \
                         other_document, no_tie, differs, somebody_else, not_genuine";
const TO_ASK: &str = "What people are told, and once more for a second one: unreadable, incomplete, expired, \
                      other_document, no_tie, differs";

#[derive(Args, Debug)]
pub(crate) struct Approve {
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    sure: Sure,
}

#[derive(Args, Debug)]
pub(crate) struct Reject {
    #[command(flatten)]
    about: About,
    #[arg(long = "for", value_name = "REASON", required = true, help = TO_REJECT)]
    reasons: Vec<Reason>,
    #[command(flatten)]
    sure: Sure,
}

#[derive(Args, Debug)]
pub(crate) struct Ask {
    #[command(flatten)]
    about: About,
    #[arg(long = "for", value_name = "REASON", required = true, help = TO_ASK)]
    reasons: Vec<Reason>,
}

/// What every decision says.
#[derive(Args, Debug)]
struct About {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    #[command(flatten)]
    reviewer: Reviewer,
    /// Why, in your own words, for those who work here: nobody else reads it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    format: Format,
}

impl Approve {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let desk = Desk::at(config, &self.about, Verdict::Approve, &[]).await?;
        let confirmed = confirm(&desk.consequences(&self.about), self.sure.yes)?;
        desk.decide_for_good(self.about, Vec::new(), confirmed).await
    }
}

impl Reject {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let desk = Desk::at(config, &self.about, Verdict::Reject, &self.reasons).await?;
        let confirmed = confirm(&desk.consequences(&self.about), self.sure.yes)?;
        desk.decide_for_good(self.about, self.reasons, confirmed).await
    }
}

impl Ask {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let desk = Desk::at(config, &self.about, Verdict::Ask, &self.reasons).await?;
        Box::pin(desk.decide(self.about, self.reasons)).await
    }
}

/// A case before the reviewer who has looked at it.
struct Desk {
    system: System,
    pool: Pool,
    control: Control,
    verdict: Verdict,
    /// Each is there, and the reviewer has looked at it in this round.
    seen: Vec<Document>,
}

impl Desk {
    async fn at(config: Config<'_>, about: &About, verdict: Verdict, reasons: &[Reason]) -> Result<Self> {
        a_reason(&about.reason)?;
        if let Some(unfit) = reasons.iter().find(|reason| !reason.is_for(verdict)) {
            return Err(not_understood(format!(
                "`{unfit}` is no reason for this; wolo cases --help says which are"
            )));
        }
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let case = known(&pool, about.case).await?;
        about.reviewer.is_one(&pool).await?;
        if !case.entry.stage.is_under_review() {
            return Err(words::not_now(about.case, case.entry.stage));
        }
        let Some(seen) = looked_at(&case, about.reviewer.by) else {
            return Err(words::not_looked(about.case));
        };
        // What cannot be asked now is better not begun.
        let control = system.control().await?;
        Ok(Self { system, pool, control, verdict, seen })
    }

    fn consequences(&self, about: &About) -> Vec<String> {
        let what = match self.verdict {
            Verdict::Approve => "is approved by you, and wholly when as many have as it needs",
            Verdict::Reject => "is rejected for good",
            Verdict::Ask => "collects documents again",
        };
        let documents =
            self.seen.iter().map(|document| format!("you looked at {}", words::document(document)));
        [format!("{} {what}", about.case)].into_iter().chain(documents).collect()
    }

    async fn decide_for_good(self, about: About, reasons: Vec<Reason>, _: Confirmed) -> Result<()> {
        Box::pin(self.decide(about, reasons)).await
    }

    async fn decide(self, about: About, reasons: Vec<Reason>) -> Result<()> {
        let About { case, reviewer, reason, format } = about;
        reviewer.proves(&self.system, &self.pool).await?;
        let decision = Decision {
            verdict: self.verdict,
            reviewer: reviewer.by,
            reasons,
            note: reason,
            seen: self.seen.iter().map(|document| document.sha256).collect(),
        };
        let answer = answered(self.control.decide_case(case, decision, PATIENCE).await, case)?;
        let (stage, missing) = came_to(case, answer)?;
        if format.json {
            return output::json(&json!({
                "case": case, "verdict": self.verdict, "stage": stage, "missing": missing, "seen": self.seen,
            }));
        }
        output::say(&format!("{case} {}.", words::stage(stage)));
        for document in &self.seen {
            output::say(&format!("  on {}", words::document(document)));
        }
        if missing > 0 {
            output::say(&words::who_else(case, missing, &self.others(case, reviewer.by).await?));
        }
        Ok(())
    }

    /// Who may approve it after this one.
    async fn others(&self, case: CaseId, by: UserId) -> Result<Vec<UserId>> {
        let case = known(&self.pool, case).await?;
        let (round, subject) = (case.entry.round, case.entry.subject);
        let spoke =
            |user: &UserId| case.words.iter().any(|said| said.round == round && said.reviewer == *user);
        let mut reviewers = identities::reviewers(&self.pool).await?;
        reviewers.retain(|user| *user != by && *user != subject && !spoke(user));
        Ok(reviewers)
    }
}

/// The documents that are there, if the reviewer has looked at each in this round.
fn looked_at(case: &Case, reviewer: UserId) -> Option<Vec<Document>> {
    let round = case.entry.round;
    let mine = case.looks.iter().filter(|seen| seen.round == round && seen.reviewer == reviewer);
    let looked: BTreeSet<_> = mine.map(|seen| seen.document).collect();
    let there: Vec<_> =
        case.documents.iter().filter(|sent| sent.is_there()).map(|sent| sent.document).collect();
    (!there.is_empty() && there.iter().all(|document| looked.contains(&document.id))).then_some(there)
}

/// Where the case stands after a decision, and how many must still approve it.
fn came_to(case: CaseId, answer: Deciding) -> Result<(CaseStage, u32)> {
    Err(match answer {
        Deciding::Recorded { missing } => return Ok((CaseStage::InReview, missing)),
        Deciding::Decided { stage } => return Ok((stage, 0)),
        Deciding::SeenOthers => refused(format!(
            "the documents have changed since you looked: wolo cases open {case} --reason … shows those that are there now"
        )),
        Deciding::SameReviewer => {
            refused("the same reviewer has given their word in this round; another one has to")
        }
        Deciding::HasNotLooked => words::not_looked(case),
        Deciding::NotNow { stage } => words::not_now(case, stage),
        Deciding::NotAReviewer => words::not_a_reviewer(),
        Deciding::OwnCase => words::own_case(),
        Deciding::NoReason => refused(words::NO_REASON),
    })
}
