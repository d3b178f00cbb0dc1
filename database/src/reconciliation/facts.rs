//! What of ours the lines of a page name.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use wolo_domain::ids::{DonationId, PayoutId};
use wolo_domain::money::Xof;
use wolo_domain::reconciliation::{Books, Gift, Line, PaidOut, Payment, Reference, Seen, Subject};

use super::uuids;
use crate::Error;
use crate::rows::word;

const DONATIONS: &str = "money.donations";
const PAYOUTS: &str = "money.payouts";
const LINES: &str = "money.statement_lines";

pub(super) async fn books(connection: &mut PgConnection, lines: &[Line]) -> Result<Books, Error> {
    let mut gifts = gifts(connection, lines).await?;
    let mut payouts = payouts(connection, lines).await?;
    let (seen, claimed) = seen(connection, lines, &gifts, &payouts).await?;
    let by = |subject: Subject| claimed.get(&subject.to_string()).cloned();
    for gift in &mut gifts {
        gift.refunded_by = by(Subject::Refund(gift.id));
    }
    for payout in &mut payouts {
        payout.paid_by = by(Subject::Payout(payout.id));
        payout.reversed_by = by(Subject::Reversal(payout.id));
    }
    Ok(Books::new(gifts, payouts, seen))
}

async fn gifts(connection: &mut PgConnection, lines: &[Line]) -> Result<Vec<Gift>, Error> {
    let wave_ids: Vec<String> = lines.iter().map(|line| line.wave_id.clone()).collect();
    let sessions: Vec<String> = lines.iter().filter_map(|line| line.session.clone()).collect();
    let referred = lines.iter().filter_map(|line| match line.reference {
        Reference::Gift(gift) => Some(gift),
        _ => None,
    });
    let rows = sqlx::query!(
        r#"with named as (
             select donation_id from money.donations where wave_transaction_id = any($1)
             union
             select donation_id from money.donations where checkout_id = any($2)
             union
             select donation_id from unnest($3::uuid[]) as referred (donation_id)
         )
         select donation_id as "donation_id!", stage, checkout_id, wave_transaction_id, paid_amount, fee
         from named
         join money.donations using (donation_id)"#,
        &wave_ids,
        &sessions,
        &uuids(referred, DonationId::uuid),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = DonationId::from_uuid(row.donation_id);
            let payment = match (row.wave_transaction_id, row.paid_amount) {
                (Some(wave_id), Some(amount)) => Some(Payment { wave_id, amount: Xof::new(amount) }),
                (None, None) => None,
                _ => return Err(Error::inconsistent(DONATIONS, "wave_transaction_id", id)),
            };
            Ok(Gift {
                id,
                stage: word(&row.stage, DONATIONS, "stage", id)?,
                session: row.checkout_id,
                payment,
                fee: row.fee.map(Xof::new),
                refunded_by: None,
            })
        })
        .collect()
}

async fn payouts(connection: &mut PgConnection, lines: &[Line]) -> Result<Vec<PaidOut>, Error> {
    let referred: BTreeSet<PayoutId> = lines
        .iter()
        .filter_map(|line| match line.reference {
            Reference::Order(order) => Some(order.payout),
            _ => None,
        })
        .collect();
    if referred.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "select payout_id, stage, amount, fee from money.payouts where payout_id = any($1)",
        &uuids(referred, PayoutId::uuid),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = PayoutId::from_uuid(row.payout_id);
            Ok(PaidOut {
                id,
                stage: word(&row.stage, PAYOUTS, "stage", id)?,
                amount: Xof::new(row.amount),
                fee: row.fee.map(Xof::new),
                paid_by: None,
                reversed_by: None,
            })
        })
        .collect()
}

/// These lines as they were seen before, and which lines are about what of ours already.
async fn seen(
    connection: &mut PgConnection,
    lines: &[Line],
    gifts: &[Gift],
    payouts: &[PaidOut],
) -> Result<(Vec<Seen>, BTreeMap<String, String>), Error> {
    let wave_ids: Vec<String> = lines.iter().map(|line| line.wave_id.clone()).collect();
    let of_payouts =
        payouts.iter().flat_map(|payout| [Subject::Payout(payout.id), Subject::Reversal(payout.id)]);
    let subjects: Vec<String> = gifts
        .iter()
        .map(|gift| Subject::Refund(gift.id))
        .chain(of_payouts)
        .map(|subject| subject.to_string())
        .collect();
    let rows = sqlx::query!(
        r#"select wave_transaction_id as "wave_id!", kind as "kind!", amount as "amount!", verdict as "verdict!", claim
           from money.statement_lines where wave_transaction_id = any($1)
           union
           select wave_transaction_id, kind, amount, verdict, claim
           from money.statement_lines where claim = any($2)"#,
        &wave_ids,
        &subjects,
    )
    .fetch_all(connection)
    .await?;
    let mut claimed = BTreeMap::new();
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        // The claims of an order and of its payout differ by the order's number.
        let taken_back = row.claim.as_ref().is_some_and(|claim| claim.contains('.'));
        if let Some(claim) = row.claim {
            claimed.insert(claim, row.wave_id.clone());
        }
        seen.push(Seen {
            kind: word(&row.kind, LINES, "kind", &row.wave_id)?,
            amount: Xof::new(row.amount),
            asked: row.verdict == "repair",
            taken_back,
            wave_id: row.wave_id,
        });
    }
    Ok((seen, claimed))
}
