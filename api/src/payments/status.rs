//! `GET /api/payments/status/{id}`
//!
//! Whoever knows a gift's id may see where it stands: the id cannot be guessed, and nothing about the giver is told.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_control::ids;
use wolo_database::{Context, donations, webhooks};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::money::Xof;

use super::page;
use crate::asker::Asker;
use crate::contract::{refusals, schemas};
use crate::cookies;
use crate::page::{shown, spoken, wants_page};
use crate::pots::{Reference, Viewer, find_access};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// The browser that has given by a pot's link keeps that for the gift's page, which is not told it otherwise.
pub(crate) const POT_COOKIE: &str = "pot";

/// Where a gift stands.
#[derive(Serialize, ToSchema)]
#[schema(as = GiftStatus)]
pub(super) struct Status {
    #[schema(value_type = schemas::DonationId)]
    pub(super) donation: DonationId,
    #[schema(value_type = schemas::PotId)]
    pub(super) pot: PotId,
    #[schema(value_type = schemas::Francs)]
    pub(super) amount: Xof,
    #[schema(value_type = schemas::DonationStage)]
    pub(super) stage: DonationStage,
    /// Attempts to pay that failed; none of them is an end.
    pub(super) failed_attempts: u32,
    /// Where it can be paid, as long as it can.
    #[schema(format = Uri, required = true)]
    pub(super) wave_launch_url: Option<String>,
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// The process behind it.
    #[schema(pattern = "^donation/don_[0-9a-f]{32}$")]
    process: String,
}

refusals!(NotTold: problem::OF_THE_STORE, &[Code::DonationUnknown]);

/// Where a gift stands: a page for browsers, which Wave sends here, and JSON for everybody else.
#[utoipa::path(get, path = "/api/payments/status/{id}", operation_id = "payments.status", tag = "payments",
    params(("id" = inline(schemas::DonationId), Path, description = "The gift's id.")),
    responses(
        (status = 200, description = "Where it stands.",
            content((Status = "application/json"), (String = "text/html")),
            headers(("Vary" = String, description = "`accept, accept-language`: they say which of the two is given, and in what words."))),
        NotTold,
    ))]
pub(crate) async fn status(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    id: Result<Path<DonationId>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    let found = match id {
        Ok(Path(donation)) => look(&app, donation).await,
        Err(_) => Err(Problem::new(Code::DonationUnknown)),
    };
    let mut response = match found {
        Ok(status) if wants_page(&headers) => {
            let back = way_back(&app, &headers, status.pot).await;
            shown(StatusCode::OK, page::of(&status, back.as_deref(), language), language)
        }
        Ok(status) => Json(status).into_response(),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND && wants_page(&headers) => {
            shown(StatusCode::NOT_FOUND, page::unknown(language), language)
        }
        Err(problem) => return Err(problem),
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    Ok(response)
}

/// The page of the gift's pot: under the link that this browser gave by, or by its id where the pot is for everybody.
async fn way_back(app: &App, headers: &HeaderMap, pot: PotId) -> Option<String> {
    if let Some(link) = remembered(headers) {
        return Some(link);
    }
    let reference = Reference::Id(pot);
    let access = find_access(app, Context::visitor(), &reference).await.ok()?;
    Viewer::of(&access, None, &reference).may_see(&access).then(|| pot.to_string())
}

fn remembered(headers: &HeaderMap) -> Option<String> {
    let link = cookies::kept(headers, POT_COOKIE)?;
    Reference::read(link).is_ok().then(|| link.to_owned())
}

async fn look(app: &App, donation: DonationId) -> Result<Status, Problem> {
    let mut tx = Context::visitor().with_donation(donation).begin(&app.pool).await?;
    let gift =
        donations::donation(&mut *tx, donation).await?.ok_or_else(|| Problem::new(Code::DonationUnknown))?;
    let told = webhooks::failed_attempts(&mut *tx, &donation.to_string()).await?;
    let now = App::now();
    let payable = |until: DateTime<Utc>| gift.stage == DonationStage::Requested && now < until;
    Ok(Status {
        donation,
        pot: gift.pot,
        amount: gift.amount,
        stage: gift.stage,
        failed_attempts: told.max(gift.failed_attempts),
        expires_at: gift.checkout.as_ref().map(|checkout| checkout.expires_at),
        wave_launch_url: gift
            .checkout
            .filter(|checkout| payable(checkout.expires_at))
            .map(|checkout| checkout.wave_launch_url),
        requested_at: gift.requested_at,
        ended_at: gift.ended_at,
        process: ids::donation(donation),
    })
}
