//! Where invitations stand: one by one, and in sum.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{InvitationId, PotId, UserId};
use wolo_domain::invitations::{EndedByHand, Milestones, NoPoints, Relationship};

use super::{INVITATIONS, ended};
use crate::accounts::contact;
use crate::rows::{Page, word};
use crate::{Error, Pool};

/// An invitation in a list. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: InvitationId,
    pub sponsor: UserId,
    /// A first name, as is that of whoever accepted.
    pub sponsor_name: String,
    pub invitee_name: Option<String>,
    pub to: Contact,
    pub relationship: Relationship,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub milestones: Milestones,
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_by_hand: Option<EndedByHand>,
    pub invitee: Option<UserId>,
    pub pot: Option<PotId>,
    pub no_points: Option<NoPoints>,
    /// What it has brought that was not taken back.
    pub points: i64,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({})", self.id)
    }
}

struct Row {
    invitation_id: Uuid,
    sponsor_id: Uuid,
    sponsor_name: String,
    invitee_name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    relationship: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    message: Option<String>,
    opened_at: Option<DateTime<Utc>>,
    invitee_id: Option<Uuid>,
    accepted_at: Option<DateTime<Utc>>,
    no_points: Option<String>,
    ended_as: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    ended_note: Option<String>,
    pot_id: Option<Uuid>,
    pot_opened_at: Option<DateTime<Utc>>,
    first_gift_at: Option<DateTime<Utc>>,
    points: i64,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = InvitationId::from_uuid(row.invitation_id);
        let to = contact(row.phone.as_deref(), row.email.as_deref(), INVITATIONS, row.invitation_id)?;
        Ok(Self {
            id,
            sponsor: UserId::from_uuid(row.sponsor_id),
            sponsor_name: row.sponsor_name,
            invitee_name: row.invitee_name,
            to: to.ok_or_else(|| Error::inconsistent(INVITATIONS, "phone", id))?,
            relationship: word(&row.relationship, INVITATIONS, "relationship", id)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            milestones: Milestones {
                message: row
                    .message
                    .map(|stage| word(&stage, "notices.standing", "stage", id))
                    .transpose()?,
                opened_at: row.opened_at,
                accepted_at: row.accepted_at,
                pot_opened_at: row.pot_opened_at,
                first_gift_at: row.first_gift_at,
                end: ended(row.ended_as.as_deref(), row.invitation_id)?,
            },
            ended_at: row.ended_at,
            ended_by_hand: row.ended_by.zip(row.ended_note).map(|(by, reason)| EndedByHand { by, reason }),
            invitee: row.invitee_id.map(UserId::from_uuid),
            pot: row.pot_id.map(PotId::from_uuid),
            no_points: row.no_points.map(|rule| word(&rule, INVITATIONS, "no_points", id)).transpose()?,
            points: row.points,
        })
    }
}

/// Reads the invitations that the rest of a query names.
macro_rules! read_invitations {
    ($database:expr, $wanted:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select invitation_id, sponsor_id, sponsor_name, invitee_name, phone, email, relationship, invitations.created_at, expires_at,
                      standing.stage as "message?", opened_at, invitee_id, accepted_at, no_points,
                      ended_as, invitations.ended_at, ended_by, ended_note, invitations.pot_id, pot_opened_at, first_gift_at,
                      (select coalesce(sum(points), 0) from sponsorship.points
                       where points.invitation_id = invitations.invitation_id and points.stage <> 'revoked') as "points!"
               from sponsorship.invitations
               left join notices.standing using (notice_id) "# + $wanted,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Entry::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

/// A sponsor's invitations, the last first.
#[tracing::instrument(name = "db.invitations.of_sponsor", skip(database, page), err)]
pub async fn of_sponsor(
    database: impl PgExecutor<'_>,
    sponsor: UserId,
    page: Page<InvitationId>,
) -> Result<Vec<Entry>, Error> {
    read_invitations!(
        database,
        "where sponsor_id = $1
           and ($2::uuid is null or (invitations.created_at, invitation_id) < (
               select created_at, invitation_id from sponsorship.invitations where invitation_id = $2
           ))
         order by invitations.created_at desc, invitation_id desc
         limit $3",
        sponsor.uuid(),
        page.after.map(InvitationId::uuid),
        page.rows(),
    )
}

/// Which invitations an operator wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub sponsor: Option<UserId>,
    /// Those that nobody has accepted and that have not ended.
    pub open: bool,
}

/// Everybody's invitations, the last first.
#[tracing::instrument(name = "db.invitations.list", skip(pool, page), err)]
pub async fn list(pool: &Pool, filter: Filter, page: Page<InvitationId>) -> Result<Vec<Entry>, Error> {
    read_invitations!(
        pool,
        "where ($1::uuid is null or sponsor_id = $1)
           and (not $2 or (accepted_at is null and ended_as is null))
           and ($3::uuid is null or (invitations.created_at, invitation_id) < (
               select created_at, invitation_id from sponsorship.invitations where invitation_id = $3
           ))
         order by invitations.created_at desc, invitation_id desc
         limit $4",
        filter.sponsor.map(UserId::uuid),
        filter.open,
        page.after.map(InvitationId::uuid),
        page.rows(),
    )
}

/// One invitation, as far as the caller may see it.
#[tracing::instrument(name = "db.invitations.invitation", skip(database), err)]
pub async fn invitation(
    database: impl PgExecutor<'_>,
    invitation: InvitationId,
) -> Result<Option<Entry>, Error> {
    Ok(read_invitations!(database, "where invitation_id = $1", invitation.uuid())?.pop())
}

/// How many of a sponsor's invitations came how far. Each is counted at every step that it has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    pub written: i64,
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    pub accepted: i64,
    pub pot_opened: i64,
    pub first_gift: i64,
    pub declined: i64,
    pub lapsed: i64,
    pub cancelled: i64,
}

#[tracing::instrument(name = "db.invitations.funnel", skip(database), err)]
pub async fn funnel(database: impl PgExecutor<'_>, sponsor: UserId) -> Result<Funnel, Error> {
    Ok(sqlx::query_as!(
        Funnel,
        r#"with passed as (
               select invitations.*,
                      first_gift_at is not null as has_gift,
                      coalesce(pot_opened_at, first_gift_at) is not null as has_pot,
                      standing.stage as message
               from sponsorship.invitations
               left join notices.standing using (notice_id)
               where sponsor_id = $1
           ), steps as (
               select *,
                      coalesce(opened_at, accepted_at) is not null or ended_as = 'declined' as was_opened,
                      message in ('delivered', 'read') as was_delivered
               from passed
           )
           select count(*) as "written!",
                  count(*) filter (where message = 'accepted' or was_delivered or was_opened) as "sent!",
                  count(*) filter (where was_delivered or was_opened) as "delivered!",
                  count(*) filter (where was_opened) as "opened!",
                  count(accepted_at) as "accepted!",
                  count(*) filter (where has_pot) as "pot_opened!",
                  count(*) filter (where has_gift) as "first_gift!",
                  count(*) filter (where ended_as = 'declined') as "declined!",
                  count(*) filter (where ended_as = 'lapsed') as "lapsed!",
                  count(*) filter (where ended_as = 'cancelled') as "cancelled!"
           from steps"#,
        sponsor.uuid(),
    )
    .fetch_one(database)
    .await?)
}
