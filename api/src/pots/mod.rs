//! Pots: making one, seeing it, closing it, giving it up.
//!
//! A pot that a caller may not see does not exist for them: the answer is 404, never 403.

mod cancel;
mod certificate;
mod close;
mod create;
mod list;
mod not_open;
mod public_lists;
mod show;
mod unanswered;
mod view;
mod wishes;

pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use certificate::{__path_certificate, certificate};
pub(crate) use close::{__path_close, close};
pub(crate) use create::{__path_create, create};
pub(crate) use list::{__path_list, list};
pub(crate) use not_open::not_open;
pub(crate) use public_lists::PublicLists;
pub(crate) use show::{__path_show, show};
pub(crate) use unanswered::unanswered;
pub(crate) use view::{Reference, Viewer, find, find_access};
