//! From collecting to the reviewers, and the ends that no reviewer decides.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::identities::{Answered, CaseEnd, CaseStage, Ending, Party, StageError, Submitting};
use wolo_domain::ids::CaseId;

use super::{DOCUMENTS, Locked, lock, signed, standing};
use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool};

/// Begins a round, if there is something of everybody. What has begun already is agreed with.
#[tracing::instrument(name = "db.identities.submit", skip_all, fields(%case, round), err)]
pub async fn submit(
    pool: &Pool,
    case: CaseId,
    round: u32,
    at: DateTime<Utc>,
) -> Result<Answered<Submitting>, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    let stage = known.standing.stage;
    let answer = if known.standing.round == round && stage.is_under_review() {
        Submitting::Submitted
    } else if let Ok(becomes) = stage.submit() {
        if known.standing.round + 1 != round {
            return Err(Error::conflict("rounds_follow_one_another"));
        }
        let parties = missing(&mut tx, &known).await?;
        if parties.is_empty() {
            begin(&mut tx, &known, becomes, round, at).await?;
            Submitting::Submitted
        } else {
            Submitting::Missing { parties }
        }
    } else {
        Submitting::NotNow { stage }
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Answered { answer, standing })
}

/// Of whom there is nothing.
async fn missing(connection: &mut PgConnection, known: &Locked) -> Result<Vec<Party>, Error> {
    let there = sqlx::query_scalar!(
        "select distinct party from minors.documents where case_id = $1 and removed_at is null",
        known.case.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let there: Vec<Party> = there
        .iter()
        .map(|party| word(party, DOCUMENTS, "party", known.case))
        .collect::<Result<_, Error>>()?;
    let wanted: &[Party] = if known.consent.is_some() { &Party::ALL } else { &[Party::Person] };
    Ok(wanted.iter().copied().filter(|party| !there.contains(party)).collect())
}

async fn begin(
    connection: &mut PgConnection,
    known: &Locked,
    becomes: CaseStage,
    round: u32,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update minors.cases
         set stage = $2, round = $3, since = $4, submitted_at = $4, assigned_to = null, escalations = 0,
             escalated_at = null, reasons = '{}'
         where case_id = $1",
        known.case.uuid(),
        becomes.as_str(),
        signed(round),
        at,
    )
    .execute(&mut *connection)
    .await?;
    let happening = Happening::new(Action::CaseSubmitted, known.case).with("round", round);
    audit::note(connection, happening, Doer::new(&known.sender(), "the documents are complete")).await
}

/// Ends a case without a reviewer. The documents of one that is given up go at once, however it was decided before.
#[tracing::instrument(name = "db.identities.end", skip_all, fields(%case, ?end), err)]
pub async fn end(
    pool: &Pool,
    case: CaseId,
    end: CaseEnd,
    destroy_at: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<Answered<Ending>, Error> {
    let mut tx = pool.begin().await?;
    let known = lock(&mut tx, case).await?;
    let stage = known.standing.stage;
    let answer = if known.standing.reasons == [end.reason()] && stage.is_decided() {
        Ending::Ended
    } else if stage.is_decided() {
        if end == CaseEnd::GivenUp {
            destroy_sooner(&mut tx, case, destroy_at).await?;
        }
        Ending::Decided { stage }
    } else {
        let ends = match end {
            CaseEnd::NothingCame => stage.let_go(),
            CaseEnd::GivenUp => stage.give_up(),
        };
        write(&mut tx, &known, end, ends, destroy_at, at).await?
    };
    let standing = standing(&mut tx, case).await?;
    tx.commit().await?;
    Ok(Answered { answer, standing })
}

async fn destroy_sooner(connection: &mut PgConnection, case: CaseId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update minors.cases set destroy_at = least(destroy_at, $2) where case_id = $1 and destroyed_at is null",
        case.uuid(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn write(
    connection: &mut PgConnection,
    known: &Locked,
    end: CaseEnd,
    ends: Result<CaseStage, StageError>,
    destroy_at: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<Ending, Error> {
    let Ok(becomes) = ends else { return Ok(Ending::NotNow { stage: known.standing.stage }) };
    let reason = end.reason();
    sqlx::query!(
        "update minors.cases
         set stage = $2, reasons = array[$3], since = $4, decided_at = $4, destroy_at = $5
         where case_id = $1",
        known.case.uuid(),
        becomes.as_str(),
        reason.as_str(),
        at,
        destroy_at,
    )
    .execute(&mut *connection)
    .await?;
    let happening =
        Happening::new(Action::CaseEnded, known.case).with("stage", becomes).with("reason", reason);
    let why = match end {
        CaseEnd::NothingCame => "nobody has sent anything for too long",
        CaseEnd::GivenUp => "consent or the account has ended",
    };
    audit::note(connection, happening, Doer::new(&known.process(), why)).await?;
    Ok(Ending::Ended)
}
