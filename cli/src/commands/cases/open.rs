//! `wolo cases open`: looking at documents. First the vault is asked, since nobody has looked at what it does not give; then the process
//! writes down who looks, at what and why; and only then it all goes to a page that is shown once, beside who they say they are. Nothing of it touches a disk here.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde_json::json;
use wolo_control::Control;
use wolo_control::identities::{Look, Looking};
use wolo_database::identities::Case;
use wolo_database::{Pool, consents, people};
use wolo_domain::identities::{ContentHash, Document};
use wolo_domain::ids::{CaseId, DocumentId, UserId};
use wolo_providers::vault::{Place, Vault};

use super::page::{Claims, End, Page, Picture};
use super::{PATIENCE, a_reason, answered, known, words};
use crate::commands::Config;
use crate::commands::proving::Reviewer;
use crate::failure::refused;
use crate::output::{self, Format, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Open {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// One document alone; without it all that are there
    #[arg(value_name = "DOCUMENT")]
    document: Option<DocumentId>,
    #[command(flatten)]
    reviewer: Reviewer,
    /// Why you look, in your own words; it stands in the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Open the page in this machine's browser; where others work on the machine too, better give it the address by hand
    #[arg(long)]
    browser: bool,
    /// After so many minutes the page is over, seen or not
    #[arg(long, default_value_t = 5, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=15))]
    minutes: u32,
    #[command(flatten)]
    format: Format,
}

impl Open {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        a_reason(&self.reason)?;
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let case = known(&pool, self.case).await?;
        self.reviewer.is_one(&pool).await?;
        if !case.entry.stage.is_under_review() {
            return Err(words::not_now(self.case, case.entry.stage));
        }
        let wanted = wanted(&case, self.document)?;
        // Nobody looks at what cannot be shown.
        let (vault, control) = (system.vault().await?, system.control().await?);
        self.reviewer.proves(&system, &pool).await?;
        let mut pictures = Vec::new();
        for document in &wanted {
            pictures.push(taken_out(&vault, *document, case.entry.subject).await?);
        }
        let claims = claims(&pool, &case).await?;
        self.look(&control, &wanted).await?;
        let (at, window) = (Utc::now(), Duration::from_secs(u64::from(self.minutes) * 60));
        let mark = format!("{} · {} · {}", self.reviewer.by, instant(at), self.case);
        let page = Page::of(self.case, &mark, &claims, pictures, window).await?;
        self.announce(&page, &wanted, at + TimeDelta::minutes(self.minutes.into()))?;
        match page.show(window).await {
            End::Seen => self.say("The page was seen, and is over."),
            End::Ended => self.say("The page is over."),
            End::TooLate => {
                return Err(refused(
                    "nobody has seen all of the page in time; that it was opened is written down",
                ));
            }
        }
        Ok(())
    }

    /// Has each look written down.
    async fn look(&self, control: &Control, wanted: &[Document]) -> Result<()> {
        for document in wanted {
            let look =
                Look { document: document.id, reviewer: self.reviewer.by, reason: self.reason.clone() };
            let answer = control.look_at_document(self.case, look, PATIENCE).await;
            let noted = noted(self.case, answered(answer, self.case)?)?;
            anyhow::ensure!(noted == *document, "the case has another {} since it was read", document.id);
        }
        Ok(())
    }

    fn announce(&self, page: &Page, wanted: &[Document], until: DateTime<Utc>) -> Result<()> {
        if self.format.json {
            let wanted: Vec<_> = wanted.iter().map(|document| document.id).collect();
            output::json(&json!({
                "case": self.case, "page": page.address(), "until": until, "documents": wanted,
            }))?;
        } else {
            output::say(&format!(
                "{}\nis shown once, until {} in Dakar. That you look is written down.",
                page.address(),
                instant(until)
            ));
        }
        if self.browser {
            browse(page.address());
        }
        Ok(())
    }

    fn say(&self, words: &str) {
        if !self.format.json {
            output::say(words);
        }
    }
}

/// Who they say they are, which is what the documents are to show.
async fn claims(pool: &Pool, case: &Case) -> Result<Claims> {
    let subject = case.entry.subject;
    let person = people::user(pool, subject).await?.with_context(|| format!("{subject} is gone"))?;
    let mut claims = vec![("the person", person.name), ("born on", person.birth_date.day().to_string())];
    if let Some(consent) = case.entry.consent
        && let Some(consent) = consents::consent(pool, consent).await?
    {
        claims.push(("the guardian", format!("{} ({})", consent.guardian_name, consent.guardian_is)));
    }
    Ok(claims)
}

/// The documents that are meant, of those that are there.
fn wanted(case: &Case, one: Option<DocumentId>) -> Result<Vec<Document>> {
    let there = case.documents.iter().filter(|sent| sent.is_there()).map(|sent| sent.document);
    let wanted: Vec<_> = there.filter(|document| one.is_none_or(|one| one == document.id)).collect();
    if wanted.is_empty() {
        Err(refused("the case has no such document, or not any more"))
    } else {
        Ok(wanted)
    }
}

fn noted(case: CaseId, answer: Looking) -> Result<Document> {
    Err(match answer {
        Looking::Noted { document, .. } => return Ok(document),
        Looking::NotNow { stage } => words::not_now(case, stage),
        Looking::Gone => refused("the case has no such document, or not any more"),
        Looking::NotAReviewer => words::not_a_reviewer(),
        Looking::OwnCase => words::own_case(),
        Looking::NoReason => refused(words::NO_REASON),
    })
}

async fn taken_out(vault: &Vault, document: Document, subject: UserId) -> Result<Picture> {
    let place = Place { subject: subject.uuid(), document: document.id.uuid(), kind: document.kind.as_str() };
    let missing = || format!("the vault does not have {}", document.id);
    let reading = vault.read(&place).await.context("the vault cannot be read")?.with_context(missing)?;
    // What is decided about is what the case names.
    anyhow::ensure!(
        ContentHash::new(reading.sha256) == document.sha256,
        "the vault has another content of {} than the case",
        document.id
    );
    let content = reading.whole().await.context("the vault cannot be read")?;
    Ok(Picture { document, content })
}

/// Where there is no browser, the address stands on the screen.
fn browse(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.spawn().is_err() {
        eprintln!("{program} is not to be had: open the address by hand");
    }
}
