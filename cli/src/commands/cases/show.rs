//! `wolo cases show`: everything that is written about a case. Nothing of it is what a document shows.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wolo_control::ids;
use wolo_database::consents;
use wolo_database::identities::{Case, Seen, Sent, Word};
use wolo_domain::identities::Verdict;
use wolo_domain::ids::CaseId;

use super::{Brief, known, words};
use crate::commands::Config;
use crate::output::{self, Fields, Format, Listing, instant, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let case = known(&pool, self.case).await?;
        let minors = match case.entry.consent {
            Some(consent) => Some(consents::minors_of_guardian(&pool, consent).await?),
            None => None,
        };
        let many = i64::from(system.settings.consents.minors_per_guardian_flag);
        let flags = words::flags(&case, minors.filter(|minors| *minors >= many));
        let runs = system
            .ask(async |control| control.case_runs(self.case).await.map_err(|error| error.to_string()))
            .await;
        let page = system.process_page(&ids::identity(self.case));
        let approvals = approvals(&case);
        let brief = Brief { waits_for: words::waits_for(&case.entry, approvals), ..Brief::from(&case.entry) };
        if self.format.json {
            let (runs, problem) = (runs.as_ref().ok(), runs.as_ref().err());
            return output::json(&json!({
                "case": brief, "approvals": approvals, "documents": documents(&case), "decisions": decisions(&case), "looks": looks(&case),
                "flags": flags, "process_runs": runs, "process_problem": problem, "page": page,
            }));
        }
        let mut fields = heading(&brief, approvals);
        for flag in flags {
            fields.field("look out", flag);
        }
        match runs {
            Ok(true) => {}
            Ok(false) if brief.destroyed_at.is_some() => fields.field("its process", "has ended"),
            Ok(false) => {
                fields.field("its process", format!("there is none: wolo cases restart {}", self.case));
            }
            Err(why) => fields.field("its process", format!("gives no answer: {why}")),
        }
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        for part in [documents_table(&case), decisions_table(&case), looks_table(&case)] {
            if !part.is_empty() {
                output::say(&format!("\n{}", part.text()));
            }
        }
        Ok(())
    }
}

/// How many reviewers have approved it in this round.
fn approvals(case: &Case) -> usize {
    let round = case.entry.round;
    case.words.iter().filter(|said| said.round == round && said.verdict == Verdict::Approve).count()
}

fn heading(case: &Brief, approvals: usize) -> Fields {
    let mut fields = Fields::new();
    fields.field("case", case.case);
    fields.field("of", case.subject);
    fields.field("consent", or_dash(case.consent));
    fields.field("stage", format!("{} ({})", words::stage(case.stage), case.stage));
    fields.field("waits for", &case.waits_for);
    fields.field("since", instant(case.since));
    if !case.reasons.is_empty() {
        fields.field("because", words::reasons(&case.reasons));
    }
    let told = |at| format!("yes: those who review were told on {}", instant(at));
    fields.field("escalated", case.escalated_at.map_or_else(|| "no".to_owned(), told));
    fields.field("round", case.round);
    fields.field("approvals", format!("{approvals} of {} different reviewers", case.approvals_needed));
    fields.field("opened", instant(case.opened_at));
    if let Some(at) = case.submitted_at {
        fields.field("submitted", instant(at));
    }
    if let Some(at) = case.destroyed_at {
        fields.field("documents", format!("destroyed on {}", instant(at)));
    }
    fields
}

fn documents(case: &Case) -> Vec<Value> {
    let told = |sent: &Sent| {
        json!({
            "document": sent.document, "added_at": sent.added_at, "removed_at": sent.removed_at,
            "destroyed_at": sent.destroyed_at,
        })
    };
    case.documents.iter().map(told).collect()
}

fn documents_table(case: &Case) -> Listing {
    let mut listing =
        Listing::new(["DOCUMENT", "OF", "KIND", "PAGES", "BYTES", "ADDED", "IS", "SHA256"]).right(3).right(4);
    for sent in &case.documents {
        let document = sent.document;
        let is = match (sent.removed_at, sent.destroyed_at) {
            (_, Some(at)) => format!("destroyed {}", instant(at)),
            (Some(at), None) => format!("taken back {}", instant(at)),
            (None, None) => "there".to_owned(),
        };
        listing.row([
            document.id.to_string(),
            words::party(document.party).to_owned(),
            words::kind(document.kind).to_owned(),
            document.pages.to_string(),
            document.bytes.to_string(),
            instant(sent.added_at),
            is,
            document.sha256.to_string(),
        ]);
    }
    listing
}

fn decisions(case: &Case) -> Vec<Value> {
    let told = |said: &Word| {
        json!({
            "round": said.round, "by": said.reviewer, "verdict": said.verdict, "reasons": said.reasons, "note": said.note,
            "seen": said.seen, "at": said.at,
        })
    };
    case.words.iter().map(told).collect()
}

fn decisions_table(case: &Case) -> Listing {
    let mut listing = Listing::new(["ROUND", "WHEN", "REVIEWER", "DECIDED", "FOR", "WHY"]).right(0);
    for said in &case.words {
        listing.row([
            said.round.to_string(),
            instant(said.at),
            said.reviewer.to_string(),
            words::given(said.verdict).to_owned(),
            or_dash(Some(words::reasons(&said.reasons)).filter(|words| !words.is_empty())),
            said.note.clone(),
        ]);
    }
    listing
}

fn looks(case: &Case) -> Vec<Value> {
    let told = |seen: &Seen| {
        json!({
            "round": seen.round, "document": seen.document, "by": seen.reviewer, "reason": seen.reason, "at": seen.at,
        })
    };
    case.looks.iter().map(told).collect()
}

fn looks_table(case: &Case) -> Listing {
    let mut listing = Listing::new(["ROUND", "WHEN", "LOOKED", "AT", "WHY"]).right(0);
    for seen in &case.looks {
        listing.row([
            seen.round.to_string(),
            instant(seen.at),
            seen.reviewer.to_string(),
            seen.document.to_string(),
            seen.reason.clone(),
        ]);
    }
    listing
}
