//! `wolo users list`.

use anyhow::Result;
use clap::Args;
use wolo_database::{Page, people};

use super::Masked;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let users = people::users(&system.pool().await?, Page::first(self.most.limit)).await?;
        let masked: Vec<Masked> = users.iter().map(Masked::of).collect();
        if self.format.json {
            return output::json(&masked);
        }
        let mut listing = Listing::new(["ID", "NAME", "BORN", "PHONE", "E-MAIL"]);
        for person in masked {
            listing.row([
                person.id.to_string(),
                person.name,
                person.birth_year.to_string(),
                or_dash(person.phone),
                or_dash(person.email),
            ]);
        }
        output::say(&if listing.is_empty() { "There is nobody yet.".to_owned() } else { listing.text() });
        Ok(())
    }
}
