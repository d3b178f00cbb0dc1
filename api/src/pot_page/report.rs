//! `POST /p/{pot}/report`: the form at the end of a pot's page. It reports the pot as `POST /api/pots/{pot}/report` does, in nobody's name.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::form_urlencoded;

use super::{in_sight, lost};
use crate::asker::Asker;
use crate::body::raw;
use crate::contract::{OnPages, refusals};
use crate::edge::browsers::refuse_foreign;
use crate::idempotency::Key;
use crate::page::{page, shown, spoken};
use crate::pots::{Reference, ToldOfPot, note_report};
use crate::problem::{self, Code, Problem, Words, Wrong};
use crate::state::App;

refusals!(NotReported: problem::OF_THE_STORE,
    &[Code::PotUnknown, Code::FromElsewhere, Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid]);
type ToldWhy = OnPages<NotReported>;

/// Reports a pot, and thanks whoever did.
#[utoipa::path(post, path = "/p/{pot}/report", operation_id = "pots.report_on_page", tag = "pages",
    params(Reference),
    request_body(content = Object, description = "The form of the page: `key`, `reason`, `words`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A moderator will look at it.", body = String, content_type = "text/html"), ToldWhy))]
pub(crate) async fn report_on_page(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    reference: Result<Reference, Problem>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    refuse_foreign(&headers, &app.settings.api.public_url)?;
    let sight = match in_sight(&app, reference).await {
        Ok(sight) => sight,
        Err(problem) => return lost(problem, asker.language),
    };
    let (key, told) = read(body)?;
    note_report(&app, &sight, None, &key, told).await?;
    Ok(thanked(&sight.name(), &asker))
}

/// What stands in the form. What a browser or its extensions add is nothing to us.
fn read(body: Result<Bytes, BytesRejection>) -> Result<(Key, ToldOfPot), Problem> {
    let (mut key, mut reason, mut words) = (None, None, None);
    for (name, value) in form_urlencoded::parse(&raw(body)?) {
        match &*name {
            "key" => key = Key::read(&value).ok(),
            "reason" => reason = value.parse().ok(),
            "words" => words = Some(value.replace("\r\n", "\n")),
            _ => {}
        }
    }
    let reason = reason.ok_or_else(|| {
        let words = Words::new("choisissez ce qui ne va pas", "choose what is wrong");
        Problem::invalid(vec![Wrong { field: "reason".to_owned(), words }])
    })?;
    Ok((key.unwrap_or_else(Key::fresh), ToldOfPot { reason, words }))
}

fn thanked(pot: &str, asker: &Asker) -> Response {
    let language = spoken(asker.language);
    let title = Words::new("Merci de l’avoir signalé", "Thank you for telling us");
    let says = Words::new(
        "Quelqu’un de chez nous va regarder cette cagnotte.",
        "Somebody here will look at this pot.",
    );
    let back = Words::new("Revenir à la cagnotte", "Back to the pot");
    // A pot is called by an id or by the part of its link: letters, digits, and strokes.
    let body = format!(
        "<p>{}</p><p><a class=\"button quiet\" href=\"/p/{pot}\">{}</a></p>",
        says.read(language),
        back.read(language)
    );
    shown(StatusCode::OK, page(title.read(language), "", &body, language), language)
}
