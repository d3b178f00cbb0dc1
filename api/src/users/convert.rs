//! `POST /api/users/points/convert`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_control::ids;
use wolo_control::pots::{Converting, CreditWish};
use wolo_database::pots::Pot;
use wolo_database::{Context, points};
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::points::CreditRefusal;

use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::idempotency::{Done, Key, Once, Turn};
use crate::pots::{Reference, Viewer, find, not_open, unanswered};
use crate::problem::{self, Code, Problem, Words, Wrong};
use crate::rules;
use crate::state::App;

/// Points that the caller turns into credit for a pot.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "pot": "pot_0193a5c2f0f07c3ab1d2e3f405162738", "points": 10 }))]
pub(crate) struct Conversion {
    /// The secret part of its link, or the id of a public one or of one of the caller's.
    #[schema(pattern = "^(pot_[0-9a-f]{32}|[A-Za-z0-9_-]{16,64})$")]
    pot: String,
    /// Ten, or a multiple of ten, unless WOLO has set another number.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    points: u32,
}

/// Points that became credit.
#[derive(Serialize, ToSchema)]
#[schema(as = Credit)]
struct Credited {
    #[schema(value_type = schemas::ConversionId)]
    id: ConversionId,
    #[schema(value_type = schemas::PotId)]
    pot: PotId,
    points: u32,
    #[schema(value_type = schemas::Francs)]
    credit: Xof,
    /// The points that can still be used.
    available: i64,
    /// The process that has booked it.
    #[schema(pattern = "^pot/pot_[0-9a-f]{32}$")]
    process: String,
}

refusals!(NotConverted: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::AccountUnknown, Code::PotUnknown, Code::PotNotOpen, Code::PotHeld, Code::PointsShort,
        Code::CreditBudgetSpent]);

/// Turns points of the caller into credit for a pot that is open, their own or another's. Ten points are 1,000 francs.
#[utoipa::path(post, path = "/api/users/points/convert", operation_id = "points.convert", tag = "sponsorship",
    params(Key),
    request_body = Conversion,
    security(("bearer" = [])),
    responses((status = 201, description = "The credit is in the pot.", body = Credited), NotConverted))]
pub(crate) async fn convert(
    State(app): State<App>,
    User(user): User,
    key: Key,
    asker: Asker,
    Body { value: conversion, bytes }: Body<Conversion>,
) -> Result<Response, Problem> {
    let reference = Reference::read(&conversion.pot)?;
    let pot = find(&app, Context::user(user), &reference).await?;
    let access = pot.access();
    if !Viewer::of(&access, Some(user), &reference).may_see(&access) {
        return Err(Problem::new(Code::PotUnknown));
    }
    account(&app, user).await?;
    let id = pot.id.to_string();
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: user.to_string(),
        request: [b"points.convert", id.as_bytes(), &bytes],
    };
    once.run(|turn| book(&app, &pot, user, conversion.points, turn)).await
}

async fn book(app: &App, pot: &Pot, user: UserId, points: u32, turn: Turn) -> Result<Done, Problem> {
    let conversion = ConversionId::from_uuid(turn.subject);
    let credit = match before(app, user, conversion, turn).await? {
        Some(credit) => credit,
        None => ask(app, pot, wish(app, user, points, conversion)?).await?,
    };
    let available = available(app, user).await?;
    let process = ids::pot_lifecycle(pot.id);
    let credited = Credited { id: conversion, pot: pot.id, points, credit, available, process };
    Done::new(StatusCode::CREATED, &credited)
}

/// What the turn before this one has come to, if it booked anything. What points buy may have changed since.
async fn before(
    app: &App,
    user: UserId,
    conversion: ConversionId,
    turn: Turn,
) -> Result<Option<Xof>, Problem> {
    if !turn.again {
        return Ok(None);
    }
    let mut tx = Context::user(user).begin(&app.pool).await?;
    Ok(points::conversion(&mut *tx, conversion).await?.map(|before| before.credit))
}

/// What the points come to, by the rules that stand now.
fn wish(app: &App, user: UserId, points: u32, conversion: ConversionId) -> Result<CreditWish, Problem> {
    let numbers = &app.settings.sponsorship;
    let credit = rules::of_credit(numbers).credit_for(points).map_err(|refused| {
        Problem::invalid(vec![Wrong { field: "points".to_owned(), words: words(refused) }])
    })?;
    Ok(CreditWish { conversion, user, points, credit, budget: Xof::new(numbers.credit_budget_xof) })
}

async fn ask(app: &App, pot: &Pot, wish: CreditWish) -> Result<Xof, Problem> {
    match app.control.credit_pot(pot.id, wish, app.settings.api.patience).await {
        Ok(Converting::Converted { credit }) => Ok(credit),
        Ok(Converting::NotEnough { available }) => Err(short(available)),
        Ok(Converting::BudgetSpent) => {
            tracing::warn!("promotions have given all that sponsorship.credit_budget_xof allows");
            Err(Problem::new(Code::CreditBudgetSpent))
        }
        Ok(Converting::Mismatch) => {
            tracing::error!(conversion = %wish.conversion, "something else was converted under this id");
            Err(Problem::new(Code::Internal))
        }
        Ok(Converting::NotOpen { stage }) => Err(not_open(stage)),
        // Why it is held is not said: it tells something about a person.
        Ok(Converting::Held { .. }) => Err(Problem::new(Code::PotHeld)),
        Err(error) => Err(unanswered(pot, error, not_open)),
    }
}

async fn available(app: &App, user: UserId) -> Result<i64, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    Ok(points::of_user(&mut *tx, user).await?.available())
}

fn short(available: i64) -> Problem {
    Problem::new(Code::PointsShort).detail(
        Words::new(
            format!("C'est plus que vos points utilisables : vous en avez {available}."),
            format!("These are more points than you can use: you have {available}."),
        )
        .wolof(format!("Loolu ëpp na points yi nga mën a jëfandikoo : {available} nga am.")),
    )
}

fn words(refused: CreditRefusal) -> Words {
    match refused {
        CreditRefusal::NotAMultiple { by } => Words::new(
            format!("les points s'échangent par {by}, ou un multiple de {by}"),
            format!("points are exchanged by {by}, or a multiple of {by}"),
        )
        .wolof(format!("points yi {by} ci {by} lañu leen di weccee")),
        CreditRefusal::TooMany => Words::new("personne n'a autant de points", "nobody has so many points")
            .wolof("kenn amul points yu bari nii"),
    }
}
