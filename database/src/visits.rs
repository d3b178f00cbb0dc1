//! What visitors did on our pages, as the pages told it: each once, and nothing of who they are.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::ids::PotId;
use wolo_domain::visits::{ShareWay, VisitKind, VisitPage};

use crate::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Chosen by whoever tells it.
    pub id: Uuid,
    pub kind: VisitKind,
    pub at: DateTime<Utc>,
    /// One that the visitor could see.
    pub pot: Option<PotId>,
    pub page: Option<VisitPage>,
    pub way: Option<ShareWay>,
}

/// Keeps what was told, and says how much of it was new.
#[tracing::instrument(name = "db.visits.record", skip_all, fields(visits = visits.len()), err)]
pub async fn record(connection: &mut PgConnection, visits: &[Visit]) -> Result<u64, Error> {
    let ids: Vec<Uuid> = visits.iter().map(|visit| visit.id).collect();
    let kinds: Vec<String> = visits.iter().map(|visit| visit.kind.to_string()).collect();
    let times: Vec<DateTime<Utc>> = visits.iter().map(|visit| visit.at).collect();
    let pots: Vec<Option<Uuid>> = visits.iter().map(|visit| visit.pot.map(PotId::uuid)).collect();
    let pages: Vec<Option<String>> =
        visits.iter().map(|visit| visit.page.map(|page| page.to_string())).collect();
    let ways: Vec<Option<String>> = visits.iter().map(|visit| visit.way.map(|way| way.to_string())).collect();
    // No conflict is named: the API may write here and reads nothing of it.
    let new = sqlx::query!(
        "insert into analytics.events (event_id, kind, at, pot_id, page, way)
         select event_id, kind, at, pot_id, page, way
         from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[])
             as visit (event_id, kind, at, pot_id, page, way)
         on conflict do nothing",
        &ids,
        &kinds,
        &times,
        &pots as &[Option<Uuid>],
        &pages as &[Option<String>],
        &ways as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(new.rows_affected())
}
