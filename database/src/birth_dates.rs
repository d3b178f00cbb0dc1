//! Correcting the day on which somebody was born. Nobody changes their own, because their age, a guardian's consent and the day of
//! their pot follow from it: an operator does, and who did and why is kept.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::PotStage;

use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool, clearance};

/// What a correction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correcting {
    Corrected,
    /// The day is the right one already, and no change was written.
    Already,
    /// A pot of theirs takes gifts or pays out: its day has been told to everybody.
    UnderWay(PotUnderWay),
    NobodyKnown,
}

/// A pot that is past its beginning and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PotUnderWay {
    pub pot: PotId,
    pub stage: PotStage,
}

/// A correction that was made. The days themselves stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Corrects a birth date and keeps who did it and why. Pots that have nobody to answer for them by the new one are held with it, and
/// those that need nobody are let go.
#[tracing::instrument(name = "db.birth_dates.correct", skip_all, fields(%user), err)]
pub async fn correct(
    pool: &Pool,
    user: UserId,
    birth_date: BirthDate,
    doer: Doer<'_>,
    at: DateTime<Utc>,
) -> Result<Correcting, Error> {
    loop {
        let mut tx = pool.begin().await?;
        // A birth date is looked at after its owner's pots are locked, never before.
        let locked = clearance::enter_all(&mut tx, user).await?;
        let was = sqlx::query_scalar!(
            "select birth_date from people.users where user_id = $1 for no key update",
            user.uuid(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(was) = was else { return Ok(Correcting::NobodyKnown) };
        // One was made meanwhile, and none is made from here on: its lock comes first, too.
        if clearance::all(&mut tx, user).await? != locked {
            continue;
        }
        if let Some(pot) = pot_under_way(&mut tx, user).await? {
            return Ok(Correcting::UnderWay(pot));
        }
        if was == birth_date.day() {
            return Ok(Correcting::Already);
        }
        write(&mut tx, user, BirthDate::new(was), birth_date, doer).await?;
        clearance::follow(&mut tx, user, at).await?;
        tx.commit().await?;
        return Ok(Correcting::Corrected);
    }
}

async fn write(
    connection: &mut PgConnection,
    user: UserId,
    was: BirthDate,
    becomes: BirthDate,
    doer: Doer<'_>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into people.birth_date_changes (change_id, user_id, was, becomes, changed_by, reason)
         values ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        user.uuid(),
        was.day(),
        becomes.day(),
        doer.by,
        doer.reason,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update people.users set birth_date = $2 where user_id = $1", user.uuid(), becomes.day())
        .execute(&mut *connection)
        .await?;
    // The days themselves stay where they are erased with their person.
    audit::note(connection, Happening::new(Action::BirthDateCorrected, user), doer).await
}

async fn pot_under_way(connection: &mut PgConnection, user: UserId) -> Result<Option<PotUnderWay>, Error> {
    let row = sqlx::query!(
        "select pot_id, stage from pots.pots
         where owner_id = $1 and stage in ('open', 'closed', 'paying_out')
         order by birthday
         limit 1",
        user.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let pot = PotId::from_uuid(row.pot_id);
        Ok(PotUnderWay { pot, stage: word(&row.stage, "pots.pots", "stage", pot)? })
    })
    .transpose()
}

/// How often somebody's birth date was corrected, by whom and why, the last first.
#[tracing::instrument(name = "db.birth_dates.changes", skip_all, fields(%user), err)]
pub async fn changes(pool: &Pool, user: UserId) -> Result<Vec<Change>, Error> {
    Ok(sqlx::query_as!(
        Change,
        r#"select changed_by as by, reason, changed_at as at
           from people.birth_date_changes
           where user_id = $1
           order by changed_at desc"#,
        user.uuid(),
    )
    .fetch_all(pool)
    .await?)
}
