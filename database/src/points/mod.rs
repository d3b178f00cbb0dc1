//! Points: one row for each thing that brought them, one for what became of it, one for each use, and sums.

mod awards;
mod conversions;
mod history;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::{AwardId, DonationId, InvitationId, PotId, UserId};
use wolo_domain::invitations::NoPoints;
use wolo_domain::points::{AwardReason, Points, PointsRule, Streak};

pub use awards::{Award, ByHand, award_of, by_hand, of_invitation};
pub(crate) use conversions::return_credits;
pub use conversions::{Conversion, Converting, NewConversion, conversion, convert};
pub use history::{Line, history};

use crate::audit::{self, Doer};
use crate::outbox::{self, Topic};
use crate::{Error, Pool};

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

/// Matures the points of an invitation whose time has come, or all that wait when its pot has paid out what others gave.
pub(crate) async fn mature(
    connection: &mut PgConnection,
    invitation: InvitationId,
    paid_out: bool,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let matured = sqlx::query_scalar!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'matured', case when matures_at <= $3 then 'time' else 'pot_settled' end
         from sponsorship.points
         where invitation_id = $1 and stage = 'pending' and ($2 or matures_at <= $3)
         on conflict on constraint award_steps_each_once do nothing
         returning award_id",
        invitation.uuid(),
        paid_out,
        at,
    )
    .fetch_all(&mut *connection)
    .await?;
    tell(connection, Topic::PointsMatured, matured).await
}

/// Takes the points of an invitation back that have not matured, because a rule forbids them: all, or those that would mature now.
pub(crate) async fn revoke_pending(
    connection: &mut PgConnection,
    invitation: InvitationId,
    rule: NoPoints,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let revoked = sqlx::query_scalar!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2
         from sponsorship.points
         where invitation_id = $1 and stage = 'pending' and ($3::timestamptz is null or matures_at <= $3)
         on conflict on constraint award_steps_each_once do nothing
         returning award_id",
        invitation.uuid(),
        AwardReason::from(rule).as_str(),
        due_at,
    )
    .fetch_all(&mut *connection)
    .await?;
    tell(connection, Topic::PointsRevoked, revoked).await
}

/// Takes the points back that a gift has brought, in the transaction in which it leaves its pot.
pub(crate) async fn revoke_for_gift(
    connection: &mut PgConnection,
    donation: DonationId,
) -> Result<(), Error> {
    let revoked = sqlx::query_scalar!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2 from sponsorship.awards where donation_id = $1
         on conflict on constraint award_steps_each_once do nothing
         returning award_id",
        donation.uuid(),
        AwardReason::GiftRefunded.as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    tell_each(connection, Topic::PointsRevoked, revoked).await
}

/// Takes the points back that the opening of a pot has brought, in the transaction in which it is given up.
pub(crate) async fn revoke_for_pot(connection: &mut PgConnection, pot: PotId) -> Result<(), Error> {
    let revoked = sqlx::query_scalar!(
        "insert into sponsorship.award_steps (award_id, stage, reason)
         select award_id, 'revoked', $2
         from sponsorship.invitations
         join sponsorship.awards using (invitation_id)
         where pot_id = $1 and rule = 'pot_opened'
         on conflict on constraint award_steps_each_once do nothing
         returning award_id",
        pot.uuid(),
        AwardReason::PotCancelled.as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    tell_each(connection, Topic::PointsRevoked, revoked).await
}

/// Has the holder of awards of one invitation told what has become of all of them at this moment: once, under the name of the first.
async fn tell(connection: &mut PgConnection, topic: Topic, awards: Vec<Uuid>) -> Result<(), Error> {
    let awards: Vec<_> = awards.into_iter().map(AwardId::from_uuid).collect();
    let Some(first) = awards.iter().min() else { return Ok(()) };
    // A release before this one reads the first alone.
    let payload = serde_json::json!({ "award": first, "awards": awards });
    outbox::write_about(connection, topic, &first.to_string(), None, payload).await
}

/// Has the holder of each told of it.
async fn tell_each(connection: &mut PgConnection, topic: Topic, awards: Vec<Uuid>) -> Result<(), Error> {
    for award in awards {
        tell(connection, topic, vec![award]).await?;
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoking {
    Revoked,
    /// By somebody, or for another reason.
    Already(Option<ByHand>),
    Unknown,
}

/// Takes points back by hand.
#[tracing::instrument(name = "db.points.revoke", skip_all, fields(%award), err)]
pub async fn revoke(pool: &Pool, award: AwardId, doer: Doer<'_>) -> Result<Revoking, Error> {
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
        doer.by,
        doer.reason,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if revoked == 1 {
        audit::note(&mut tx, Happening::new(Action::PointsRevoked, award), doer).await?;
        tell(&mut tx, Topic::PointsRevoked, vec![award.uuid()]).await?;
    }
    tx.commit().await?;
    Ok(if revoked == 1 { Revoking::Revoked } else { Revoking::Already(by_hand(pool, award).await?) })
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
             -- Minors and whoever is on their way out are not seen by whoever makes the list.
             and exists (select from people.users where users.user_id = points.user_id)
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
