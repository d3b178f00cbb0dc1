//! Invitations: who was asked to come by whom, and what came of it.
//!
//! The API writes new ones, within what a sponsor may send in a day; what becomes of them their processes write. The secret of
//! a link is known here by its hash alone.

mod accepting;
mod following;
mod lists;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{InvitationId, NoticeId, UserId};
use wolo_domain::invitations::{InvitationEnd, Relationship};

pub use accepting::{Accepting, Ending, accept, end};
pub use following::{FollowedPot, Following, brings, follow};
pub use lists::{Entry, Filter, Funnel, funnel, invitation, list, of_sponsor};

use crate::Error;
use crate::accounts::columns;
use crate::rows::word;

const INVITATIONS: &str = "sponsorship.invitations";

/// An invitation that is to be written down. Personal.
#[derive(Clone)]
pub struct NewInvitation {
    pub id: InvitationId,
    pub to: Contact,
    pub relationship: Relationship,
    /// A first name.
    pub sponsor_name: String,
    /// A keyed hash of the secret in its link.
    pub token_hash: [u8; 32],
    /// The message that brings it.
    pub notice: NoticeId,
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewInvitation({})", self.id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inviting {
    Invited,
    /// With these the sponsor would have sent more than a day allows.
    TooMany,
    /// These contacts, by their places, have not answered this sponsor yet, or have declined.
    NotToBeAsked(Vec<usize>),
}

/// Writes a sponsor's invitations, all of them or, where the answer says so, none: then the caller must not commit.
#[tracing::instrument(name = "db.invitations.invite", skip_all, fields(%sponsor, count = new.len()), err)]
pub async fn invite(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: &[NewInvitation],
    a_day: u32,
) -> Result<Inviting, Error> {
    if !count_on_the_day(connection, sponsor, new.len(), a_day).await? {
        return Ok(Inviting::TooMany);
    }
    let mut not_to_be_asked = Vec::new();
    for (place, one) in new.iter().enumerate() {
        let (phone, email) = columns(&one.to);
        let written = sqlx::query!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, phone, email, relationship, token_hash, notice_id, expires_at
             )
             select $1, $2, $3, $4, $5, $6, $7, $8, $9
             where not exists (
                 select from sponsorship.invitations
                 where sponsor_id = $2 and coalesce(phone, lower(email)) = coalesce($4, lower($5))
                   and ended_as = 'declined'
             )
             on conflict (sponsor_id, coalesce(phone, lower(email))) where accepted_at is null and ended_at is null
                 do nothing",
            one.id.uuid(),
            sponsor.uuid(),
            one.sponsor_name,
            phone,
            email,
            one.relationship.as_str(),
            one.token_hash.as_slice(),
            one.notice.uuid(),
            one.expires_at,
        )
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if written == 0 {
            not_to_be_asked.push(place);
        }
    }
    Ok(if not_to_be_asked.is_empty() { Inviting::Invited } else { Inviting::NotToBeAsked(not_to_be_asked) })
}

/// Counts them into the sponsor's day, if they fit into it. Who counts at the same time waits.
async fn count_on_the_day(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: usize,
    a_day: u32,
) -> Result<bool, Error> {
    let (Ok(new), Ok(a_day)) = (i32::try_from(new), i32::try_from(a_day)) else { return Ok(false) };
    if new > a_day {
        return Ok(false);
    }
    let counted = sqlx::query!(
        "insert into sponsorship.days as known (sponsor_id, day, invitations)
         values ($1, (clock_timestamp() at time zone 'Africa/Dakar')::date, $2)
         on conflict (sponsor_id, day) do update set invitations = known.invitations + excluded.invitations
             where known.invitations + excluded.invitations <= $3",
        sponsor.uuid(),
        new,
        a_day,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(counted == 1)
}

/// What whoever has an invitation's link may know of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub sponsor: UserId,
    /// A first name.
    pub sponsor_name: String,
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
        "select invitation_id, sponsor_id, sponsor_name, expires_at, invitee_id, ended_as
         from sponsorship.invitations
         where token_hash = $1",
        token_hash.as_slice(),
    )
    .fetch_optional(database)
    .await?;
    row.map(|row| {
        Ok(Invitation {
            id: InvitationId::from_uuid(row.invitation_id),
            sponsor: UserId::from_uuid(row.sponsor_id),
            sponsor_name: row.sponsor_name,
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
