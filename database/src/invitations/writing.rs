//! Writing invitations down: within what a sponsor may send in a day, and within what one contact may get, whoever sends it.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use wolo_domain::contacts::{Contact, Email};
use wolo_domain::ids::{InvitationId, NoticeId, UserId};
use wolo_domain::invitations::{InvitingRules, Relationship};

use super::INVITATIONS;
use crate::Error;
use crate::accounts::columns;
use crate::rows::{interval, word};

/// An invitation that is to be written down. Personal.
#[derive(Clone)]
pub struct NewInvitation {
    pub id: InvitationId,
    pub to: Contact,
    /// A keyed hash of that.
    pub contact_hash: [u8; 32],
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
    /// With these the sponsor would have sent more than a day allows: so many may go out today still.
    TooMany {
        left: u32,
    },
    /// These contacts, by their places, have not answered this sponsor yet, have declined, or have been asked enough, by whomever.
    /// Which of these is nobody's business.
    NotToBeAsked(Vec<usize>),
}

/// Writes a sponsor's invitations, all of them or, where the answer says so, none: then the caller must not commit.
#[tracing::instrument(name = "db.invitations.invite", skip_all, fields(%sponsor, count = new.len()), err)]
pub async fn invite(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: &[NewInvitation],
    rules: InvitingRules,
) -> Result<Inviting, Error> {
    if let Some(left) = count_on_the_day(connection, sponsor, new.len(), rules.a_day).await? {
        return Ok(Inviting::TooMany { left });
    }
    let mut not_to_be_asked = count_to_the_contacts(connection, new, rules).await?;
    let closed = closed_mailboxes(connection, sponsor, new).await?;
    for (place, one) in new.iter().enumerate() {
        if closed.contains(&one.to.reached()) {
            not_to_be_asked.insert(place);
            continue;
        }
        let (phone, email) = columns(&one.to);
        let written = sqlx::query!(
            "insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, phone, email, relationship, token_hash, notice_id, expires_at
             )
             select $1, $2, $3, $4, $5, $6, $7, $8, $9
             where not exists (
                 select from sponsorship.invitations
                 where sponsor_id = $2 and coalesce(phone, lower(email)) = coalesce($4, lower($5))
                   -- One that is taken back stays with the contact for its days: else it could be sent again and again.
                   and (ended_as = 'declined' or (ended_as = 'cancelled' and expires_at > clock_timestamp()))
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
            not_to_be_asked.insert(place);
        }
    }
    Ok(if not_to_be_asked.is_empty() {
        Inviting::Invited
    } else {
        Inviting::NotToBeAsked(not_to_be_asked.into_iter().collect())
    })
}

/// Mailboxes that have an invitation of this sponsor already, have declined one, or from which one was taken back these days,
/// however their addresses were spelt. What the table keeps apart are addresses; a sponsor writes one batch after the other.
async fn closed_mailboxes(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: &[NewInvitation],
) -> Result<BTreeSet<String>, Error> {
    if !new.iter().any(|one| matches!(one.to, Contact::Email(_))) {
        return Ok(BTreeSet::new());
    }
    let known = sqlx::query!(
        r#"select invitation_id, email as "email!"
           from sponsorship.invitations
           where sponsor_id = $1 and email is not null and accepted_at is null
             and (ended_at is null or ended_as = 'declined'
                  or (ended_as = 'cancelled' and expires_at > clock_timestamp()))"#,
        sponsor.uuid(),
    )
    .fetch_all(connection)
    .await?;
    known
        .into_iter()
        .map(|row| {
            let email: Email = word(&row.email, INVITATIONS, "email", row.invitation_id)?;
            Ok(email.mailbox())
        })
        .collect()
}

/// Counts them into the sponsor's day, or says how many would fit into it where they do not. Who counts at the same time waits.
async fn count_on_the_day(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: usize,
    a_day: u32,
) -> Result<Option<u32>, Error> {
    let most = i32::try_from(a_day).unwrap_or(i32::MAX);
    let new = i32::try_from(new).unwrap_or(i32::MAX);
    if new <= most && is_counted(connection, sponsor, new, most).await? {
        return Ok(None);
    }
    let sent = sqlx::query_scalar!(
        "select invitations from sponsorship.days
         where sponsor_id = $1 and day = (clock_timestamp() at time zone 'Africa/Dakar')::date",
        sponsor.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(Some(u32::try_from(most - sent.unwrap_or(0)).unwrap_or(0)))
}

async fn is_counted(
    connection: &mut PgConnection,
    sponsor: UserId,
    new: i32,
    a_day: i32,
) -> Result<bool, Error> {
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

/// Counts each to its contact, and says by their places which contacts have been asked enough for now. Who counts at the same
/// time waits; everybody counts in the same order, so that nobody waits for whoever waits for them.
async fn count_to_the_contacts(
    connection: &mut PgConnection,
    new: &[NewInvitation],
    rules: InvitingRules,
) -> Result<BTreeSet<usize>, Error> {
    let mut in_order: Vec<_> = new.iter().enumerate().collect();
    in_order.sort_by_key(|(_, one)| one.contact_hash);
    let window = interval(TimeDelta::days(rules.contact_days.into()));
    let mut enough = BTreeSet::new();
    for (place, one) in in_order {
        let counted = sqlx::query!(
            "insert into sponsorship.contacts as known (contact_hash, asked_at, counts_until)
             values ($1, array[clock_timestamp()], clock_timestamp() + $2::text::interval)
             on conflict (contact_hash) do update
                 set asked_at = excluded.asked_at || array(
                         select at from unnest(known.asked_at) as at
                         where at > clock_timestamp() - $2::text::interval
                     ),
                     counts_until = excluded.counts_until
                 where (
                     select count(*) from unnest(known.asked_at) as at
                     where at > clock_timestamp() - $2::text::interval
                 ) < $3",
            one.contact_hash.as_slice(),
            window,
            i64::from(rules.per_contact),
        )
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if counted == 0 {
            enough.insert(place);
        }
    }
    Ok(enough)
}
