//! `wolo people`: accounts, until people can make their own.

mod add;
mod list;
mod show;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use wolo_database::people::User;
use wolo_domain::ids::UserId;
use wolo_domain::people::Phone;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum People {
    /// Add a person, who can then own a pot
    Add(add::Add),
    /// List people, masked
    List(list::List),
    /// Show one person, masked
    Show(show::Show),
}

impl People {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Add(add) => add.run(config).await,
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
        }
    }
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
fn first_letters(name: &str) -> String {
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
