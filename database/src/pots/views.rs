//! Reading pots. One query reads any number of them, so that every list shows the same things.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::PotSettings;

use super::holds::reasons;
use super::{Access, HOLDS, Hold, POTS, Pot, Totals};
use crate::Error;
use crate::rows::word;

/// Reads the pots that a query names, in its order: a select of `pot_id` and `place`.
macro_rules! read_pots {
    ($database:expr, $wanted:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::pots::views::PotRow,
            r#"select pots.pot_id, owner_id, slug, stage, title, description, target, visibility, show_donor_names,
                      show_amounts, allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, opened_at,
                      closed_at, settled_at, cancelled_at, closing_recorded_at, created_at,
                      totals.balance as "balance!", totals.given as "given!", totals.donations as "donations!",
                      held.holds as "holds!: sqlx::types::Json<Vec<crate::pots::views::HoldRow>>"
               from ("# + $wanted + r#") as wanted
               join pots.pots on pots.pot_id = wanted.pot_id
               cross join lateral (
                   -- Gifts add to a pot, and credit that somebody has given; all else takes from it.
                   select coalesce(sum(amount), 0)::bigint as balance,
                          coalesce(sum(amount) filter (where amount > 0), 0)::bigint as given,
                          count(*) filter (where amount > 0) as donations
                   from money.ledger_entries
                   where ledger_entries.pot_id = wanted.pot_id
               ) as totals
               cross join lateral (
                   select coalesce(
                              json_agg(json_build_object('reason', reason, 'note', note, 'since', since)
                                       order by since, reason),
                              '[]'
                          ) as holds
                   from pots.holds
                   where holds.pot_id = wanted.pot_id and released_at is null
               ) as held
               order by wanted.place"#,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map($crate::pots::Pot::try_from)
        .collect::<Result<Vec<_>, $crate::Error>>()
    };
}
pub(super) use read_pots;

/// Reads what decides who may see the pot that a condition names.
macro_rules! read_access {
    ($database:expr, $which:literal, $argument:expr) => {
        sqlx::query!(
            r#"select pot_id, owner_id, visibility,
                      array(
                          select reason from pots.holds
                          where holds.pot_id = pots.pot_id and released_at is null
                          order by since, reason
                      ) as "holds!"
               from pots.pots
               where "#
                + $which,
            $argument,
        )
        .fetch_optional($database)
        .await?
        .map(|row| Access::of_row(row.pot_id, row.owner_id, &row.visibility, &row.holds))
        .transpose()
    };
}

impl Access {
    pub(super) fn of_row(pot: Uuid, owner: Uuid, visibility: &str, holds: &[String]) -> Result<Self, Error> {
        let pot = PotId::from_uuid(pot);
        Ok(Self {
            pot,
            owner: UserId::from_uuid(owner),
            visibility: word(visibility, POTS, "visibility", pot)?,
            holds: reasons(holds, pot)?,
        })
    }
}

#[tracing::instrument(name = "db.pots.pot", skip_all, fields(%pot), err)]
pub async fn pot(database: impl PgExecutor<'_>, pot: PotId) -> Result<Option<Pot>, Error> {
    let found = read_pots!(database, "select $1::uuid as pot_id, 1 as place", pot.uuid())?;
    Ok(found.into_iter().next())
}

/// The pot behind a link.
#[tracing::instrument(name = "db.pots.by_slug", skip_all, err)]
pub async fn by_slug(database: impl PgExecutor<'_>, slug: &str) -> Result<Option<Pot>, Error> {
    let found = read_pots!(database, "select pot_id, 1 as place from pots.pots where slug = $1", slug)?;
    Ok(found.into_iter().next())
}

/// Who may see the pot. Its sums are not read: they cost the more the more gifts there are, and every gift asks this.
#[tracing::instrument(name = "db.pots.access", skip_all, fields(%pot), err)]
pub async fn access(database: impl PgExecutor<'_>, pot: PotId) -> Result<Option<Access>, Error> {
    read_access!(database, "pot_id = $1", pot.uuid())
}

/// Who may see the pot behind a link.
#[tracing::instrument(name = "db.pots.access_by_slug", skip_all, err)]
pub async fn access_by_slug(database: impl PgExecutor<'_>, slug: &str) -> Result<Option<Access>, Error> {
    read_access!(database, "slug = $1", slug)
}

/// A hold as the query above writes it down.
#[derive(Deserialize)]
pub(super) struct HoldRow {
    reason: String,
    note: String,
    since: DateTime<Utc>,
}

#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
pub(super) struct PotRow {
    pub(super) pot_id: Uuid,
    pub(super) owner_id: Uuid,
    pub(super) slug: String,
    pub(super) stage: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) target: i64,
    pub(super) visibility: String,
    pub(super) show_donor_names: bool,
    pub(super) show_amounts: bool,
    pub(super) allow_anonymous: bool,
    pub(super) allow_messages: bool,
    pub(super) surprise: bool,
    pub(super) birthday: NaiveDate,
    pub(super) opens_at: DateTime<Utc>,
    pub(super) closes_at: DateTime<Utc>,
    pub(super) opened_at: Option<DateTime<Utc>>,
    pub(super) closed_at: Option<DateTime<Utc>>,
    pub(super) settled_at: Option<DateTime<Utc>>,
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    pub(super) closing_recorded_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) balance: i64,
    pub(super) given: i64,
    pub(super) donations: i64,
    pub(super) holds: Json<Vec<HoldRow>>,
}

impl TryFrom<PotRow> for Pot {
    type Error = Error;

    fn try_from(row: PotRow) -> Result<Self, Error> {
        let id = PotId::from_uuid(row.pot_id);
        let hold = |hold: HoldRow| {
            Ok(Hold { reason: word(&hold.reason, HOLDS, "reason", id)?, note: hold.note, since: hold.since })
        };
        Ok(Self {
            id,
            owner: UserId::from_uuid(row.owner_id),
            slug: row.slug,
            stage: word(&row.stage, POTS, "stage", id)?,
            settings: PotSettings {
                title: row.title,
                description: row.description,
                target: Xof::new(row.target),
                visibility: word(&row.visibility, POTS, "visibility", id)?,
                show_donor_names: row.show_donor_names,
                show_amounts: row.show_amounts,
                allow_anonymous: row.allow_anonymous,
                allow_messages: row.allow_messages,
                surprise: row.surprise,
            },
            birthday: row.birthday,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            settled_at: row.settled_at,
            cancelled_at: row.cancelled_at,
            closing_recorded_at: row.closing_recorded_at,
            created_at: row.created_at,
            totals: Totals {
                balance: Xof::new(row.balance),
                given: Xof::new(row.given),
                donations: row.donations,
            },
            holds: row.holds.0.into_iter().map(hold).collect::<Result<_, Error>>()?,
        })
    }
}
