//! `GET /`: what WOLO is, and the pots that are shown to everybody.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use wolo_database::pots::{self, Pot};
use wolo_database::{Context, Page as Part};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;

use crate::asker::Asker;
use crate::contract::refusals;
use crate::page::{saying, shown, spoken, wants_page};
use crate::pages::Page;
use crate::pots::percent;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// Pots on the first page.
const SHOWN: u32 = 6;

/// The pots of the first page.
#[derive(Serialize)]
pub(crate) struct Front(Vec<Line>);

#[derive(Serialize)]
struct Line {
    name: PotId,
    title: String,
    birthday: NaiveDate,
    gifts: i64,
    shows_amounts: bool,
    collected: Xof,
    target: Xof,
    percent: i64,
}

refusals!(NotShown: problem::OF_THE_STORE);

/// The first page, for whoever wants to know what this is.
#[utoipa::path(get, path = "/", operation_id = "pages.home", tag = "pages",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), NotShown))]
pub(crate) async fn home(State(app): State<App>, asker: Asker) -> Result<Response, Problem> {
    let pool = app.pool.clone();
    let ask = async move {
        let mut tx = Context::visitor().begin(&pool).await?;
        let pots = pots::listed(&mut *tx, Part { after: None, limit: SHOWN }).await?;
        Ok(Front(pots.into_iter().map(Line::from).collect()))
    };
    let front = app.front.get((), Box::pin(ask)).await?;
    let pots = minijinja::Value::from(Serde(&*front));
    Page::new("home.html", asker.language).show(context! { pots })
}

impl From<Pot> for Line {
    fn from(pot: Pot) -> Self {
        let (shows_amounts, given) = (pot.settings.show_amounts, pot.totals.given);
        Self {
            name: pot.id,
            title: pot.settings.title,
            birthday: pot.birthday,
            gifts: pot.totals.donations,
            shows_amounts,
            collected: if shows_amounts { given } else { Xof::ZERO },
            target: pot.settings.target,
            percent: if shows_amounts { percent(given, pot.settings.target) } else { 0 },
        }
    }
}

/// An address that leads nowhere, told to whoever asked as they can read it.
pub(crate) async fn nowhere(headers: HeaderMap, asker: Asker) -> Response {
    if !wants_page(&headers) {
        return Problem::new(Code::RouteUnknown).into_response();
    }
    let title = Words::new("Cette page n'existe pas", "There is no such page");
    let sentence = Words::new(
        "Vérifiez que l'adresse est complète. <a href=\"/\">Aller à l'accueil</a>",
        "Check that all of the address is there. <a href=\"/\">To the first page</a>",
    );
    let language = spoken(asker.language);
    shown(StatusCode::NOT_FOUND, saying(&title, &sentence, language), language)
}
