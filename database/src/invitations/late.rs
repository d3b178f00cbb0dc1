//! Invitations whose process should have done something by now and has not: nobody else would tell.

use chrono::{DateTime, Utc};
use wolo_domain::ids::InvitationId;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Lateness, Punctuality};

use crate::rows::interval;
use crate::{Error, Pool};

/// Invitations that should have lapsed, and those whose points should have matured, those first that have waited longest.
#[tracing::instrument(name = "db.invitations.late", skip_all, err)]
pub async fn late(pool: &Pool, at: DateTime<Utc>, rules: Punctuality, limit: u32) -> Result<Lateness, Error> {
    let rows = sqlx::query!(
        r#"select what as "what!", invitation_id as "invitation_id!", since as "since!", count(*) over () as "total!"
           from (
               select 'lapse' as what, invitation_id, expires_at as since
               from sponsorship.invitations
               where accepted_at is null and ended_at is null and expires_at < $1::timestamptz - $2::text::interval
               union all
               select 'maturing', invitation_id, min(matures_at)
               from sponsorship.awards
               where matures_at < $1::timestamptz - $2::text::interval
                 and not exists (select from sponsorship.award_steps where award_steps.award_id = awards.award_id)
               group by invitation_id
           ) late
           order by since, invitation_id
           limit $3"#,
        at,
        interval(rules.lateness()),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let total = rows.first().map_or(0, |row| row.total.cast_unsigned());
    let steps = rows.into_iter().map(|row| {
        let about = DueFor::Invitation(InvitationId::from_uuid(row.invitation_id));
        let what = if row.what == "lapse" { DueStep::Lapse } else { DueStep::Maturing };
        LateStep { what, about, since: row.since }
    });
    Ok(Lateness { steps: steps.collect(), total })
}

/// Invitations that have gone out and that nobody has answered: each has a process that waits.
#[tracing::instrument(name = "db.invitations.unanswered", skip_all, err)]
pub async fn unanswered(pool: &Pool) -> Result<Vec<InvitationId>, Error> {
    let ids = sqlx::query_scalar!(
        "select invitation_id from sponsorship.invitations
         where accepted_at is null and ended_at is null and expires_at > clock_timestamp()
           and exists (
               select from ops.outbox
               where topic = 'invitation' and business_key = 'inv_' || replace(invitation_id::text, '-', '')
                 and relayed_at is not null
           )
         order by invitation_id"
    )
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(InvitationId::from_uuid).collect())
}
