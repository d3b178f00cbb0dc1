//! `GET /api/pots/{id or slug}`

use axum::Json;
use axum::extract::State;
use wolo_database::Context;

use super::view::{PotView, Reference, Viewer, find};
use crate::asker::Asker;
use crate::caller::MaybeUser;
use crate::contract::refusals;
use crate::problem::{self, Code, Problem};
use crate::state::App;

refusals!(NotShown: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown]);

/// One pot, to whoever may see it.
#[utoipa::path(get, path = "/api/pots/{pot}", operation_id = "pots.show", tag = "pots",
    params(Reference),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The pot, as this caller sees it.", body = PotView), NotShown))]
pub(crate) async fn show(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    asker: Asker,
    reference: Reference,
) -> Result<Json<PotView>, Problem> {
    let pot = find(&app, Context::caller(user), &reference).await?;
    let access = pot.access();
    let viewer = Viewer::of(&access, user, &reference);
    if !viewer.may_see(&access) {
        return Err(Problem::new(Code::PotUnknown));
    }
    Ok(Json(PotView::new(&app, pot, viewer, asker.language)))
}
