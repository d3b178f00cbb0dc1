//! Minors: whom they name to consent for them, and the documents that show who they are. What guardians see stands in
//! `crate::guardian`.

mod again;
mod ask;
mod cases;
mod documents;
mod list;

use wolo_control::consents::ConsentInput;
use wolo_domain::ids::UserId;

pub(crate) use again::{
    __path_again as __path_begin_case_again, REFUSALS as NOT_BEGUN_AGAIN, again as begin_case_again,
    begin_next,
};
pub(crate) use ask::{__path_ask as __path_ask_guardian, ask as ask_guardian};
pub(crate) use cases::{
    __path_list as __path_list_cases, __path_show as __path_show_case, DocumentView, list as list_cases,
    show as show_case,
};
pub(crate) use documents::{
    __path_add as __path_add_document, __path_remove as __path_remove_document,
    __path_submit as __path_submit_case, add as add_document, remove as remove_document, send_off,
    submit as submit_case, take_back,
};
pub(crate) use list::{__path_list as __path_list_consents, EventView, list as list_consents};

use crate::rules;
use crate::state::App;

/// What the process of a minor's consent begins with, where none runs.
pub(crate) fn process_of(app: &App, minor: UserId) -> ConsentInput {
    let (notices, notice_patience) = rules::of_notices(&app.settings.notices);
    ConsentInput {
        minor,
        rules: rules::of_consents(&app.settings.consents),
        identities: rules::of_identities(app.settings.identities),
        notices,
        notice_patience,
        continue_after_events: app.settings.rules.continue_after_events,
        link: None,
        carried: None,
    }
}
