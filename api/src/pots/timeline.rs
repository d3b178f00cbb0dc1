//! `GET /api/pots/{pot}/timeline`

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::pots::Pot;

use super::view::{Reference, Viewer, find};
use crate::caller::MaybeUser;
use crate::contract::refusals;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// What has become of a pot, and what is planned, in its order.
#[derive(Serialize, ToSchema)]
#[schema(as = PotTimeline)]
pub(crate) struct Timeline {
    steps: Vec<Step>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PotStep)]
struct Step {
    what: What,
    /// When it was, or is planned to be.
    at: DateTime<Utc>,
    done: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PotStepKind)]
enum What {
    Made,
    Opens,
    Closes,
    Settled,
    Cancelled,
}

refusals!(NotTold: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown]);

/// What has become of a pot and what is planned, to whoever may see it.
#[utoipa::path(get, path = "/api/pots/{pot}/timeline", operation_id = "pots.timeline", tag = "pots",
    params(Reference),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The steps of its life.", body = Timeline), NotTold))]
pub(crate) async fn timeline(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    reference: Reference,
) -> Result<Json<Timeline>, Problem> {
    let pot = find(&app, Context::caller(user), &reference).await?;
    let access = pot.access();
    if !Viewer::of(&access, user, &reference).may_see(&access) {
        return Err(Problem::new(Code::PotUnknown));
    }
    Ok(Json(Timeline { steps: steps(&pot) }))
}

/// What a pot that was given up does not come to any more is left out.
fn steps(pot: &Pot) -> Vec<Step> {
    let over = pot.stage.is_given_up();
    let planned = |what, done: Option<DateTime<Utc>>, planned| match done {
        Some(at) => Some(Step { what, at, done: true }),
        None => (!over).then_some(Step { what, at: planned, done: false }),
    };
    let done = |what, at: Option<DateTime<Utc>>| at.map(|at| Step { what, at, done: true });
    let steps = [
        done(What::Made, Some(pot.created_at)),
        planned(What::Opens, pot.opened_at, pot.opens_at),
        planned(What::Closes, pot.closed_at, pot.closes_at),
        done(What::Settled, pot.settled_at),
        done(What::Cancelled, pot.cancelled_at),
    ];
    steps.into_iter().flatten().collect()
}
