//! `POST /api/sponsorship/accept` and `decline`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wolo_control::ids;
use wolo_control::invitations::InvitationAnswer;
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::InvitationEnd;

use super::{find, refusal, unanswered};
use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// What somebody says who accepts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "4pZ8sLq1Yw6NfGb3XcTe9A", "birth_date": "1999-12-31" }))]
pub(crate) struct Acceptance {
    /// The secret part of the invitation's link.
    #[schema(max_length = 64)]
    token: String,
    /// The caller's own, as the account has it: the pot is made for it.
    birth_date: NaiveDate,
}

/// What somebody says who does not want to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Declining, example = json!({ "token": "4pZ8sLq1Yw6NfGb3XcTe9A" }))]
pub(crate) struct Declining {
    /// The secret part of the invitation's link.
    #[schema(max_length = 64)]
    token: String,
}

/// An invitation that was accepted. The pot of the caller's next birthday is made now, unless their preferences say that they
/// want none.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    #[schema(value_type = schemas::InvitationId)]
    id: InvitationId,
    /// The sponsor's first name.
    sponsor: String,
    /// The process that follows what comes of it.
    process: String,
}

refusals!(NotAccepted: User::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::AccountUnknown, Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded, Code::OwnInvitation,
      Code::InvitedBefore]);

/// Accepts an invitation for the caller. Who has no account registers first. Accepted once more it answers the same.
#[utoipa::path(post, path = "/api/sponsorship/accept", operation_id = "sponsorship.accept", tag = "sponsorship",
    request_body = Acceptance,
    security(("bearer" = [])),
    responses((status = 200, description = "Accepted.", body = Accepted), NotAccepted))]
pub(crate) async fn accept(
    State(app): State<App>,
    User(user): User,
    Body { value: given, .. }: Body<Acceptance>,
) -> Result<Json<Accepted>, Problem> {
    confirm(account(&app, user).await?.birth_date.day(), given.birth_date)?;
    let (_, _, invitation) = find(&app, &given.token).await?;
    let accepted = Accepted {
        id: invitation.id,
        sponsor: invitation.sponsor_name,
        process: ids::invitation(invitation.id),
    };
    if invitation.invitee == Some(user) {
        return Ok(Json(accepted));
    }
    let patience = app.settings.api.patience;
    match app.control.accept_invitation(invitation.id, user, patience).await {
        Ok(InvitationAnswer::Accepted) => Ok(Json(accepted)),
        Ok(answer) => Err(refusal(answer)),
        Err(_) if invitation.invitee.is_some() => Err(Problem::new(Code::InvitationTaken)),
        Err(error) => Err(unanswered(invitation.end, error)),
    }
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
    let (_, _, invitation) = find(app, token).await?;
    if invitation.end == Some(InvitationEnd::Declined) {
        return Ok(());
    }
    if invitation.invitee.is_some() {
        return Err(Problem::new(Code::InvitationTaken));
    }
    let (end, patience) = (InvitationEnd::Declined, app.settings.api.patience);
    match app.control.end_invitation(invitation.id, end, patience).await {
        Ok(InvitationAnswer::Ended { end: InvitationEnd::Declined }) => Ok(()),
        Ok(answer) => Err(refusal(answer)),
        Err(error) => Err(unanswered(invitation.end, error)),
    }
}

fn confirm(known: NaiveDate, given: NaiveDate) -> Result<(), Problem> {
    let mut fields = Fields::default();
    if known != given {
        fields.wrong(
            "birth_date",
            Words::new(
                "ce n'est pas la date de naissance de votre compte",
                "this is not the birth date of your account",
            )
            .wolof("lii du bésu juddu bi nekk ci sa kont"),
        );
    }
    fields.check()
}
