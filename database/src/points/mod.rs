//! Points: one row for each thing that brought them, one for what became of it, one for each use, and sums.

mod conversions;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::{AwardId, DonationId, InvitationId, PotId, UserId};
use wolo_domain::points::{AwardReason, AwardStage, Points, PointsRule, Streak};

pub(crate) use conversions::return_credits;
pub use conversions::{Converting, NewConversion, convert};

use crate::rows::{Page, count, word};
use crate::{Error, Pool};

const POINTS: &str = "sponsorship.points";

/// Points that are to be given.
pub(crate) struct NewAward {
    pub(crate) id: AwardId,
    pub(crate) user: UserId,
    /// A first name.
    pub(crate) name: String,
    pub(crate) rule: PointsRule,
    pub(crate) invitation: InvitationId,
    pub(crate) points: u32,
    /// The gift that brought them, where one did.
    pub(crate) donation: Option<DonationId>,
    pub(crate) awarded_at: DateTime<Utc>,
    pub(crate) matures_at: DateTime<Utc>,
}

/// Gives points, once for a rule and an invitation. A rule that is set to nothing gives nothing.
pub(crate) async fn award(connection: &mut PgConnection, new: &NewAward) -> Result<(), Error> {
    if new.points == 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into sponsorship.awards (
             award_id, user_id, name, rule, invitation_id, points, donation_id, awarded_at, matures_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint awards_given_once do nothing",
        new.id.uuid(),
        new.user.uuid(),
        new.name,
        new.rule.as_str(),
        new.invitation.uuid(),
        i32::try_from(new.points).unwrap_or(i32::MAX),
        new.donation.map(DonationId::uuid),
        new.awarded_at,
        new.matures_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Matures the points of an invitation whose time has come, or all that wait when its pot has settled.
pub(crate) async fn mature(
    connection: &mut PgConnection,
    invitation: InvitationId,
    pot_settled: bool,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'matured', case when matures_at <= $3 then 'time' else 'pot_settled' end
         from sponsorship.points
         where invitation_id = $1 and stage = 'pending' and ($2 or matures_at <= $3)
         on conflict on constraint award_steps_each_once do nothing",
        invitation.uuid(),
        pot_settled,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the points back that a gift has brought, in the transaction in which it leaves its pot.
pub(crate) async fn revoke_for_gift(
    connection: &mut PgConnection,
    donation: DonationId,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2 from sponsorship.awards where donation_id = $1
         on conflict on constraint award_steps_each_once do nothing",
        donation.uuid(),
        AwardReason::GiftRefunded.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the points back that the opening of a pot has brought, in the transaction in which it is given up.
pub(crate) async fn revoke_for_pot(connection: &mut PgConnection, pot: PotId) -> Result<(), Error> {
    sqlx::query!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2
         from sponsorship.invitations
         join sponsorship.awards using (invitation_id)
         where pot_id = $1 and rule = 'pot_opened'
         on conflict on constraint award_steps_each_once do nothing",
        pot.uuid(),
        AwardReason::PotCancelled.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoking {
    Revoked,
    Already,
    Unknown,
}

/// Takes points back by hand.
#[tracing::instrument(name = "db.points.revoke", skip(pool, note), err)]
pub async fn revoke(pool: &Pool, award: AwardId, by_whom: &str, note: &str) -> Result<Revoking, Error> {
    let mut tx = pool.begin().await?;
    let is_there = sqlx::query_scalar!(
        r#"select exists (select from sponsorship.awards where award_id = $1) as "there!""#,
        award.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if !is_there {
        return Ok(Revoking::Unknown);
    }
    let revoked = sqlx::query!(
        "insert into sponsorship.award_steps (award_id, stage, reason, by_whom, note)
         values ($1, 'revoked', $2, $3, $4)
         on conflict on constraint award_steps_each_once do nothing",
        award.uuid(),
        AwardReason::ByHand.as_str(),
        by_whom,
        note,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(if revoked == 1 { Revoking::Revoked } else { Revoking::Already })
}

/// Points for one thing that happened, and where they stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Award {
    pub id: AwardId,
    pub user: UserId,
    pub rule: PointsRule,
    pub invitation: InvitationId,
    /// Whom the invitation has brought, by first name.
    pub invitee_name: String,
    pub points: u32,
    pub donation: Option<DonationId>,
    pub awarded_at: DateTime<Utc>,
    pub matures_at: DateTime<Utc>,
    pub stage: AwardStage,
    /// Why it is no longer pending, and since when.
    pub reason: Option<AwardReason>,
    pub since: Option<DateTime<Utc>>,
    /// Who took it back by hand, and why.
    pub by_whom: Option<String>,
    pub note: Option<String>,
}

/// A name is somebody's.
impl fmt::Debug for Award {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Award({} {} {} {})", self.id, self.rule, self.points, self.stage)
    }
}

struct Row {
    award_id: Uuid,
    user_id: Uuid,
    rule: String,
    invitation_id: Uuid,
    invitee_name: Option<String>,
    points: i32,
    donation_id: Option<Uuid>,
    awarded_at: DateTime<Utc>,
    matures_at: DateTime<Utc>,
    stage: String,
    reason: Option<String>,
    since: Option<DateTime<Utc>>,
    by_whom: Option<String>,
    note: Option<String>,
}

impl TryFrom<Row> for Award {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = AwardId::from_uuid(row.award_id);
        Ok(Self {
            id,
            user: UserId::from_uuid(row.user_id),
            rule: word(&row.rule, POINTS, "rule", id)?,
            invitation: InvitationId::from_uuid(row.invitation_id),
            invitee_name: row.invitee_name.unwrap_or_default(),
            points: count(row.points, POINTS, "points", id)?,
            donation: row.donation_id.map(DonationId::from_uuid),
            awarded_at: row.awarded_at,
            matures_at: row.matures_at,
            stage: word(&row.stage, POINTS, "stage", id)?,
            reason: row.reason.map(|reason| word(&reason, POINTS, "reason", id)).transpose()?,
            since: row.since,
            by_whom: row.by_whom,
            note: row.note,
        })
    }
}

/// Reads the awards that the rest of a query names.
macro_rules! read_awards {
    ($database:expr, $wanted:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select award_id as "award_id!", user_id as "user_id!", rule as "rule!", points.invitation_id as "invitation_id!",
                      invitee_name, points as "points!", donation_id,
                      awarded_at as "awarded_at!", matures_at as "matures_at!", stage as "stage!", reason, since, by_whom, note
               from sponsorship.points
               join sponsorship.invitations using (invitation_id) "# + $wanted,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Award::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

/// What an invitation has brought, in the order in which things happen.
#[tracing::instrument(name = "db.points.of_invitation", skip(database), err)]
pub async fn of_invitation(
    database: impl PgExecutor<'_>,
    invitation: InvitationId,
) -> Result<Vec<Award>, Error> {
    read_awards!(database, "where points.invitation_id = $1 order by place", invitation.uuid())
}

/// Somebody's points, the last first.
#[tracing::instrument(name = "db.points.history", skip(database, page), err)]
pub async fn history(
    database: impl PgExecutor<'_>,
    user: UserId,
    page: Page<AwardId>,
) -> Result<Vec<Award>, Error> {
    read_awards!(
        database,
        "where user_id = $1
           and ($2::uuid is null or place < (select place from sponsorship.awards where award_id = $2))
         order by place desc
         limit $3",
        user.uuid(),
        page.after.map(AwardId::uuid),
        page.rows(),
    )
}

/// One award.
#[tracing::instrument(name = "db.points.award_of", skip(pool), err)]
pub async fn award_of(pool: &Pool, award: AwardId) -> Result<Option<Award>, Error> {
    Ok(read_awards!(pool, "where award_id = $1", award.uuid())?.pop())
}

/// The sums of somebody's points.
#[tracing::instrument(name = "db.points.of_user", skip(database), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Points, Error> {
    Ok(sqlx::query_as!(
        Points,
        r#"select coalesce(sum(points) filter (where stage = 'pending'), 0) as "pending!",
                  coalesce(sum(points) filter (where stage = 'matured'), 0) as "matured!",
                  coalesce(sum(points) filter (where stage = 'revoked'), 0) as "revoked!",
                  (
                      select coalesce(sum(conversions.points), 0)
                      from sponsorship.conversions
                      where conversions.user_id = $1 and not exists (
                          select from sponsorship.conversions_returned returned
                          where returned.conversion_id = conversions.conversion_id
                      )
                  ) as "spent!"
           from sponsorship.points
           where user_id = $1"#,
        user.uuid(),
    )
    .fetch_one(database)
    .await?)
}

/// All points of somebody that were not taken back or used, as the surrounding transaction sees them.
pub(crate) async fn balance_within(connection: &mut PgConnection, user: UserId) -> Result<i64, Error> {
    let points = of_user(connection, user).await?;
    Ok(points.pending + points.available())
}

/// On how many days in a row somebody has invited others.
#[tracing::instrument(name = "db.points.streak", skip(database), err)]
pub async fn streak(database: impl PgExecutor<'_>, user: UserId) -> Result<Streak, Error> {
    Ok(sqlx::query_as!(
        Streak,
        r#"with rows as (
               select count(*) as length, max(day) as last
               from (
                   select day, day - row_number() over (order by day)::integer as beginning
                   from sponsorship.days where sponsor_id = $1
               ) days
               group by beginning
           )
           select coalesce(max(length) filter (
                      where last >= (clock_timestamp() at time zone 'Africa/Dakar')::date - 1
                  ), 0) as "current!",
                  coalesce(max(length), 0) as "longest!"
           from rows"#,
        user.uuid(),
    )
    .fetch_one(database)
    .await?)
}

/// Somebody who has brought many.
#[derive(Clone, PartialEq, Eq)]
pub struct Leader {
    pub user: UserId,
    /// A first name.
    pub name: String,
    pub points: i64,
}

/// Who has the most matured points, the first first, for [whoever makes that list](crate::Context::leaders).
#[tracing::instrument(name = "db.points.leaders", skip(database), err)]
pub async fn leaders(database: impl PgExecutor<'_>, how_many: u32) -> Result<Vec<Leader>, Error> {
    let rows = sqlx::query!(
        r#"select user_id as "user_id!", (array_agg(name order by awarded_at desc))[1] as "name!",
                  sum(points) as "points!"
           from sponsorship.points
           where stage = 'matured'
           group by user_id
           order by sum(points) desc, user_id
           limit $1"#,
        i64::from(how_many),
    )
    .fetch_all(database)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Leader { user: UserId::from_uuid(row.user_id), name: row.name, points: row.points })
        .collect())
}
