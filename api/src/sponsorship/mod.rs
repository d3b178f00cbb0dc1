//! Inviting others, and answering an invitation.

mod answer;
mod cancel;
mod invite;
mod page;
mod status;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use wolo_control::AskError;
use wolo_control::invitations::InvitationAnswer;
use wolo_database::invitations::{self, Invitation};
use wolo_database::{Context, Transaction};
use wolo_domain::invitations::InvitationEnd;

pub(crate) use answer::{__path_accept, __path_decline, accept, decline};
pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use invite::{__path_invite, invite};
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

/// An answer that a process gave to nobody. One that is not there has ended, or begins at this moment.
fn unanswered(end: Option<InvitationEnd>, error: AskError) -> Problem {
    match (error, end) {
        (AskError::NotFound | AskError::Ended, Some(end)) => ended(end),
        (AskError::NotFound | AskError::Ended, None) => Problem::new(Code::EngineUnavailable),
        (error, _) => error.into(),
    }
}
