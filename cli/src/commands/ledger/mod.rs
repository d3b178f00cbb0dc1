//! `wolo ledger`: the books themselves, and letting payouts go on after they were stopped.

mod accounts;
mod check;
mod entries;
mod resume;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Ledger {
    /// Show what stands in each account
    Accounts(accounts::Accounts),
    /// List what was posted, oldest first
    Entries(entries::Entries),
    /// Look whether the books keep all their rules; payouts are stopped if they do not
    Check(check::Check),
    /// Let payouts go on after they were stopped
    Resume(resume::Resume),
}

impl Ledger {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Accounts(accounts) => accounts.run(config).await,
            Self::Entries(entries) => entries.run(config).await,
            Self::Check(check) => check.run(config).await,
            Self::Resume(resume) => resume.run(config).await,
        }
    }
}
