//! `GET /api/pots/{id or slug}/certificate`: what a settled pot took in and where it went, sealed.
//!
//! The bytes are given out as they were stored. They are checked without us, by `wolo verify` and the public keys of
//! `/.well-known/wolo-certificates.json`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::{Context, certificates};

use super::view::{Reference, Viewer, find};
use crate::caller::MaybeUser;
use crate::contract::refusals;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// It never changes; but who may see it can, so nobody keeps it for others.
const LIVES: &str = "private, max-age=31536000, immutable";

/// A line of a certificate: an opening, a gift, a fee or a refund of it, credit of points, the payout, its fee, or the closing. What a kind
/// has beside these stands in its lines, always in the same order.
#[derive(Serialize, ToSchema)]
struct CertificateLine {
    /// From 1.
    #[schema(minimum = 1)]
    line: u64,
    #[schema(pattern = "^(opening|gift|credit|fee|refund|payout|payout_fee|closing)$")]
    kind: String,
    /// Ed25519, in the base64 of addresses, over this line and all before it.
    #[schema(pattern = "^[A-Za-z0-9_-]{86}$")]
    seal: String,
}

refusals!(NotGiven: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown, Code::AmountsHidden, Code::CertificateNotReady]);

/// The certificate of a settled pot, to whoever may see the pot and its amounts.
#[utoipa::path(get, path = "/api/pots/{pot}/certificate", operation_id = "pots.certificate", tag = "pots",
    params(Reference),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The certificate, byte for byte as it was sealed.", body = Vec<CertificateLine>),
        (status = 304, description = "It is the one of `If-None-Match`."),
        NotGiven,
    ))]
pub(crate) async fn certificate(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    reference: Reference,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let pot = find(&app, Context::caller(user), &reference).await?;
    let access = pot.access();
    let viewer = Viewer::of(&access, user, &reference);
    if !viewer.may_see(&access) {
        return Err(Problem::new(Code::PotUnknown));
    }
    // Each line of it is an amount.
    if !viewer.owner && !pot.settings.show_amounts {
        return Err(Problem::new(Code::AmountsHidden).pot(pot.id));
    }
    let not_ready = || Problem::new(Code::CertificateNotReady).pot(pot.id);
    let mut tx = reference.known_to(Context::caller(user)).begin(&app.pool).await?;
    let summary = certificates::summary(&mut *tx, pot.id).await?.ok_or_else(not_ready)?;
    let tag = format!("\"{}\"", hex::encode(&summary.digest));
    let mut response = if knows(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let document = certificates::document(&mut *tx, pot.id).await?.ok_or_else(not_ready)?;
        ([(header::CONTENT_TYPE, "application/json")], document).into_response()
    };
    let told = response.headers_mut();
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static(LIVES));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        told.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Whether the caller has these bytes already.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut named = named.flat_map(|value| value.split(',')).map(str::trim);
    named.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
