//! `GET /admin/audit`: who did what, to what, when and why, the last first.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::audit::{self, Filter};
use wolo_database::{Context, Page};
use wolo_domain::audit::{Entry, Place};

use super::door::AtDesk;
use super::{moment, shown};
use crate::asker::Language;
use crate::caller::ReadTrail;
use crate::contract::refusals;
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

const MOST: usize = 50;

refusals!(NotShown: AtDesk::<ReadTrail>::REFUSALS, problem::OF_THE_STORE, &[Code::RequestInvalid]);

/// The trail, about something or by somebody where that is asked for. Whether nothing in it was changed is for `wolo audit verify` to say.
#[utoipa::path(get, path = "/admin/audit", operation_id = "desk.audit", tag = "desk",
    params(
        ("about" = Option<String>, Query, description = "An id: what was done to it."),
        ("by" = Option<String>, Query, description = "Who did it."),
        ("after" = Option<String>, Query, description = "Where the page before ended."),
    ),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn audit(
    State(app): State<App>,
    desk: AtDesk<ReadTrail>,
    mut pairs: Pairs,
) -> Result<Response, Problem> {
    let mut fields = Fields::default();
    let no_word =
        || Words::new("cette valeur ne convient pas", "this value is not right").wolof("valeur bii baaxul");
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let about = given(query::word(&mut pairs, &mut fields, "about", no_word));
    let by = given(query::word(&mut pairs, &mut fields, "by", no_word));
    let after: Option<Place> = query::word(&mut pairs, &mut fields, "after", no_word);
    // The language is the page's business, as everywhere.
    let _: Option<String> = query::word(&mut pairs, &mut fields, "lang", no_word);
    pairs.end(&mut fields);
    fields.check()?;
    let mut tx = Context::trail(desk.user).begin(&app.pool).await?;
    let filter = Filter { about, by, day: None };
    let page = Page { after, limit: query::one_more(MOST) };
    let found = audit::list(&mut *tx, &filter, page).await?;
    let (found, next) = query::cut(found, MOST, |entry| entry.place);
    let lines: Vec<_> = found.iter().map(|entry| told(entry, desk.language)).collect();
    let values = context! {
        lines, about => filter.about.unwrap_or_default(), by => filter.by.unwrap_or_default(),
        next => next.map(|place| place.to_string()),
    };
    shown("/admin/audit", "admin/audit.html", &desk.roles, desk.language, values)
}

/// A line that cannot be read is shown as such: somebody has changed it.
fn told(entry: &Entry, language: Language) -> Value {
    let place = entry.place.to_string();
    let Some(record) = entry.record() else { return context! { place, readable => false } };
    context! {
        place, readable => true, at => moment(record.at, language), by => record.by,
        action => record.happening.action.as_str(), about => record.happening.about, reason => record.reason,
    }
}
