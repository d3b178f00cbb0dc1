//! Reading pots. One query reads any number of them, so that every list shows the same things.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::PotSettings;

use super::{HOLDS, Hold, POTS, Pot, Totals};
use crate::rows::word;
use crate::{Error, Pool};

#[tracing::instrument(name = "db.pots.pot", skip_all, fields(%pot), err)]
pub async fn pot(pool: &Pool, pot: PotId) -> Result<Option<Pot>, Error> {
    Ok(in_order(pool, &[pot.uuid()]).await?.pop())
}

/// The pot behind a link.
#[tracing::instrument(name = "db.pots.by_slug", skip_all, err)]
pub async fn by_slug(pool: &Pool, slug: &str) -> Result<Option<Pot>, Error> {
    let found = sqlx::query_scalar!("select pot_id from pots.pots where slug = $1", slug)
        .fetch_optional(pool)
        .await?;
    match found {
        Some(id) => pot(pool, PotId::from_uuid(id)).await,
        None => Ok(None),
    }
}

/// The pots with these ids, in the order of the ids.
pub(super) async fn in_order(pool: &Pool, ids: &[Uuid]) -> Result<Vec<Pot>, Error> {
    let rows = sqlx::query_as!(
        PotRow,
        r#"select pots.pot_id, owner_id, slug, stage, title, description, target, visibility, show_donor_names,
                  show_amounts, allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, opened_at,
                  closed_at, settled_at, cancelled_at, closing_recorded_at, created_at,
                  totals.balance as "balance!", totals.given as "given!", totals.donations as "donations!"
           from unnest($1::uuid[]) with ordinality as wanted (pot_id, place)
           join pots.pots on pots.pot_id = wanted.pot_id
           cross join lateral (
               -- Only gifts add to a pot; fees and the payout take from it.
               select coalesce(sum(amount), 0)::bigint as balance,
                      coalesce(sum(amount) filter (where amount > 0), 0)::bigint as given,
                      count(*) filter (where amount > 0) as donations
               from money.ledger_entries
               where ledger_entries.pot_id = wanted.pot_id
           ) as totals
           order by wanted.place"#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    let mut holds = open_holds(pool, ids).await?;
    rows.into_iter()
        .map(|row| {
            let holds = holds.remove(&row.pot_id).unwrap_or_default();
            row.with(holds)
        })
        .collect()
}

async fn open_holds(pool: &Pool, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Hold>>, Error> {
    let rows = sqlx::query!(
        "select pot_id, reason, note, since
         from pots.holds
         where pot_id = any($1) and released_at is null
         order by since, reason",
        ids,
    )
    .fetch_all(pool)
    .await?;
    let mut holds: HashMap<Uuid, Vec<Hold>> = HashMap::new();
    for row in rows {
        let reason = word(&row.reason, HOLDS, "reason", PotId::from_uuid(row.pot_id))?;
        holds.entry(row.pot_id).or_default().push(Hold { reason, note: row.note, since: row.since });
    }
    Ok(holds)
}

#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
struct PotRow {
    pot_id: Uuid,
    owner_id: Uuid,
    slug: String,
    stage: String,
    title: String,
    description: String,
    target: i64,
    visibility: String,
    show_donor_names: bool,
    show_amounts: bool,
    allow_anonymous: bool,
    allow_messages: bool,
    surprise: bool,
    birthday: NaiveDate,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    closing_recorded_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    balance: i64,
    given: i64,
    donations: i64,
}

impl PotRow {
    fn with(self, holds: Vec<Hold>) -> Result<Pot, Error> {
        let id = PotId::from_uuid(self.pot_id);
        Ok(Pot {
            id,
            owner: UserId::from_uuid(self.owner_id),
            slug: self.slug,
            stage: word(&self.stage, POTS, "stage", id)?,
            settings: PotSettings {
                title: self.title,
                description: self.description,
                target: Xof::new(self.target),
                visibility: word(&self.visibility, POTS, "visibility", id)?,
                show_donor_names: self.show_donor_names,
                show_amounts: self.show_amounts,
                allow_anonymous: self.allow_anonymous,
                allow_messages: self.allow_messages,
                surprise: self.surprise,
            },
            birthday: self.birthday,
            opens_at: self.opens_at,
            closes_at: self.closes_at,
            opened_at: self.opened_at,
            closed_at: self.closed_at,
            settled_at: self.settled_at,
            cancelled_at: self.cancelled_at,
            closing_recorded_at: self.closing_recorded_at,
            created_at: self.created_at,
            totals: Totals {
                balance: Xof::new(self.balance),
                given: Xof::new(self.given),
                donations: self.donations,
            },
            holds,
        })
    }
}
