//! Discrepancies: found once, owned by finance, and kept with how they ended.
//!
//! One that a comparison no longer finds ends by itself, and begins again should it be found again. One that a person has
//! resolved stays resolved. While money stands in suspense for it, none ends by itself: that money is somebody's.

mod resolving;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DiscrepancyId, DonationId};
use wolo_domain::money::Xof;

use crate::Error;
use crate::rows::{Page, word};

pub use resolving::{Clearing, Resolving, resolve};

const DISCREPANCIES: &str = "money.discrepancies";

/// As which the comparison itself signs. No person can: their names begin with what they are.
pub const BY_ITSELF: &str = "reconciliation";
const NO_LONGER_FOUND: &str = "the comparison finds it no longer";

/// Something that does not fit, as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) kind: DiscrepancyKind,
    /// The line, or the thing of ours.
    pub(crate) key: String,
    pub(crate) day: NaiveDate,
    pub(crate) reason: String,
    pub(crate) facts: Value,
    /// What has to stand in suspense for it.
    pub(crate) suspense: Xof,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discrepancy {
    pub id: DiscrepancyId,
    pub kind: DiscrepancyKind,
    pub key: String,
    pub day: NaiveDate,
    /// In words.
    pub reason: String,
    pub owner: String,
    pub facts: Value,
    /// What stands, or stood, in the suspense account for it: positive where it came in.
    pub suspense: Xof,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub resolved: Option<Resolved>,
}

/// How a discrepancy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub at: DateTime<Utc>,
    /// [`BY_ITSELF`], or a person.
    pub by: String,
    pub why: String,
}

/// What a comparison has written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    /// How many are open now that were not before.
    pub(crate) opened: u64,
    /// What stands in suspense, by key, as it was first written.
    pub(crate) suspense: Vec<(String, Xof)>,
}

/// Writes what was found. What stands there already was seen once more; its money stays what it was at first.
pub(crate) async fn write(connection: &mut PgConnection, found: &[Found]) -> Result<Written, Error> {
    if found.is_empty() {
        return Ok(Written::default());
    }
    let kinds: Vec<String> = found.iter().map(|one| one.kind.as_str().to_owned()).collect();
    let keys: Vec<String> = found.iter().map(|one| one.key.clone()).collect();
    let days: Vec<NaiveDate> = found.iter().map(|one| one.day).collect();
    let reasons: Vec<String> = found.iter().map(|one| one.reason.clone()).collect();
    let facts: Vec<Value> = found.iter().map(|one| one.facts.clone()).collect();
    let suspense: Vec<i64> = found.iter().map(|one| one.suspense.francs()).collect();
    let ids: Vec<Uuid> = found.iter().map(|_| Uuid::now_v7()).collect();
    let reopened = sqlx::query!(
        "update money.discrepancies set resolved_at = null, resolved_by = null, resolution = null
         from unnest($1::text[], $2::text[]) as found (kind, key)
         where discrepancies.kind = found.kind and discrepancies.key = found.key and resolved_by = $3",
        &kinds,
        &keys,
        BY_ITSELF,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let rows = sqlx::query!(
        r#"insert into money.discrepancies (discrepancy_id, kind, key, day, reason, facts, suspense)
           select * from unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::text[], $6::jsonb[], $7::bigint[])
           on conflict on constraint discrepancies_found_once do update
               set last_seen_at = clock_timestamp(),
                   suspense = case
                       when discrepancies.suspense = 0 and discrepancies.resolved_at is null then excluded.suspense
                       else discrepancies.suspense
                   end
           returning key, suspense, (xmax = 0) as "is_new!""#,
        &ids,
        &kinds,
        &keys,
        &days,
        &reasons,
        &facts,
        &suspense,
    )
    .fetch_all(connection)
    .await?;
    let new = rows.iter().filter(|row| row.is_new).count();
    Ok(Written {
        opened: reopened + new as u64,
        suspense: rows
            .into_iter()
            .filter(|row| row.suspense != 0)
            .map(|row| (row.key, Xof::new(row.suspense)))
            .collect(),
    })
}

/// Takes Wave's part out of the money that stands in suspense for an odd gift; answers whether it stands there still.
pub(crate) async fn bear_fee(
    connection: &mut PgConnection,
    gift: DonationId,
    fee: Xof,
) -> Result<bool, Error> {
    let borne = sqlx::query!(
        "update money.discrepancies set suspense = suspense - $2
         where kind = 'odd_gift' and key = $1 and resolved_at is null",
        gift.to_string(),
        fee.francs(),
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(borne > 0)
}

/// Ends what stands open at these keys and was not found there this time.
pub(crate) async fn close_what_is_gone(
    connection: &mut PgConnection,
    keys: &[String],
    found: &[Found],
) -> Result<u64, Error> {
    let kinds: Vec<String> = found.iter().map(|one| one.kind.as_str().to_owned()).collect();
    let found_keys: Vec<String> = found.iter().map(|one| one.key.clone()).collect();
    let closed = sqlx::query!(
        "update money.discrepancies
         set resolved_at = clock_timestamp(), resolved_by = $4, resolution = $5
         where resolved_at is null and suspense = 0 and key = any($1)
           and not exists (
               select from unnest($2::text[], $3::text[]) as found (kind, key)
               where found.kind = discrepancies.kind and found.key = discrepancies.key
           )",
        keys,
        &kinds,
        &found_keys,
        BY_ITSELF,
        NO_LONGER_FOUND,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(closed)
}

/// Ends what was missing on Wave's statement and stands there now.
pub(crate) async fn close_what_has_come(connection: &mut PgConnection) -> Result<u64, Error> {
    let closed = sqlx::query!(
        r"update money.discrepancies
          set resolved_at = clock_timestamp(), resolved_by = $1, resolution = $2
          where kind = 'missing_at_wave' and resolved_at is null
            and (
                exists (select from money.statement_lines where claim = key)
                or exists (
                    select from money.donations
                    join money.statement_lines using (wave_transaction_id)
                    where donation_id = case when key ~ '^gift/don_[0-9a-f]{32}$' then substr(key, 10)::uuid end
                )
            )",
        BY_ITSELF,
        NO_LONGER_FOUND,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(closed)
}

#[tracing::instrument(name = "db.discrepancies.discrepancy", skip_all, fields(%id), err)]
pub async fn discrepancy(
    database: impl PgExecutor<'_>,
    id: DiscrepancyId,
) -> Result<Option<Discrepancy>, Error> {
    sqlx::query_as!(
        DiscrepancyRow,
        "select discrepancy_id, kind, key, day, reason, owner, facts, suspense, first_seen_at, last_seen_at, resolved_at,
                resolved_by, resolution
         from money.discrepancies
         where discrepancy_id = $1",
        id.uuid(),
    )
    .fetch_optional(database)
    .await?
    .map(Discrepancy::try_from)
    .transpose()
}

/// The last found first: those that are open, or all.
#[tracing::instrument(name = "db.discrepancies.all", skip_all, err)]
pub async fn all(
    database: impl PgExecutor<'_>,
    kind: Option<DiscrepancyKind>,
    with_resolved: bool,
    page: Page<DiscrepancyId>,
) -> Result<Vec<Discrepancy>, Error> {
    sqlx::query_as!(
        DiscrepancyRow,
        "select discrepancy_id, kind, key, day, reason, owner, facts, suspense, first_seen_at, last_seen_at, resolved_at,
                resolved_by, resolution
         from money.discrepancies
         where ($1::text is null or kind = $1)
           and ($2 or resolved_at is null)
           and ($3::uuid is null or (first_seen_at, discrepancy_id) < (
               select first_seen_at, discrepancy_id from money.discrepancies where discrepancy_id = $3
           ))
         order by first_seen_at desc, discrepancy_id desc
         limit $4",
        kind.map(DiscrepancyKind::as_str),
        with_resolved,
        page.after.map(DiscrepancyId::uuid),
        page.rows(),
    )
    .fetch_all(database)
    .await?
    .into_iter()
    .map(Discrepancy::try_from)
    .collect()
}

/// How many are open that were found before this instant.
#[tracing::instrument(name = "db.discrepancies.open_since_before", skip_all, err)]
pub async fn open_since_before(database: impl PgExecutor<'_>, before: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from money.discrepancies where resolved_at is null and first_seen_at < $1"#,
        before,
    )
    .fetch_one(database)
    .await?)
}

struct DiscrepancyRow {
    discrepancy_id: Uuid,
    kind: String,
    key: String,
    day: NaiveDate,
    reason: String,
    owner: String,
    facts: Value,
    suspense: i64,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    resolution: Option<String>,
}

impl TryFrom<DiscrepancyRow> for Discrepancy {
    type Error = Error;

    fn try_from(row: DiscrepancyRow) -> Result<Self, Error> {
        let id = DiscrepancyId::from_uuid(row.discrepancy_id);
        let resolved = match (row.resolved_at, row.resolved_by, row.resolution) {
            (Some(at), Some(by), Some(why)) => Some(Resolved { at, by, why }),
            (None, None, None) => None,
            _ => return Err(Error::inconsistent(DISCREPANCIES, "resolved_at", id)),
        };
        Ok(Self {
            id,
            kind: word(&row.kind, DISCREPANCIES, "kind", id)?,
            key: row.key,
            day: row.day,
            reason: row.reason,
            owner: row.owner,
            facts: row.facts,
            suspense: Xof::new(row.suspense),
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            resolved,
        })
    }
}

/// The kinds of which one that is open says that our books and Wave's are not the same.
pub(crate) fn breaking() -> Vec<String> {
    let breaking = DiscrepancyKind::ALL.into_iter().filter(|kind| kind.breaks_the_books());
    breaking.map(|kind| kind.as_str().to_owned()).collect()
}

/// Whether one of those is open.
pub(crate) async fn break_the_books(connection: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from money.discrepancies where resolved_at is null and kind = any ($1)
           ) as "open!""#,
        &breaking(),
    )
    .fetch_one(connection)
    .await?)
}
