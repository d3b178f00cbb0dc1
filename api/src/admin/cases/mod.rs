//! The reviewer's desk over HTTP: cases that wait, their documents, and what is decided about them.

mod decide;
mod list;
mod look;
mod show;
mod take;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use wolo_control::AskError;
use wolo_database::Context;
use wolo_database::identities::{self, Case};
use wolo_domain::ids::{CaseId, UserId};

pub(crate) use decide::{
    __path_approve as __path_approve_case, __path_ask as __path_ask_for_more,
    __path_reject as __path_reject_case, approve as approve_case, ask as ask_for_more, reject as reject_case,
};
pub(crate) use list::{__path_list as __path_list_cases, list as list_cases};
pub(crate) use look::{__path_look as __path_look_at_document, look as look_at_document};
pub(crate) use show::{__path_show as __path_show_case, show as show_case};
pub(crate) use take::{
    __path_assign as __path_assign_case, __path_take as __path_take_case, assign as assign_case,
    take as take_case,
};

use crate::problem::{Code, Problem};
use crate::state::App;

type CasePath = Result<Path<CaseId>, PathRejection>;

fn in_path(case: CasePath) -> Result<CaseId, Problem> {
    case.map(|Path(case)| case).map_err(|_| Problem::new(Code::CaseUnknown))
}

/// A case, as reviewers see it.
async fn find(app: &App, reviewer: UserId, case: CaseId) -> Result<Case, Problem> {
    let mut tx = Context::reviewer(reviewer).begin(&app.pool).await?;
    identities::case(&mut tx, case).await?.ok_or_else(|| Problem::new(Code::CaseUnknown))
}

/// A process that is not there has ended with its case, or its case never was.
fn unanswered(error: AskError) -> Problem {
    match error {
        AskError::NotFound | AskError::Ended => Problem::new(Code::CaseOver),
        error => error.into(),
    }
}
