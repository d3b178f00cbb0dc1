//! Many facts at once: a page of Wave's statement brings up to a thousand, and asks the database no oftener for it.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::ledger::Transaction;

use super::{TRANSACTIONS, described};
use crate::Error;

/// Writes facts into the books, inside the transaction of the changes they belong to, each as [`post`](super::post) does.
/// The answer says how many were new.
pub(crate) async fn post_all(
    connection: &mut PgConnection,
    transactions: &[Transaction],
) -> Result<usize, Error> {
    if transactions.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = transactions.iter().map(|_| Uuid::now_v7()).collect();
    let kinds: Vec<String> = transactions.iter().map(|fact| fact.kind().as_str().to_owned()).collect();
    let keys: Vec<String> = transactions.iter().map(|fact| fact.business_key().to_owned()).collect();
    let wave_ids: Vec<Option<String>> =
        transactions.iter().map(|fact| fact.wave_id().map(str::to_owned)).collect();
    let new = sqlx::query_scalar!(
        "insert into money.ledger_transactions (transaction_id, kind, business_key, provider, provider_tx_id)
         select id, kind, key, case when wave_id is not null then 'wave' end, wave_id
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as fact (id, kind, key, wave_id)
         on conflict on constraint ledger_transactions_posted_once do nothing
         returning transaction_id",
        &ids,
        &kinds,
        &keys,
        &wave_ids as &[Option<String>],
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| match &error {
        // One movement of money at Wave cannot be two facts here.
        sqlx::Error::Database(refusal)
            if refusal.constraint() == Some("ledger_transactions_one_per_movement") =>
        {
            Error::inconsistent(TRANSACTIONS, "provider_tx_id", "several at once")
        }
        _ => error.into(),
    })?;
    let facts: BTreeMap<Uuid, &Transaction> = ids.into_iter().zip(transactions).collect();
    write_entries(connection, &new, &facts).await?;
    let new_ids: std::collections::BTreeSet<Uuid> = new.iter().copied().collect();
    let old: Vec<&Transaction> =
        facts.iter().filter(|(id, _)| !new_ids.contains(id)).map(|(_, fact)| *fact).collect();
    agree(connection, &old).await?;
    Ok(new.len())
}

async fn write_entries(
    connection: &mut PgConnection,
    new: &[Uuid],
    facts: &BTreeMap<Uuid, &Transaction>,
) -> Result<(), Error> {
    let (mut ids, mut accounts, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for (id, fact) in new.iter().filter_map(|id| Some((id, facts.get(id)?))) {
        for entry in fact.entries() {
            ids.push(*id);
            accounts.push(entry.account.to_string());
            amounts.push(entry.amount.francs());
        }
    }
    sqlx::query!(
        "insert into money.ledger_entries (transaction_id, account, amount)
         select id, account, amount
         from unnest($1::uuid[], $2::text[], $3::bigint[]) as entry (id, account, amount)",
        &ids,
        &accounts,
        &amounts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What stands there must be what was to be posted, to the franc.
async fn agree(connection: &mut PgConnection, facts: &[&Transaction]) -> Result<(), Error> {
    if facts.is_empty() {
        return Ok(());
    }
    let kinds: Vec<String> = facts.iter().map(|fact| fact.kind().as_str().to_owned()).collect();
    let keys: Vec<String> = facts.iter().map(|fact| fact.business_key().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select kind as "kind!", business_key as "business_key!", max(provider_tx_id) as wave_id,
                  array_agg(account order by account) as "accounts!",
                  array_agg(amount order by account) as "amounts!"
           from unnest($1::text[], $2::text[]) as wanted (kind, business_key)
           join money.ledger_transactions using (kind, business_key)
           join money.ledger_entries using (transaction_id)
           group by kind, business_key"#,
        &kinds,
        &keys,
    )
    .fetch_all(connection)
    .await?;
    let found: BTreeMap<(String, String), _> = rows
        .into_iter()
        .map(|row| ((row.kind, row.business_key), (row.wave_id, row.accounts, row.amounts)))
        .collect();
    for fact in facts {
        let mut entries: Vec<_> =
            fact.entries().iter().map(|entry| (entry.account.to_string(), entry.amount.francs())).collect();
        entries.sort_unstable();
        let same = found.get(&(fact.kind().as_str().to_owned(), fact.business_key().to_owned())).is_some_and(
            |(wave_id, accounts, amounts)| {
                wave_id.as_deref() == fact.wave_id()
                    && accounts.iter().cloned().zip(amounts.iter().copied()).eq(entries)
            },
        );
        if !same {
            return Err(Error::inconsistent(TRANSACTIONS, "business_key", described(fact)));
        }
    }
    Ok(())
}
