//! Our own books, as the story shows them.

use anyhow::Result;
use wolo_database::ledger::{Balances, Posted};
use wolo_database::{Page, Pool, figures, ledger};
use wolo_domain::ledger::{Account, TransactionKind};
use wolo_domain::money::Xof;

use crate::output::{Listing, account, or_dash};

/// All that was posted in this world, with its balances.
///
/// The account of our wallet is as negative as the wallet is full (docs/decisions/0002); here it is shown as what is at
/// Wave, with the sign turned.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) postings: Vec<Posted>,
    pub(super) balances: Balances,
    pub(super) violations: usize,
    /// Accounts that the figures of the business do not add up to.
    pub(super) differences: usize,
}

impl Books {
    pub(super) async fn read(pool: &Pool) -> Result<Self> {
        Ok(Self {
            postings: ledger::postings(pool, Page::first(1000)).await?,
            balances: ledger::balances(pool).await?,
            violations: ledger::check(pool).await?.len(),
            differences: figures::differences(pool).await?.len(),
        })
    }

    /// The sum of one kind of posting, as amounts that moved.
    pub(super) fn moved(&self, kind: TransactionKind) -> Xof {
        let of_kind = self.postings.iter().filter(|posted| posted.kind == kind);
        of_kind
            .flat_map(|posted| &posted.entries)
            .map(|entry| entry.amount)
            .filter(|amount| amount.is_positive())
            .sum()
    }

    pub(super) fn count(&self, kind: TransactionKind) -> usize {
        self.postings.iter().filter(|posted| posted.kind == kind).count()
    }

    pub(super) fn of(&self, account: Account) -> Xof {
        self.balances.accounts.get(&account).copied().unwrap_or_default()
    }

    /// What is in our wallet, by our books.
    pub(super) fn at_wave(&self) -> Xof {
        -self.of(Account::WaveFloat)
    }

    /// The same, added up from the postings that are shown.
    pub(super) fn at_wave_as_shown(&self) -> Xof {
        let entries = self.postings.iter().flat_map(|posted| &posted.entries);
        -entries.filter(|entry| entry.account == Account::WaveFloat).map(|entry| entry.amount).sum::<Xof>()
    }

    /// Every account together: what must be nothing.
    pub(super) fn everything(&self) -> Xof {
        self.balances.accounts.values().copied().chain([self.balances.pots]).sum()
    }

    /// Whether a movement at Wave stands in exactly one posting.
    pub(super) fn postings_of(&self, wave_id: &str) -> usize {
        self.postings.iter().filter(|posted| posted.wave_id.as_deref() == Some(wave_id)).count()
    }

    pub(super) fn postings_table(&self) -> String {
        let mut listing = Listing::new(["WHAT", "FROM", "TO", "AMOUNT", "WAVE'S OWN NAME"]).right(3);
        for posted in &self.postings {
            let side = |positive: bool| {
                let entry = posted.entries.iter().find(|entry| entry.amount.is_positive() == positive);
                entry.map_or_else(String::new, |entry| short(entry.account))
            };
            let amount = posted.entries.iter().map(|entry| entry.amount).find(|amount| amount.is_positive());
            listing.row([
                posted.kind.to_string(),
                side(false),
                side(true),
                or_dash(amount),
                or_dash(posted.wave_id.as_deref()),
            ]);
        }
        listing.text()
    }

    pub(super) fn balances_table(&self) -> String {
        let mut listing = Listing::new(["ACCOUNT", "BALANCE"]).right(1);
        let others = self.balances.accounts.iter().filter(|(account, _)| **account != Account::WaveFloat);
        for (account, balance) in others {
            listing.row([short(*account), balance.to_string()]);
        }
        listing.row(["all pots".to_owned(), self.balances.pots.to_string()]);
        listing.row(["at Wave: all of these together".to_owned(), self.at_wave().to_string()]);
        listing.text()
    }
}

/// There is one pot in this story.
fn short(whose: Account) -> String {
    match whose {
        Account::Pot(_) => "Awa's pot".to_owned(),
        other => account(other),
    }
}
