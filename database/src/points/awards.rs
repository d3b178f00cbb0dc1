//! What brought points: one row each, with what became of it.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::{AwardId, DonationId, InvitationId, UserId};
use wolo_domain::points::{AwardReason, AwardStage, LineId, PointsRule};

use crate::rows::{Page, count, word};
use crate::{Error, Pool};

const POINTS: &str = "sponsorship.points";

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
                      awarded_at as "awarded_at!", matures_at as "matures_at!", stage as "stage!", reason, since
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

/// Somebody's awards, the last first. What was given at one instant stands in the order in which it was.
pub(super) async fn of_person(
    connection: &mut PgConnection,
    user: UserId,
    page: Page<LineId>,
) -> Result<Vec<Award>, Error> {
    read_awards!(
        connection,
        "where user_id = $1
           and ($2::uuid is null or (awarded_at, place) < (
               select awarded_at, place from sponsorship.awards where award_id = $2
               union all
               select at, 0 from sponsorship.conversions where conversion_id = $2
           ))
         order by awarded_at desc, place desc
         limit $3",
        user.uuid(),
        page.after.map(LineId::uuid),
        page.rows(),
    )
}

/// One award.
#[tracing::instrument(name = "db.points.award_of", skip(pool), err)]
pub async fn award_of(pool: &Pool, award: AwardId) -> Result<Option<Award>, Error> {
    Ok(read_awards!(pool, "where award_id = $1", award.uuid())?.pop())
}

/// Who took points back by hand, and why, in their words. Not for the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    pub by_whom: String,
    pub note: String,
}

/// Who took an award back by hand, if somebody did.
#[tracing::instrument(name = "db.points.by_hand", skip(pool), err)]
pub async fn by_hand(pool: &Pool, award: AwardId) -> Result<Option<ByHand>, Error> {
    Ok(sqlx::query_as!(
        ByHand,
        r#"select by_whom as "by_whom!", note as "note!"
           from sponsorship.award_steps
           where award_id = $1 and stage = 'revoked' and reason = 'by_hand'"#,
        award.uuid(),
    )
    .fetch_optional(pool)
    .await?)
}
