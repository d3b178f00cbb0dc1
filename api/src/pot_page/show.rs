//! `GET /p/{pot}`

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::{DateTime, Datelike as _, Utc};
use url::form_urlencoded;

use super::filled::Filled;
use super::values::PotPage;
use super::{in_sight, lost};
use crate::asker::Asker;
use crate::contract::{OnPages, refusals};
use crate::pots::Reference;
use crate::problem::{self, Code, Problem};
use crate::state::App;

refusals!(NotShown: problem::OF_THE_STORE, &[Code::PotUnknown]);
type ToldWhy = OnPages<NotShown>;

/// The page of a pot, for whoever has its link.
#[utoipa::path(get, path = "/p/{pot}", operation_id = "pots.page", tag = "pages",
    params(Reference),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), ToldWhy))]
pub(crate) async fn show(
    State(app): State<App>,
    asker: Asker,
    uri: Uri,
    reference: Result<Reference, Problem>,
) -> Result<Response, Problem> {
    let sight = match in_sight(&app, reference).await {
        Ok(sight) => sight,
        Err(problem) => return lost(problem, asker.language),
    };
    PotPage::of(&app, &sight, asker.language, before(&uri)).await?.show(&Filled::empty()).await
}

/// The instant after which the wishes go on. Whatever else those write into an address who pass it on is nothing to us, and no wish is
/// from before there were clocks like ours.
fn before(uri: &Uri) -> Option<DateTime<Utc>> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, micros) = pairs.find(|(name, _)| name == "before")?;
    DateTime::from_timestamp_micros(micros.parse().ok()?).filter(|at| (1970..10_000).contains(&at.year()))
}
