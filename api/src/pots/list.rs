//! `GET /api/pots`

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::{Context, Page, pots};
use wolo_domain::ids::{PotId, UserId};

use super::view::{PotView, Viewer};
use crate::asker::{Asker, Language};
use crate::caller::{MaybeUser, User};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Pots, and where the list goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = Pots)]
pub(crate) struct List {
    pots: Vec<PotView>,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(value_type = Option<schemas::PotId>, required = true)]
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

refusals!(NotListed: User::REFUSALS, problem::OF_THE_STORE, &[Code::RequestInvalid]);

/// Public pots that are open, the last opened first; or one's own, all of them.
#[utoipa::path(get, path = "/api/pots", operation_id = "pots.list", tag = "pots",
    params(
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<String>, Query, description = "The `next` of the list before.", pattern = "^pot_[0-9a-f]{32}$"),
        ("mine" = Option<bool>, Query, description = "The caller's own pots, all of them. This wants a token."),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "Pots.", body = List, links(
            ("show" = (operation_id = "pots.show", parameters(("pot" = "$response.body#/pots/0/id")))),
            ("give" = (operation_id = "payments.donate", request_body = json!({ "pot": "$response.body#/pots/0/id" }))),
            ("go_on" = (operation_id = "pots.list", parameters(("after" = "$response.body#/next")))),
        )),
        NotListed,
    ))]
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
        let mut tx = Context::user(owner).begin(&app.pool).await?;
        let pots = pots::of_owner(&mut *tx, owner).await?;
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
    let mut tx = Context::caller(user).begin(&app.pool).await?;
    let found = pots::listed(&mut *tx, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, |pot| pot.id);
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
    let limit = query::limit(&mut pairs, &mut fields);
    let mut wanted = Wanted { page: Wish { limit, after: None }, mine: false };
    if let Some(text) = pairs.take("after", &mut fields) {
        wanted.page.after = text.parse().ok();
        if wanted.page.after.is_none() {
            fields.wrong(
                "after",
                Words::new("ce n'est pas l'identifiant d'une cagnotte", "this is not a pot's id")
                    .wolof("lii du identifiant cagnotte"),
            );
        }
    }
    match pairs.take("mine", &mut fields).as_deref() {
        None | Some("false") => {}
        Some("true") => wanted.mine = true,
        Some(_) => {
            fields.wrong(
                "mine",
                Words::new("ce doit être true ou false", "this must be true or false")
                    .wolof("dafa war a nekk true walla false"),
            );
        }
    }
    pairs.end(&mut fields);
    fields.check().map(|()| wanted)
}
