//! Ending a discrepancy by a person's decision.

use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::DiscrepancyId;
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;

use super::{Resolved, discrepancy};
use crate::audit::{self, Doer};
use crate::{Error, Pool, ledger};

/// What becomes of the money that stands in suspense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// There is none.
    Nothing,
    /// WOLO keeps it, or bears it.
    ToFees,
    /// Another discrepancy is its counterpart, such as a payment and its refund: together they are zero.
    Against(DiscrepancyId),
}

impl Clearing {
    /// As the audit trail has it.
    fn in_words(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::ToFees => "to fees".to_owned(),
            Self::Against(other) => format!("against {other}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolving {
    Resolved,
    /// It had ended before.
    Already(Resolved),
    Unknown,
    Refused {
        why: String,
    },
}

/// Ends a discrepancy by a person's decision. Money in suspense leaves it in the same transaction, or has its counterpart
/// there; without that nothing is resolved.
#[tracing::instrument(name = "db.discrepancies.resolve", skip_all, fields(%id), err)]
pub async fn resolve(
    pool: &Pool,
    id: DiscrepancyId,
    by: &str,
    why: &str,
    clearing: Clearing,
) -> Result<Resolving, Error> {
    let refused = |why: String| Ok(Resolving::Refused { why });
    let mut tx = pool.begin().await?;
    let other = match clearing {
        Clearing::Against(other) if other == id => {
            return refused("a discrepancy is not its own counterpart".to_owned());
        }
        Clearing::Against(other) => Some(other),
        Clearing::Nothing | Clearing::ToFees => None,
    };
    lock(&mut tx, id, other).await?;
    let Some(one) = discrepancy(&mut *tx, id).await? else { return Ok(Resolving::Unknown) };
    if let Some(resolved) = one.resolved {
        return Ok(Resolving::Already(resolved));
    }
    match clearing {
        Clearing::Nothing if one.suspense.is_zero() => {}
        Clearing::Nothing => {
            return refused(format!("{} stands in suspense for it: say what becomes of it", one.suspense));
        }
        Clearing::ToFees | Clearing::Against(_) if one.suspense.is_zero() => {
            return refused("no money stands in suspense for it".to_owned());
        }
        Clearing::ToFees => {
            ledger::post(&mut tx, &Transaction::suspense_cleared(id, one.suspense)?).await?;
        }
        Clearing::Against(other) => {
            let Some(counterpart) = discrepancy(&mut *tx, other).await? else {
                return refused(format!("there is no {other}"));
            };
            if counterpart.resolved.is_some() {
                return refused(format!("{other} is resolved already"));
            }
            if one.suspense.checked_add(counterpart.suspense) != Some(Xof::ZERO) {
                return refused(format!(
                    "{} and {} are not zero together",
                    one.suspense, counterpart.suspense
                ));
            }
            end(&mut tx, other, by, why).await?;
        }
    }
    end(&mut tx, id, by, why).await?;
    let happening = Happening::new(Action::DiscrepancyResolved, id).with("clearing", clearing.in_words());
    audit::note(&mut tx, happening, Doer::new(by, why)).await?;
    tx.commit().await?;
    Ok(Resolving::Resolved)
}

/// Both at once and in one order, so that two people who pair the same two do not wait for each other.
async fn lock(
    connection: &mut PgConnection,
    one: DiscrepancyId,
    other: Option<DiscrepancyId>,
) -> Result<(), Error> {
    sqlx::query_scalar!(
        "select discrepancy_id from money.discrepancies
         where discrepancy_id = $1 or discrepancy_id = $2
         order by discrepancy_id
         for update",
        one.uuid(),
        other.map(DiscrepancyId::uuid),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

async fn end(connection: &mut PgConnection, id: DiscrepancyId, by: &str, why: &str) -> Result<(), Error> {
    sqlx::query!(
        "update money.discrepancies set resolved_at = clock_timestamp(), resolved_by = $2, resolution = $3
         where discrepancy_id = $1",
        id.uuid(),
        by,
        why,
    )
    .execute(connection)
    .await?;
    Ok(())
}
