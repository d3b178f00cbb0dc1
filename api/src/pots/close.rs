//! `POST /api/pots/{id}/close`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::AskError;
use wolo_control::pots::{Wish, WishAnswer};
use wolo_database::Context;
use wolo_database::pots::{self, Pot};
use wolo_domain::pots::PotStage;

use super::unanswered;
use super::view::{PotView, Reference, Viewer, find};
use crate::asker::{Asker, Language};
use crate::body::{self, Body, OptionalBody};
use crate::caller::User;
use crate::contract::refusals;
use crate::fields::{Fields, Lines};
use crate::idempotency::{Done, Key, Once, Turn};
use crate::problem::{self, Code, Problem, Words, stage_words};
use crate::state::App;

const REASON_CHARS: usize = 500;

/// Why a pot is closed early.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Nous fêtons plus tôt." }))]
pub(crate) struct Closing {
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

refusals!(NotClosed: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::PotUnknown, Code::PotNotOpen]);

/// Closes the caller's pot before the day.
#[utoipa::path(post, path = "/api/pots/{pot}/close", operation_id = "pots.close", tag = "pots",
    params(Reference, Key),
    request_body = Option<Closing>,
    security(("bearer" = [])),
    responses((status = 200, description = "The pot, closed.", body = PotView), NotClosed))]
pub(crate) async fn close(
    State(app): State<App>,
    User(user): User,
    key: Key,
    asker: Asker,
    reference: Reference,
    OptionalBody(Body { value: closing, bytes }): OptionalBody<Closing>,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", closing.reason, REASON_CHARS, Lines::Many).unwrap_or_default();
    fields.check()?;
    let pot = find(&app, Context::user(user), &reference).await?;
    if pot.owner != user {
        return Err(Problem::new(Code::PotUnknown));
    }
    let wish = Wish { by: user.to_string(), reason };
    let id = pot.id.to_string();
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: user.to_string(),
        request: [b"pots.close", id.as_bytes(), &bytes],
    };
    once.run(|turn| carry_out(&app, &asker, &pot, wish, turn)).await
}

async fn carry_out(app: &App, asker: &Asker, pot: &Pot, wish: Wish, turn: Turn) -> Result<Done, Problem> {
    let closing = app.control.close_pot(pot.id, wish);
    let answer = match tokio::time::timeout(app.settings.api.patience, closing).await {
        Ok(answer) => answer,
        Err(_) => Err(AskError::NotYet),
    };
    match answer {
        Ok(WishAnswer::Done) => {}
        // The turn before this one may have closed it and died.
        Ok(WishAnswer::NotPossible { stage: Some(PotStage::Closed | PotStage::PayingOut) }) if turn.again => {
        }
        Ok(WishAnswer::NotPossible { stage }) => return Err(not_open(stage.unwrap_or(pot.stage))),
        Ok(WishAnswer::HasDonations { .. } | WishAnswer::NotHeld | WishAnswer::NotYours { .. }) => {
            tracing::error!(pot = %pot.id, "a pot answered a wish that nobody had");
            return Err(Problem::new(Code::Internal));
        }
        Err(error) => return Err(unanswered(pot, error, not_open)),
    }
    let mut tx = Context::user(pot.owner).begin(&app.pool).await?;
    let closed = pots::pot(&mut *tx, pot.id).await?.ok_or_else(|| Problem::new(Code::Internal))?;
    let viewer = Viewer { owner: true, knows_link: true };
    Done::new(StatusCode::OK, &PotView::new(app, closed, viewer, asker.language))
}

fn not_open(stage: PotStage) -> Problem {
    let words = stage_words(stage);
    Problem::new(Code::PotNotOpen).detail(
        Words::new(
            format!(
                "Seule une cagnotte ouverte peut être fermée ; celle-ci {}.",
                words.read(Language::French)
            ),
            format!("Only an open pot can be closed; this one {}.", words.read(Language::English)),
        )
        .wolof(format!("Cagnotte bu ubbiku rekk lañu mën a tëj ; bii {}.", words.read(Language::Wolof))),
    )
}
