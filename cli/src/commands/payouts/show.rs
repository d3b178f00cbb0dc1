//! `wolo payouts show`.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_database::donations::{self, Waiting};
use wolo_database::pots::Pot;
use wolo_database::{Page, payouts};
use wolo_domain::ids::PayoutId;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::ids;
use wolo_workflows::payout::PayoutStatus;

use super::{Brief, without_consent};
use crate::commands::Config;
use crate::commands::pots::held;
use crate::output::{self, Fields, Format, instant, instant_or_dash, or_dash};
use crate::system::{System, named_pot};

/// So many of the gifts that a payout waits for are named.
const MOST_AWAITED: u32 = 20;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The pot's id, or the last part of its link
    #[arg(value_name = "POT")]
    pot: String,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.pot).await?;
        let process = system
            .ask(async |control| control.payout_status(pot.id).await.map_err(|error| error.to_string()))
            .await;
        let page = system.process_page(&ids::payout(pot.id));
        let Some(payout) = payouts::payout(&pool, PayoutId::of_pot(pot.id)).await? else {
            // The process of an empty pot ends without a plan, and still answers.
            let status = process.ok().filter(|_| pot.stage == PotStage::Closed);
            let status = status.with_context(|| format!("no payout of {} has been planned", pot.id))?;
            let awaited = donations::requested_of_pot(&pool, pot.id, Page::first(MOST_AWAITED)).await?;
            return Unplanned { pot, status, awaited, page }.say(self.format);
        };
        let payout = Brief::from(payout);
        let approvals = payouts::approvals(&pool, payout.id).await?;
        let missing = payouts::missing_approvals(&pool, payout.id, payout.approvals_needed).await?;
        let decisions = payouts::decisions(&pool, payout.id).await?;
        let waits_for_a_guardian = pot.holds.iter().any(|hold| hold.reason == HoldReason::Consent);
        let unanswered =
            (payout.ended_at.is_none() && waits_for_a_guardian).then(|| without_consent(pot.owner));
        if self.format.json {
            let (status, problem) = (process.as_ref().ok(), process.as_ref().err());
            let notes: Vec<_> = pot
                .holds
                .iter()
                .map(|hold| json!({ "reason": hold.reason, "since": hold.since, "note": hold.note }))
                .collect();
            return output::json(&json!({
                "payout": payout, "approvals_missing": missing, "approvals": approvals.iter().map(|one| {
                    json!({ "by": one.by, "reason": one.reason, "at": one.at })
                }).collect::<Vec<_>>(), "decisions": decisions.iter().map(|one| json!({
                    "decision": one.what, "order": one.order, "found": one.wave_payout_id, "by": one.by,
                    "reason": one.reason, "at": one.at,
                })).collect::<Vec<_>>(), "holds": notes, "what_to_do": unanswered, "process": status, "process_problem": problem, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("payout", payout.id);
        fields.field("pot", payout.pot);
        fields.field("amount", payout.amount);
        fields.field("stage", payout.stage);
        fields.field(
            "order",
            Some(payout.orders)
                .filter(|number| *number > 0)
                .map_or_else(|| "none yet".to_owned(), |number| number.to_string()),
        );
        fields.field("reference", or_dash(payout.reference));
        fields.field("planned", instant(payout.planned_at));
        fields.field("ended", instant_or_dash(payout.ended_at));
        fields.field("at Wave", or_dash(payout.wave_payout_id));
        fields.field("Wave's fee", or_dash(payout.fee));
        fields.field("refused for", or_dash(payout.refusal_code));
        if payout.approvals_needed > 0 {
            let counted = payout.approvals_needed.saturating_sub(missing);
            fields.field("approvals", format!("{counted} of {}", payout.approvals_needed));
        }
        for one in approvals {
            fields.field("approved by", format!("{} on {}: {}", one.by, instant(one.at), one.reason));
        }
        for one in decisions {
            let what = one.wave_payout_id.map_or(one.what.clone(), |id| format!("{} {id}", one.what));
            let (order, by, at) = (one.order, one.by, instant(one.at));
            fields.field("decided", format!("{what} about order {order}, by {by} on {at}: {}", one.reason));
        }
        for hold in &pot.holds {
            fields.field("held by", held(hold));
        }
        if let Some(words) = &unanswered {
            fields.field("what to do", words);
        }
        fields.field(
            "its process",
            match process {
                Ok(status) if payout.ended_at.is_none() && status.why.is_empty() => {
                    format!("waits for {}", status.waits_for)
                }
                Ok(status) if payout.ended_at.is_none() => {
                    format!("waits for {} ({})", status.waits_for, status.why)
                }
                Ok(_) => "has ended".to_owned(),
                Err(why) => format!("gives no answer: {why}"),
            },
        );
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        Ok(())
    }
}

/// A payout whose process runs, and that cannot be planned as long as it is not known what is in the pot.
struct Unplanned {
    pot: Pot,
    status: PayoutStatus,
    /// Gifts of which Wave has not said what became of them.
    awaited: Vec<Waiting>,
    page: Option<String>,
}

impl Unplanned {
    fn say(self, format: Format) -> Result<()> {
        let Self { pot, status, awaited, page } = self;
        let awaited: Vec<_> = awaited.iter().map(|gift| ids::donation(gift.donation)).collect();
        if format.json {
            return output::json(&json!({
                "payout": null, "pot": pot.id, "awaited": awaited, "process": status, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("pot", pot.id);
        fields.field("stage", "not planned yet");
        for gift in awaited {
            fields.field("waits for", format!("{gift} (wolo workflows show {gift})"));
        }
        for hold in &pot.holds {
            fields.field("held by", held(hold));
        }
        fields.field("its process", format!("waits for {}", status.waits_for));
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        Ok(())
    }
}
