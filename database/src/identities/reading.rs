//! Reading: what waits for reviewers, one case with all that was done to it, and what is due to be destroyed.
//!
//! These run on a caller's behalf, too: whom the case is about sees it and its documents, reviewers see the rest.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::identities::{CaseStage, ContentHash, Document, Reason, Verdict};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};

use super::{CASES, DECISIONS, DOCUMENTS, hash, words};
use crate::Error;
use crate::rows::{Page, count, word};

/// A case in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub case: CaseId,
    pub subject: UserId,
    pub consent: Option<ConsentId>,
    pub stage: CaseStage,
    pub round: u32,
    pub opened_at: DateTime<Utc>,
    /// Since when it waits for what it waits for.
    pub since: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub assigned_to: Option<UserId>,
    pub escalated_at: Option<DateTime<Utc>>,
    pub approvals_needed: u32,
    pub reasons: Vec<Reason>,
    pub destroy_at: Option<DateTime<Utc>>,
    pub destroyed_at: Option<DateTime<Utc>>,
}

/// Which cases one wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub stage: Option<CaseStage>,
    /// Only those of which somebody was told that nobody decides.
    pub escalated: bool,
    /// Only those that wait for a reviewer.
    pub waiting: bool,
    pub assigned_to: Option<UserId>,
    pub subject: Option<UserId>,
}

/// A document of a case, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub document: Document,
    pub added_at: DateTime<Utc>,
    pub removed_at: Option<DateTime<Utc>>,
    pub destroyed_at: Option<DateTime<Utc>>,
}

impl Sent {
    /// Whether it can be looked at.
    pub const fn is_there(&self) -> bool {
        self.removed_at.is_none() && self.destroyed_at.is_none()
    }
}

/// What a reviewer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub round: u32,
    pub reviewer: UserId,
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
    pub note: String,
    pub seen: Vec<ContentHash>,
    pub at: DateTime<Utc>,
}

/// A reviewer saw a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub round: u32,
    pub document: DocumentId,
    pub reviewer: UserId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// The content of a document is in the case of somebody else, too. It may be a guardian's with two children; it may be not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBefore {
    pub document: DocumentId,
    pub other: CaseId,
}

/// One case with everything that was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub entry: Entry,
    pub documents: Vec<Sent>,
    pub words: Vec<Word>,
    pub looks: Vec<Seen>,
    pub seen_before: Vec<SeenBefore>,
}

/// Cases, those first that have waited longest.
#[tracing::instrument(name = "db.identities.list", skip_all, err)]
pub async fn list(
    database: impl PgExecutor<'_>,
    filter: Filter,
    page: Page<CaseId>,
) -> Result<Vec<Entry>, Error> {
    entries(database, None, filter, page).await
}

async fn entries(
    database: impl PgExecutor<'_>,
    case: Option<CaseId>,
    filter: Filter,
    page: Page<CaseId>,
) -> Result<Vec<Entry>, Error> {
    let rows = sqlx::query!(
        "select case_id, subject_id, consent_id, stage, round, opened_at, since, submitted_at, assigned_to, escalated_at,
                approvals_needed, reasons, destroy_at, destroyed_at
         from minors.cases
         where ($1::uuid is null or case_id = $1)
           and ($2::text is null or stage = $2)
           and (not $3::boolean or (escalated_at is not null and stage in ('submitted', 'in_review')))
           and ($4::uuid is null or subject_id = $4)
           and ($5::uuid is null or (since, case_id) > (select other.since, other.case_id from minors.cases other where other.case_id = $5))
           and (not $7::boolean or stage in ('submitted', 'in_review'))
           and ($8::uuid is null or assigned_to = $8)
         order by since, case_id
         limit $6",
        case.map(CaseId::uuid),
        filter.stage.map(CaseStage::as_str),
        filter.escalated,
        filter.subject.map(UserId::uuid),
        page.after.map(CaseId::uuid),
        page.rows(),
        filter.waiting,
        filter.assigned_to.map(UserId::uuid),
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| {
            let case = CaseId::from_uuid(row.case_id);
            Ok(Entry {
                case,
                subject: UserId::from_uuid(row.subject_id),
                consent: row.consent_id.map(ConsentId::from_uuid),
                stage: word(&row.stage, CASES, "stage", case)?,
                round: count(row.round, CASES, "round", case)?,
                opened_at: row.opened_at,
                since: row.since,
                submitted_at: row.submitted_at,
                assigned_to: row.assigned_to.map(UserId::from_uuid),
                escalated_at: row.escalated_at,
                approvals_needed: count(row.approvals_needed, CASES, "approvals_needed", case)?,
                reasons: words(&row.reasons, CASES, case)?,
                destroy_at: row.destroy_at,
                destroyed_at: row.destroyed_at,
            })
        })
        .collect()
}

/// One case. Whoever is no reviewer sees no words and no looks.
#[tracing::instrument(name = "db.identities.case", skip_all, fields(%case), err)]
pub async fn case(connection: &mut PgConnection, case: CaseId) -> Result<Option<Case>, Error> {
    let found = entries(&mut *connection, Some(case), Filter::default(), Page::first(1)).await?;
    let Some(entry) = found.into_iter().next() else { return Ok(None) };
    Ok(Some(Case {
        documents: documents(connection, case).await?,
        words: said(connection, case).await?,
        looks: looks(connection, case).await?,
        seen_before: seen_before(connection, &entry).await?,
        entry,
    }))
}

/// The documents of a case, also those that are gone.
pub(super) async fn documents(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Sent>, Error> {
    let rows = sqlx::query!(
        "select document_id, party, kind, media, sha256, bytes, pages, added_at, removed_at, destroyed_at
         from minors.documents
         where case_id = $1
         order by added_at, document_id",
        case.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = DocumentId::from_uuid(row.document_id);
            Ok(Sent {
                document: Document {
                    id,
                    party: word(&row.party, DOCUMENTS, "party", id)?,
                    kind: word(&row.kind, DOCUMENTS, "kind", id)?,
                    sha256: hash(&row.sha256, row.document_id)?,
                    bytes: u64::try_from(row.bytes)
                        .map_err(|_| Error::inconsistent(DOCUMENTS, "bytes", id))?,
                    pages: count(row.pages, DOCUMENTS, "pages", id)?,
                    media: word(&row.media, DOCUMENTS, "media", id)?,
                },
                added_at: row.added_at,
                removed_at: row.removed_at,
                destroyed_at: row.destroyed_at,
            })
        })
        .collect()
}

async fn said(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Word>, Error> {
    let rows = sqlx::query!(
        "select decision_id, round, reviewer_id, verdict, reasons, note, seen, decided_at
         from minors.decisions
         where case_id = $1
         order by decided_at, decision_id",
        case.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Word {
                round: count(row.round, DECISIONS, "round", case)?,
                reviewer: UserId::from_uuid(row.reviewer_id),
                verdict: word(&row.verdict, DECISIONS, "verdict", case)?,
                reasons: words(&row.reasons, DECISIONS, case)?,
                note: row.note,
                seen: row.seen.iter().map(|bytes| hash(bytes, row.decision_id)).collect::<Result<_, _>>()?,
                at: row.decided_at,
            })
        })
        .collect()
}

async fn looks(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Seen>, Error> {
    let rows = sqlx::query!(
        "select round, document_id, reviewer_id, reason, looked_at
         from minors.looks
         where case_id = $1
         order by looked_at, look_id",
        case.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Seen {
                round: count(row.round, "minors.looks", "round", case)?,
                document: DocumentId::from_uuid(row.document_id),
                reviewer: UserId::from_uuid(row.reviewer_id),
                reason: row.reason,
                at: row.looked_at,
            })
        })
        .collect()
}

async fn seen_before(connection: &mut PgConnection, entry: &Entry) -> Result<Vec<SeenBefore>, Error> {
    let rows = sqlx::query!(
        "select own.document_id, other.case_id
         from minors.documents own
         join minors.documents other using (sha256)
         join minors.cases on cases.case_id = other.case_id
         where own.case_id = $1 and subject_id <> $2
         order by own.document_id, other.case_id",
        entry.case.uuid(),
        entry.subject.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SeenBefore {
            document: DocumentId::from_uuid(row.document_id),
            other: CaseId::from_uuid(row.case_id),
        })
        .collect())
}

/// Everybody who may decide about cases now.
#[tracing::instrument(name = "db.identities.reviewers", skip_all, err)]
pub async fn reviewers(database: impl PgExecutor<'_>) -> Result<Vec<UserId>, Error> {
    let rows = sqlx::query_scalar!(
        "select distinct user_id
         from people.roles
         join people.users using (user_id)
         where role in ('reviewer', 'superadmin') and revoked_at is null and locked_at is null
         order by user_id",
    )
    .fetch_all(database)
    .await?;
    Ok(rows.into_iter().map(UserId::from_uuid).collect())
}
