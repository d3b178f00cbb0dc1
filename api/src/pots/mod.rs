//! Pots: making one, seeing it, closing it, giving it up, reporting it.
//!
//! A pot that a caller may not see does not exist for them: the answer is 404, never 403.

mod cancel;
mod certificate;
mod close;
mod create;
mod events;
mod gifts;
mod list;
mod live;
mod not_open;
mod public_lists;
mod report;
mod share;
mod show;
mod sight;
mod timeline;
mod unanswered;
mod view;
mod wishes;

use wolo_domain::money::Xof;

pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use certificate::{__path_certificate, certificate};
pub(crate) use close::{__path_close, close};
pub(crate) use create::{__path_create, create};
pub(crate) use events::{__path_events, PotEvent, events};
pub(crate) use gifts::{__path_donations, donations};
pub(crate) use list::{__path_list, list};
pub(crate) use live::{Live, MOST as MOST_WATCHING};
pub(crate) use not_open::not_open;
pub(crate) use public_lists::PublicLists;
pub(crate) use report::{__path_report, Told as ToldOfPot, note_report, report};
pub(crate) use share::{__path_share, Share, share};
pub(crate) use show::{__path_show, show};
pub(crate) use sight::{Gathered, Sight, Wishes};
pub(crate) use timeline::{__path_timeline, timeline};
pub(crate) use unanswered::unanswered;
pub(crate) use view::{Reference, Viewer, find, find_access};

/// How much of what it aims at a pot has, in hundredths, as far as a bar goes.
pub(crate) fn percent(given: Xof, target: Xof) -> i64 {
    given.francs().saturating_mul(100).checked_div(target.francs()).unwrap_or(0).clamp(0, 100)
}
