//! Reports of pots: told by whoever sees one, looked at by a moderator. Nothing here touches the pot.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::reports::ReportReason;

use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool};

#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The same when it is told again.
    pub id: Uuid,
    pub pot: PotId,
    /// Whoever is signed in.
    pub reporter: Option<UserId>,
    pub reason: ReportReason,
    pub words: Option<&'a str>,
}

/// Writes a report down, once. The transaction is one that may show the pot.
#[tracing::instrument(name = "db.reports.record", skip_all, fields(pot = %report.pot), err)]
pub async fn record(connection: &mut PgConnection, report: Report<'_>) -> Result<(), Error> {
    // No conflict is named: the API may write here and reads nothing of it.
    sqlx::query!(
        "insert into pots.reports (report_id, pot_id, reporter_id, reason, words) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        report.id,
        report.pot.uuid(),
        report.reporter.map(UserId::uuid),
        report.reason.as_str(),
        report.words,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A pot that somebody reports, and of which no moderator has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    pub pot: PotId,
    pub since: DateTime<Utc>,
    pub reports: i64,
    /// Each once.
    pub reasons: Vec<ReportReason>,
    /// What they wrote, the first of it.
    pub words: Vec<String>,
}

/// Pots that wait for a moderator, those first that wait longest.
#[tracing::instrument(name = "db.reports.open", skip_all, err)]
pub async fn open(database: impl PgExecutor<'_>, limit: u32) -> Result<Vec<Reported>, Error> {
    let rows = sqlx::query!(
        r#"select pot_id, min(reported_at) as "since!", count(*) as "reports!",
                  array_agg(distinct reason) as "reasons!",
                  coalesce((array_agg(words order by reported_at) filter (where words is not null))[:20], '{}') as "words!"
           from pots.reports
           where resolved_at is null
           group by pot_id
           order by min(reported_at), pot_id
           limit $1"#,
        i64::from(limit),
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reasons = row.reasons.iter().map(|reason| word(reason, "pots.reports", "reason", row.pot_id));
            Ok(Reported {
                pot: PotId::from_uuid(row.pot_id),
                since: row.since,
                reports: row.reports,
                reasons: reasons.collect::<Result<_, Error>>()?,
                words: row.words,
            })
        })
        .collect()
}

/// Ends what is reported of a pot, by a moderator's word, and says how many reports that were. What their senders wrote goes.
#[tracing::instrument(name = "db.reports.resolve", skip_all, fields(%pot), err)]
pub async fn resolve(pool: &Pool, pot: PotId, doer: Doer<'_>) -> Result<u64, Error> {
    let mut tx = pool.begin().await?;
    let resolved = sqlx::query!(
        "update pots.reports set resolved_at = clock_timestamp(), resolved_by = $2, resolution = $3, words = null
         where pot_id = $1 and resolved_at is null",
        pot.uuid(),
        doer.by,
        doer.reason,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if resolved > 0 {
        let happening = Happening::new(Action::ReportsResolved, pot).with("reports", resolved);
        audit::note(&mut tx, happening, doer).await?;
    }
    tx.commit().await?;
    Ok(resolved)
}
