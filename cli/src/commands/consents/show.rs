//! `wolo consents show`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wolo_control::ids;
use wolo_database::consents::{self, Consent, Event};
use wolo_database::identities::{self, Entry};
use wolo_database::{Page, Pool};
use wolo_domain::contacts::Email;

use super::{Brief, named, words};
use crate::commands::Config;
use crate::output::{self, Fields, Format, Listing, instant, instant_or_dash, or_dash, waiting};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The consent's id, or the minor's, which means the last guardian whom they have named
    #[arg(value_name = "CONSENT|USER")]
    named: String,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let consent = named(&pool, &self.named).await?;
        let (brief, minor) = (Brief::from(&consent), consent.minor);
        let reached = consents::reached(&pool, consent.id).await?;
        let phone = reached.as_ref().map(|reached| reached.phone.masked());
        let email = reached.and_then(|reached| reached.email).as_ref().map(Email::masked);
        let events = consents::events(&pool, consent.id).await?;
        let minors = consents::minors_of_guardian(&pool, consent.id).await?;
        let flagged = minors >= i64::from(system.settings.consents.minors_per_guardian_flag);
        let cases = cases(&pool, &consent).await?;
        let state = if consent.stage.is_in_force() {
            let asked = system.ask(async |control| {
                // One that was ended still answers, for a while.
                let runs = control.consent_runs(minor).await.map_err(|error| error.to_string())?;
                if !runs {
                    return Err(format!("there is none: wolo consents restart {minor}"));
                }
                control.consent_state(minor).await.map_err(|error| error.to_string())
            });
            Some(asked.await)
        } else {
            None
        };
        let page = system.process_page(&ids::consent(minor));
        if self.format.json {
            let (process, problem) = match &state {
                Some(Ok(state)) => (Some(state), None),
                Some(Err(why)) => (None, Some(why)),
                None => (None, None),
            };
            return output::json(&json!({
                "consent": brief, "phone": phone, "email": email, "minors_of_guardian": minors, "flagged": flagged,
                "events": events.iter().map(told).collect::<Vec<_>>(),
                "cases": cases.iter().map(|case| json!({ "case": case.case, "stage": case.stage })).collect::<Vec<_>>(),
                "process": process, "process_problem": problem, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("consent", brief.consent);
        fields.field("minor", brief.minor);
        fields.field("guardian", format!("{} ({})", brief.guardian, brief.guardian_is));
        fields.field("phone", or_dash(phone));
        fields.field("e-mail", or_dash(email));
        fields.field("language", brief.language);
        fields.field("stage", format!("{} ({})", words(brief.stage), brief.stage));
        fields.field("since", instant(brief.since));
        fields.field("asked", instant(brief.requested_at));
        fields.field("until", instant_or_dash(brief.answer_by));
        match state {
            Some(Ok(state)) => fields.field("waits for", waiting(&state.waits_for, state.waits_until)),
            Some(Err(why)) => fields.field("its process", format!("gives no answer: {why}")),
            None => fields.field("waits for", "nothing: it is over"),
        }
        if flagged {
            fields.field("look out", format!("this phone is that of {minors} minors' guardians"));
        }
        for case in cases {
            fields.field("case", format!("{} ({})", case.case, case.stage));
        }
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        output::say(&format!("\n{}", table(&events)));
        Ok(())
    }
}

/// The identity cases that were opened for it.
async fn cases(pool: &Pool, consent: &Consent) -> Result<Vec<Entry>> {
    let filter = identities::Filter { subject: Some(consent.minor), ..identities::Filter::default() };
    let mut cases = identities::list(pool, filter, Page::first(100)).await?;
    cases.retain(|case| case.consent == Some(consent.id));
    Ok(cases)
}

fn told(event: &Event) -> Value {
    json!({ "number": event.number, "stage": event.stage, "at": event.at, "agreed": event.agreed })
}

fn table(events: &[Event]) -> String {
    let mut listing = Listing::new(["", "WHEN", "BECAME", "TEXT", "FOR", "PROVED BY", "FROM"]).right(0);
    for event in events {
        let agreed = event.agreed.as_ref();
        let purposes = |agreed: &wolo_domain::consents::Agreement| {
            agreed.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>().join(" ")
        };
        let shown = agreed.map(|agreed| &agreed.shown);
        listing.row([
            event.number.to_string(),
            instant(event.at),
            event.stage.to_string(),
            or_dash(shown.map(|shown| format!("{} {} sha256 {}", shown.text, shown.language, shown.hash))),
            or_dash(agreed.map(purposes)),
            or_dash(agreed.map(|agreed| agreed.proof)),
            or_dash(agreed.map(|agreed| agreed.address)),
        ]);
    }
    listing.text()
}
