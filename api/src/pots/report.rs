//! `POST /api/pots/{pot}/report`: whoever sees a pot says what is wrong with it. A moderator looks; the pot goes on meanwhile, so that
//! nobody stops another's birthday with a few presses.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::reports::{self, Report};
use wolo_domain::ids::UserId;
use wolo_domain::reports::{LONGEST_WORDS, ReportReason};

use super::sight::Sight;
use super::view::Reference;
use crate::body::{self, Body};
use crate::caller::MaybeUser;
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::idempotency::Key;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// What is wrong with a pot.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PotReport, example = json!({ "reason": "impersonation", "words": "Awa ne connaît pas cette cagnotte." }))]
pub(crate) struct Told {
    #[schema(value_type = schemas::ReportReason)]
    pub(crate) reason: ReportReason,
    /// What a moderator should know besides. It goes once they have decided.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(crate) words: Option<String>,
}

refusals!(NotReported: MaybeUser::REFUSALS, body::REFUSALS, problem::OF_THE_STORE,
    &[Code::PotUnknown, Code::KeyMissing, Code::KeyInvalid]);

/// Reports a pot that the caller sees. Under the same key it is the same report, and of one account a pot has one at most until a
/// moderator has decided. It stops nothing by itself.
#[utoipa::path(post, path = "/api/pots/{pot}/report", operation_id = "pots.report", tag = "pots",
    params(Reference, Key),
    request_body = Told,
    security((), ("bearer" = [])),
    responses((status = 204, description = "A moderator will look at it."), NotReported))]
pub(crate) async fn report(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    key: Key,
    reference: Reference,
    body: Result<Body<Told>, Problem>,
) -> Result<StatusCode, Problem> {
    let sight = Sight::find(&app, user, &reference).await?;
    note_report(&app, &sight, user, &key, body?.value).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a report of a pot that is in sight.
pub(crate) async fn note_report(
    app: &App,
    sight: &Sight,
    user: Option<UserId>,
    key: &Key,
    told: Told,
) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let words = fields.text("words", told.words, LONGEST_WORDS, Lines::Many);
    fields.check()?;
    let who = user.map_or_else(|| "visitor".to_owned(), |user| user.to_string());
    let id = Uuid::new_v5(&sight.pot().uuid(), format!("{who} {}", key.as_str()).as_bytes());
    let report =
        Report { id, pot: sight.pot(), reporter: user, reason: told.reason, words: words.as_deref() };
    let mut tx = sight.context().begin(&app.pool).await?;
    reports::record(&mut tx, report).await?;
    Ok(wolo_database::commit(tx).await?)
}
