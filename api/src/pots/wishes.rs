//! What an owner may wish of a pot that is there: to close it, or to give it up.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_control::pots::{Wish, WishAnswer};
use wolo_control::{AskError, Control};
use wolo_database::Context;
use wolo_database::pots::{self, Pot};
use wolo_domain::ids::{PotId, UserId};

use super::view::{PotView, Reference, Viewer, find};
use crate::asker::Asker;
use crate::fields::{Fields, Lines};
use crate::idempotency::Done;
use crate::problem::{Code, Problem};
use crate::state::App;

const REASON_CHARS: usize = 500;

/// Why an owner wishes so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Nous fêtons plus tôt." }))]
pub(crate) struct Wishing {
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// The caller's own pot, with what they wish. Somebody else's pot does not exist here.
pub(super) async fn read(
    app: &App,
    user: UserId,
    reference: &Reference,
    wishing: Wishing,
) -> Result<(Pot, Wish), Problem> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", wishing.reason, REASON_CHARS, Lines::Many).unwrap_or_default();
    fields.check()?;
    let pot = find(app, Context::user(user), reference).await?;
    if pot.owner != user {
        return Err(Problem::new(Code::PotUnknown));
    }
    Ok((pot, Wish { by: user.to_string(), reason }))
}

/// Asks the pot's process, for as long as a caller waits.
pub(super) async fn ask<'a, F>(
    app: &'a App,
    verb: impl FnOnce(&'a Control, PotId, Wish) -> F,
    pot: PotId,
    wish: Wish,
) -> Result<WishAnswer, AskError>
where
    F: Future<Output = Result<WishAnswer, AskError>>,
{
    match tokio::time::timeout(app.settings.api.patience, verb(&app.control, pot, wish)).await {
        Ok(answer) => answer,
        Err(_) => Err(AskError::NotYet),
    }
}

/// The pot as it stands now, for its owner.
pub(super) async fn as_it_stands(app: &App, asker: &Asker, pot: &Pot) -> Result<Done, Problem> {
    let mut tx = Context::user(pot.owner).begin(&app.pool).await?;
    let now = pots::pot(&mut *tx, pot.id).await?.ok_or_else(|| Problem::new(Code::Internal))?;
    let viewer = Viewer { owner: true, knows_link: true };
    Done::new(StatusCode::OK, &PotView::new(app, now, viewer, asker.language))
}

/// The process answered something that has no meaning for the wish.
pub(super) fn meaningless(pot: &Pot) -> Problem {
    tracing::error!(pot = %pot.id, "a pot answered a wish that nobody had");
    Problem::new(Code::Internal)
}
