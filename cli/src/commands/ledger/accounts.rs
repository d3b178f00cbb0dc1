//! `wolo ledger accounts`.

use anyhow::Result;
use clap::Args;
use serde_json::{Map, json};
use wolo_database::ledger;
use wolo_domain::ledger::Account;

use crate::commands::Config;
use crate::output::{self, Format, Listing, account};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Accounts {
    #[command(flatten)]
    format: Format,
}

impl Accounts {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let balances = ledger::balances(&pool).await?;
        if self.format.json {
            // As they stand: the account of our wallet is as negative as the wallet is full.
            let accounts: Map<_, _> =
                balances.accounts.iter().map(|(account, sum)| (account.to_string(), json!(sum))).collect();
            return output::json(&json!({ "accounts": accounts, "pots": balances.pots }));
        }
        let mut listing = Listing::new(["ACCOUNT", "BALANCE"]).right(1);
        let others = balances.accounts.iter().filter(|(account, _)| **account != Account::WaveFloat);
        for (one, balance) in others {
            listing.row([account(*one), balance.to_string()]);
        }
        listing.row(["all pots".to_owned(), balances.pots.to_string()]);
        let at_wave = -balances.accounts.get(&Account::WaveFloat).copied().unwrap_or_default();
        listing.row(["at Wave: all of these together".to_owned(), at_wave.to_string()]);
        output::say(&listing.text());
        Ok(())
    }
}
