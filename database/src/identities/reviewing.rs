//! Whose a case is, who sees a document of it, and that nobody decides.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::identities::{Answered, Document, Looking, Standing, Taking, TakingBy, says_something};
use wolo_domain::ids::{CaseId, DocumentId, UserId};

use super::{Locked, is_own, is_reviewer, lock, reading, signed, standing};
use crate::audit::{self, Doer};
use crate::outbox::{self, Topic};
use crate::{Error, Pool};

/// Gives a case to a reviewer: to themselves, while nobody has it, or to anybody by another's word.
#[tracing::instrument(name = "db.identities.take", skip_all, fields(%case, reviewer = %by.reviewer), err)]
pub async fn take(pool: &Pool, case: CaseId, by: &TakingBy) -> Result<Answered<Taking>, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    let answer = match refusal(&mut tx, &known, by).await? {
        Some(refusal) => refusal,
        None => write_taker(&mut tx, &known, by).await?,
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Answered { answer, standing })
}

async fn refusal(
    connection: &mut PgConnection,
    known: &Locked,
    by: &TakingBy,
) -> Result<Option<Taking>, Error> {
    for person in [Some(by.reviewer), by.assigned_by].into_iter().flatten() {
        if !is_reviewer(connection, person).await? {
            return Ok(Some(Taking::NotAReviewer));
        }
    }
    if is_own(connection, known, by.reviewer).await? {
        return Ok(Some(Taking::OwnCase));
    }
    let stage = known.standing.stage;
    if stage.take().is_err() {
        return Ok(Some(Taking::NotNow { stage }));
    }
    Ok(match known.standing.assigned_to {
        Some(reviewer) if reviewer == by.reviewer => Some(Taking::Taken),
        Some(reviewer) if by.assigned_by.is_none() => Some(Taking::TakenBy { reviewer }),
        _ => None,
    })
}

async fn write_taker(connection: &mut PgConnection, known: &Locked, by: &TakingBy) -> Result<Taking, Error> {
    let becomes = known.standing.stage.take()?;
    sqlx::query!(
        "update minors.cases set stage = $2, assigned_to = $3 where case_id = $1",
        known.case.uuid(),
        becomes.as_str(),
        by.reviewer.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let happening = Happening::new(Action::CaseTaken, known.case).with("reviewer", by.reviewer);
    let doer = by.assigned_by.unwrap_or(by.reviewer).to_string();
    audit::note(connection, happening, Doer::new(&doer, "to be reviewed")).await?;
    Ok(Taking::Taken)
}

/// Writes down that a reviewer sees a document, and notes it for the audit trail. Nothing of it may be shown before this is
/// committed. `look` tells it from every other look: told again, it is the same one.
#[tracing::instrument(name = "db.identities.look", skip_all, fields(%case, %document, %reviewer), err)]
pub async fn look(
    pool: &Pool,
    case: CaseId,
    look: Uuid,
    document: DocumentId,
    (reviewer, reason): (UserId, &str),
    at: DateTime<Utc>,
) -> Result<Looking, Error> {
    if !says_something(reason) {
        return Ok(Looking::NoReason);
    }
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    if !is_reviewer(&mut tx, reviewer).await? {
        return Ok(Looking::NotAReviewer);
    }
    if is_own(&mut tx, &known, reviewer).await? {
        return Ok(Looking::OwnCase);
    }
    let Standing { stage, round, .. } = known.standing;
    if !stage.is_under_review() {
        return Ok(Looking::NotNow { stage });
    }
    let sent = reading::documents(&mut tx, case).await?;
    let Some(seen) = sent.into_iter().find(|sent| sent.document.id == document && sent.is_there()) else {
        return Ok(Looking::Gone);
    };
    write_look(&mut tx, &known, look, &seen.document, round, (reviewer, reason), at).await?;
    tx.commit().await?;
    Ok(Looking::Noted { document: seen.document, subject: known.subject })
}

async fn write_look(
    connection: &mut PgConnection,
    known: &Locked,
    look: Uuid,
    document: &Document,
    round: u32,
    (reviewer, reason): (UserId, &str),
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let written = sqlx::query!(
        "insert into minors.looks (look_id, case_id, document_id, round, reviewer_id, reason, looked_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (look_id) do nothing",
        look,
        known.case.uuid(),
        document.id.uuid(),
        signed(round),
        reviewer.uuid(),
        reason,
        at,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if written == 0 {
        return Ok(());
    }
    let happening = Happening::new(Action::DocumentLookedAt, known.case)
        .with("document", document.id)
        .with("sha256", document.sha256)
        .with("round", round);
    audit::note(connection, happening, Doer::new(&reviewer.to_string(), reason)).await
}

/// Has those who review told that nobody decides, the nth time in a round, unless somebody has decided.
#[tracing::instrument(name = "db.identities.escalate", skip_all, fields(%case, round, number), err)]
pub async fn escalate(
    pool: &Pool,
    case: CaseId,
    round: u32,
    number: u32,
    at: DateTime<Utc>,
) -> Result<Standing, Error> {
    let mut tx = pool.begin().await?;
    let Standing { stage, round: now, escalations, since, .. } = lock(&mut tx, case).await?.standing;
    if stage.is_under_review() && now == round && escalations < number {
        sqlx::query!(
            "update minors.cases set escalations = $2, escalated_at = $3 where case_id = $1",
            case.uuid(),
            signed(number),
            at,
        )
        .execute(&mut *tx)
        .await?;
        let payload = json!({ "case": case, "since": since });
        outbox::write_about(
            &mut tx,
            Topic::CaseEscalated,
            &format!("{case}/{round}/{number}"),
            None,
            payload,
        )
        .await?;
    }
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(standing)
}
