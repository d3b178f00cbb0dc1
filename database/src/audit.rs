//! The audit trail: noted by whoever does something, in the transaction in which it is done, and put at the end of the trail by a worker.
//!
//! Whoever puts a line there puts on the role of the auditor for it, which alone may, and waits for whoever is at it: a trail has one end.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::audit::{self, Checkpoint, Entry, Happening, Head, Place, Record};
use wolo_domain::seals::SealingKey;

use crate::outbox::Topic;
use crate::rows::{Page, count};
use crate::{Error, Pool};

const ENTRIES: &str = "audit.entries";
const CHECKPOINTS: &str = "audit.checkpoints";

/// Who did something, and why.
#[derive(Clone, Copy, Debug)]
pub struct Doer<'a> {
    /// As the audit trail has it.
    pub by: &'a str,
    pub reason: &'a str,
}

impl<'a> Doer<'a> {
    pub const fn new(by: &'a str, reason: &'a str) -> Self {
        Self { by, reason }
    }
}

/// Notes something that is done in this transaction. From its commit on it will be in the trail.
pub async fn note(connection: &mut PgConnection, happening: Happening, doer: Doer<'_>) -> Result<(), Error> {
    let at = sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(&mut *connection).await?;
    let record =
        Record { id: Uuid::now_v7(), at, by: doer.by.to_owned(), happening, reason: doer.reason.to_owned() };
    let key = record.id.simple().to_string();
    let payload =
        serde_json::to_value(record).map_err(|_| Error::inconsistent("ops.outbox", "payload", &key))?;
    // Its key is new, so nothing of that name is there; and the API, which notes one thing, may not look whether there is.
    sqlx::query!(
        "insert into ops.outbox (outbox_id, topic, business_key, payload) values ($1, $2, $3, $4)",
        Uuid::now_v7(),
        Topic::Audit.as_str(),
        key,
        payload,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts something that was done at the end of the trail, once.
#[tracing::instrument(name = "db.audit.append", skip_all, fields(entry = %record.id), err)]
pub async fn append(pool: &Pool, record: &Record, key: &SealingKey) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    take_turn(&mut tx).await?;
    let known = sqlx::query_scalar!(
        r#"select exists (select from audit.entries where entry_id = $1) as "known!""#,
        record.id,
    )
    .fetch_one(&mut *tx)
    .await?;
    if known {
        return Ok(());
    }
    let head = head(&mut *tx).await?;
    let entry = audit::append(head.as_ref(), today(&mut tx).await?, record, key)
        .map_err(|_| Error::inconsistent(ENTRIES, "line", record.id))?;
    sqlx::query!(
        "insert into audit.entries (day, number, line, seal, hash, key_id) values ($1, $2, $3, $4, $5, $6)",
        entry.place.day,
        number(entry.place)?,
        entry.line,
        entry.seal,
        entry.hash,
        entry.key_id,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Seals how far the trail reaches, once for each end. None while it has none.
#[tracing::instrument(name = "db.audit.write_checkpoint", skip_all, err)]
pub async fn write_checkpoint(
    pool: &Pool,
    at: DateTime<Utc>,
    key: &SealingKey,
) -> Result<Option<Checkpoint>, Error> {
    let mut tx = pool.begin().await?;
    take_turn(&mut tx).await?;
    let Some(head) = head(&mut *tx).await? else { return Ok(None) };
    let checkpoint = Checkpoint::of(&head, at, key);
    sqlx::query!(
        "insert into audit.checkpoints (at, day, number, checkpoint) values ($1, $2, $3, $4)
         on conflict on constraint checkpoints_once_for_an_end do nothing",
        at,
        head.place.day,
        number(head.place)?,
        checkpoint.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(checkpoint))
}

/// Until the transaction ends nobody else writes at the end of the trail, and this one may.
async fn take_turn(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::raw_sql("set local role wolo_auditor").execute(&mut *connection).await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('audit.trail', 0))")
        .execute(connection)
        .await?;
    Ok(())
}

async fn today(connection: &mut PgConnection) -> Result<NaiveDate, Error> {
    Ok(sqlx::query_scalar!(r#"select (clock_timestamp() at time zone 'Africa/Dakar')::date as "today!""#)
        .fetch_one(connection)
        .await?)
}

fn number(place: Place) -> Result<i32, Error> {
    i32::try_from(place.number).map_err(|_| Error::inconsistent(ENTRIES, "number", place))
}

/// How far the trail reaches.
#[tracing::instrument(name = "db.audit.head", skip_all, err)]
pub async fn head(database: impl PgExecutor<'_>) -> Result<Option<Head>, Error> {
    let row =
        sqlx::query!("select day, number, hash from audit.entries order by day desc, number desc limit 1")
            .fetch_optional(database)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let place = place(row.day, row.number)?;
    let hash = row.hash.try_into().map_err(|_| Error::inconsistent(ENTRIES, "hash", place))?;
    Ok(Some(Head { place, hash }))
}

struct Row {
    day: NaiveDate,
    number: i32,
    line: String,
    seal: Vec<u8>,
    hash: Vec<u8>,
    key_id: String,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let Row { day, number, line, seal, hash, key_id } = row;
        Ok(Self { place: place(day, number)?, line, seal, hash, key_id })
    }
}

fn place(day: NaiveDate, number: i32) -> Result<Place, Error> {
    Ok(Place { day, number: count(number, ENTRIES, "number", day)? })
}

/// The days that the trail has.
#[tracing::instrument(name = "db.audit.days", skip_all, err)]
pub async fn days(pool: &Pool) -> Result<Vec<NaiveDate>, Error> {
    Ok(sqlx::query_scalar!("select distinct day from audit.entries order by day").fetch_all(pool).await?)
}

/// All lines of a day.
#[tracing::instrument(name = "db.audit.of_day", skip(pool), err)]
pub async fn of_day(pool: &Pool, day: NaiveDate) -> Result<Vec<Entry>, Error> {
    sqlx::query_as!(
        Row,
        "select day, number, line, seal, hash, key_id from audit.entries where day = $1 order by number",
        day,
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(Entry::try_from)
    .collect()
}

/// Which lines one wants.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub about: Option<String>,
    pub by: Option<String>,
    pub day: Option<NaiveDate>,
}

/// Lines of the trail, the last first.
#[tracing::instrument(name = "db.audit.list", skip_all, err)]
pub async fn list(
    database: impl PgExecutor<'_>,
    filter: &Filter,
    page: Page<Place>,
) -> Result<Vec<Entry>, Error> {
    let after = page.after.map(|after| Ok::<_, Error>((after.day, number(after)?))).transpose()?;
    sqlx::query_as!(
        Row,
        "select day, number, line, seal, hash, key_id
         from audit.entries
         where ($1::text is null or about = $1)
           and ($2::text is null or by_whom = $2)
           and ($3::date is null or day = $3)
           and ($4::date is null or (day, number) < ($4, $5::integer))
         order by day desc, number desc
         limit $6",
        filter.about,
        filter.by,
        filter.day,
        after.map(|(day, _)| day),
        after.map(|(_, number)| number),
        page.rows(),
    )
    .fetch_all(database)
    .await?
    .into_iter()
    .map(Entry::try_from)
    .collect()
}

/// Where the trail reached at each hour at which somebody looked, the last first.
#[tracing::instrument(name = "db.audit.checkpoints", skip_all, err)]
pub async fn checkpoints(pool: &Pool) -> Result<Vec<Checkpoint>, Error> {
    let rows =
        sqlx::query!("select day, number, checkpoint from audit.checkpoints order by day desc, number desc")
            .fetch_all(pool)
            .await?;
    rows.into_iter()
        .map(|row| {
            let place = place(row.day, row.number)?;
            row.checkpoint.parse().map_err(|_| Error::inconsistent(CHECKPOINTS, "checkpoint", place))
        })
        .collect()
}

/// How many lines are older than a day. Whoever counts puts on the role of the auditor for it.
#[tracing::instrument(name = "db.audit.older_than", skip(pool), err)]
pub async fn older_than(pool: &Pool, day: NaiveDate) -> Result<i64, Error> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql("set local role wolo_auditor").execute(&mut *tx).await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "lines!" from audit.entries where day < $1"#, day)
        .fetch_one(&mut *tx)
        .await?)
}

/// How much was done that is not in the trail yet.
#[tracing::instrument(name = "db.audit.waiting", skip_all, err)]
pub async fn waiting(pool: &Pool) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from ops.outbox where topic = $1 and relayed_at is null"#,
        Topic::Audit.as_str(),
    )
    .fetch_one(pool)
    .await?)
}
