//! The judge: reads the whole book and says where it breaks a rule. It repairs nothing.

use uuid::Uuid;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{ConversionId, DiscrepancyId, DonationId, PayoutId, PotId};
use wolo_domain::money::Xof;

use super::rules;
use crate::{Error, Pool};

/// A rule of the books that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// All accounts together are not zero.
    BookNotZero {
        sum: Xof,
    },
    TransactionNotZero {
        transaction: Uuid,
        sum: Xof,
    },
    NegativePot {
        pot: PotId,
        balance: Xof,
    },
    /// A gift that was paid has not exactly one posting of its arrival with the amount that was paid.
    DonationNotInBooks {
        donation: DonationId,
    },
    /// A payout that succeeded has not exactly one posting with its amount.
    PayoutNotInBooks {
        payout: PayoutId,
    },
    /// A settled pot still holds money.
    SettledNotEmpty {
        pot: PotId,
        balance: Xof,
    },
    /// A fact or a movement at Wave stands in the books more than once.
    PostedTwice {
        transaction: Uuid,
    },
    /// A gift that was given back has not exactly one posting of that.
    RefundNotInBooks {
        donation: DonationId,
    },
    /// What a gift's row says of Wave's fee is not what was posted.
    FeeNotInBooks {
        donation: DonationId,
    },
    /// Points became credit, and the pot's account does not have that as their row has it.
    CreditNotInBooks {
        conversion: ConversionId,
    },
    /// Something is posted about a gift that its stage does not allow.
    PostedAgainstStage {
        donation: DonationId,
    },
    /// A transaction is about something that does not exist, or under a key that nobody of us writes.
    AboutNothing {
        transaction: Uuid,
    },
    /// A payout and its orders do not say the same, or more than one of its orders is alive.
    OrdersDisagree {
        payout: PayoutId,
    },
    /// The suspense account holds something else than what open discrepancies own.
    SuspenseNotOwned {
        held: Xof,
        owned: Xof,
    },
    /// Our postings and Wave's movements are not the same, one to one and to the franc.
    NotAsAtWave {
        discrepancy: DiscrepancyId,
        kind: DiscrepancyKind,
    },
}

/// Everything that is wrong with the books, as of one moment. An empty answer is the good one. It reads all entries, every
/// few minutes.
#[tracing::instrument(name = "db.ledger.check", skip_all, err)]
pub async fn check(pool: &Pool) -> Result<Vec<Violation>, Error> {
    let mut tx = pool.begin().await?;
    // One moment for all the sums, or a gift that arrives in between looks like a fault.
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let mut violations = Vec::new();

    let sum =
        sqlx::query_scalar!(r#"select coalesce(sum(amount), 0)::bigint as "sum!" from money.ledger_entries"#)
            .fetch_one(&mut *tx)
            .await?;
    if sum != 0 {
        violations.push(Violation::BookNotZero { sum: Xof::new(sum) });
    }

    let unbalanced = sqlx::query!(
        r#"select transaction_id, coalesce(sum(amount), 0)::bigint as "sum!"
           from money.ledger_transactions
           left join money.ledger_entries using (transaction_id)
           group by transaction_id
           having coalesce(sum(amount), 0) <> 0 or count(account) < 2"#
    )
    .fetch_all(&mut *tx)
    .await?;
    violations.extend(unbalanced.into_iter().map(|row| Violation::TransactionNotZero {
        transaction: row.transaction_id,
        sum: Xof::new(row.sum),
    }));

    let pots = sqlx::query!(
        r#"select pot_id as "pot_id!", sum(amount)::bigint as "balance!"
           from money.ledger_entries
           join pots.pots using (pot_id)
           group by pot_id, stage
           having sum(amount) < 0 or (stage = 'settled' and sum(amount) <> 0)"#
    )
    .fetch_all(&mut *tx)
    .await?;
    violations.extend(pots.into_iter().map(|row| {
        let (pot, balance) = (PotId::from_uuid(row.pot_id), Xof::new(row.balance));
        if balance < Xof::ZERO {
            Violation::NegativePot { pot, balance }
        } else {
            Violation::SettledNotEmpty { pot, balance }
        }
    }));

    let donations = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         left join money.ledger_transactions
             on business_key = 'don_' || replace(donation_id::text, '-', '')
            -- A gift that goes back came too late, or was in its pot.
            and kind = any (case stage
                    when 'confirmed' then array['donation']
                    when 'suspended' then array['odd_donation']
                    else array['donation', 'late_donation']
                end)
            and provider_tx_id = wave_transaction_id
         left join money.ledger_entries using (transaction_id)
         where stage not in ('requested', 'expired')
         group by donation_id
         having coalesce(sum(ledger_entries.amount) filter (where ledger_entries.amount > 0), 0) <> paid_amount"
    )
    .fetch_all(&mut *tx)
    .await?;
    violations.extend(
        donations.into_iter().map(|id| Violation::DonationNotInBooks { donation: DonationId::from_uuid(id) }),
    );

    let payouts = sqlx::query_scalar!(
        "select payout_id
         from money.payouts
         left join money.ledger_transactions
             on business_key = 'pay_' || replace(payout_id::text, '-', '')
            and kind = 'payout'
            and provider_tx_id = wave_payout_id
         left join money.ledger_entries using (transaction_id)
         where stage = 'succeeded'
         group by payout_id
         having coalesce(sum(ledger_entries.amount) filter (where ledger_entries.amount > 0), 0) <> payouts.amount"
    )
    .fetch_all(&mut *tx)
    .await?;
    violations.extend(
        payouts.into_iter().map(|id| Violation::PayoutNotInBooks { payout: PayoutId::from_uuid(id) }),
    );
    violations.extend(rules::broken(&mut tx).await?);
    Ok(violations)
}
