//! `GET /admin/discrepancies`: where Wave's statement and our books say different things, and nobody has said why yet.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::discrepancies::{self, Discrepancy};
use wolo_database::{Context, Page};
use wolo_domain::dakar;

use super::door::AtDesk;
use super::{moment, shown};
use crate::asker::Language;
use crate::caller::SeeBooks;
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

const MOST: u32 = 100;

refusals!(NotShown: AtDesk::<SeeBooks>::REFUSALS, problem::OF_THE_STORE);

/// Discrepancies that nobody has resolved, the last found first.
#[utoipa::path(get, path = "/admin/discrepancies", operation_id = "desk.discrepancies", tag = "desk",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn discrepancies(
    State(app): State<App>,
    desk: AtDesk<SeeBooks>,
) -> Result<Response, Problem> {
    let mut tx = Context::staff(desk.user).begin(&app.pool).await?;
    let open = discrepancies::all(&mut *tx, None, false, Page::first(MOST)).await?;
    let found: Vec<_> = open.iter().map(|one| told(one, desk.language)).collect();
    let values = context! { found, most => MOST };
    shown("/admin/discrepancies", "admin/discrepancies.html", &desk.roles, desk.language, values)
}

fn told(one: &Discrepancy, language: Language) -> Value {
    context! {
        id => one.id.to_string(), kind => one.kind.as_str(), reason => &one.reason, owner => &one.owner,
        day => dakar::in_words(one.day, language), suspense => one.suspense.francs(),
        since => moment(one.first_seen_at, language),
    }
}
