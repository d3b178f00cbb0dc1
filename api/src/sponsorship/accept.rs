//! `POST /api/sponsorship/accept`

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_control::ids;
use wolo_database::invitations::Invitation;
use wolo_domain::contacts::Language;
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::people::BirthDate;

use super::joining::{Joined, Newcomer, Proof, accept_for, confirm, join};
use super::{find, still_waits};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::{MaybeUser, account};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;
use crate::users::{DEVICE_CHARS, Entry, SignedIn, signed_in};

/// What somebody says who accepts. Who has not signed in gives the code that was sent to them back, and who has no account yet a
/// name as well.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "4pZ8sLq1Yw6NfGb3XcTe9A", "birth_date": "1999-12-31" }))]
pub(crate) struct Acceptance {
    /// The secret part of the invitation's link.
    #[schema(max_length = 64)]
    token: String,
    /// The caller's own, as the account has it or will have it: the pot is made for it.
    birth_date: NaiveDate,
    /// What the code was sent with; together with `code`.
    #[serde(default)]
    code_id: Option<Uuid>,
    #[serde(default)]
    code: Option<String>,
    /// Of the account that is made; left out by who has one.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    /// What the new account's holder reads.
    #[serde(default)]
    #[schema(value_type = Option<schemas::Language>)]
    language: Option<Language>,
    /// As the device calls itself on which the code opens a session.
    #[serde(default)]
    #[schema(max_length = 200)]
    device: Option<String>,
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
    /// What the code has opened, for who had not signed in.
    #[schema(required = true)]
    session: Option<SignedIn>,
}

impl Accepted {
    fn of(invitation: Invitation, session: Option<SignedIn>) -> Self {
        let process = ids::invitation(invitation.id);
        Self { id: invitation.id, sponsor: invitation.sponsor_name, process, session }
    }
}

/// What accepting may refuse, to whoever gives a code.
pub(super) const REFUSALS: &[Code] = &[
    Code::InvitationUnknown,
    Code::InvitationTaken,
    Code::InvitationEnded,
    Code::OwnInvitation,
    Code::InvitedBefore,
    Code::OneTimeCodeWrong,
    Code::ContactTaken,
    Code::AccountLocked,
    Code::AccountUnknown,
];

refusals!(NotAccepted: MaybeUser::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE, REFUSALS,
    &[Code::TokenMissing]);

/// Accepts an invitation: for the caller, or, with the code that was sent to where the invitation went
/// (`POST /api/sponsorship/code`), for whoever has that phone or mail address. There it makes the account where there is none, and
/// opens a session. Accepted once more by the same caller it answers the same. Whoever is told to come again later comes with the
/// same code: it is used up when the invitation is accepted.
#[utoipa::path(post, path = "/api/sponsorship/accept", operation_id = "sponsorship.accept", tag = "sponsorship",
    request_body = Acceptance,
    security((), ("bearer" = [])),
    responses((status = 200, description = "Accepted.", body = Accepted), NotAccepted))]
pub(crate) async fn accept(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    asker: Asker,
    Body { value: given, .. }: Body<Acceptance>,
) -> Result<Json<Accepted>, Problem> {
    let mut fields = Fields::default();
    let device = fields.text("device", given.device, DEVICE_CHARS, Lines::One);
    let language = given.language.unwrap_or(asker.language);
    let newcomer = Newcomer::read(&mut fields, given.name, given.birth_date, language);
    if given.code_id.is_some() != given.code.is_some() {
        fields.wrong(
            "code",
            Words::new("code et code_id vont ensemble", "code and code_id go together")
                .wolof("code ak code_id ñoo ànd"),
        );
    }
    fields.check()?;
    if let Some((code_id, code)) = given.code_id.zip(given.code) {
        let Joined { invitation, user, tx } =
            join(&app, &given.token, newcomer, &Proof { code_id, code }).await?;
        let session = signed_in(&app, &asker, tx, Entry { user, device, proof: "otp" }).await?;
        return Ok(Json(Accepted::of(invitation, Some(session))));
    }
    let user = user.ok_or_else(|| Problem::new(Code::TokenMissing))?;
    of_account(&app, user, &given.token, newcomer.birth_date).await.map(Json)
}

/// Accepts it for somebody who has signed in.
async fn of_account(
    app: &App,
    user: UserId,
    token: &str,
    birth_date: BirthDate,
) -> Result<Accepted, Problem> {
    confirm(account(app, user).await?.birth_date, birth_date)?;
    let (_, _, invitation) = find(app, token).await?;
    if invitation.invitee != Some(user) {
        still_waits(&invitation)?;
        accept_for(app, &invitation, user).await?;
    }
    Ok(Accepted::of(invitation, None))
}
