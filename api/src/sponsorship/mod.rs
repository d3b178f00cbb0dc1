//! Inviting others, and answering an invitation.

mod accept;
mod cancel;
mod code;
mod decline;
mod forbidden;
mod invite;
mod join_page;
mod joining;
mod page;
mod status;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use wolo_control::AskError;
use wolo_control::invitations::InvitationAnswer;
use wolo_database::invitations::{self, Ending, Invitation};
use wolo_database::{Context, Transaction};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::InvitationEnd;

pub(crate) use accept::{__path_accept, accept};
pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use code::{__path_code, code};
pub(crate) use decline::{__path_decline, decline};
pub(crate) use forbidden::why as why_no_points;
pub(crate) use invite::{__path_invite, invite};
pub(crate) use join_page::{__path_accept_on_page, __path_code_on_page, accept_on_page, code_on_page};
pub(crate) use page::{__path_decline_on_page, __path_show, decline_on_page, show};
pub(crate) use status::{__path_status, status};

use crate::problem::{Code, Problem, Words};
use crate::state::App;

const LONGEST_TOKEN: usize = 64;

/// The invitation behind a link's secret, in a transaction of whoever has it.
async fn find(app: &App, token: &str) -> Result<(Transaction, [u8; 32], Invitation), Problem> {
    let unknown = || Problem::new(Code::InvitationUnknown);
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if token.len() > LONGEST_TOKEN || !token.bytes().all(is_one) {
        return Err(unknown());
    }
    let hash = app.credentials.keyed.invitation(token);
    let mut tx = Context::visitor().with_invitation(&hex::encode(hash)).begin(&app.pool).await?;
    let invitation = invitations::of_link(&mut *tx, &hash).await?.ok_or_else(unknown)?;
    Ok((tx, hash, invitation))
}

/// The invitation of a link, if it waits for its answer still.
async fn waiting(app: &App, token: &str) -> Result<(Transaction, [u8; 32], Invitation), Problem> {
    let found = find(app, token).await?;
    still_waits(&found.2).map(|()| found)
}

/// Refuses what has its answer. One whose time is over has lapsed, whether or not its process has said so yet.
fn still_waits(invitation: &Invitation) -> Result<(), Problem> {
    if invitation.invitee.is_some() {
        return Err(Problem::new(Code::InvitationTaken));
    }
    let lapsed = (App::now() >= invitation.expires_at).then_some(InvitationEnd::Lapsed);
    invitation.end.or(lapsed).map_or(Ok(()), |end| Err(ended(end)))
}

fn in_path(token: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    token.map(|Path(token)| token).map_err(|_| Problem::new(Code::InvitationUnknown))
}

/// What a process says that is not what was wished.
fn refusal(answer: InvitationAnswer) -> Problem {
    match answer {
        InvitationAnswer::Taken | InvitationAnswer::Accepted => Problem::new(Code::InvitationTaken),
        InvitationAnswer::Ended { end } => ended(end),
        InvitationAnswer::Own => Problem::new(Code::OwnInvitation),
        InvitationAnswer::BroughtAlready => Problem::new(Code::InvitedBefore),
        InvitationAnswer::PersonUnknown => Problem::new(Code::AccountUnknown),
    }
}

fn ended(end: InvitationEnd) -> Problem {
    Problem::new(Code::InvitationEnded).detail(match end {
        InvitationEnd::Declined => {
            Words::new("Cette invitation a été refusée.", "This invitation was declined.")
                .wolof("Invitation bii bañ nañu ko.")
        }
        InvitationEnd::Lapsed => Words::new(
            "Cette invitation a expiré ; demandez-en une autre à qui vous l'a envoyée.",
            "This invitation has lapsed; ask whoever sent it for another.",
        )
        .wolof("Waxtu invitation bii weesu na ; laajal ki la ko yónnee beneen."),
        InvitationEnd::Cancelled => {
            Words::new("Cette invitation a été retirée.", "This invitation was taken back.")
                .wolof("Invitation bii jëlaat nañu ko.")
        }
    })
}

/// Ends an invitation that nobody has accepted, for a caller who may see it. Its process does; where that is gone, or has not
/// begun, the end is written here.
async fn put_an_end(
    app: &App,
    caller: &Context<'_>,
    invitation: InvitationId,
    end: InvitationEnd,
) -> Result<(), Problem> {
    let patience = app.settings.api.patience;
    match app.control.end_invitation(invitation, end, patience).await {
        Ok(InvitationAnswer::Ended { end: as_wished }) if as_wished == end => return Ok(()),
        Ok(answer) => return Err(refusal(answer)),
        Err(AskError::NotFound | AskError::Ended) => {}
        Err(error) => return Err(error.into()),
    }
    let mut tx = caller.begin(&app.pool).await?;
    let ending = invitations::end_within(&mut tx, invitation, end, App::now()).await?;
    wolo_database::commit(tx).await?;
    match ending {
        Ending::Ended(as_wished) if as_wished == end => {}
        Ending::Ended(other) => return Err(ended(other)),
        Ending::Accepted => return Err(Problem::new(Code::InvitationTaken)),
    }
    // A process that has begun meanwhile has not seen it: asked once more, it does.
    match app.control.end_invitation(invitation, end, patience).await {
        Ok(_) | Err(AskError::NotFound | AskError::Ended) => {}
        Err(error) => {
            tracing::warn!(%invitation, error = &error as &dyn std::error::Error, "its process has not heard of an end");
        }
    }
    Ok(())
}
