//! `POST /p/{pot}`: the form of a pot's page. It begins a gift as `POST /api/payments/donate` does, under the key that the form was
//! shown with, so that pressing twice gives once; and it leads on to Wave.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use url::Url;
use wolo_domain::ids::DonationId;

use super::filled::{Filled, Refusal};
use super::values::PotPage;
use super::{in_sight, lost};
use crate::asker::Asker;
use crate::contract::{OnPages, refusals};
use crate::cookies::{Cookie, SameSite};
use crate::edge::browsers::refuse_foreign;
use crate::limits::Tally;
use crate::page::spoken;
use crate::payments::{self, Giving, POT_COOKIE, pay_origin};
use crate::pots::{Reference, Sight};
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// The longest answer to a gift.
const MOST: usize = 64 * 1024;
/// How long the way back is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

/// What became of the form.
enum Outcome {
    Begun(Begun),
    Refused(Refusal),
}

/// A gift, read from the answer that the app would get.
#[derive(Deserialize)]
struct Begun {
    donation: DonationId,
    wave_launch_url: Option<Url>,
}

refusals!(NotGiven: problem::OF_THE_STORE, problem::OF_THE_ENGINE, payments::REFUSALS,
    &[Code::FromElsewhere, Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid, Code::KeyReused,
      Code::KeyInFlight]);
type ToldWhy = OnPages<NotGiven>;

/// Begins a gift and leads to where it can be paid. What is wrong stands on the page, at its field.
#[utoipa::path(post, path = "/p/{pot}", operation_id = "pots.give_on_page", tag = "pages",
    params(Reference),
    request_body(content = Object, description = "The form of the page: `key`, `amount`, `name`, `phone`, `message`, `anonymous`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To Wave's page, or to where the gift stands."), ToldWhy))]
pub(crate) async fn give_on_page(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    tally: Tally,
    reference: Result<Reference, Problem>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    refuse_foreign(&headers, &app.settings.api.public_url)?;
    let sight = match in_sight(&app, reference).await {
        Ok(sight) => sight,
        Err(problem) => return lost(problem, asker.language),
    };
    let filled = Filled::read(body)?;
    match give(&app, &asker, &tally, &sight, &filled).await? {
        Outcome::Begun(gift) => Ok(lead_on(&app, &gift, &sight.name())),
        Outcome::Refused(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            // Since it was found, the pot has been hidden.
            if refusal.code == Code::PotUnknown.as_str() {
                return lost(Problem::new(Code::PotUnknown), asker.language);
            }
            let form = filled.refused(refusal, spoken(asker.language));
            PotPage::of(&app, &sight, asker.language, None).await?.status(status).show(&form).await
        }
    }
}

async fn give(
    app: &App,
    asker: &Asker,
    tally: &Tally,
    sight: &Sight,
    filled: &Filled,
) -> Result<Outcome, Problem> {
    let key = filled.key();
    let begun = async {
        let gift = filled.gift(&sight.name())?;
        // Two presses bring the same, so that is what tells this gift from another.
        let bytes = serde_json::to_vec(filled).map_err(|_| Problem::new(Code::Internal))?;
        // The browser of somebody who presses twice waits for the second answer only.
        let wait = app.settings.api.patience;
        Giving { app, user: None, key: &key, asker, tally, gift, bytes: &bytes, wait }.begin().await
    };
    let answer = begun.await;
    match answer {
        Ok(response) => read(response).await,
        Err(problem) => refusal(&problem.body(asker)),
    }
}

async fn read(response: Response) -> Result<Outcome, Problem> {
    let status = response.status();
    let body = to_bytes(response.into_body(), MOST).await.map_err(|_| Problem::new(Code::Internal))?;
    if status.is_success() { unless_damaged(&body).map(Outcome::Begun) } else { refusal(&body) }
}

fn refusal(document: &[u8]) -> Result<Outcome, Problem> {
    unless_damaged(document).map(Outcome::Refused)
}

fn unless_damaged<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        tracing::error!(category = ?error.classify(), "the answer to a gift cannot be read");
        Problem::new(Code::Internal)
    })
}

/// To Wave, where this browser may be led there from the form; or to where the gift stands, which has the way to Wave on it. The
/// way back to the pot is remembered there, since the gift's page is not told the pot's link.
fn lead_on(app: &App, gift: &Begun, pot: &str) -> Response {
    let status = format!("/api/payments/status/{}", gift.donation);
    let known = pay_origin(&app.settings.wave.url);
    let to_wave = gift.wave_launch_url.as_ref().filter(|url| url.origin().ascii_serialization() == known);
    let to = to_wave.map_or_else(|| app.link(&status), Url::to_string);
    let mut response = Redirect::to(&to).into_response();
    let cookie = Cookie {
        name: POT_COOKIE,
        value: pot,
        path: &status,
        seconds: REMEMBERED.as_secs(),
        same_site: SameSite::Lax,
    };
    cookie.put(&mut response, app);
    response
}
