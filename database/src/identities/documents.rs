//! The documents of a case: added, taken back, destroyed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::identities::{Adding, Answered, Document, DocumentKind, Party, Reason, Removing, Standing};
use wolo_domain::ids::{CaseId, DocumentId, UserId};

use super::{DOCUMENTS, Locked, lock, signed, standing};
use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool};

/// Notes a document that stands in the vault.
#[tracing::instrument(name = "db.identities.add", skip_all, fields(%case, document = %document.id), err)]
pub async fn add(
    pool: &Pool,
    case: CaseId,
    document: &Document,
    most: u32,
    at: DateTime<Utc>,
) -> Result<Answered<Adding>, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    let answer = match refusal(&mut tx, &known, document, most).await? {
        Some(refusal) => refusal,
        None => write(&mut tx, case, document, at).await?,
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Answered { answer, standing })
}

async fn refusal(
    connection: &mut PgConnection,
    known: &Locked,
    document: &Document,
    most: u32,
) -> Result<Option<Adding>, Error> {
    let same = sqlx::query!(
        r#"select case_id, sha256, removed_at is not null as "removed!" from minors.documents where document_id = $1"#,
        document.id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(same) = same {
        let is_same =
            same.case_id == known.case.uuid() && same.sha256 == document.sha256.as_bytes() && !same.removed;
        return Ok(Some(if is_same { Adding::AlreadyAdded } else { Adding::IdTaken }));
    }
    let stage = known.standing.stage;
    if !stage.collects() {
        return Ok(Some(Adding::NotNow { stage }));
    }
    if document.party == Party::Guardian && known.consent.is_none() {
        return Ok(Some(Adding::NoGuardian));
    }
    let there = sqlx::query_scalar!(
        r#"select count(*) as "there!" from minors.documents where case_id = $1 and removed_at is null"#,
        known.case.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok((there >= i64::from(most)).then_some(Adding::TooMany { most }))
}

async fn write(
    connection: &mut PgConnection,
    case: CaseId,
    document: &Document,
    at: DateTime<Utc>,
) -> Result<Adding, Error> {
    let written = sqlx::query!(
        "insert into minors.documents (document_id, case_id, party, kind, media, sha256, bytes, pages, added_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (document_id) do nothing",
        document.id.uuid(),
        case.uuid(),
        document.party.as_str(),
        document.kind.as_str(),
        document.media.as_str(),
        document.sha256.as_bytes().as_slice(),
        i64::try_from(document.bytes).unwrap_or(i64::MAX),
        signed(document.pages),
        at,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    // Another case has taken the id at this moment.
    if written == 0 {
        return Ok(Adding::IdTaken);
    }
    wait_since(connection, case, at).await?;
    Ok(Adding::Added)
}

async fn wait_since(connection: &mut PgConnection, case: CaseId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("update minors.cases set since = $2 where case_id = $1", case.uuid(), at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a document out of a case. Its content is still to be destroyed.
#[tracing::instrument(name = "db.identities.remove", skip_all, fields(%case, %document), err)]
pub async fn remove(
    pool: &Pool,
    case: CaseId,
    document: DocumentId,
    at: DateTime<Utc>,
) -> Result<Answered<Removing>, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, case).await?.standing.stage;
    let removed = sqlx::query_scalar!(
        r#"select removed_at is not null as "removed!" from minors.documents where document_id = $1 and case_id = $2"#,
        document.uuid(),
        case.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let answer = match removed {
        None => Removing::Unknown,
        Some(true) => Removing::Removed,
        Some(false) if !stage.collects() => Removing::NotNow { stage },
        Some(false) => {
            sqlx::query!(
                "update minors.documents set removed_at = $2 where document_id = $1",
                document.uuid(),
                at
            )
            .execute(&mut *tx)
            .await?;
            wait_since(&mut tx, case, at).await?;
            Removing::Removed
        }
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Answered { answer, standing })
}

/// A document whose content has not been destroyed, and where it lies in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub subject: UserId,
    pub document: DocumentId,
    pub kind: DocumentKind,
    /// Whoever sent it has taken it back.
    pub removed: bool,
}

/// The documents of a case whose content has not been destroyed.
#[tracing::instrument(name = "db.identities.undestroyed", skip_all, fields(%case), err)]
pub async fn undestroyed(pool: &Pool, case: CaseId) -> Result<Vec<Kept>, Error> {
    let rows = sqlx::query!(
        r#"select subject_id, document_id, kind, removed_at is not null as "removed!"
           from minors.documents
           join minors.cases using (case_id)
           where case_id = $1 and documents.destroyed_at is null
           order by added_at, document_id"#,
        case.uuid(),
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Kept {
                subject: UserId::from_uuid(row.subject_id),
                document: DocumentId::from_uuid(row.document_id),
                kind: word(&row.kind, DOCUMENTS, "kind", row.document_id)?,
                removed: row.removed,
            })
        })
        .collect()
}

/// A document's key and content are gone.
#[tracing::instrument(name = "db.identities.destroyed", skip_all, fields(%document), err)]
pub async fn destroyed(pool: &Pool, document: DocumentId, at: DateTime<Utc>) -> Result<(), Error> {
    let known = sqlx::query!(
        "update minors.documents set destroyed_at = coalesce(destroyed_at, $2) where document_id = $1",
        document.uuid(),
        at,
    )
    .execute(pool)
    .await?
    .rows_affected();
    if known == 0 { Err(Error::missing(DOCUMENTS, document)) } else { Ok(()) }
}

/// All documents of a case are gone, and the audit trail says so.
#[tracing::instrument(name = "db.identities.all_destroyed", skip_all, fields(%case), err)]
pub async fn all_destroyed(pool: &Pool, case: CaseId, at: DateTime<Utc>) -> Result<Standing, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    if known.standing.destroyed {
        return Ok(known.standing);
    }
    let counted = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where destroyed_at is null) as "left!"
           from minors.documents where case_id = $1"#,
        case.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if counted.left > 0 {
        return Err(Error::conflict("documents_are_destroyed_before_it_is_said"));
    }
    sqlx::query!("update minors.cases set destroyed_at = $2 where case_id = $1", case.uuid(), at)
        .execute(&mut *tx)
        .await?;
    let why = if known.standing.reasons == [Reason::GivenUp] {
        "the case was given up"
    } else {
        "their time is over"
    };
    let happening = Happening::new(Action::DocumentsDestroyed, case).with("documents", counted.all);
    audit::note(&mut tx, happening, Doer::new(&known.process(), why)).await?;
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(standing)
}
