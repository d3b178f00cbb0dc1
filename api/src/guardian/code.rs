//! `POST /g/{token}/code` and `/g/{token}/session`: the first sends a code to the guardian's phone, the second takes it back.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use url::form_urlencoded;
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::accounts::codes::Proved;
use wolo_database::consents::{self, NewSession};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::consents::Proof;
use wolo_domain::contacts::Contact;

use super::door::{Door, SESSION_SECONDS};
use super::visit::Visit;
use crate::body::raw;
use crate::contract::refusals;
use crate::credentials;
use crate::limits::Tally;
use crate::page::escape;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;
use crate::users;

refusals!(NotSent: problem::OF_THE_STORE,
    &[Code::FromElsewhere, Code::ConsentUnknown, Code::ConsentOver, Code::TooManyCodes]);

/// Sends a code to the phone that the minor has named, and asks for it.
#[utoipa::path(post, path = "/g/{token}/code", operation_id = "guardian.send_code", tag = "identity",
    params(Door),
    responses(
        (status = 200, description = "A code is on its way.", body = String, content_type = "text/html"),
        NotSent,
    ))]
pub(crate) async fn code(State(app): State<App>, door: Door, tally: Tally) -> Result<Response, Problem> {
    match send(&app, &door, &tally).await {
        Ok((visit, code_id)) => {
            let to = escape(&visit.reached.phone.masked());
            let said = Words::new(
                format!("Un code est en route vers {to}. Il arrive par WhatsApp ou par SMS."),
                format!("A code is on its way to {to}. It comes by WhatsApp or SMS."),
            );
            let said = format!("<p>{}</p>", said.read(door.language));
            Ok(asks_for_it(&door, StatusCode::OK, &said, &code_id.to_string()))
        }
        Err(problem) => door.refused(problem),
    }
}

async fn send(app: &App, door: &Door, tally: &Tally) -> Result<(Visit, Uuid), Problem> {
    door.refuse_foreign()?;
    let visit = Visit::of(app, door).await?;
    visit.in_force()?;
    tally.contact(&app.limits, &Contact::Phone(visit.reached.phone.clone())).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let (consent, reached) = (visit.consent.id, visit.reached.clone());
    let sent = users::send_to_guardian(app, &mut tx, consent, reached, door.language).await?;
    wolo_database::commit(tx).await?;
    Ok((visit, sent.code_id))
}

/// What stands in the form.
#[derive(Default)]
struct Filled {
    code_id: String,
    code: String,
}

refusals!(NotOpened: problem::OF_THE_STORE,
    &[Code::BodyUnreadable, Code::BodyTooLarge, Code::FromElsewhere, Code::ConsentUnknown, Code::ConsentOver,
        Code::OneTimeCodeWrong]);

/// Takes the code back, and knows the guardian for half an hour.
#[utoipa::path(post, path = "/g/{token}/session", operation_id = "guardian.open_session", tag = "identity",
    params(Door),
    request_body(content = Object, description = "The form that asks for the code: `code_id`, `code`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the page, with a cookie."), NotOpened))]
pub(crate) async fn session(
    State(app): State<App>,
    door: Door,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let mut filled = Filled::default();
    for (name, value) in form_urlencoded::parse(&raw(body)?) {
        match &*name {
            "code_id" => filled.code_id = value.into_owned(),
            "code" => filled.code = value.into_owned(),
            // What browsers and their extensions add is nothing to us.
            _ => {}
        }
    }
    match open(&app, &door, &filled).await {
        Ok(session) => Ok(door.back_with(&session, &app)),
        Err(problem) if problem.code() == Code::OneTimeCodeWrong && door.tells(&problem) => {
            let said = door.wrong(&problem);
            Ok(asks_for_it(&door, problem.status(), &said, &filled.code_id))
        }
        Err(problem) => door.refused(problem),
    }
}

async fn open(app: &App, door: &Door, filled: &Filled) -> Result<String, Problem> {
    door.refuse_foreign()?;
    let visit = Visit::of(app, door).await?;
    visit.in_force()?;
    let wrong = || Problem::new(Code::OneTimeCodeWrong);
    let code_id = filled.code_id.parse().map_err(|_| wrong())?;
    let (mut tx, proved) = users::attempt(app, code_id, &filled.code, &[CodePurpose::Consent]).await?;
    let notice = match proved {
        Proved::Consent { consent, notice } if consent == visit.consent.id => notice,
        _ => return Err(wrong()),
    };
    let proof = match notice {
        Some(notice) => consents::proof_of_code(&mut *tx, notice).await?,
        None => None,
    };
    let session = credentials::new_guardian_session().map_err(credentials::unavailable)?;
    let new = NewSession {
        hash: &app.credentials.keyed.guardian_session(&session),
        consent: visit.consent.id,
        // It was sent to a phone, and nobody has told on which way it came.
        proof: proof.unwrap_or(Proof::CodeBySms),
        lives: TimeDelta::seconds(SESSION_SECONDS.into()),
    };
    consents::open_session(&mut tx, &new).await?;
    wolo_database::commit(tx).await?;
    Ok(session)
}

fn asks_for_it(door: &Door, status: StatusCode, said: &str, code_id: &str) -> Response {
    let title = Words::new("Votre code", "Your code");
    let label = Words::new("Code à six chiffres", "Code of six digits");
    let button = Words::new("Continuer", "Continue");
    let again = Words::new("Recevoir un autre code", "Get another code");
    let [title, label, button, again] =
        [&title, &label, &button, &again].map(|words| words.read(door.language));
    let body = format!(
        "{said}<form method=\"post\" action=\"{}\"><label>{label}\
         <input name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"6\" required></label>\
         <input type=\"hidden\" name=\"code_id\" value=\"{}\"><button>{button}</button></form>\
         <form method=\"post\" action=\"{}\"><p><button class=\"quiet\">{again}</button></p></form>",
        door.to("/session"),
        escape(code_id),
        door.to("/code"),
    );
    door.page(status, title, &body)
}
