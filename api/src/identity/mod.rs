//! Minors: whom they name to consent for them, and what came of it. What guardians see stands in `crate::guardian`.

mod ask;
mod list;

use wolo_control::consents::ConsentInput;
use wolo_domain::ids::UserId;

pub(crate) use ask::{__path_ask as __path_ask_guardian, ask as ask_guardian};
pub(crate) use list::{__path_list as __path_list_consents, EventView, list as list_consents};

use crate::rules;
use crate::state::App;

/// What the process of a minor's consent begins with, where none runs.
pub(crate) fn process_of(app: &App, minor: UserId) -> ConsentInput {
    let (notices, notice_patience) = rules::of_notices(&app.settings.notices);
    ConsentInput {
        minor,
        rules: rules::of_consents(&app.settings.consents),
        notices,
        notice_patience,
        continue_after_events: app.settings.rules.continue_after_events,
        carried: None,
    }
}
