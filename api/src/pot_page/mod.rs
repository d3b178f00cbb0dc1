//! The page of a pot, under its link: what has come together, the wishes, and a form to give with.
//!
//! It shows what `GET /api/pots/{pot}` would show a visitor. A page has no session: its owner sees here what everybody sees. A pot that
//! is not to be seen is not told from one that is not there.

mod filled;
mod give;
mod picture;
mod report;
mod show;
mod values;

use axum::http::StatusCode;
use axum::response::Response;

pub(crate) use give::{__path_give_on_page, give_on_page};
pub(crate) use picture::{__path_picture, Pictures, picture};
pub(crate) use report::{__path_report_on_page, report_on_page};
pub(crate) use show::{__path_show, show};

use crate::asker::Language;
use crate::pages::Page;
use crate::pots::{Reference, Sight};
use crate::problem::{Code, Problem};
use crate::state::App;

/// The pot whose page it is, as anybody with its link sees it.
async fn in_sight(app: &App, reference: Result<Reference, Problem>) -> Result<Sight, Problem> {
    Sight::find(app, None, &reference?).await
}

/// For whoever followed a link that leads to no pot, or to one that is not to be seen.
fn lost(problem: Problem, language: Language) -> Result<Response, Problem> {
    if problem.code() != Code::PotUnknown {
        return Err(problem);
    }
    Page::new("lost.html", language).status(StatusCode::NOT_FOUND).show(minijinja::context! {})
}
