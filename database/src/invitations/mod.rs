//! Invitations: who was asked to come by whom, and what came of it.
//!
//! The API writes new ones, within what a sponsor may send in a day; what becomes of them their processes write. The secret of
//! a link is known here by its hash alone.

mod accepting;
mod current;
mod following;
mod judging;
mod late;
mod lists;
mod writing;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::InvitationEnd;

pub use accepting::{Accepting, Ending, accept, end, end_by_hand, end_of, end_within, was_here};
pub use following::{FollowedPot, Following, brings, follow};
pub use late::{late, unanswered};
pub use lists::{Entry, Filter, Funnel, funnel, invitation, list, of_sponsor};
pub use writing::{Inviting, NewInvitation, invite};

use crate::Error;
use crate::accounts::contact;
use crate::rows::word;

const INVITATIONS: &str = "sponsorship.invitations";

/// What whoever has an invitation's link may know of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub sponsor: UserId,
    /// A first name.
    pub sponsor_name: String,
    /// Where it went. Of that they are shown no more than the mask.
    pub to: Contact,
    pub expires_at: DateTime<Utc>,
    pub invitee: Option<UserId>,
    pub end: Option<InvitationEnd>,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation({})", self.id)
    }
}

/// The invitation of a link, for whoever [has it](crate::Context::with_invitation).
#[tracing::instrument(name = "db.invitations.of_link", skip_all, err)]
pub async fn of_link(
    database: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
) -> Result<Option<Invitation>, Error> {
    let row = sqlx::query!(
        "select invitation_id, sponsor_id, sponsor_name, phone, email, expires_at, invitee_id, ended_as
         from sponsorship.invitations
         where token_hash = $1",
        token_hash.as_slice(),
    )
    .fetch_optional(database)
    .await?;
    row.map(|row| {
        let id = InvitationId::from_uuid(row.invitation_id);
        let to = contact(row.phone.as_deref(), row.email.as_deref(), INVITATIONS, row.invitation_id)?;
        Ok(Invitation {
            id,
            sponsor: UserId::from_uuid(row.sponsor_id),
            sponsor_name: row.sponsor_name,
            to: to.ok_or_else(|| Error::inconsistent(INVITATIONS, "phone", id))?,
            expires_at: row.expires_at,
            invitee: row.invitee_id.map(UserId::from_uuid),
            end: ended(row.ended_as.as_deref(), row.invitation_id)?,
        })
    })
    .transpose()
}

/// Notes that a link was followed, the first time.
#[tracing::instrument(name = "db.invitations.note_opened", skip_all, err)]
pub async fn note_opened(connection: &mut PgConnection, token_hash: &[u8; 32]) -> Result<(), Error> {
    sqlx::query!(
        "update sponsorship.invitations set opened_at = clock_timestamp()
         where token_hash = $1 and opened_at is null",
        token_hash.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn ended(word_of: Option<&str>, row: Uuid) -> Result<Option<InvitationEnd>, Error> {
    word_of.map(|text| word(text, INVITATIONS, "ended_as", InvitationId::from_uuid(row))).transpose()
}
