//! `GET, POST /admin/login` and what follows: who works here signs in with a password or a code, then with their second factor.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;
use secrecy::SecretString;
use url::form_urlencoded;
use wolo_database::Context;
use wolo_database::Transaction;
use wolo_database::accounts::codes::Proved;
use wolo_database::accounts::sessions::{self, EndReason};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::UserId;

use super::door::{SIGN_IN, keeping, seated};
use crate::asker::{Asker, Language};
use crate::body::raw;
use crate::contract::{Nothing, refusals};
use crate::edge::browsers::refuse_foreign;
use crate::limits::Tally;
use crate::page::wants_page;
use crate::pages::{Page, qr};
use crate::problem::{self, Code, Problem};
use crate::state::App;
use crate::tokens::{self, Bearer, Kind};
use crate::users::{
    self, Proven, enrolled, half_way, open, roles_of, send_to_holder, with_password, with_second_factor,
};

/// A form of these pages, which none of another site has sent: what stands in it, by the names of its fields. What a browser or its
/// extensions add is nothing to us.
pub(crate) struct Filled {
    fields: HashMap<String, String>,
    headers: HeaderMap,
}

impl FromRequest<App> for Filled {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        refuse_foreign(&headers, &app.settings.api.public_url)?;
        let body = raw(Bytes::from_request(request, app).await)?;
        Ok(Self { fields: form_urlencoded::parse(&body).into_owned().collect(), headers })
    }
}

impl Filled {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    fn contact(&self) -> Result<Contact, Problem> {
        self.get("contact").trim().parse().map_err(|_| Problem::new(Code::CredentialsWrong))
    }

    /// Whether a problem is told on the form, which can be mended.
    fn tells(&self, problem: &Problem) -> bool {
        wants_page(&self.headers) && problem.status().is_client_error()
    }
}

const OF_THE_FORM: &[Code] = &[Code::FromElsewhere, Code::BodyUnreadable, Code::BodyTooLarge];

refusals!(NotProved: OF_THE_FORM, problem::OF_THE_STORE,
    &[Code::CredentialsWrong, Code::TooManyGuesses, Code::TooManyCodes, Code::AccountLocked, Code::AccountUnknown,
        Code::NotAllowed, Code::Busy]);
refusals!(NotGiven: OF_THE_FORM, problem::OF_THE_STORE,
    &[Code::OneTimeCodeWrong, Code::AccountLocked, Code::AccountUnknown, Code::NotAllowed]);
refusals!(NotEnrolled: OF_THE_FORM, problem::OF_THE_STORE,
    &[Code::TokenInvalid, Code::SecondFactorThere, Code::AccountLocked, Code::AccountUnknown]);
refusals!(NotIn: OF_THE_FORM, problem::OF_THE_STORE,
    &[Code::TokenInvalid, Code::OneTimeCodeWrong, Code::TooManyGuesses, Code::AccountLocked, Code::AccountUnknown]);
refusals!(NotLeft: OF_THE_FORM, problem::OF_THE_STORE);

/// Where one signs in.
#[utoipa::path(get, path = "/admin/login", operation_id = "desk.sign_in", tag = "desk",
    responses((status = 200, description = "The form.", body = String, content_type = "text/html"), Nothing))]
pub(crate) async fn form(asker: Asker) -> Result<Response, Problem> {
    login(asker.language, StatusCode::OK, "", "")
}

/// A contact and a password, or the wish for a code.
#[utoipa::path(post, path = "/admin/login", operation_id = "desk.prove", tag = "desk",
    request_body(content = Object, description = "The form: `contact`, and `password`, or `by` that is `code`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The next form.", body = String, content_type = "text/html"), NotProved))]
pub(crate) async fn prove(
    State(app): State<App>,
    asker: Asker,
    tally: Tally,
    filled: Filled,
) -> Result<Response, Problem> {
    let proving = async {
        let contact = filled.contact()?;
        if filled.get("by") == "code" {
            let sent = send_to_holder(&app, asker.language, &tally, &contact, CodePurpose::SignIn).await?;
            return asks_for_code(asker.language, StatusCode::OK, &sent.code_id.to_string(), "");
        }
        let password = SecretString::from(filled.get("password").to_owned());
        let (tx, user) = with_password(&app, &contact, password).await?;
        asks_for_second_factor(&app, tx, user, "pwd", asker.language).await
    };
    match proving.await {
        Err(problem) if filled.tells(&problem) => {
            let page =
                login(asker.language, problem.status(), filled.get("contact"), &said(&problem, &asker))?;
            Ok(problem.with_its_wait(page))
        }
        done => done,
    }
}

/// A code that was sent, given back.
#[utoipa::path(post, path = "/admin/login/code", operation_id = "desk.give_code", tag = "desk",
    request_body(content = Object, description = "The form: `code_id`, `code`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The next form.", body = String, content_type = "text/html"), NotGiven))]
pub(crate) async fn code(State(app): State<App>, asker: Asker, filled: Filled) -> Result<Response, Problem> {
    let proving = async {
        let wrong = || Problem::new(Code::OneTimeCodeWrong);
        let code_id = filled.get("code_id").parse().map_err(|_| wrong())?;
        match users::attempt(&app, code_id, filled.get("code"), &[CodePurpose::SignIn]).await? {
            (tx, Proved::User(user)) => asks_for_second_factor(&app, tx, user, "otp", asker.language).await,
            _ => Err(wrong()),
        }
    };
    match proving.await {
        Err(problem) if filled.tells(&problem) => {
            let told = said(&problem, &asker);
            asks_for_code(asker.language, problem.status(), filled.get("code_id"), &told)
        }
        done => done,
    }
}

/// Sets up the second factor of somebody who has none: shown this once.
#[utoipa::path(post, path = "/admin/login/enrol", operation_id = "desk.enrol", tag = "desk",
    request_body(content = Object, description = "The form: `challenge`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "What the device needs, and the next form.", body = String, content_type = "text/html"),
        NotEnrolled))]
pub(crate) async fn enrol(State(app): State<App>, asker: Asker, filled: Filled) -> Result<Response, Problem> {
    let challenge = filled.get("challenge");
    let enrolled = enrolled(&app, challenge).await?;
    let picture = qr(&enrolled.otpauth_uri)?.document();
    Page::new("admin/enrol.html", asker.language).show(context! {
        challenge, picture, address => enrolled.otpauth_uri, recovery_codes => enrolled.recovery_codes,
    })
}

/// The second factor, which opens the session.
#[utoipa::path(post, path = "/admin/login/second-factor", operation_id = "desk.give_second_factor", tag = "desk",
    request_body(content = Object, description = "The form: `challenge`, `code`.",
        content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Signed in: on to the first page."), NotIn))]
pub(crate) async fn second_factor(
    State(app): State<App>,
    asker: Asker,
    filled: Filled,
) -> Result<Response, Problem> {
    let (challenge, code) = (filled.get("challenge"), filled.get("code"));
    match with_second_factor(&app, challenge, code).await {
        Ok(proven) => Ok(begin(&app, &asker, &filled.headers, proven).await?),
        Err(problem) if filled.tells(&problem) && problem.code() != Code::TokenInvalid => {
            let told = said(&problem, &asker);
            let page = second_factor_form(asker.language, problem.status(), challenge, true, &told)?;
            Ok(problem.with_its_wait(page))
        }
        // Whoever has taken too long begins again.
        Err(problem) if filled.tells(&problem) => {
            login(asker.language, problem.status(), "", &said(&problem, &asker))
        }
        Err(problem) => Err(problem),
    }
}

/// Signs out: the session has ended, whoever kept its token.
#[utoipa::path(post, path = "/admin/logout", operation_id = "desk.sign_out", tag = "desk",
    responses((status = 303, description = "Signed out."), NotLeft))]
pub(crate) async fn leave(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    refuse_foreign(&headers, &app.settings.api.public_url)?;
    let Some((user, bearer)) = seated(&headers, &app).await? else {
        return Ok(Redirect::to(SIGN_IN).into_response());
    };
    let mut tx = Context::user(user).begin(&app.pool).await?;
    if let Some(session) = bearer.sid {
        sessions::end(&mut tx, user, session, EndReason::SignedOut).await?;
    }
    wolo_database::commit(tx).await?;
    Ok(keeping(SIGN_IN, "", 0, &app))
}

/// Somebody who works here is asked for their second factor, and nobody else.
async fn asks_for_second_factor(
    app: &App,
    mut tx: Transaction,
    user: UserId,
    proof: &str,
    language: Language,
) -> Result<Response, Problem> {
    users::usable(&mut tx, user).await?;
    if roles_of(&mut tx, user).await?.is_empty() {
        return Err(Problem::new(Code::NotAllowed));
    }
    let half_way = half_way(app, tx, user, proof).await?;
    second_factor_form(language, StatusCode::OK, &half_way.challenge, half_way.enrolled, "")
}

/// Opens a session for these pages.
async fn begin(app: &App, asker: &Asker, headers: &HeaderMap, proven: Proven) -> Result<Response, Problem> {
    let Proven { mut tx, account, proofs } = proven;
    let (user, lives) = (account.id, app.settings.accounts.desk);
    let roles = roles_of(&mut tx, user).await?;
    let device = Some(browser(headers).to_owned());
    let (holder, _) = open(app, asker, tx, account, device, &proofs, lives).await?;
    let bearer = Bearer { sid: Some(holder.session), roles, amr: proofs, ..Bearer::default() };
    let token = tokens::mint_kind(&app.settings.tokens, Kind::Desk, user, bearer, App::now(), lives);
    let token = token.map_err(|error| {
        tracing::error!(%error, "a session of the admin pages cannot be written");
        Problem::new(Code::Internal)
    })?;
    Ok(keeping("/admin", &token, lives.as_secs(), app))
}

/// What the list of sessions calls a browser: its family, which tells one's own from another's and nobody from anybody.
fn browser(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.unwrap_or_default();
    let families = ["Edg/", "Firefox/", "Chrome/", "Safari/"];
    match families.iter().find(|family| agent.contains(**family)) {
        Some(&"Edg/") => "admin pages, Edge",
        Some(&"Firefox/") => "admin pages, Firefox",
        Some(&"Chrome/") => "admin pages, Chrome",
        Some(&"Safari/") => "admin pages, Safari",
        _ => "admin pages",
    }
}

fn said(problem: &Problem, asker: &Asker) -> String {
    problem.words(asker.language).1
}

fn login(language: Language, status: StatusCode, contact: &str, wrong: &str) -> Result<Response, Problem> {
    Page::new("admin/login.html", language).status(status).show(context! { contact, wrong })
}

fn asks_for_code(
    language: Language,
    status: StatusCode,
    code_id: &str,
    wrong: &str,
) -> Result<Response, Problem> {
    Page::new("admin/code.html", language).status(status).show(context! { code_id, wrong })
}

fn second_factor_form(
    language: Language,
    status: StatusCode,
    challenge: &str,
    enrolled: bool,
    wrong: &str,
) -> Result<Response, Problem> {
    Page::new("admin/second_factor.html", language)
        .status(status)
        .show(context! { challenge, enrolled, wrong })
}
