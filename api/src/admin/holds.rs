//! Stopping a pot that somebody has to look at, and letting it go on.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_control::pots::{HoldWish, WishAnswer};
use wolo_database::Context;
use wolo_database::pots::Pot;
use wolo_domain::ids::UserId;
use wolo_domain::pots::HoldReason;

use crate::asker::Language;
use crate::body::{self, Body};
use crate::caller::{HoldPots, Staff};
use crate::contract::refusals;
use crate::fields::{Fields, Lines};
use crate::pots::{Reference, find, unanswered};
use crate::problem::{self, Code, Problem, Words, stage_words};
use crate::state::App;

const REASON_CHARS: usize = 500;

/// Why somebody decides so; it stays with the pot.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Le titre est insultant." }))]
pub(crate) struct Decision {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

impl Decision {
    pub(super) fn reason(self) -> Result<String, Problem> {
        let mut fields = Fields::default();
        let reason = fields.some_text("reason", self.reason, REASON_CHARS, Lines::Many);
        fields.check()?;
        Ok(reason)
    }
}

refusals!(NotDecided: Staff::<HoldPots>::REFUSALS, body::REFUSALS, problem::OF_THE_ENGINE,
    &[Code::PotUnknown, Code::PotEnded]);

/// Stops a pot: it does not open, takes no gifts and is not paid out. Doing it again changes nothing.
#[utoipa::path(post, path = "/api/admin/pots/{pot}/hold", operation_id = "admin.hold_pot", tag = "admin",
    params(Reference),
    request_body = Decision,
    security(("bearer" = ["support", "superadmin"])),
    responses((status = 204, description = "It is held."), NotDecided))]
pub(crate) async fn hold(
    State(app): State<App>,
    staff: Staff<HoldPots>,
    reference: Reference,
    Body { value: decision, .. }: Body<Decision>,
) -> Result<StatusCode, Problem> {
    let (pot, wish) = read(&app, staff.user, &reference, decision).await?;
    answer(&pot, app.control.hold_pot(pot.id, wish).await)
}

/// Lets a pot go on that a moderator stopped. Doing it again changes nothing.
#[utoipa::path(post, path = "/api/admin/pots/{pot}/release", operation_id = "admin.release_pot", tag = "admin",
    params(Reference),
    request_body = Decision,
    security(("bearer" = ["support", "superadmin"])),
    responses((status = 204, description = "No moderator holds it."), NotDecided))]
pub(crate) async fn release(
    State(app): State<App>,
    staff: Staff<HoldPots>,
    reference: Reference,
    Body { value: decision, .. }: Body<Decision>,
) -> Result<StatusCode, Problem> {
    let (pot, wish) = read(&app, staff.user, &reference, decision).await?;
    answer(&pot, app.control.release_pot(pot.id, wish).await)
}

async fn read(
    app: &App,
    by: UserId,
    reference: &Reference,
    decision: Decision,
) -> Result<(Pot, HoldWish), Problem> {
    let note = decision.reason()?;
    let pot = find(app, Context::staff(by), reference).await?;
    let wish = HoldWish { reason: HoldReason::Moderation, by: by.to_string(), note };
    Ok((pot, wish))
}

fn answer(pot: &Pot, answer: Result<WishAnswer, AskError>) -> Result<StatusCode, Problem> {
    let ended = |stage| {
        let words = stage_words(stage);
        Problem::new(Code::PotEnded).detail(
            Words::new(
                format!("Cette cagnotte {}.", words.french()),
                format!("This pot {}.", words.english()),
            )
            .wolof(format!("Cagnotte bii {}.", words.read(Language::Wolof))),
        )
    };
    match answer {
        // Letting go what nobody holds changes nothing.
        Ok(WishAnswer::Done | WishAnswer::NotHeld) => Ok(StatusCode::NO_CONTENT),
        Ok(WishAnswer::NotPossible { stage }) => Err(ended(stage.unwrap_or(pot.stage))),
        Ok(WishAnswer::GivingBack { .. } | WishAnswer::NotYours { .. }) => {
            tracing::error!(pot = %pot.id, "a pot answered a wish that nobody had");
            Err(Problem::new(Code::Internal))
        }
        Err(error) => Err(unanswered(pot, error, ended)),
    }
}
