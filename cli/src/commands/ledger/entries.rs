//! `wolo ledger entries`.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use uuid::Uuid;
use wolo_database::ledger::Posted;
use wolo_database::{Page, ledger};
use wolo_domain::ledger::{Account, TransactionKind};
use wolo_domain::money::Xof;

use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, account, instant, or_dash};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct Entries {
    /// Only those of a pot, by its id or the last part of its link
    #[arg(long, value_name = "POT")]
    pot: Option<String>,
    #[command(flatten)]
    most: AtMost,
    /// Those that follow this transaction
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    #[command(flatten)]
    format: Format,
}

/// A transaction, for programs.
#[derive(Debug, Serialize)]
struct Told {
    transaction: Uuid,
    posted_at: DateTime<Utc>,
    kind: TransactionKind,
    about: String,
    wave_id: Option<String>,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    account: Account,
    amount: Xof,
}

impl From<Posted> for Told {
    fn from(posted: Posted) -> Self {
        let Posted { id, kind, business_key, wave_id, posted_at, entries } = posted;
        let entries = entries.into_iter().map(|one| Entry { account: one.account, amount: one.amount });
        Self { transaction: id, posted_at, kind, about: business_key, wave_id, entries: entries.collect() }
    }
}

impl Told {
    /// From where the money went, or where it came to.
    fn side(&self, arrives: bool) -> String {
        let entry = self.entries.iter().find(|entry| entry.amount.is_positive() == arrives);
        entry.map_or_else(String::new, |entry| account(entry.account))
    }
}

impl Entries {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let page = Page { after: self.after, limit: self.most.limit };
        let posted = match &self.pot {
            Some(name) => ledger::of_pot(&pool, named_pot(&pool, name).await?.id, page).await?,
            None => ledger::postings(&pool, page).await?,
        };
        let told: Vec<Told> = posted.into_iter().map(Told::from).collect();
        if self.format.json {
            return output::json(&told);
        }
        let mut listing = Listing::new([
            "POSTED",
            "WHAT",
            "FROM",
            "TO",
            "AMOUNT",
            "ABOUT",
            "WAVE'S OWN NAME",
            "TRANSACTION",
        ])
        .right(4);
        for one in told {
            let amount = one.entries.iter().map(|entry| entry.amount).find(|amount| amount.is_positive());
            listing.row([
                instant(one.posted_at),
                one.kind.to_string(),
                one.side(false),
                one.side(true),
                or_dash(amount),
                one.about,
                or_dash(one.wave_id),
                one.transaction.to_string(),
            ]);
        }
        output::say(&if listing.is_empty() { "Nothing was posted.".to_owned() } else { listing.text() });
        Ok(())
    }
}
