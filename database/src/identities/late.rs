//! Cases whose process should have done something by now and has not, and those that have to have a process.

use chrono::{DateTime, Utc};
use wolo_domain::ids::CaseId;
use wolo_domain::punctuality::{DueFor, LateStep, Lateness, Punctuality};

use super::CASES;
use crate::rows::{interval, word};
use crate::{Error, Pool};

/// Cases whose documents should be gone, and those of which reviewers should have been told that nobody decides, those first that have
/// waited longest.
#[tracing::instrument(name = "db.identities.late", skip_all, err)]
pub async fn late(pool: &Pool, at: DateTime<Utc>, rules: Punctuality, limit: u32) -> Result<Lateness, Error> {
    let rows = sqlx::query!(
        r#"select what as "what!", case_id as "case_id!", due as "due!", count(*) over () as "total!"
           from (
               select 'destruction' as what, case_id, destroy_at as due
               from minors.cases
               where destroyed_at is null and destroy_at is not null
               union all
               select 'escalation', case_id, since + make_interval(hours => $3 * (escalations + 1))
               from minors.cases
               where stage in ('submitted', 'in_review')
           ) late
           where due < $1::timestamptz - $2::text::interval
           order by due, case_id
           limit $4"#,
        at,
        interval(rules.lateness()),
        i32::try_from(rules.escalate_hours).unwrap_or(i32::MAX),
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let total = rows.first().map_or(0, |row| row.total.cast_unsigned());
    let steps = rows.into_iter().map(|row| {
        let case = CaseId::from_uuid(row.case_id);
        Ok(LateStep {
            what: word(&row.what, CASES, "stage", case)?,
            about: DueFor::Case(case),
            since: row.due,
        })
    });
    Ok(Lateness { steps: steps.collect::<Result<_, Error>>()?, total })
}

/// Cases that are not over, because nobody has decided or their documents are still there: each has a process.
#[tracing::instrument(name = "db.identities.unfinished", skip_all, err)]
pub async fn unfinished(pool: &Pool) -> Result<Vec<CaseId>, Error> {
    let cases =
        sqlx::query_scalar!("select case_id from minors.cases where destroyed_at is null order by case_id")
            .fetch_all(pool)
            .await?;
    Ok(cases.into_iter().map(CaseId::from_uuid).collect())
}
