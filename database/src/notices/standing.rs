//! Where messages stand.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;
use wolo_domain::ids::{NoticeId, PotId, UserId};
use wolo_domain::notices::{Channel, Kind, NoticeStage, Withheld};

use super::id;
use crate::rows::{Page, count, word};
use crate::{Error, Pool};

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: NoticeId,
    pub process: String,
    pub kind: Kind,
    pub user: Option<UserId>,
    pub pot: Option<PotId>,
    pub stage: NoticeStage,
    /// The way it went, or was tried last.
    pub channel: Option<Channel>,
    pub withheld: Option<Withheld>,
    pub given_up: Option<String>,
    pub created_at: DateTime<Utc>,
}

struct Row {
    notice_id: Uuid,
    process: String,
    kind: String,
    user_id: Option<Uuid>,
    pot_id: Option<Uuid>,
    stage: String,
    channel: Option<String>,
    withheld: Option<String>,
    given_up: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        const TABLE: &str = "notices.standing";
        let notice = row.notice_id;
        Ok(Self {
            id: id(notice),
            process: row.process,
            kind: word(&row.kind, TABLE, "kind", notice)?,
            user: row.user_id.map(UserId::from_uuid),
            pot: row.pot_id.map(PotId::from_uuid),
            stage: word(&row.stage, TABLE, "stage", notice)?,
            channel: row.channel.map(|text| word(&text, TABLE, "channel", notice)).transpose()?,
            withheld: row.withheld.map(|text| word(&text, TABLE, "withheld", notice)).transpose()?,
            given_up: row.given_up,
            created_at: row.created_at,
        })
    }
}

/// Reads the messages that the rest of a query names.
macro_rules! read_standing {
    ($database:expr, $wanted:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select notice_id as "notice_id!", process as "process!", kind as "kind!", user_id, pot_id, stage as "stage!",
                      channel, withheld, given_up, created_at as "created_at!"
               from notices.standing "# + $wanted,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Entry::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

/// Which messages a list has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub user: Option<UserId>,
    pub pot: Option<PotId>,
    pub stage: Option<NoticeStage>,
}

/// The newest first.
#[tracing::instrument(name = "db.notices.list", skip_all, err)]
pub async fn list(
    database: impl PgExecutor<'_>,
    filter: Filter,
    page: Page<NoticeId>,
) -> Result<Vec<Entry>, Error> {
    read_standing!(
        database,
        "where ($1::uuid is null or user_id = $1)
           and ($2::uuid is null or pot_id = $2)
           and ($3::text is null or stage = $3)
           and ($4::uuid is null
                or (created_at, notice_id) < (select created_at, notice_id from notices.notices where notice_id = $4))
         order by created_at desc, notice_id desc
         limit $5",
        filter.user.map(UserId::uuid),
        filter.pot.map(PotId::uuid),
        filter.stage.map(NoticeStage::as_str),
        page.after.map(NoticeId::uuid),
        page.rows(),
    )
}

/// How many messages went each way since an instant, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// None for those that have gone no way.
    pub channel: Option<Channel>,
    pub stage: NoticeStage,
    pub messages: i64,
}

#[tracing::instrument(name = "db.notices.sums", skip(database), err)]
pub async fn sums(database: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<Vec<Sum>, Error> {
    const TABLE: &str = "notices.standing";
    let rows = sqlx::query!(
        r#"select channel as "channel?", stage as "stage!", count(*) as "messages!"
           from notices.standing
           where created_at >= $1
           group by channel, stage
           order by channel nulls last, stage"#,
        since,
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            let channel = row.channel.map(|text| word(&text, TABLE, "channel", "")).transpose()?;
            Ok(Sum { channel, stage: word(&row.stage, TABLE, "stage", "")?, messages: row.messages })
        })
        .collect()
}

/// Somebody's own messages, the newest first.
#[tracing::instrument(name = "db.notices.of_user", skip_all, fields(%user), err)]
pub async fn of_user(
    database: impl PgExecutor<'_>,
    user: UserId,
    page: Page<NoticeId>,
) -> Result<Vec<Entry>, Error> {
    read_standing!(
        database,
        "where user_id = $1
           and ($2::uuid is null
                or (created_at, notice_id) < (select created_at, notice_id from notices.notices where notice_id = $2))
         order by created_at desc, notice_id desc
         limit $3",
        user.uuid(),
        page.after.map(NoticeId::uuid),
        page.rows(),
    )
}

#[tracing::instrument(name = "db.notices.notice", skip(pool), err)]
pub async fn notice(pool: &Pool, notice: NoticeId) -> Result<Option<Entry>, Error> {
    Ok(read_standing!(pool, "where notice_id = $1", notice.uuid())?.pop())
}

/// A message to somebody, and when it went out and arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    pub kind: Kind,
    pub stage: NoticeStage,
    /// When a provider took it, the first time.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was there, by the clock of whoever brought it.
    pub arrived_at: Option<DateTime<Utc>>,
}

/// What was to be brought to somebody, in the word that events have for them, the oldest first.
#[tracing::instrument(name = "db.notices.brought_to", skip_all, err)]
pub async fn brought_to(pool: &Pool, person: &str) -> Result<Vec<Brought>, Error> {
    const TABLE: &str = "notices.standing";
    sqlx::query!(
        r#"select notice_id as "notice_id!", kind as "kind!", stage as "stage!",
                  (select min(sent_at) from notices.attempts attempt
                   where attempt.notice_id = standing.notice_id and attempt.state = 'accepted') as sent_at,
                  (select min(at) from notices.receipts receipt
                   where receipt.notice_id = standing.notice_id and fate in ('delivered', 'read')) as arrived_at
           from notices.standing
           where person = $1
           order by created_at, notice_id"#,
        person,
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Brought {
            kind: word(&row.kind, TABLE, "kind", row.notice_id)?,
            stage: word(&row.stage, TABLE, "stage", row.notice_id)?,
            sent_at: row.sent_at,
            arrived_at: row.arrived_at,
        })
    })
    .collect()
}

/// A try, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub number: u32,
    pub channel: Channel,
    pub provider: String,
    /// `sending`, `accepted`, `refused` or `unknown`.
    pub state: String,
    pub code: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// What its receipts told, in the order in which they came.
    pub told: Vec<String>,
}

#[tracing::instrument(name = "db.notices.attempts_of", skip(pool), err)]
pub async fn attempts_of(pool: &Pool, notice: NoticeId) -> Result<Vec<Tried>, Error> {
    sqlx::query!(
        r#"select number, channel, provider, state, code, sent_at,
                  array(select fate from notices.receipts receipt
                        where receipt.notice_id = $1 and receipt.number = attempt.number
                        order by received_at) as "told!"
           from notices.attempts attempt where notice_id = $1 order by number"#,
        notice.uuid(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Tried {
            number: count(row.number, "notices.attempts", "number", notice)?,
            channel: word(&row.channel, "notices.attempts", "channel", notice)?,
            provider: row.provider,
            state: row.state,
            code: row.code,
            sent_at: row.sent_at,
            told: row.told,
        })
    })
    .collect()
}
