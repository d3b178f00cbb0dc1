//! `GET /api/pots`

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use wolo_database::{Page, pots};
use wolo_domain::ids::{PotId, UserId};

use super::view::{PotView, Viewer};
use crate::asker::{Asker, Language};
use crate::caller::MaybeUser;
use crate::fields::Fields;
use crate::problem::{Code, Problem, Words};
use crate::query::Pairs;
use crate::state::App;

const USUAL: usize = 20;
const MOST: usize = 100;

#[derive(Serialize)]
pub(crate) struct List {
    pots: Vec<PotView>,
    /// What to ask for as `after` to go on; nothing when this was all.
    next: Option<PotId>,
}

struct Wanted {
    page: Wish,
    mine: bool,
}

/// A page of the public list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wish {
    limit: usize,
    after: Option<PotId>,
}

/// Public pots that are open, the last opened first; or one's own, all of them.
pub(crate) async fn list(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    asker: Asker,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let Wanted { page, mine } = read(pairs)?;
    if mine {
        let owner = user.ok_or_else(|| Problem::new(Code::TokenMissing))?;
        let viewer = Viewer { owner: true, knows_link: true };
        let pots = pots::of_owner(&app.pool, owner).await?;
        let pots = pots.into_iter().map(|pot| PotView::new(&app, pot, viewer, asker.language)).collect();
        return Ok(Json(List { pots, next: None }).into_response());
    }
    if user.is_some() {
        return Ok(Json(public(&app, page, user, asker.language).await?).into_response());
    }
    let body = app.public_lists.get(page, for_visitors(&app, page)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The page as everybody sees it who shows no token. Its words are in no language: only owners are told of holds.
async fn for_visitors(app: &App, page: Wish) -> Result<Bytes, Problem> {
    let list = public(app, page, None, Language::default()).await?;
    let body = serde_json::to_vec(&list).map_err(|error| {
        tracing::error!(%error, "a list could not be written");
        Problem::new(Code::Internal)
    })?;
    Ok(body.into())
}

async fn public(app: &App, page: Wish, user: Option<UserId>, language: Language) -> Result<List, Problem> {
    let Wish { limit, after } = page;
    // One more than wanted tells whether there are more.
    let ask = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut found = pots::listed(&app.pool, Page { after, limit: ask }).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|pot| pot.id);
    let pots = found
        .into_iter()
        .map(|pot| {
            let owner = user == Some(pot.owner);
            PotView::new(app, pot, Viewer { owner, knows_link: owner }, language)
        })
        .collect();
    Ok(List { pots, next })
}

fn read(mut pairs: Pairs) -> Result<Wanted, Problem> {
    let mut fields = Fields::default();
    let mut wanted = Wanted { page: Wish { limit: USUAL, after: None }, mine: false };
    if let Some(text) = pairs.take("limit", &mut fields) {
        match text.parse() {
            Ok(limit) if (1..=MOST).contains(&limit) => wanted.page.limit = limit,
            _ => fields.wrong(
                "limit",
                Words::new(
                    format!("ce doit être un nombre de 1 à {MOST}"),
                    format!("this must be a number from 1 to {MOST}"),
                ),
            ),
        }
    }
    if let Some(text) = pairs.take("after", &mut fields) {
        wanted.page.after = text.parse().ok();
        if wanted.page.after.is_none() {
            fields.wrong(
                "after",
                Words::new("ce n'est pas l'identifiant d'une cagnotte", "this is not a pot's id"),
            );
        }
    }
    match pairs.take("mine", &mut fields).as_deref() {
        None | Some("false") => {}
        Some("true") => wanted.mine = true,
        Some(_) => {
            fields.wrong("mine", Words::new("ce doit être true ou false", "this must be true or false"));
        }
    }
    pairs.end(&mut fields);
    fields.check().map(|()| wanted)
}
