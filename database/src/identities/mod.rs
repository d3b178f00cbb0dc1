//! Identity cases: which documents were sent, who looked at them, what was decided, and that they are destroyed.
//!
//! What a document shows is in the vault. Here is the word of what may be done with it, and every such word is said under the
//! lock of its case's row, so that of two who come at once one comes second and sees what the first has done.
//!
//! Refused: to show a reviewer's name to whom the case is about, and to forget who has looked.

mod approved;
mod deciding;
mod documents;
mod late;
mod opening;
mod reading;
mod reviewing;
mod submitting;

use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::identities::Standing;
use wolo_domain::ids::{CaseId, ConsentId, UserId};

pub use approved::identity_is_approved;
pub use deciding::{Decided, decide};
pub use documents::{Kept, add, all_destroyed, destroyed, remove, undestroyed};
pub use late::{late, unfinished};
pub use opening::{NewCase, NewNext, NextCase, open, open_next};
pub use reading::{Case, Entry, Filter, Seen, SeenBefore, Sent, Word, case, list, reviewers};
pub use reviewing::{escalate, look, take};
pub use submitting::{end, submit};

use crate::rows::{count, word};
use crate::{Error, Pool, consents};

const CASES: &str = "minors.cases";
const DOCUMENTS: &str = "minors.documents";
const DECISIONS: &str = "minors.decisions";

/// The cases of somebody that are not over: nobody has decided, or their documents are still there.
#[tracing::instrument(name = "db.identities.with_documents", skip(pool), err)]
pub async fn with_documents(pool: &Pool, subject: UserId) -> Result<Vec<CaseId>, Error> {
    let cases = sqlx::query_scalar!(
        "select case_id from minors.cases where subject_id = $1 and destroyed_at is null order by opened_at",
        subject.uuid(),
    )
    .fetch_all(pool)
    .await?;
    Ok(cases.into_iter().map(CaseId::from_uuid).collect())
}

/// A case whose row is locked until the transaction ends.
struct Locked {
    case: CaseId,
    subject: UserId,
    consent: Option<ConsentId>,
    approvals_needed: u32,
    standing: Standing,
}

impl Locked {
    /// Who sends its documents, as the audit trail names them.
    fn sender(&self) -> String {
        self.consent.map_or_else(|| self.subject.to_string(), consents::guardian)
    }

    /// The case's process, where something is done because it is time, as the audit trail names it.
    fn process(&self) -> String {
        format!("process:identity/{}", self.case)
    }
}

async fn lock(connection: &mut PgConnection, case: CaseId) -> Result<Locked, Error> {
    let locked =
        sqlx::query_scalar!("select case_id from minors.cases where case_id = $1 for update", case.uuid())
            .fetch_optional(&mut *connection)
            .await?;
    locked.ok_or_else(|| Error::missing(CASES, case))?;
    known(connection, case).await
}

async fn known(connection: &mut PgConnection, case: CaseId) -> Result<Locked, Error> {
    let row = sqlx::query!(
        r#"select subject_id, consent_id, approvals_needed, stage, round, since, assigned_to, escalations, reasons, destroy_at,
                  destroyed_at is not null as "destroyed!"
           from minors.cases
           where case_id = $1"#,
        case.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| Error::missing(CASES, case))?;
    let approvals_needed = count(row.approvals_needed, CASES, "approvals_needed", case)?;
    let round = count(row.round, CASES, "round", case)?;
    let standing = Standing {
        stage: word(&row.stage, CASES, "stage", case)?,
        round,
        since: row.since,
        assigned_to: row.assigned_to.map(UserId::from_uuid),
        escalations: count(row.escalations, CASES, "escalations", case)?,
        missing: approvals_needed.saturating_sub(approvals(connection, case, round).await?),
        reasons: words(&row.reasons, CASES, case)?,
        destroy_at: row.destroy_at,
        destroyed: row.destroyed,
    };
    Ok(Locked {
        case,
        subject: UserId::from_uuid(row.subject_id),
        consent: row.consent_id.map(ConsentId::from_uuid),
        approvals_needed,
        standing,
    })
}

async fn standing(connection: &mut PgConnection, case: CaseId) -> Result<Standing, Error> {
    Ok(known(connection, case).await?.standing)
}

/// How many have approved in a round. Those count who are reviewers still.
async fn approvals(connection: &mut PgConnection, case: CaseId, round: u32) -> Result<u32, Error> {
    let given = sqlx::query_scalar!(
        r#"select count(*) as "given!"
           from minors.decisions
           where case_id = $1 and round = $2 and verdict = 'approve'
             and exists (
                 select from people.roles
                 where roles.user_id = decisions.reviewer_id
                   and role in ('reviewer', 'superadmin') and revoked_at is null
             )"#,
        case.uuid(),
        signed(round),
    )
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(given).unwrap_or(u32::MAX))
}

/// Whether a case is about somebody, or about a minor whose guardian they are: nobody reviews their own.
async fn is_own(connection: &mut PgConnection, known: &Locked, person: UserId) -> Result<bool, Error> {
    if known.subject == person {
        return Ok(true);
    }
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from minors.guardians
               join people.users on users.phone = guardians.phone or lower(users.email) = lower(guardians.email)
               where consent_id = $1 and user_id = $2
           ) as "is!""#,
        known.consent.map(ConsentId::uuid),
        person.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

async fn is_reviewer(connection: &mut PgConnection, user: UserId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from people.roles
               where user_id = $1 and role in ('reviewer', 'superadmin') and revoked_at is null
           ) as "is!""#,
        user.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

fn words<T: std::str::FromStr>(
    texts: &[String],
    table: &'static str,
    row: impl std::fmt::Display + Copy,
) -> Result<Vec<T>, Error> {
    texts.iter().map(|text| word(text, table, "reasons", row)).collect()
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn hash(bytes: &[u8], row: Uuid) -> Result<wolo_domain::identities::ContentHash, Error> {
    let bytes = bytes.try_into().map_err(|_| Error::inconsistent(DOCUMENTS, "sha256", row))?;
    Ok(wolo_domain::identities::ContentHash::new(bytes))
}
