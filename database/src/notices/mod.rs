//! Messages to people: that they are to be brought, the ways they were tried on, and what their providers told.
//!
//! What a message says is nowhere here.

mod attempts;
mod concerned;
mod devices;
mod reach;
mod receipts;
mod standing;
mod wishes;

pub use attempts::{Answer, Attempt, Beginning, End, answer, begin, end, take_back};
pub use concerned::{Follower, Gift, Giver, Subject, ToldBefore, gift, givers, subject, told, trusted_with};
pub use devices::{Device, Platform, add_device, devices_of, forget_device, remove_device};
pub use reach::{Reach, Window, reach, window_of, wrote_to_us};
pub use receipts::{About, Receipt, Told, about, is_handed_over, receive};
pub use standing::{
    Brought, Entry, Filter, Sum, Tried, attempts_of, brought_to, list, notice, of_user, sums,
};
pub use wishes::{OptOut, Refusable, hear, of_link, opt_in, opt_out};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::contacts::Email;
use wolo_domain::ids::{NoticeId, PotId, UserId};
use wolo_domain::notices::Kind;

use crate::{Error, Pool};

/// A message that is to be brought.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    pub id: NoticeId,
    pub process: &'a str,
    pub event: &'a str,
    pub person: &'a str,
    pub kind: Kind,
    pub user: Option<UserId>,
    pub pot: Option<PotId>,
    /// Where a mail goes that can be refused, to somebody without an account.
    pub mail_to: Option<&'a Email>,
}

/// Writes a message down, once per event and person.
#[tracing::instrument(name = "db.notices.add", skip_all, fields(notice = %notice.id), err)]
pub async fn add(pool: &Pool, notice: Notice<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into notices.notices (notice_id, process, event, person, kind, category, user_id, pot_id, mail_to)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint notices_one_per_event_and_person do nothing",
        notice.id.uuid(),
        notice.process,
        notice.event,
        notice.person,
        notice.kind.as_str(),
        notice.kind.category().as_str(),
        notice.user.map(UserId::uuid),
        notice.pot.map(PotId::uuid),
        notice.mail_to.map(Email::reveal),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What somebody shows who wants no more of a message's category. It stands in the message alone.
#[tracing::instrument(name = "db.notices.opt_out_secret", skip(pool), err)]
pub async fn opt_out_secret(pool: &Pool, notice: NoticeId) -> Result<String, Error> {
    sqlx::query_scalar!("select opt_out from notices.notices where notice_id = $1", notice.uuid())
        .fetch_optional(pool)
        .await?
        .ok_or_else(|| Error::missing("notices.notices", notice))
}

/// How many messages a person has been sent since a moment.
pub(crate) async fn sent_since(
    connection: &mut PgConnection,
    person: &str,
    since: DateTime<Utc>,
) -> Result<u32, Error> {
    let sent = sqlx::query_scalar!(
        r#"select count(distinct notice_id) as "sent!"
           from notices.notices notice
           join notices.attempts attempt using (notice_id)
           where notice.person = $1 and attempt.sent_at >= $2 and attempt.state in ('sending', 'accepted', 'unknown')"#,
        person,
        since,
    )
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(sent).unwrap_or(u32::MAX))
}

fn id(uuid: Uuid) -> NoticeId {
    NoticeId::from_uuid(uuid)
}
