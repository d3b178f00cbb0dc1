//! Points that become credit for a pot, and are somebody's again when that pot is given up.
//!
//! Taking the points and booking the credit is one transaction. Somebody's conversions come one after the other, whatever pots
//! they are for: two at once would both find the points that only one of them can use.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::ledger::{PostingError, Transaction};
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};

use super::of_user;
use crate::pots::{self, Lock};
use crate::{Error, Pool, ledger};

const CONVERSIONS: &str = "sponsorship.conversions";

/// Points that are to become credit. How much they come to is the domain's rule, and has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewConversion {
    pub id: ConversionId,
    pub user: UserId,
    pub points: u32,
    pub credit: Xof,
    pub pot: PotId,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converting {
    /// The credit is in the pot, now or since before.
    Converted,
    /// So many points can be used, which is less.
    NotEnough {
        available: i64,
    },
    NotOpen {
        stage: PotStage,
    },
    /// Something that stops everything holds the pot.
    Held {
        reason: HoldReason,
    },
}

/// Turns points into credit, once for an id. The pot's lock is shared until the commit, so none lands in a closed pot.
#[tracing::instrument(name = "db.points.convert", skip_all, fields(conversion = %new.id, pot = %new.pot), err)]
pub async fn convert(pool: &Pool, new: &NewConversion) -> Result<Converting, Error> {
    let mut tx = pool.begin().await?;
    take_turn(&mut tx, new.user).await?;
    if is_written(&mut tx, new).await? {
        return Ok(Converting::Converted);
    }
    if let Some(refused) = refusal(&mut tx, new).await? {
        return Ok(refused);
    }
    write(&mut tx, new).await?;
    ledger::post(&mut tx, &Transaction::credit(new.id, new.pot, new.credit)?).await?;
    tx.commit().await?;
    Ok(Converting::Converted)
}

/// What is read after this, in a statement of its own, has all conversions of this person that came before.
async fn take_turn(connection: &mut PgConnection, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('sponsorship.points/' || $1::text, 0))",
        user.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was converted before the pot closed stands. Something else under the same id is a bug of whoever gave it.
async fn is_written(connection: &mut PgConnection, new: &NewConversion) -> Result<bool, Error> {
    let found = sqlx::query!(
        "select user_id, points, pot_id, credit from sponsorship.conversions where conversion_id = $1",
        new.id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else { return Ok(false) };
    let same = (found.user_id, found.pot_id) == (new.user.uuid(), new.pot.uuid())
        && (i64::from(found.points), found.credit) == (i64::from(new.points), new.credit.francs());
    if same { Ok(true) } else { Err(Error::conflict("conversions_made_once")) }
}

async fn refusal(connection: &mut PgConnection, new: &NewConversion) -> Result<Option<Converting>, Error> {
    let stage = pots::lock(connection, new.pot, Lock::ToRelyOn).await?;
    if !stage.takes_donations() {
        return Ok(Some(Converting::NotOpen { stage }));
    }
    if let Some(reason) = pots::stopping_hold(connection, new.pot).await? {
        return Ok(Some(Converting::Held { reason }));
    }
    let available = of_user(connection, new.user).await?.available();
    let is_short = available < i64::from(new.points);
    Ok(is_short.then_some(Converting::NotEnough { available }))
}

async fn write(connection: &mut PgConnection, new: &NewConversion) -> Result<(), Error> {
    let points = i32::try_from(new.points).map_err(|_| Error::inconsistent(CONVERSIONS, "points", new.id))?;
    sqlx::query!(
        "insert into sponsorship.conversions (conversion_id, user_id, points, pot_id, credit, at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.uuid(),
        new.user.uuid(),
        points,
        new.pot.uuid(),
        new.credit.francs(),
        new.at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the credit out of a pot that is given up, in that transaction and under the pot's lock: it is WOLO's again, and the
/// points are whose they were. Done again it finds nothing left.
pub(crate) async fn return_credits(connection: &mut PgConnection, pot: PotId) -> Result<(), Error> {
    let returned = sqlx::query!(
        r#"with returned as (
               insert into sponsorship.conversions_returned (conversion_id)
               select conversion_id from sponsorship.conversions where pot_id = $1
               on conflict on constraint conversions_returned_once do nothing
               returning conversion_id
           )
           select conversion_id as "conversion_id!", credit as "credit!"
           from sponsorship.conversions
           join returned using (conversion_id)
           order by conversion_id"#,
        pot.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let facts = returned.into_iter().map(|row| {
        Transaction::credit_returned(ConversionId::from_uuid(row.conversion_id), pot, Xof::new(row.credit))
    });
    let facts = facts.collect::<Result<Vec<_>, PostingError>>()?;
    ledger::post_all(connection, &facts).await?;
    Ok(())
}
