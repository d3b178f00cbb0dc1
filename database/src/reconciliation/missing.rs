//! The other direction: what stands in our books for a day and is on no page of Wave's statement.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use wolo_domain::dakar;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DonationId, PayoutId};
use wolo_domain::money::Xof;
use wolo_domain::reconciliation::Subject;

use crate::discrepancies::{self, Found};
use crate::{Error, Pool};

/// What moved in a day's last minutes may stand on the next day's page, so it is looked for with that day.
const MARGIN: TimeDelta = TimeDelta::minutes(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    pub opened: u64,
    pub closed: u64,
}

/// Looks, for a day that is over and has been compared line by line, for what is ours and not at Wave; and ends what was
/// missing and has come.
#[tracing::instrument(name = "db.reconciliation.find_missing", skip_all, fields(%day), err)]
pub async fn find_missing(pool: &Pool, day: NaiveDate) -> Result<Missing, Error> {
    let mut tx = pool.begin().await?;
    let (from, to) = (dakar::start_of(day) - MARGIN, dakar::start_of(day) + TimeDelta::days(1) - MARGIN);
    let ours = [
        gifts(&mut tx, from, to).await?,
        refunds(&mut tx, from, to).await?,
        payouts(&mut tx, from, to).await?,
    ];
    let found: Vec<Found> = ours.into_iter().flatten().map(|ours| ours.missing_on(day)).collect();
    let opened = discrepancies::write(&mut tx, &found).await?.opened;
    let closed = discrepancies::close_what_has_come(&mut tx).await?;
    tx.commit().await?;
    Ok(Missing { opened, closed })
}

struct Ours {
    subject: Subject,
    amount: Xof,
    at: DateTime<Utc>,
}

impl Ours {
    fn new(subject: Subject, francs: i64, at: DateTime<Utc>) -> Self {
        Self { subject, amount: Xof::new(francs), at }
    }

    fn missing_on(self, day: NaiveDate) -> Found {
        let Self { subject, amount, at } = self;
        Found {
            kind: DiscrepancyKind::MissingAtWave,
            key: subject.to_string(),
            day,
            reason: format!("{subject} ({amount}) stands in our books and not on Wave's statement"),
            facts: json!({ "about": subject.to_string(), "amount": amount, "at": at }),
            suspense: Xof::ZERO,
        }
    }
}

/// By Wave's time of the payment.
async fn gifts(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Ours>, Error> {
    let rows = sqlx::query!(
        r#"select donation_id, paid_amount as "amount!", paid_at as "at!"
           from money.donations
           where paid_at >= $1 and paid_at < $2
             and not exists (
                 select from money.statement_lines
                 where statement_lines.wave_transaction_id = donations.wave_transaction_id
             )"#,
        from,
        to,
    )
    .fetch_all(connection)
    .await?;
    let subject = |id| Subject::Gift(DonationId::from_uuid(id));
    Ok(rows.into_iter().map(|row| Ours::new(subject(row.donation_id), row.amount, row.at)).collect())
}

/// By the moment in which we wrote it down, which is after Wave's: the line may stand on an earlier day.
async fn refunds(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Ours>, Error> {
    let rows = sqlx::query!(
        r#"select donation_id, paid_amount as "amount!", ended_at as "at!"
           from money.donations
           where stage = 'refunded' and ended_at >= $1 and ended_at < $2
             and not exists (
                 select from money.statement_lines
                 where claim = 'refund/don_' || replace(donation_id::text, '-', '')
             )"#,
        from,
        to,
    )
    .fetch_all(connection)
    .await?;
    let subject = |id| Subject::Refund(DonationId::from_uuid(id));
    Ok(rows.into_iter().map(|row| Ours::new(subject(row.donation_id), row.amount, row.at)).collect())
}

/// By the moment in which the ledger has it: the process's own time may have been moved.
async fn payouts(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Ours>, Error> {
    let rows = sqlx::query!(
        "select payout_id, amount, posted_at
         from money.payouts
         join money.ledger_transactions
             on ledger_transactions.kind = 'payout' and business_key = 'pay_' || replace(payout_id::text, '-', '')
         where stage = 'succeeded' and posted_at >= $1 and posted_at < $2
           and not exists (
               select from money.statement_lines
               where claim = 'payout/pay_' || replace(payout_id::text, '-', '')
           )",
        from,
        to,
    )
    .fetch_all(connection)
    .await?;
    let subject = |id| Subject::Payout(PayoutId::from_uuid(id));
    Ok(rows.into_iter().map(|row| Ours::new(subject(row.payout_id), row.amount, row.posted_at)).collect())
}
