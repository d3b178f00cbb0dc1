//! Lists of pots, each in pages that continue after the last pot of the one before.

use sqlx::PgExecutor;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::PotStage;

use super::Pot;
use super::views::read_pots;
use crate::Error;
use crate::rows::Page;

/// What an operator looks for; nothing set is everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub stage: Option<PotStage>,
    /// Whether anything holds it.
    pub held: Option<bool>,
}

/// What everybody may see: public pots that take gifts, the last opened first. A pot that is held for consent or
/// moderation is not shown.
#[tracing::instrument(name = "db.pots.listed", skip_all, err)]
pub async fn listed(database: impl PgExecutor<'_>, page: Page<PotId>) -> Result<Vec<Pot>, Error> {
    read_pots!(
        database,
        "select pot_id, row_number() over (order by opened_at desc, pot_id desc) as place
         from pots.pots
         where stage = 'open' and visibility = 'public'
           and ($1::uuid is null or (opened_at, pot_id) < (select opened_at, pot_id from pots.pots where pot_id = $1))
           and not exists (
               select from pots.holds
               where holds.pot_id = pots.pot_id and released_at is null and reason in ('consent', 'moderation')
           )
         order by opened_at desc, pot_id desc
         limit $2",
        page.after.map(PotId::uuid),
        page.rows(),
    )
}

/// Everything a person owns, the latest birthday first: one a year, so no pages.
#[tracing::instrument(name = "db.pots.of_owner", skip_all, fields(%owner), err)]
pub async fn of_owner(database: impl PgExecutor<'_>, owner: UserId) -> Result<Vec<Pot>, Error> {
    read_pots!(
        database,
        "select pot_id, row_number() over (order by birthday desc) as place from pots.pots where owner_id = $1",
        owner.uuid(),
    )
}

/// All pots, for the operator, the newest first.
#[tracing::instrument(name = "db.pots.all", skip_all, err)]
pub async fn all(
    database: impl PgExecutor<'_>,
    filter: Filter,
    page: Page<PotId>,
) -> Result<Vec<Pot>, Error> {
    read_pots!(
        database,
        "select pot_id, row_number() over (order by created_at desc, pot_id desc) as place
         from pots.pots
         where ($1::text is null or stage = $1)
           -- Nobody waits for a pot that has ended, though what hid it hides it still.
           and ($2::boolean is null or $2 = (stage not in ('settled', 'cancelled') and exists (
               select from pots.holds where holds.pot_id = pots.pot_id and released_at is null
           )))
           and ($3::uuid is null or (created_at, pot_id) < (select created_at, pot_id from pots.pots where pot_id = $3))
         order by created_at desc, pot_id desc
         limit $4",
        filter.stage.map(PotStage::as_str),
        filter.held,
        page.after.map(PotId::uuid),
        page.rows(),
    )
}

/// Pots whose gifts are going back.
#[tracing::instrument(name = "db.pots.cancelling", skip_all, err)]
pub async fn cancelling(database: impl PgExecutor<'_>, page: Page<PotId>) -> Result<Vec<PotId>, Error> {
    let ids = sqlx::query_scalar!(
        "select pot_id from pots.pots
         where stage = 'cancelling' and ($1::uuid is null or pot_id > $1)
         order by pot_id
         limit $2",
        page.after.map(PotId::uuid),
        page.rows(),
    )
    .fetch_all(database)
    .await?;
    Ok(ids.into_iter().map(PotId::from_uuid).collect())
}

/// Every pot that has not ended, the oldest first.
#[tracing::instrument(name = "db.pots.unfinished", skip_all, err)]
pub async fn unfinished(database: impl PgExecutor<'_>) -> Result<Vec<PotId>, Error> {
    let ids = sqlx::query_scalar!(
        "select pot_id from pots.pots where stage not in ('settled', 'cancelled') order by created_at, pot_id"
    )
    .fetch_all(database)
    .await?;
    Ok(ids.into_iter().map(PotId::from_uuid).collect())
}
