//! What reviewers decide. All that makes a decision one is looked at under the case's lock, in the transaction that writes it: who it
//! is by, the round, the documents, and that they were looked at.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::identities::{Answered, CaseStage, Deciding, Decision, IdentityRules, Reason, Verdict};
use wolo_domain::ids::{CaseId, PotId};

use super::{Locked, approvals, is_own, is_reviewer, lock, reading, signed, standing};
use crate::audit::{self, Doer};
use crate::{Error, Pool, clearance};

/// What a decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub answered: Answered<Deciding>,
    /// Pots that something else is true of since: their processes want to hear of it.
    pub pots: Vec<PotId>,
}

/// Writes a decision down, once, and what follows from it. With the same instant it is the same decision.
#[tracing::instrument(name = "db.identities.decide", skip_all, fields(%case, reviewer = %decision.reviewer, verdict = %decision.verdict), err)]
pub async fn decide(
    pool: &Pool,
    case: CaseId,
    decision: &Decision,
    rules: IdentityRules,
    at: DateTime<Utc>,
) -> Result<Decided, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    let (answer, pots) = match refusal(&mut tx, &known, decision, at).await? {
        // Said before: the attempt that said it may have told no pot.
        Some(before @ Deciding::Decided { stage: CaseStage::Approved }) => {
            (before, clearance::unfinished(&mut tx, known.subject).await?)
        }
        Some(refusal) => (refusal, Vec::new()),
        None => {
            write(&mut tx, &known, decision, at).await?;
            follow(&mut tx, &known, decision, rules, at).await?
        }
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Decided { answered: Answered { answer, standing }, pots })
}

/// Why it is no decision, or what it came to when it was told before.
async fn refusal(
    connection: &mut PgConnection,
    known: &Locked,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<Option<Deciding>, Error> {
    if !decision.says_why() {
        return Ok(Some(Deciding::NoReason));
    }
    let stage = known.standing.stage;
    if is_written(connection, known.case, decision, at).await? {
        let missing = known.standing.missing;
        let before = if stage == CaseStage::InReview {
            Deciding::Recorded { missing }
        } else {
            Deciding::Decided { stage }
        };
        return Ok(Some(before));
    }
    if !is_reviewer(connection, decision.reviewer).await? {
        return Ok(Some(Deciding::NotAReviewer));
    }
    if is_own(connection, known, decision.reviewer).await? {
        return Ok(Some(Deciding::OwnCase));
    }
    if stage != CaseStage::InReview {
        return Ok(Some(Deciding::NotNow { stage }));
    }
    if has_spoken(connection, known, decision).await? {
        return Ok(Some(Deciding::SameReviewer));
    }
    let sent = reading::documents(connection, known.case).await?;
    let there: Vec<_> = sent.iter().filter(|sent| sent.is_there()).map(|sent| sent.document).collect();
    if there.is_empty() || !decision.has_seen(there.iter().map(|document| document.sha256).collect()) {
        return Ok(Some(Deciding::SeenOthers));
    }
    if decision.verdict == Verdict::Approve && !has_looked(connection, known, decision).await? {
        return Ok(Some(Deciding::HasNotLooked));
    }
    Ok(None)
}

async fn is_written(
    connection: &mut PgConnection,
    case: CaseId,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from minors.decisions
               where case_id = $1 and reviewer_id = $2 and verdict = $3 and decided_at = $4
           ) as "is!""#,
        case.uuid(),
        decision.reviewer.uuid(),
        decision.verdict.as_str(),
        at,
    )
    .fetch_one(connection)
    .await?)
}

async fn has_spoken(
    connection: &mut PgConnection,
    known: &Locked,
    decision: &Decision,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from minors.decisions where case_id = $1 and round = $2 and reviewer_id = $3
           ) as "has!""#,
        known.case.uuid(),
        signed(known.standing.round),
        decision.reviewer.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

/// At each document that is there, in this round.
async fn has_looked(
    connection: &mut PgConnection,
    known: &Locked,
    decision: &Decision,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (
               select from minors.documents
               where case_id = $1 and removed_at is null
                 and not exists (
                     select from minors.looks
                     where looks.document_id = documents.document_id and looks.case_id = $1 and round = $2
                       and reviewer_id = $3
                 )
           ) as "has!""#,
        known.case.uuid(),
        signed(known.standing.round),
        decision.reviewer.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

async fn write(
    connection: &mut PgConnection,
    known: &Locked,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let Decision { verdict, reviewer, reasons, note, seen } = decision;
    let round = known.standing.round;
    let seen: Vec<Vec<u8>> = seen.iter().map(|hash| hash.as_bytes().to_vec()).collect();
    sqlx::query!(
        "insert into minors.decisions
             (decision_id, case_id, round, reviewer_id, verdict, reasons, note, seen, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        uuid::Uuid::now_v7(),
        known.case.uuid(),
        signed(round),
        reviewer.uuid(),
        verdict.as_str(),
        &as_words(reasons),
        note,
        &seen,
        at,
    )
    .execute(&mut *connection)
    .await?;
    let hashes = decision.seen.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let happening = Happening::new(Action::CaseDecided, known.case)
        .with("verdict", verdict)
        .with("reasons", as_words(reasons).join(" "))
        .with("round", round)
        .with("seen", hashes);
    audit::note(connection, happening, Doer::new(&reviewer.to_string(), note)).await
}

/// Moves the case, if this decision does.
async fn follow(
    connection: &mut PgConnection,
    known: &Locked,
    decision: &Decision,
    rules: IdentityRules,
    at: DateTime<Utc>,
) -> Result<(Deciding, Vec<PotId>), Error> {
    let stage = known.standing.stage;
    let becomes = match decision.verdict {
        Verdict::Approve => {
            let given = approvals(connection, known.case, known.standing.round).await?;
            let missing = known.approvals_needed.saturating_sub(given);
            if missing > 0 {
                return Ok((Deciding::Recorded { missing }, Vec::new()));
            }
            stage.approve()?
        }
        Verdict::Reject => stage.reject()?,
        Verdict::Ask => stage.ask_for_more()?,
    };
    let decided_at = becomes.is_decided().then_some(at);
    sqlx::query!(
        "update minors.cases
         set stage = $2, reasons = $3, since = $4, assigned_to = null, decided_at = $5, destroy_at = $6,
             approved_birth_date = case when $2 = 'approved' then (
                 select birth_date from people.users where user_id = subject_id
             ) end
         where case_id = $1",
        known.case.uuid(),
        becomes.as_str(),
        &as_words(&decision.reasons),
        at,
        decided_at,
        decided_at.map(|at| rules.destroys_at(becomes, at)),
    )
    .execute(&mut *connection)
    .await?;
    let pots = if becomes == CaseStage::Approved && known.consent.is_some() {
        clearance::follow(connection, known.subject, at).await?
    } else {
        Vec::new()
    };
    Ok((Deciding::Decided { stage: becomes }, pots))
}

fn as_words(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}
