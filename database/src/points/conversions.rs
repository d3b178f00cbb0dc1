//! Points that become credit for a pot, and are somebody's again when that pot is given up.
//!
//! Taking the points and booking the credit is one transaction. Somebody's conversions come one after the other, whatever pots
//! they are for: two at once would both find the points that only one of them can use. So do all that are about to be booked,
//! whoever's they are: two at once would both find room in the budget of promotions.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::{ConversionId, PotId, UserId};
use wolo_domain::ledger::{Account, PostingError, Transaction};
use wolo_domain::money::Xof;
use wolo_domain::points::{LineId, is_within_budget};
use wolo_domain::pots::{HoldReason, PotStage};

use super::of_user;
use crate::pots::{self, Lock};
use crate::rows::{Page, count};
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
    /// How far below nothing promotions may stand with it.
    pub budget: Xof,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converting {
    /// The credit is in the pot, now or since before. What the points came to then is what they came to.
    Converted {
        credit: Xof,
    },
    /// So many points can be used, which is less.
    NotEnough {
        available: i64,
    },
    /// Promotions have given all that they may.
    BudgetSpent,
    /// Something else was converted under this id: whoever gave it is mistaken, and stays so.
    Mismatch,
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
    if let Some(before) = written(&mut tx, new).await? {
        return Ok(before);
    }
    if let Some(refused) = refusal(&mut tx, new).await? {
        return Ok(refused);
    }
    // The last thing before it is booked: everybody waits for this turn.
    take_turn_of_promotions(&mut tx).await?;
    let promotions = ledger::balance_within(&mut tx, Account::Promotions).await?;
    if !is_within_budget(promotions, new.credit, new.budget) {
        return Ok(Converting::BudgetSpent);
    }
    write(&mut tx, new).await?;
    ledger::post(&mut tx, &Transaction::credit(new.id, new.pot, new.credit)?).await?;
    tx.commit().await?;
    Ok(Converting::Converted { credit: new.credit })
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

/// What is read after this has all credit that was booked before, whoever's. What goes back meanwhile only makes room.
async fn take_turn_of_promotions(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('sponsorship.promotions', 0))")
        .execute(connection)
        .await?;
    Ok(())
}

/// What was converted before stands, also when the pot has closed since, or points buy something else now.
async fn written(connection: &mut PgConnection, new: &NewConversion) -> Result<Option<Converting>, Error> {
    let found = sqlx::query!(
        "select user_id, points, pot_id, credit from sponsorship.conversions where conversion_id = $1",
        new.id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|found| {
        let same = (found.user_id, found.pot_id) == (new.user.uuid(), new.pot.uuid())
            && i64::from(found.points) == i64::from(new.points);
        if same { Converting::Converted { credit: Xof::new(found.credit) } } else { Converting::Mismatch }
    }))
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

/// Points that became credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    pub id: ConversionId,
    pub points: u32,
    pub credit: Xof,
    pub pot: PotId,
    pub at: DateTime<Utc>,
    /// The pot was given up then: the points are whose they were.
    pub returned_at: Option<DateTime<Utc>>,
}

struct Row {
    conversion_id: Uuid,
    points: i32,
    credit: i64,
    pot_id: Uuid,
    at: DateTime<Utc>,
    returned_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Conversion {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = ConversionId::from_uuid(row.conversion_id);
        Ok(Self {
            id,
            points: count(row.points, CONVERSIONS, "points", id)?,
            credit: Xof::new(row.credit),
            pot: PotId::from_uuid(row.pot_id),
            at: row.at,
            returned_at: row.returned_at,
        })
    }
}

/// One conversion, as far as the caller may see it.
#[tracing::instrument(name = "db.points.conversion", skip(database), err)]
pub async fn conversion(
    database: impl PgExecutor<'_>,
    conversion: ConversionId,
) -> Result<Option<Conversion>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select conversion_id, points, credit, pot_id, conversions.at, returned.at as "returned_at?"
           from sponsorship.conversions
           left join sponsorship.conversions_returned returned using (conversion_id)
           where conversion_id = $1"#,
        conversion.uuid(),
    )
    .fetch_optional(database)
    .await?;
    row.map(Conversion::try_from).transpose()
}

/// What somebody has used, the last first.
pub(super) async fn of_person(
    connection: &mut PgConnection,
    user: UserId,
    page: Page<LineId>,
) -> Result<Vec<Conversion>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select conversion_id, points, credit, pot_id, conversions.at, returned.at as "returned_at?"
           from sponsorship.conversions
           left join sponsorship.conversions_returned returned using (conversion_id)
           where user_id = $1
             and ($2::uuid is null or (conversions.at, 0, conversion_id) < (
                 select awarded_at, place, award_id from sponsorship.awards where award_id = $2
                 union all
                 select at, 0, conversion_id from sponsorship.conversions where conversion_id = $2
             ))
           order by conversions.at desc, conversion_id desc
           limit $3"#,
        user.uuid(),
        page.after.map(LineId::uuid),
        page.rows(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Conversion::try_from).collect()
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
