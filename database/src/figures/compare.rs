//! The figures of money beside the ledger: every account's balance, told again from the figures alone.

use std::collections::BTreeMap;

use wolo_domain::figures::Figure;
use wolo_domain::money::Xof;

use crate::{Error, Pool};

/// An account that the figures do not add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of the ledger; all pots are one.
    pub account: &'static str,
    pub by_figures: Xof,
    pub by_ledger: Xof,
}

/// What adds to an account and what takes from it.
struct Told {
    account: &'static str,
    adds: &'static [(Figure, &'static str)],
    takes: &'static [(Figure, &'static str)],
}

const TOLD: [Told; 6] = [
    Told {
        account: "pots",
        adds: &[(Figure::Gifts, "francs"), (Figure::Promotions, "francs")],
        takes: &[
            (Figure::Fees, "pots_bore"),
            (Figure::Refunds, "given_up_francs"),
            (Figure::Payouts, "francs"),
            (Figure::Promotions, "returned_francs"),
        ],
    },
    // As negative as our wallet is full.
    Told {
        account: "wave_float",
        adds: &[
            (Figure::Fees, "pots_bore"),
            (Figure::Fees, "suspense_bore"),
            (Figure::Fees, "wolo_bore"),
            (Figure::Fees, "of_payouts"),
            (Figure::Refunds, "francs"),
            (Figure::Payouts, "francs"),
            (Figure::Suspense, "spent"),
        ],
        takes: &[
            (Figure::Gifts, "francs"),
            (Figure::Refunds, "late_francs"),
            (Figure::Suspense, "odd_gifts"),
            (Figure::Suspense, "received"),
        ],
    },
    Told {
        account: "refunds_due",
        adds: &[(Figure::Refunds, "late_francs"), (Figure::Refunds, "given_up_francs")],
        takes: &[(Figure::Refunds, "francs")],
    },
    Told {
        account: "fees",
        adds: &[(Figure::Suspense, "kept")],
        takes: &[(Figure::Fees, "wolo_bore"), (Figure::Fees, "of_payouts"), (Figure::Suspense, "borne")],
    },
    Told {
        account: "promotions",
        adds: &[(Figure::Promotions, "returned_francs")],
        takes: &[(Figure::Promotions, "francs")],
    },
    Told {
        account: "suspense",
        adds: &[(Figure::Suspense, "odd_gifts"), (Figure::Suspense, "received"), (Figure::Suspense, "borne")],
        takes: &[(Figure::Fees, "suspense_bore"), (Figure::Suspense, "spent"), (Figure::Suspense, "kept")],
    },
];

/// Where the figures of money, over all days, are not the ledger's to the franc. An empty answer is the good one.
#[tracing::instrument(name = "db.figures.differences", skip_all, err)]
pub async fn differences(pool: &Pool) -> Result<Vec<Difference>, Error> {
    let mut tx = pool.begin().await?;
    // One moment for both, or a gift that arrives in between looks like a difference.
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let names = Figure::OF_MONEY.map(|figure| figure.to_string());
    let rows = sqlx::query!(
        r#"select figure as "figure!", measure as "measure!", sum(value::bigint)::bigint as "value!"
           from analytics.figures
           cross join lateral jsonb_each_text(measures) as counted (measure, value)
           where figure = any ($1)
           group by 1, 2"#,
        &names,
    )
    .fetch_all(&mut *tx)
    .await?;
    let sums: BTreeMap<(String, String), i64> =
        rows.into_iter().map(|row| ((row.figure, row.measure), row.value)).collect();
    let rows = sqlx::query!(
        r#"select case when pot_id is null then account else 'pots' end as "account!", sum(amount)::bigint as "balance!"
           from money.ledger_entries group by 1"#
    )
    .fetch_all(&mut *tx)
    .await?;
    let balances: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.account, row.balance)).collect();
    let told = TOLD.iter().map(|told| Difference {
        account: told.account,
        by_figures: Xof::new(sum(&sums, told.adds) - sum(&sums, told.takes)),
        by_ledger: Xof::new(balances.get(told.account).copied().unwrap_or_default()),
    });
    Ok(told.filter(|one| one.by_figures != one.by_ledger).collect())
}

fn sum(sums: &BTreeMap<(String, String), i64>, of: &[(Figure, &str)]) -> i64 {
    let value = |(figure, measure): &(Figure, &str)| {
        sums.get(&(figure.to_string(), (*measure).to_owned())).copied().unwrap_or_default()
    };
    of.iter().map(value).sum()
}
