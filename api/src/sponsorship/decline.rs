//! `POST /api/sponsorship/decline`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_domain::invitations::InvitationEnd;

use super::{find, put_an_end};
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// What somebody says who does not want to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Declining, example = json!({ "token": "4pZ8sLq1Yw6NfGb3XcTe9A" }))]
pub(crate) struct Declining {
    /// The secret part of the invitation's link.
    #[schema(max_length = 64)]
    token: String,
}

refusals!(NotDeclined: body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded]);

/// Declines an invitation. Whoever has the link may; nobody has to sign in to be left alone.
#[utoipa::path(post, path = "/api/sponsorship/decline", operation_id = "sponsorship.decline", tag = "sponsorship",
    request_body = Declining,
    responses((status = 204, description = "Declined."), NotDeclined))]
pub(crate) async fn decline(
    State(app): State<App>,
    Body { value: given, .. }: Body<Declining>,
) -> Result<StatusCode, Problem> {
    turn_down(&app, &given.token).await.map(|()| StatusCode::NO_CONTENT)
}

/// Declines it. Declined once more it is declined.
pub(super) async fn turn_down(app: &App, token: &str) -> Result<(), Problem> {
    let (_, hash, invitation) = find(app, token).await?;
    if invitation.end == Some(InvitationEnd::Declined) {
        return Ok(());
    }
    if invitation.invitee.is_some() {
        return Err(Problem::new(Code::InvitationTaken));
    }
    let held = hex::encode(hash);
    let caller = Context::visitor().with_invitation(&held);
    put_an_end(app, &caller, invitation.id, InvitationEnd::Declined).await
}
