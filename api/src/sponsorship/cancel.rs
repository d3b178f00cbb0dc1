//! `POST /api/sponsorship/invitations/{id}/cancel`

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wolo_database::{Context, invitations};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::InvitationEnd;

use super::put_an_end;
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{self, Code, Problem};
use crate::state::App;

refusals!(NotCancelled: User::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded]);

/// Takes one of the caller's invitations back that nobody has answered.
#[utoipa::path(post, path = "/api/sponsorship/invitations/{id}/cancel", operation_id = "sponsorship.cancel",
    tag = "sponsorship",
    params(("id" = inline(schemas::InvitationId), Path, description = "The invitation.")),
    security(("bearer" = [])),
    responses((status = 204, description = "Taken back."), NotCancelled))]
pub(crate) async fn cancel(
    State(app): State<App>,
    User(user): User,
    id: Result<Path<InvitationId>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::new(Code::InvitationUnknown);
    let Path(id) = id.map_err(|_| unknown())?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let invitation = invitations::invitation(&mut *tx, id).await?.ok_or_else(unknown)?;
    wolo_database::commit(tx).await?;
    if invitation.milestones.end == Some(InvitationEnd::Cancelled) {
        return Ok(StatusCode::NO_CONTENT);
    }
    if invitation.invitee.is_some() {
        return Err(Problem::new(Code::InvitationTaken));
    }
    put_an_end(&app, &Context::user(user), id, InvitationEnd::Cancelled)
        .await
        .map(|()| StatusCode::NO_CONTENT)
}
