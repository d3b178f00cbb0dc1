//! How an invitation ends: somebody accepts it, or nobody does.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::{InvitationId, UserId};
use wolo_domain::invitations::{EndedByHand, InvitationEnd, NoPoints};
use wolo_domain::people::{Phone, first_name};

use super::judging::{Case, judge, party};
use super::{INVITATIONS, ended};
use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool};

#[derive(Clone, PartialEq, Eq)]
pub enum Accepting {
    /// It has been accepted, now or before, by this person.
    Accepted {
        /// A first name.
        invitee_name: String,
        no_points: Option<NoPoints>,
    },
    /// Somebody else has.
    Taken,
    Ended(InvitationEnd),
    /// It is the person's own.
    Own,
    /// The person was here through another invitation.
    BroughtAlready,
    PersonUnknown,
}

/// Accepts an invitation for a person, and judges whether it brings points. One acceptance comes after the other, whoever's they
/// are: two that would close a circle must see each other.
#[tracing::instrument(name = "db.invitations.accept", skip_all, fields(%invitation, %invitee), err)]
pub async fn accept(
    pool: &Pool,
    invitation: InvitationId,
    invitee: UserId,
    at: DateTime<Utc>,
) -> Result<Accepting, Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('sponsorship.acceptances', 0))")
        .execute(&mut *tx)
        .await?;
    let found = lock(&mut tx, invitation).await?;
    let Some((name, guest)) = party(&mut tx, invitee).await? else { return Ok(Accepting::PersonUnknown) };
    let invitee_name = first_name(&name).to_owned();
    match found {
        Locked { accepted_by: Some(by), no_points, .. } if by == invitee => {
            return Ok(Accepting::Accepted { invitee_name, no_points });
        }
        Locked { accepted_by: Some(_), .. } => return Ok(Accepting::Taken),
        Locked { end: Some(end), .. } => return Ok(Accepting::Ended(end)),
        Locked { sponsor, .. } if sponsor == invitee => return Ok(Accepting::Own),
        Locked { .. } => {}
    }
    if is_brought(&mut tx, invitee).await? {
        return Ok(Accepting::BroughtAlready);
    }
    let case = Case { invitation, sponsor: found.sponsor, invited_at: found.phone };
    let no_points = judge(&mut tx, case, guest).await?;
    sqlx::query!(
        "update sponsorship.invitations set invitee_id = $2, invitee_name = $3, accepted_at = $4, no_points = $5
         where invitation_id = $1",
        invitation.uuid(),
        invitee.uuid(),
        invitee_name,
        at,
        no_points.map(NoPoints::as_str),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Accepting::Accepted { invitee_name, no_points })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has ended, now or before, so.
    Ended(InvitationEnd),
    /// It was accepted.
    Accepted,
}

/// Ends an invitation that nobody accepts. One that has ended stays as it is.
#[tracing::instrument(name = "db.invitations.end", skip(pool), err)]
pub async fn end(
    pool: &Pool,
    invitation: InvitationId,
    end: InvitationEnd,
    at: DateTime<Utc>,
) -> Result<Ending, Error> {
    end_by_hand(pool, invitation, end, None, at).await
}

/// The same, with who has decided it.
#[tracing::instrument(name = "db.invitations.end_by_hand", skip(pool, by_hand), err)]
pub async fn end_by_hand(
    pool: &Pool,
    invitation: InvitationId,
    end: InvitationEnd,
    by_hand: Option<&EndedByHand>,
    at: DateTime<Utc>,
) -> Result<Ending, Error> {
    let mut tx = pool.begin().await?;
    if let Some(ending) = stands(&mut tx, invitation).await? {
        return Ok(ending);
    }
    write_end(&mut tx, invitation, end, at).await?;
    if let Some(EndedByHand { by, reason }) = by_hand {
        sqlx::query!(
            "update sponsorship.invitations set ended_by = $2, ended_note = $3 where invitation_id = $1",
            invitation.uuid(),
            by,
            reason,
        )
        .execute(&mut *tx)
        .await?;
        let happening = Happening::new(Action::InvitationEnded, invitation).with("end", end);
        audit::note(&mut tx, happening, Doer::new(by, reason)).await?;
    }
    tx.commit().await?;
    Ok(Ending::Ended(end))
}

/// The same within a transaction of whoever asks for it, where there is no process that could.
#[tracing::instrument(name = "db.invitations.end_within", skip(connection), err)]
pub async fn end_within(
    connection: &mut PgConnection,
    invitation: InvitationId,
    end: InvitationEnd,
    at: DateTime<Utc>,
) -> Result<Ending, Error> {
    if let Some(ending) = stands(connection, invitation).await? {
        return Ok(ending);
    }
    write_end(connection, invitation, end, at).await?;
    Ok(Ending::Ended(end))
}

/// What an invitation came to before, under its lock.
async fn stands(connection: &mut PgConnection, invitation: InvitationId) -> Result<Option<Ending>, Error> {
    let found = lock(connection, invitation).await?;
    Ok(found.accepted_by.map(|_| Ending::Accepted).or(found.end.map(Ending::Ended)))
}

async fn write_end(
    connection: &mut PgConnection,
    invitation: InvitationId,
    end: InvitationEnd,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update sponsorship.invitations set ended_as = $2, ended_at = $3 where invitation_id = $1",
        invitation.uuid(),
        end.as_str(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How an invitation has ended, if it has and nobody accepted it.
#[tracing::instrument(name = "db.invitations.end_of", skip(pool), err)]
pub async fn end_of(pool: &Pool, invitation: InvitationId) -> Result<Option<InvitationEnd>, Error> {
    let found = sqlx::query_scalar!(
        "select ended_as from sponsorship.invitations where invitation_id = $1",
        invitation.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    ended(found.flatten().as_deref(), invitation.uuid())
}

/// Whether whoever accepted an invitation had an account before they were invited.
#[tracing::instrument(name = "db.invitations.was_here", skip(pool), err)]
pub async fn was_here(pool: &Pool, invitation: InvitationId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from sponsorship.invitations
               join people.users on user_id = invitee_id
               where invitation_id = $1 and users.created_at < invitations.created_at
           ) as "here!""#,
        invitation.uuid(),
    )
    .fetch_one(pool)
    .await?)
}

struct Locked {
    sponsor: UserId,
    phone: Option<Phone>,
    accepted_by: Option<UserId>,
    no_points: Option<NoPoints>,
    end: Option<InvitationEnd>,
}

async fn lock(connection: &mut PgConnection, invitation: InvitationId) -> Result<Locked, Error> {
    let row = sqlx::query!(
        "select sponsor_id, phone, invitee_id, no_points, ended_as
         from sponsorship.invitations
         where invitation_id = $1
         for update",
        invitation.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(INVITATIONS, invitation))?;
    Ok(Locked {
        sponsor: UserId::from_uuid(row.sponsor_id),
        phone: row.phone.map(|phone| word(&phone, INVITATIONS, "phone", invitation)).transpose()?,
        accepted_by: row.invitee_id.map(UserId::from_uuid),
        no_points: row.no_points.map(|rule| word(&rule, INVITATIONS, "no_points", invitation)).transpose()?,
        end: ended(row.ended_as.as_deref(), invitation.uuid())?,
    })
}

async fn is_brought(connection: &mut PgConnection, user: UserId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sponsorship.invitations where invitee_id = $1) as "brought!""#,
        user.uuid(),
    )
    .fetch_one(connection)
    .await?)
}
