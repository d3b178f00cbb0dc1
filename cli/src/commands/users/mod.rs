//! `wolo users`: people with accounts, and what some of them are trusted with.

mod add;
mod birth_date;
mod grant;
mod list;
mod lock;
mod revoke;
mod show;
mod unlock;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::Pool;
use wolo_database::people::{self, User};
use wolo_domain::ids::UserId;
use wolo_domain::people::Phone;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Users {
    /// Add a person, who can then own a pot
    Add(add::Add),
    /// Correct the day on which somebody was born; a pot that has not opened follows
    BirthDate(birth_date::Correct),
    /// List people, masked
    List(list::List),
    /// Show one person, masked
    Show(show::Show),
    /// Trust somebody with a role
    Grant(grant::Grant),
    /// Take a role away
    Revoke(revoke::Revoke),
    /// Lock an account and end all its sessions
    Lock(lock::Lock),
    /// Let a locked account be used again
    Unlock(unlock::Unlock),
}

impl Users {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Add(add) => add.run(config).await,
            Self::BirthDate(correct) => correct.run(config).await,
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Grant(grant) => grant.run(config).await,
            Self::Revoke(revoke) => revoke.run(config).await,
            Self::Lock(lock) => lock.run(config).await,
            Self::Unlock(unlock) => unlock.run(config).await,
        }
    }
}

/// Stops at an id that nobody has.
pub(in crate::commands) async fn known(pool: &Pool, id: UserId) -> Result<()> {
    people::user(pool, id).await?.with_context(|| format!("there is no person {id}"))?;
    Ok(())
}

/// What an operator sees of a person: enough to recognise the one on the telephone, not enough to leak one.
#[derive(Debug, Serialize)]
struct Masked {
    id: UserId,
    name: String,
    birth_year: i32,
    phone: Option<String>,
    email: Option<String>,
}

impl Masked {
    fn of(user: &User) -> Self {
        Self {
            id: user.id,
            name: first_letters(&user.name),
            birth_year: chrono::Datelike::year(&user.birth_date.day()),
            phone: user.phone.as_ref().map(Phone::masked),
            email: user.email.as_deref().map(masked_email),
        }
    }
}

/// `Awa Ndiaye` is `A… N…`.
pub(super) fn first_letters(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .map(|first| format!("{first}…"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `awa@example.sn` is `a…@example.sn`.
fn masked_email(email: &str) -> String {
    match (email.chars().next(), email.rsplit_once('@')) {
        (Some(first), Some((_, host))) => format!("{first}…@{host}"),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_person_can_be_recognised_and_not_found() {
        assert_eq!(first_letters("Awa  Ndiaye"), "A… N…");
        assert_eq!(masked_email("awa@example.sn"), "a…@example.sn");
        assert_eq!(masked_email("awa"), "…");
    }
}
