//! `wolo users show`.

use std::str::FromStr;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_database::accounts::{identities, roles};
use wolo_database::closures::{self, Standing};
use wolo_database::people::User;
use wolo_database::{Pool, accounts, birth_dates, people, pots};
use wolo_domain::contacts::{Contact, InvalidContact};
use wolo_domain::ids::UserId;

use super::Masked;
use crate::commands::Config;
use crate::output::{self, Fields, Format, instant, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The person's id, or the phone or e-mail address that opens the account
    #[arg(value_name = "USER")]
    who: Who,
    #[command(flatten)]
    format: Format,
}

/// What somebody at the telephone can say of themselves.
#[derive(Clone, Debug)]
enum Who {
    Id(UserId),
    Contact(Contact),
}

impl FromStr for Who {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        text.parse().map_or_else(|_| text.parse().map(Self::Contact), |id| Ok(Self::Id(id)))
    }
}

impl Who {
    async fn find(&self, pool: &Pool) -> Result<User> {
        let id = match self {
            Self::Id(id) => *id,
            Self::Contact(contact) => {
                let account = accounts::by_contact(pool, contact).await?;
                account.context("no account is known by this contact")?.id
            }
        };
        people::user(pool, id).await?.with_context(|| format!("there is no person {id}"))
    }
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let user = self.who.find(&pool).await?;
        let person = Masked::of(&user);
        let pots = pots::of_owner(&pool, user.id).await?;
        let roles = roles::of_user(&pool, user.id).await?;
        let locked = accounts::account(&pool, user.id).await?.is_some_and(|account| account.locked);
        let standing = closures::standing(&pool, user.id).await?;
        let (closing_since, erased_at) = match standing {
            Some(Standing::ClosingSince(at)) => (Some(at), None),
            Some(Standing::ErasedAt(at)) => (None, Some(at)),
            Some(Standing::InUse) | None => (None, None),
        };
        let identities = identities::of_user(&pool, user.id).await?;
        let corrections = birth_dates::changes(&pool, user.id).await?;
        if self.format.json {
            let identities: Vec<_> = identities.iter().map(|linked| linked.provider).collect();
            let pots: Vec<_> = pots.iter().map(|pot| pot.id).collect();
            let roles: Vec<_> = roles.iter().map(|grant| grant.role).collect();
            let corrections: Vec<_> = corrections
                .iter()
                .map(|one| json!({ "by": one.by, "reason": one.reason, "at": one.at }))
                .collect();
            return output::json(&json!({
                "person": person, "locked": locked, "identities": identities, "roles": roles, "pots": pots,
                "birth_date_corrections": corrections, "closing_since": closing_since, "erased_at": erased_at,
            }));
        }
        let mut fields = Fields::new();
        fields.field("id", person.id);
        fields.field("name", person.name);
        fields.field("born", person.birth_year);
        fields.field("phone", or_dash(person.phone));
        fields.field("e-mail", or_dash(person.email));
        if locked {
            fields.field("locked", "yes");
        }
        if let Some(at) = closing_since {
            fields.field("closed since", instant(at));
        }
        if let Some(at) = erased_at {
            fields.field("erased", instant(at));
        }
        for linked in identities {
            let since = instant(linked.linked_at);
            fields.field("opens with", format!("{} (since {since})", linked.provider.name()));
        }
        for grant in roles {
            fields.field("role", format!("{} (by {}: {})", grant.role, grant.granted_by, grant.reason));
        }
        for one in corrections {
            let at = instant(one.at);
            fields.field("birth date corrected", format!("{at} (by {}: {})", one.by, one.reason));
        }
        for pot in pots {
            fields.field("pot", format!("{} ({})", pot.id, pot.stage));
        }
        output::say(&fields.text());
        Ok(())
    }
}
