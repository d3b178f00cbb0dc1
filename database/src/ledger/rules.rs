//! More rules of the books, each a query that finds nothing while it holds: once and no oftener, rows and postings alike,
//! and no money without an owner.

use sqlx::PgConnection;
use wolo_domain::ids::{ConversionId, DiscrepancyId, DonationId, PayoutId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;

use super::{Violation, balance_within};
use crate::rows::word;
use crate::{Error, discrepancies};

/// Everything that breaks one of these rules, as the surrounding transaction sees it.
pub(super) async fn broken(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let mut violations = posted_twice(connection).await?;
    violations.extend(refunds(connection).await?);
    violations.extend(fees(connection).await?);
    violations.extend(credits(connection).await?);
    violations.extend(stages(connection).await?);
    violations.extend(keys(connection).await?);
    violations.extend(orders(connection).await?);
    violations.extend(suspense(connection).await?);
    violations.extend(not_as_at_wave(connection).await?);
    Ok(violations)
}

/// A constraint keeps it so; whoever drops it is noticed here.
async fn posted_twice(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let again = sqlx::query_scalar!(
        r#"select transaction_id as "transaction!"
           from (
               select transaction_id,
                      row_number() over (partition by kind, business_key order by posted_at, transaction_id) as nth,
                      row_number() over (
                          partition by provider, coalesce(provider_tx_id, transaction_id::text)
                          order by posted_at, transaction_id
                      ) as nth_of_movement
               from money.ledger_transactions
           ) as numbered
           where nth > 1 or nth_of_movement > 1"#
    )
    .fetch_all(connection)
    .await?;
    Ok(again.into_iter().map(|transaction| Violation::PostedTwice { transaction }).collect())
}

/// What left is what was paid, less the fee that the pot has borne.
async fn refunds(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         left join money.ledger_transactions
             on kind = 'refund' and business_key = 'don_' || replace(donation_id::text, '-', '')
         left join money.ledger_entries using (transaction_id)
         where stage = 'refunded'
         group by donation_id
         having coalesce(sum(ledger_entries.amount) filter (where ledger_entries.amount > 0), 0)
             <> paid_amount - coalesce(fee, 0)"
    )
    .fetch_all(connection)
    .await?;
    let violation = |id| Violation::RefundNotInBooks { donation: DonationId::from_uuid(id) };
    Ok(wrong.into_iter().map(violation).collect())
}

async fn fees(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         left join money.ledger_transactions
             on kind = 'donation_fee' and business_key = 'don_' || replace(donation_id::text, '-', '')
         left join money.ledger_entries using (transaction_id)
         where wave_transaction_id is not null
         group by donation_id
         having coalesce(sum(ledger_entries.amount) filter (where ledger_entries.amount > 0), 0) <> coalesce(fee, 0)"
    )
    .fetch_all(connection)
    .await?;
    let violation = |id| Violation::FeeNotInBooks { donation: DonationId::from_uuid(id) };
    Ok(wrong.into_iter().map(violation).collect())
}

/// Points that became credit are in their pot's account, and what was returned is out of it again.
async fn credits(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        "select conversion_id
         from sponsorship.conversions
         left join money.ledger_transactions posting
             on posting.kind in ('credit', 'credit_returned')
            and posting.business_key = 'cnv_' || replace(conversion_id::text, '-', '')
         left join money.ledger_entries entry
             on entry.transaction_id = posting.transaction_id and entry.pot_id = conversions.pot_id
         group by conversion_id
         having coalesce(sum(amount) filter (where kind = 'credit'), 0) <> credit
             or coalesce(-sum(amount) filter (where kind = 'credit_returned'), 0)
                 <> case when conversion_id in (select conversion_id from sponsorship.conversions_returned)
                        then credit else 0 end"
    )
    .fetch_all(connection)
    .await?;
    let violation = |id| Violation::CreditNotInBooks { conversion: ConversionId::from_uuid(id) };
    Ok(wrong.into_iter().map(violation).collect())
}

/// A gift that was not paid has no posting at all, and one that was not given back none of that.
async fn stages(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        r#"select distinct donation_id as "donation_id!"
           from money.ledger_transactions
           join money.donations on business_key = 'don_' || replace(donation_id::text, '-', '')
           where stage in ('requested', 'expired') or (kind = 'refund' and stage <> 'refunded')"#
    )
    .fetch_all(connection)
    .await?;
    let violation = |id| Violation::PostedAgainstStage { donation: DonationId::from_uuid(id) };
    Ok(wrong.into_iter().map(violation).collect())
}

/// Each kind is about something of ours that is there. Keys are compared as texts: one that is malformed breaks this rule,
/// and not the check.
async fn keys(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        r#"select transaction_id as "transaction!"
         from money.ledger_transactions
         left join money.donations on business_key = 'don_' || replace(donation_id::text, '-', '')
         left join money.payouts on business_key = 'pay_' || replace(payout_id::text, '-', '')
         left join money.discrepancies on business_key = 'dsc_' || replace(discrepancy_id::text, '-', '')
         left join sponsorship.conversions on business_key = 'cnv_' || replace(conversion_id::text, '-', '')
         where case
             when ledger_transactions.kind in
                 ('donation', 'late_donation', 'odd_donation', 'donation_fee', 'refund_owed', 'refund')
                 then donation_id is null
             when ledger_transactions.kind in ('payout', 'payout_fee') then payout_id is null
             when ledger_transactions.kind = 'suspense_cleared' then discrepancy_id is null
             when ledger_transactions.kind in ('credit', 'credit_returned') then conversion_id is null
             else provider_tx_id is distinct from business_key
         end"#
    )
    .fetch_all(connection)
    .await?;
    Ok(wrong.into_iter().map(|transaction| Violation::AboutNothing { transaction }).collect())
}

async fn orders(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let wrong = sqlx::query_scalar!(
        r#"select payout_id
           from money.payouts
           left join money.payout_orders using (payout_id)
           group by payout_id
           having count(*) filter (where outcome <> 'refused') > 1
               or coalesce(max(number), 0) <> order_number
               or order_number > 0 and coalesce(max(outcome) filter (where number = order_number), 'none')
                   <> case stage when 'sent' then 'open' else stage end"#
    )
    .fetch_all(connection)
    .await?;
    let violation = |id| Violation::OrdersDisagree { payout: PayoutId::from_uuid(id) };
    Ok(wrong.into_iter().map(violation).collect())
}

/// Money that is nobody's has an owner who looks for whose it is.
async fn suspense(connection: &mut PgConnection) -> Result<Option<Violation>, Error> {
    let held = balance_within(connection, Account::Suspense).await?;
    let owned = sqlx::query_scalar!(
        r#"select coalesce(sum(suspense), 0)::bigint as "owned!"
           from money.discrepancies
           where resolved_at is null"#
    )
    .fetch_one(connection)
    .await?;
    let owned = Xof::new(owned);
    Ok((held != owned).then_some(Violation::SuspenseNotOwned { held, owned }))
}

/// What the comparison with Wave's statement has found, and nobody has answered.
async fn not_as_at_wave(connection: &mut PgConnection) -> Result<Vec<Violation>, Error> {
    let breaking = discrepancies::breaking();
    let open = sqlx::query!(
        "select discrepancy_id, kind
         from money.discrepancies
         where resolved_at is null and kind = any($1)
         order by first_seen_at, discrepancy_id",
        &breaking,
    )
    .fetch_all(connection)
    .await?;
    open.into_iter()
        .map(|row| {
            let discrepancy = DiscrepancyId::from_uuid(row.discrepancy_id);
            let kind = word(&row.kind, "money.discrepancies", "kind", discrepancy)?;
            Ok(Violation::NotAsAtWave { discrepancy, kind })
        })
        .collect()
}
