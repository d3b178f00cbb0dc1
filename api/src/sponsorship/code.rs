//! `POST /api/sponsorship/code`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::accounts::codes::About;
use wolo_database::invitations::Invitation;
use wolo_domain::accounts::CodePurpose;

use super::waiting;
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::refusals;
use crate::limits::Tally;
use crate::problem::{self, Code, Problem};
use crate::state::App;
use crate::users::{self, Sent};

/// The invitation that somebody wants to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeForInvitation, example = json!({ "token": "4pZ8sLq1Yw6NfGb3XcTe9A" }))]
pub(crate) struct Wanted {
    /// The secret part of the invitation's link.
    #[schema(max_length = 64)]
    token: String,
}

refusals!(NotSent: body::REFUSALS, problem::OF_THE_STORE,
    &[Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded, Code::TooManyCodes]);

/// Sends a code to where the invitation went, to accept it with. The link may have been passed on; the code comes to the one who
/// was invited. Whether they have an account is not looked at.
#[utoipa::path(post, path = "/api/sponsorship/code", operation_id = "sponsorship.request_code", tag = "sponsorship",
    request_body = Wanted,
    responses((status = 202, description = "A code is on its way.", body = Sent), NotSent))]
pub(crate) async fn code(
    State(app): State<App>,
    asker: Asker,
    tally: Tally,
    Body { value: wanted, .. }: Body<Wanted>,
) -> Result<Response, Problem> {
    let (_, sent) = send(&app, &asker, &tally, &wanted.token).await?;
    Ok(sent.accepted())
}

pub(super) async fn send(
    app: &App,
    asker: &Asker,
    tally: &Tally,
    token: &str,
) -> Result<(Invitation, Sent), Problem> {
    let (_, _, invitation) = waiting(app, token).await?;
    tally.contact(&app.limits, &invitation.to).await?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    let (purpose, about) = (CodePurpose::AcceptInvitation, About::Invitation(invitation.id));
    let sent = users::send(app, &mut tx, purpose, &invitation.to, asker.language, about).await?;
    wolo_database::commit(tx).await?;
    Ok((invitation, sent))
}
