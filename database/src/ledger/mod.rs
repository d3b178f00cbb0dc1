//! The ledger: facts about money are added, and nothing is ever changed or taken away.
//!
//! A fact is posted once. Posting it again finds it and agrees; posting something else under its name is refused as an
//! inconsistency, because then one of the two is wrong. A balance is the sum of entries, at the moment of asking.

mod check;
mod fees;
mod many;
mod rules;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::PotId;
use wolo_domain::ledger::{Account, Entry, Transaction, TransactionKind};
use wolo_domain::money::Xof;

pub use check::{Violation, check};
pub use fees::{FeeBooking, FeeLine, book_donation_fee};
pub(crate) use many::post_all;

use crate::rows::{Page, word};
use crate::{Error, Pool};

const TRANSACTIONS: &str = "money.ledger_transactions";
const ENTRIES: &str = "money.ledger_entries";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    New,
    /// The same fact stands there already.
    Already,
}

/// A transaction as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub id: Uuid,
    pub kind: TransactionKind,
    pub business_key: String,
    pub wave_id: Option<String>,
    pub posted_at: DateTime<Utc>,
    pub entries: Vec<Entry>,
}

/// Every account's balance; the pots as one sum, since there are many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balances {
    pub accounts: BTreeMap<Account, Xof>,
    pub pots: Xof,
}

/// Writes a fact into the books, inside the transaction of the change it belongs to.
pub async fn post(connection: &mut PgConnection, transaction: &Transaction) -> Result<Posting, Error> {
    let id = Uuid::now_v7();
    let inserted = sqlx::query!(
        "insert into money.ledger_transactions (transaction_id, kind, business_key, provider, provider_tx_id)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint ledger_transactions_posted_once do nothing",
        id,
        transaction.kind().as_str(),
        transaction.business_key(),
        transaction.wave_id().map(|_| "wave"),
        transaction.wave_id(),
    )
    .execute(&mut *connection)
    .await
    .map_err(|error| match &error {
        // One movement of money at Wave cannot be two facts here.
        sqlx::Error::Database(refusal)
            if refusal.constraint() == Some("ledger_transactions_one_per_movement") =>
        {
            Error::inconsistent(TRANSACTIONS, "provider_tx_id", described(transaction))
        }
        _ => error.into(),
    })?
    .rows_affected();
    if inserted == 0 {
        return agree(connection, transaction).await;
    }

    let (accounts, amounts): (Vec<String>, Vec<i64>) =
        transaction.entries().iter().map(|entry| (entry.account.to_string(), entry.amount.francs())).unzip();
    sqlx::query!(
        "insert into money.ledger_entries (transaction_id, account, amount)
         select $1, account, amount from unnest($2::text[], $3::bigint[]) as entry (account, amount)",
        id,
        &accounts,
        &amounts,
    )
    .execute(connection)
    .await?;
    Ok(Posting::New)
}

/// What stands there must be what was to be posted, to the franc.
async fn agree(connection: &mut PgConnection, transaction: &Transaction) -> Result<Posting, Error> {
    let rows = sqlx::query!(
        "select provider_tx_id, account, amount
         from money.ledger_transactions
         join money.ledger_entries using (transaction_id)
         where kind = $1 and business_key = $2",
        transaction.kind().as_str(),
        transaction.business_key(),
    )
    .fetch_all(connection)
    .await?;
    let expected = transaction.entries();
    let same = rows.len() == expected.len()
        && rows.iter().all(|row| {
            row.provider_tx_id.as_deref() == transaction.wave_id()
                && expected.iter().any(|entry| {
                    entry.account.to_string() == row.account && entry.amount.francs() == row.amount
                })
        });
    if same {
        Ok(Posting::Already)
    } else {
        Err(Error::inconsistent(TRANSACTIONS, "business_key", described(transaction)))
    }
}

fn described(transaction: &Transaction) -> String {
    format!("{}/{}", transaction.kind(), transaction.business_key())
}

#[tracing::instrument(name = "db.ledger.balance", skip(pool), err)]
pub async fn balance(pool: &Pool, account: Account) -> Result<Xof, Error> {
    let mut connection = pool.acquire().await?;
    balance_within(&mut connection, account).await
}

/// A balance as the surrounding transaction sees it.
pub(crate) async fn balance_within(connection: &mut PgConnection, account: Account) -> Result<Xof, Error> {
    let francs = match account {
        Account::Pot(pot) => {
            sqlx::query_scalar!(
                r#"select coalesce(sum(amount), 0)::bigint as "sum!" from money.ledger_entries where pot_id = $1"#,
                pot.uuid(),
            )
            .fetch_one(connection)
            .await?
        }
        other => {
            sqlx::query_scalar!(
                r#"select coalesce(sum(amount), 0)::bigint as "sum!"
                   from money.ledger_entries
                   where account = $1 and pot_id is null"#,
                other.to_string(),
            )
            .fetch_one(connection)
            .await?
        }
    };
    Ok(Xof::new(francs))
}

#[tracing::instrument(name = "db.ledger.balances", skip_all, err)]
pub async fn balances(database: impl PgExecutor<'_>) -> Result<Balances, Error> {
    let rows = sqlx::query!(
        r#"select case when pot_id is null then account end as account, sum(amount)::bigint as "sum!"
           from money.ledger_entries
           group by 1"#,
    )
    .fetch_all(database)
    .await?;
    let mut balances = Balances {
        accounts: [
            Account::WaveFloat,
            Account::Fees,
            Account::RefundsDue,
            Account::Promotions,
            Account::Suspense,
        ]
        .map(|account| (account, Xof::ZERO))
        .into(),
        pots: Xof::ZERO,
    };
    for row in rows {
        match row.account {
            Some(name) => {
                let account = word(&name, ENTRIES, "account", &name)?;
                balances.accounts.insert(account, Xof::new(row.sum));
            }
            None => balances.pots = Xof::new(row.sum),
        }
    }
    Ok(balances)
}

/// What was posted to a pot, oldest first, each with all its entries.
#[tracing::instrument(name = "db.ledger.of_pot", skip_all, fields(%pot), err)]
pub async fn of_pot(pool: &Pool, pot: PotId, page: Page<Uuid>) -> Result<Vec<Posted>, Error> {
    sqlx::query_as!(
        PostedRow,
        "select transaction_id, kind, business_key, provider_tx_id, posted_at,
                array_agg(all_entries.account order by all_entries.amount) as \"accounts!\",
                array_agg(all_entries.amount order by all_entries.amount) as \"amounts!\"
         from money.ledger_transactions
         join money.ledger_entries as all_entries using (transaction_id)
         where transaction_id in (select transaction_id from money.ledger_entries where pot_id = $1)
           and ($2::uuid is null or (posted_at, transaction_id) > (
               select posted_at, transaction_id from money.ledger_transactions where transaction_id = $2
           ))
         group by transaction_id
         order by posted_at, transaction_id
         limit $3",
        pot.uuid(),
        page.after,
        page.rows(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(Posted::try_from)
    .collect()
}

/// Everything that was posted, oldest first: also what touches no pot, such as our own fees.
#[tracing::instrument(name = "db.ledger.postings", skip_all, err)]
pub async fn postings(pool: &Pool, page: Page<Uuid>) -> Result<Vec<Posted>, Error> {
    sqlx::query_as!(
        PostedRow,
        "select transaction_id, kind, business_key, provider_tx_id, posted_at,
                array_agg(account order by amount) as \"accounts!\",
                array_agg(amount order by amount) as \"amounts!\"
         from money.ledger_transactions
         join money.ledger_entries using (transaction_id)
         where $1::uuid is null or (posted_at, transaction_id) > (
             select posted_at, transaction_id from money.ledger_transactions where transaction_id = $1
         )
         group by transaction_id
         order by posted_at, transaction_id
         limit $2",
        page.after,
        page.rows(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(Posted::try_from)
    .collect()
}

struct PostedRow {
    transaction_id: Uuid,
    kind: String,
    business_key: String,
    provider_tx_id: Option<String>,
    posted_at: DateTime<Utc>,
    accounts: Vec<String>,
    amounts: Vec<i64>,
}

impl TryFrom<PostedRow> for Posted {
    type Error = Error;

    fn try_from(row: PostedRow) -> Result<Self, Error> {
        let id = row.transaction_id;
        let entry = |(account, amount): (&String, i64)| {
            let account = word(account, ENTRIES, "account", id)?;
            Ok(Entry { account, amount: Xof::new(amount) })
        };
        let entries = row.accounts.iter().zip(row.amounts).map(entry).collect::<Result<_, Error>>()?;
        Ok(Self {
            id,
            kind: word(&row.kind, TRANSACTIONS, "kind", id)?,
            business_key: row.business_key,
            wave_id: row.provider_tx_id,
            posted_at: row.posted_at,
            entries,
        })
    }
}
