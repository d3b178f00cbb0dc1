//! Figures for the business: what pages tell of visitors, and what those may see and take away who work here.
//!
//! Nothing personal is in either: things are called by their opaque ids, and of a visitor nobody learns who they are.

mod events;
mod exports;
mod figures;
mod live;

pub(crate) use events::{__path_tell, tell};
pub(crate) use exports::{__path_export, Exports, export};
pub use figures::Told;
pub(crate) use figures::{__path_figures, __path_one_figure, figures, one_figure, span};
pub(crate) use live::{__path_live, live, now};

use chrono::NaiveDate;
use wolo_domain::dakar;

use crate::fields::Fields;
use crate::problem::Words;
use crate::query::{self, Pairs};
use crate::state::App;

/// So many days up to today, where nobody says which.
const USUAL_DAYS: u32 = 30;

/// From one day to another, as the query names them.
fn days(pairs: &mut Pairs, fields: &mut Fields) -> (NaiveDate, NaiveDate) {
    let no_day = || {
        Words::new("ce n'est pas un jour ; écrivez 2026-11-25", "this is not a day; write it as 2026-11-25")
    };
    let from = query::word(pairs, fields, "from", no_day);
    let to = query::word(pairs, fields, "to", no_day);
    let to = to.unwrap_or_else(|| dakar::day_of(App::now()));
    let from = from.unwrap_or_else(|| dakar::days_before(to, USUAL_DAYS - 1));
    if to < from {
        fields.wrong("to", backwards());
    }
    (from, to)
}

fn backwards() -> Words {
    Words::new("le dernier jour est avant le premier", "the last day is before the first")
}
