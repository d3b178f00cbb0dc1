//! `GET /api/pots`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::{Context, Page, pots};
use wolo_domain::ids::PotId;

use super::view::{PotView, Viewer};
use crate::asker::Asker;
use crate::caller::{MaybeUser, User};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::query::Pairs;
use crate::state::App;

const USUAL: usize = 20;
const MOST: usize = 100;

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
    limit: usize,
    after: Option<PotId>,
    mine: bool,
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
) -> Result<Json<List>, Problem> {
    let Wanted { limit, after, mine } = read(pairs)?;
    let mut tx = Context::caller(user).begin(&app.pool).await?;
    if mine {
        let owner = user.ok_or_else(|| Problem::new(Code::TokenMissing))?;
        let viewer = Viewer { owner: true, knows_link: true };
        let pots = pots::of_owner(&mut *tx, owner).await?;
        let pots = pots.into_iter().map(|pot| PotView::new(&app, pot, viewer, asker.language)).collect();
        return Ok(Json(List { pots, next: None }));
    }
    // One more than wanted tells whether there are more.
    let ask = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut found = pots::listed(&mut *tx, Page { after, limit: ask }).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|pot| pot.id);
    let pots = found
        .into_iter()
        .map(|pot| {
            let owner = user == Some(pot.owner);
            PotView::new(&app, pot, Viewer { owner, knows_link: owner }, asker.language)
        })
        .collect();
    Ok(Json(List { pots, next }))
}

fn read(mut pairs: Pairs) -> Result<Wanted, Problem> {
    let mut fields = Fields::default();
    let mut wanted = Wanted { limit: USUAL, after: None, mine: false };
    if let Some(text) = pairs.take("limit", &mut fields) {
        match text.parse() {
            Ok(limit) if (1..=MOST).contains(&limit) => wanted.limit = limit,
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
        wanted.after = text.parse().ok();
        if wanted.after.is_none() {
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
