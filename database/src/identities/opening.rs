//! Cases that begin: a consent's first, and the next when the last was rejected.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::consents::ConsentStage;
use wolo_domain::identities::{CaseStage, IdentityRules, Reason, Standing};
use wolo_domain::ids::{CaseId, ConsentId, UserId};

use super::{CASES, Locked, lock, signed, words};
use crate::audit::{self, Doer};
use crate::rows::word;
use crate::{Error, Pool};

/// A case that is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewCase {
    pub id: CaseId,
    pub subject: UserId,
    pub consent: Option<ConsentId>,
    /// So many different reviewers.
    pub approvals_needed: u32,
    pub at: DateTime<Utc>,
}

/// Writes a case down, once, and says where it stands.
#[tracing::instrument(name = "db.identities.open", skip_all, fields(case = %new.id), err)]
pub async fn open(pool: &Pool, new: &NewCase) -> Result<Standing, Error> {
    let mut tx = pool.begin().await?;
    let known = write(&mut tx, new, None).await?;
    tx.commit().await?;
    Ok(known.standing)
}

/// A case that is to follow a consent's last.
#[derive(Clone, Copy, Debug)]
pub struct NewNext {
    pub consent: ConsentId,
    pub subject: UserId,
    pub rules: IdentityRules,
    pub at: DateTime<Utc>,
}

/// Which case of a consent is to be decided now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextCase {
    /// Now, by its number; the one before it was rejected for these reasons.
    Opened { number: u32, reasons: Vec<Reason> },
    /// The last is not rejected: it is to be decided, or is approved.
    Stands { number: u32, case: CaseId, stage: CaseStage },
    /// So many were opened in a year that the next waits.
    TooMany { until: DateTime<Utc> },
    /// Without a consent nobody sends anything about a child.
    NotGiven { stage: ConsentStage },
    /// This minor has asked for no such consent.
    OtherConsent,
}

/// Opens the next case of a consent, if the last was rejected or holds no more. Of those who come at once one opens it, and the others
/// find it. Somebody who works here is not held to the measure of a year, and says why.
#[tracing::instrument(name = "db.identities.open_next", skip_all, fields(consent = %new.consent), err)]
pub async fn open_next(pool: &Pool, new: &NewNext, by_hand: Option<Doer<'_>>) -> Result<NextCase, Error> {
    let NewNext { consent, subject, rules, at } = *new;
    let mut tx = pool.begin().await?;
    match consented(&mut tx, consent, subject).await? {
        None => return Ok(NextCase::OtherConsent),
        Some(ConsentStage::Given) => {}
        Some(stage) => return Ok(NextCase::NotGiven { stage }),
    }
    let before = before(&mut tx, consent).await?;
    let number = u32::try_from(before.len()).unwrap_or(u32::MAX);
    let (number, reasons) = match before.as_slice() {
        [] => (1, Vec::new()),
        // By this very wish, which has not heard of it.
        [own, rest @ ..] if own.holds && own.opened_at == at => {
            let reasons = rest.first().map(|rejected| rejected.reasons.clone()).unwrap_or_default();
            return Ok(NextCase::Opened { number, reasons });
        }
        [last, ..] if last.holds => {
            let Before { case, stage, .. } = *last;
            return Ok(NextCase::Stands { number, case, stage });
        }
        [last, ..] => (number + 1, last.reasons.clone()),
    };
    if by_hand.is_none()
        && let Some(until) = rules.full_until(&opened(&mut tx, subject, rules.cases_count_from(at)).await?)
    {
        return Ok(NextCase::TooMany { until });
    }
    let approvals_needed = rules.approvals(true);
    let id = CaseId::of_consent(consent, number);
    write(&mut tx, &NewCase { id, subject, consent: Some(consent), approvals_needed, at }, by_hand).await?;
    tx.commit().await?;
    Ok(NextCase::Opened { number, reasons })
}

async fn write(
    connection: &mut PgConnection,
    new: &NewCase,
    by_hand: Option<Doer<'_>>,
) -> Result<Locked, Error> {
    let written = sqlx::query!(
        "insert into minors.cases (case_id, subject_id, consent_id, approvals_needed, opened_at, since)
         values ($1, $2, $3, $4, $5, $5)
         on conflict (case_id) do nothing",
        new.id.uuid(),
        new.subject.uuid(),
        new.consent.map(ConsentId::uuid),
        signed(new.approvals_needed),
        new.at,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let known = lock(connection, new.id).await?;
    if (known.subject, known.consent) != (new.subject, new.consent) {
        return Err(Error::conflict("a_case_is_about_one_person"));
    }
    if written == 1 {
        let happening = Happening::new(Action::CaseOpened, new.id).with("subject", new.subject);
        let sender = known.sender();
        let by = by_hand.unwrap_or_else(|| Doer::new(&sender, "an identity is to be looked into"));
        audit::note(connection, happening, by).await?;
    }
    Ok(known)
}

/// Where a consent stands, which does not change until the transaction ends. Whoever opens a case of it at the same time waits.
async fn consented(
    connection: &mut PgConnection,
    consent: ConsentId,
    subject: UserId,
) -> Result<Option<ConsentStage>, Error> {
    let stage = sqlx::query_scalar!(
        "select stage from minors.consents where consent_id = $1 and minor_id = $2 for update",
        consent.uuid(),
        subject.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    stage.map(|stage| word(&stage, "minors.consents", "stage", consent)).transpose()
}

struct Before {
    case: CaseId,
    stage: CaseStage,
    opened_at: DateTime<Utc>,
    reasons: Vec<Reason>,
    /// It is to be decided, or was approved for the birth date that its person has.
    holds: bool,
}

/// The cases of a consent, the last first.
async fn before(connection: &mut PgConnection, consent: ConsentId) -> Result<Vec<Before>, Error> {
    let rows = sqlx::query!(
        r#"select case_id, cases.stage, opened_at, reasons,
                  cases.stage <> 'rejected' and coalesce(approved_birth_date = birth_date, true) as "holds!"
           from minors.cases
           join people.users on user_id = subject_id
           where consent_id = $1
           order by opened_at desc"#,
        consent.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let case = CaseId::from_uuid(row.case_id);
        Ok(Before {
            case,
            stage: word(&row.stage, CASES, "stage", case)?,
            opened_at: row.opened_at,
            reasons: words(&row.reasons, CASES, case)?,
            holds: row.holds,
        })
    });
    read.collect()
}

/// When the cases of somebody were opened, as far as they count.
async fn opened(
    connection: &mut PgConnection,
    subject: UserId,
    from: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "select opened_at from minors.cases where subject_id = $1 and opened_at > $2",
        subject.uuid(),
        from,
    )
    .fetch_all(connection)
    .await?)
}
