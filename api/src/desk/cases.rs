//! `GET /admin/cases`: the identity cases that wait for a reviewer, those first that have waited longest.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::identities::{self, Entry, Filter};
use wolo_database::{Context, Page};

use super::door::AtDesk;
use super::{moment, shown};
use crate::asker::Language;
use crate::caller::ReviewIdentities;
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

/// More do not wait on one page: whoever reviews begins with the oldest.
const MOST: u32 = 100;

refusals!(NotShown: AtDesk::<ReviewIdentities>::REFUSALS, problem::OF_THE_STORE);

/// The queue of identity cases. What is on them is seen with `wolo cases open`, after saying why.
#[utoipa::path(get, path = "/admin/cases", operation_id = "desk.cases", tag = "desk",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn cases(
    State(app): State<App>,
    desk: AtDesk<ReviewIdentities>,
) -> Result<Response, Problem> {
    let mut tx = Context::reviewer(desk.user).begin(&app.pool).await?;
    let filter = Filter { waiting: true, ..Filter::default() };
    let waiting = identities::list(&mut *tx, filter, Page::first(MOST)).await?;
    let cases: Vec<_> = waiting.iter().map(|entry| told(entry, desk.language)).collect();
    let values = context! { cases, most => MOST };
    shown("/admin/cases", "admin/cases.html", &desk.roles, desk.language, values)
}

fn told(entry: &Entry, language: Language) -> Value {
    let id = entry.case.to_string();
    let next = match entry.assigned_to {
        Some(_) => format!("wolo cases open {id} --reason …"),
        None => format!("wolo cases take {id}"),
    };
    context! {
        id, next,
        since => moment(entry.since, language),
        submitted => entry.round,
        minor => entry.consent.is_some(),
        needed => entry.approvals_needed,
        escalated => entry.escalated_at.map(|at| moment(at, language)),
        reviewer => entry.assigned_to.map(|reviewer| reviewer.to_string()),
    }
}
