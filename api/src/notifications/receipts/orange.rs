//! `POST /api/notifications/receipts/orange/{secret}`: Orange signs nothing, so the address is the secret.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wolo_providers::messages::WebhookError;
use wolo_providers::orange::receipts;

use super::{Delivery, REFUSALS, Told, refused};
use crate::body::raw;
use crate::contract::refusals;
use crate::problem::Problem;
use crate::state::App;

const PROVIDER: &str = "orange";

refusals!(NotHeard: REFUSALS);

/// Hears what Orange says.
#[utoipa::path(post, path = "/api/notifications/receipts/orange/{secret}", operation_id = "notifications.orange",
    tag = "notifications",
    params(("secret" = String, Path, description = "What only Orange was told.")),
    request_body(content = Object, description = "A receipt, as Orange writes it.", content_type = "application/json"),
    responses((status = 200, description = "It has been kept and passed on."), NotHeard))]
pub(crate) async fn orange(
    State(app): State<App>,
    secret: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = raw(body)?;
    let secrets = app.settings.channels.orange.as_ref().map(|orange| orange.receipt_secrets.as_slice());
    secret
        .map_err(|_| WebhookError::Malformed)
        .and_then(|Path(secret)| receipts::verify(&secret, secrets.unwrap_or_default()))
        .map_err(|error| refused(PROVIDER, error))?;
    let told = receipts::parse(&body, App::now()).map(|receipts| Told { receipts, ..Told::default() });
    Delivery::new(&app, PROVIDER, "", &body).take(told).await
}
