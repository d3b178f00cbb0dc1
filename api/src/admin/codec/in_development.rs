//! The same for the web pages of `wolo dev`, which can send no token: whoever on this machine knows a word that was made when that
//! world began. There is nothing at this address anywhere else.

use std::net::SocketAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, FromRequest as _, Path, Request, State};
use axum::http::header::{FORWARDED, HeaderName};
use secrecy::ExposeSecret as _;
use wolo_bootstrap::settings::Mode;

use super::codec;
use super::wire::{Eyes, Payloads};
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::problem::{Code, Problem};
use crate::state::App;

refusals!(NotDecoded: body::REFUSALS, &[Code::RouteUnknown]);

/// Decrypts payloads for the web pages of `wolo dev`, on the machine that it runs on.
#[utoipa::path(post, path = "/dev/codec/{secret}/decode", operation_id = "admin.decode_in_development", tag = "admin",
    params(("secret" = String, Path, description = "A word that `wolo dev` has made.")),
    request_body = Payloads,
    responses((status = 200, description = "The payloads, in their order.", body = Payloads), NotDecoded))]
pub(crate) async fn decode_in_development(
    State(app): State<App>,
    secret: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<Payloads>, Problem> {
    let shown = secret.map(|Path(secret)| secret).unwrap_or_default();
    if !(knows_the_word(&app, &shown) && is_from_here(&request)) {
        return Err(Problem::new(Code::RouteUnknown));
    }
    let Body { value: payloads, .. } = Body::<Payloads>::from_request(request, &app).await?;
    Ok(Json(payloads.decoded(&codec(&app)?, Eyes::Open)?))
}

fn knows_the_word(app: &App, shown: &str) -> bool {
    let word = app.settings.temporal.codec_secret.as_ref();
    app.settings.mode == Mode::Development
        && word.is_some_and(|word| {
            verify_slices_are_equal(word.expose_secret().as_bytes(), shown.as_bytes()).is_ok()
        })
}

/// Nobody has passed it on from elsewhere.
fn is_from_here(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let passed_on = [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("via")];
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().is_loopback())
        && passed_on.iter().all(|name| !request.headers().contains_key(name))
}
