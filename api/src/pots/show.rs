//! `GET /api/pots/{id or slug}`

use axum::Json;
use axum::extract::State;

use super::view::{PotView, Reference, Viewer, find};
use crate::asker::Asker;
use crate::caller::MaybeUser;
use crate::problem::{Code, Problem};
use crate::state::App;

/// One pot, to whoever may see it.
pub(crate) async fn show(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    asker: Asker,
    reference: Reference,
) -> Result<Json<PotView>, Problem> {
    let pot = find(&app, user, &reference).await?;
    let viewer = Viewer::of(&pot, user, &reference);
    if !viewer.may_see(&pot) {
        return Err(Problem::new(Code::PotUnknown));
    }
    Ok(Json(PotView::new(&app, pot, viewer, asker.language)))
}
