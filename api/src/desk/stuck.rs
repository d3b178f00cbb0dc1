//! `GET /admin/stuck`: what does not go on by itself, the most pressing first, and the command that helps.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_control::stuck::{Stuck, Why};

use super::door::AtDesk;
use super::{moment, shown};
use crate::admin::{page_of, standstill};
use crate::asker::Language;
use crate::caller::SeeServices;
use crate::contract::refusals;
use crate::problem::{self, Problem};
use crate::state::App;

refusals!(NotShown: AtDesk::<SeeServices>::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE);

/// Everything that does not go on by itself.
#[utoipa::path(get, path = "/admin/stuck", operation_id = "desk.stuck", tag = "desk",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn stuck(State(app): State<App>, desk: AtDesk<SeeServices>) -> Result<Response, Problem> {
    let found = standstill(&app, desk.user).await?;
    let (running, looked_at, is_partial) = (found.running, found.looked_at, found.is_partial());
    let stuck: Vec<_> = found.stuck.iter().map(|one| told(&app, one, desk.language)).collect();
    let values = context! { stuck, running, looked_at, is_partial };
    shown("/admin/stuck", "admin/stuck.html", &desk.roles, desk.language, values)
}

fn told(app: &App, one: &Stuck, language: Language) -> Value {
    context! {
        process => &one.process, why => why(one.why, language), presses => one.why <= Why::NeedsHuman,
        waits_for => &one.waits_for, owner => one.owner.as_str(), help => &one.help,
        since => one.since.map(|at| moment(at, language)), attempts => one.attempts,
        next_try => one.next_try.map(|at| moment(at, language)),
        error => one.last_error.as_ref().map(|fault| fault.words.clone()),
        page => page_of(app, &one.process),
    }
}

const fn why(why: Why, language: Language) -> &'static str {
    let (french, english) = match why {
        Why::Fails => ("Le code n'y arrive pas", "Its code cannot go on"),
        Why::NeedsHuman => ("Attend une décision", "Waits for a decision"),
        Why::Retries => ("Réessaie", "Is tried again"),
        Why::Overdue => ("Son jour est passé", "Past its day"),
        Why::Late => ("En retard", "Late"),
        Why::Held => ("Retenue", "Held"),
    };
    match language {
        Language::French | Language::Wolof => french,
        Language::English => english,
    }
}
