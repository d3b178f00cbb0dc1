//! The admin pages, below `/admin`: how things stand, what waits for somebody, and what was done.
//!
//! They show and do nothing: what is decided is decided with `wolo`, whose commands the pages name, or by the operations below
//! `/api/admin`. Whoever works here signs in with a password or a code and with their second factor, which they set up here the first time;
//! a page that a role may not see does not stand in its menu either.

mod audit;
mod cases;
mod discrepancies;
mod door;
mod figure_words;
mod figures;
mod messages;
mod sign_in;
mod stuck;
mod today;

use axum::response::Response;
use chrono::{DateTime, Timelike as _, Utc};
use minijinja::{Value, context};
use wolo_domain::accounts::Role;
use wolo_domain::dakar;

pub(crate) use audit::{__path_audit, audit};
pub(crate) use cases::{__path_cases, cases};
pub(crate) use discrepancies::{__path_discrepancies, discrepancies};
pub(crate) use figures::{__path_figures, figures};
pub(crate) use messages::{__path_messages, messages};
pub(crate) use sign_in::{
    __path_code, __path_enrol, __path_form, __path_leave, __path_prove, __path_second_factor, code, enrol,
    form, leave, prove, second_factor,
};
pub(crate) use stuck::{__path_stuck, stuck};
pub(crate) use today::{__path_today, today};

use crate::asker::Language;
use crate::caller::{Permission, ReadTrail, ReviewIdentities, SeeBooks, SeeFigures, SeeMessages};
use crate::pages::Page;
use crate::problem::Problem;

/// A page that has a place in the menu.
struct Place {
    path: &'static str,
    french: &'static str,
    english: &'static str,
    roles: &'static [Role],
}

const MENU: [Place; 7] = [
    Place { path: "/admin", french: "Aujourd'hui", english: "Today", roles: &Role::ALL },
    Place { path: "/admin/stuck", french: "En panne", english: "Stuck", roles: &Role::ALL },
    Place {
        path: "/admin/cases",
        french: "Identités",
        english: "Identities",
        roles: ReviewIdentities::ROLES,
    },
    Place {
        path: "/admin/discrepancies",
        french: "Écarts",
        english: "Discrepancies",
        roles: SeeBooks::ROLES,
    },
    Place { path: "/admin/messages", french: "Messages", english: "Messages", roles: SeeMessages::ROLES },
    Place { path: "/admin/figures", french: "Chiffres", english: "Figures", roles: SeeFigures::ROLES },
    Place { path: "/admin/audit", french: "Journal", english: "Audit trail", roles: ReadTrail::ROLES },
];

/// Whether somebody with these roles may see what these are for.
fn may(roles: &[Role], see: &[Role]) -> bool {
    roles.iter().any(|role| see.contains(role))
}

/// A page of the menu, with what stands in it.
fn shown(
    path: &str,
    template: &'static str,
    roles: &[Role],
    language: Language,
    values: Value,
) -> Result<Response, Problem> {
    let menu: Vec<_> = MENU
        .iter()
        .filter(|place| may(roles, place.roles))
        .map(|place| {
            context! { path => place.path, french => place.french, english => place.english, here => place.path == path }
        })
        .collect();
    Page::new(template, language).show(context! { menu, ..values })
}

/// An instant as it is read in Dakar.
fn moment(at: DateTime<Utc>, language: Language) -> String {
    let time = at.time();
    format!("{}, {:02}:{:02}", dakar::in_words(dakar::day_of(at), language), time.hour(), time.minute())
}
