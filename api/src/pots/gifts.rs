//! `GET /api/pots/{pot}/donations`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::Page;
use wolo_database::donations::Shown;
use wolo_domain::money::Xof;

use super::sight::Sight;
use super::view::Reference;
use crate::caller::MaybeUser;
use crate::contract::{refusals, schemas};
use crate::problem::{self, Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Gifts that have arrived, and where the list goes on.
#[derive(Serialize, ToSchema)]
#[schema(as = PotGifts)]
pub(crate) struct List {
    gifts: Vec<GiftView>,
    /// The pot is a surprise: who gave what is told from its day on.
    surprise: bool,
    /// What to ask for as `after` to go on; nothing when this was all.
    #[schema(required = true)]
    next: Option<DateTime<Utc>>,
}

/// A gift as the pot's owner lets it be shown. It has no id here: that is its giver's.
#[derive(Serialize, ToSchema)]
#[schema(as = PotGift)]
struct GiftView {
    /// Left out where it was given without one, or is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    name: Option<String>,
    anonymous: bool,
    /// Left out where the owner does not show amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schemas::Francs, required = false)]
    amount: Option<Xof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    message: Option<String>,
    given_at: DateTime<Utc>,
}

refusals!(NotTold: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown, Code::RequestInvalid]);

/// The gifts that have arrived in a pot, the last first, to whoever may see the pot.
#[utoipa::path(get, path = "/api/pots/{pot}/donations", operation_id = "pots.donations", tag = "pots",
    params(
        Reference,
        ("limit" = Option<usize>, Query, description = "How many at most; 20 where it is left out.", minimum = 1, maximum = 100),
        ("after" = Option<DateTime<Utc>>, Query, description = "The `next` of the list before."),
    ),
    security((), ("bearer" = [])),
    responses((status = 200, description = "Gifts.", body = List), NotTold))]
pub(crate) async fn donations(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    reference: Reference,
    pairs: Pairs,
) -> Result<Json<List>, Problem> {
    let (limit, after) = query::page(pairs, || {
        Words::new(
            "ce n'est pas un instant comme 2026-12-12T08:00:00Z",
            "this is not an instant like 2026-12-12T08:00:00Z",
        )
        .wolof("lii du waxtu ni 2026-12-12T08:00:00Z")
    })?;
    let sight = Sight::find(&app, user, &reference).await?;
    if sight.keeps_its_surprise() {
        return Ok(Json(List { gifts: Vec::new(), surprise: true, next: None }));
    }
    let found = sight.gifts(&app, Page { after, limit: query::one_more(limit) }).await?;
    let (found, next) = query::cut(found, limit, |gift| gift.at);
    let gifts = found.iter().map(|gift| GiftView::new(&sight, gift)).collect();
    Ok(Json(List { gifts, surprise: false, next }))
}

impl GiftView {
    fn new(sight: &Sight, gift: &Shown) -> Self {
        Self {
            name: sight.name_of(gift).map(str::to_owned),
            anonymous: gift.anonymous,
            amount: sight.shows_amounts().then_some(gift.amount),
            message: gift.message.clone().filter(|_| sight.face.settings.allow_messages),
            given_at: gift.at,
        }
    }
}
