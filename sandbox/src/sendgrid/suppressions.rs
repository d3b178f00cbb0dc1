//! The lists of those to whom nothing is sent.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use super::book::{List, Suppression};
use super::errors::Refusal;
use super::{Here, access};
use crate::emulator::strict;

/// By its name in the address.
fn named(list: &str) -> Result<List, Refusal> {
    match list {
        "bounces" => Ok(List::Bounces),
        "blocks" => Ok(List::Blocks),
        "spam_reports" => Ok(List::SpamReports),
        "invalid_emails" => Ok(List::InvalidEmails),
        "unsubscribes" => Ok(List::Unsubscribes),
        _ => Err(Refusal::new(StatusCode::NOT_FOUND, "resource not found")),
    }
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    offset: Option<usize>,
    start_time: Option<i64>,
    end_time: Option<i64>,
}

/// `GET /v3/suppression/{list}`
pub(super) async fn list(
    State(desk): Here,
    Path(list): Path<String>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access(&desk, &headers)?;
    let list = named(&list)?;
    let within = |one: &&Suppression| {
        page.start_time.is_none_or(|start| one.created >= start)
            && page.end_time.is_none_or(|end| one.created <= end)
    };
    Ok(desk.read(|book| {
        let all = book.suppressed(list).iter().filter(within);
        let shown = all.skip(page.offset.unwrap_or(0)).take(page.limit.unwrap_or(500));
        Json(shown.collect::<Vec<_>>()).into_response()
    }))
}

/// `GET /v3/suppression/{list}/{email}`: a list of one, or of none.
pub(super) async fn look_up(
    State(desk): Here,
    Path((list, email)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access(&desk, &headers)?;
    let list = named(&list)?;
    Ok(desk.read(|book| {
        let theirs = book.suppressed(list).iter().filter(|one| one.email == email);
        Json(theirs.collect::<Vec<_>>()).into_response()
    }))
}

/// `DELETE /v3/suppression/{list}/{email}`
pub(super) async fn forgive(
    State(desk): Here,
    Path((list, email)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    access(&desk, &headers)?;
    let list = named(&list)?;
    gone(desk.change(|book| book.forgive(list, &email)))
}

fn gone(was_there: bool) -> Result<StatusCode, Refusal> {
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::new(StatusCode::NOT_FOUND, "resource not found"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipients {
    recipient_emails: Vec<String>,
}

/// `POST /v3/asm/suppressions/global`
pub(super) async fn suppress(
    State(desk): Here,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    access(&desk, &headers)?;
    let Recipients { recipient_emails } = strict::read(&headers, &body)?;
    let created = desk.clock.now().timestamp();
    desk.change(|book| {
        for email in recipient_emails.iter().cloned() {
            let (reason, status) = (String::new(), String::new());
            book.suppress(List::Unsubscribes, Suppression { created, email, reason, status });
        }
    });
    Ok((StatusCode::CREATED, Json(json!({ "recipient_emails": recipient_emails }))).into_response())
}

/// `GET /v3/asm/suppressions/global/{email}`: an object with it, or an empty one.
pub(super) async fn is_suppressed(
    State(desk): Here,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access(&desk, &headers)?;
    let is_listed = desk.read(|book| book.is_suppressed(List::Unsubscribes, &email));
    Ok(Json(if is_listed { json!({ "recipient_email": email }) } else { json!({}) }).into_response())
}

/// `DELETE /v3/asm/suppressions/global/{email}`
pub(super) async fn end_suppression(
    State(desk): Here,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    access(&desk, &headers)?;
    gone(desk.change(|book| book.forgive(List::Unsubscribes, &email)))
}
