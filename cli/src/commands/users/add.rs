//! `wolo users add`.

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{NaiveDate, Utc};
use clap::Args;
use serde_json::json;
use uuid::Uuid;
use wolo_database::people::{self, Adding, User};
use wolo_domain::contacts::Email;
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::people::{BirthDate, NAME_CHARS, Phone};
use wolo_domain::texts::{self, Lines};

use crate::commands::{Config, a_day};
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Add {
    /// First name and surname
    #[arg(long)]
    name: String,
    /// The day of birth, as 1999-12-31
    #[arg(long, value_name = "DATE", value_parser = a_day)]
    birth_date: NaiveDate,
    /// The phone that payouts go to and that opens the account, as 771234567 or +221771234567
    #[arg(long)]
    phone: Phone,
    /// An e-mail address, which opens the account as well
    ///
    /// One that nobody has proved could be somebody else's, who would then be let in: the person adds it themselves, and is
    /// sent a code, or you answer for it with --proved.
    #[arg(long, requires = "proved")]
    email: Option<Email>,
    /// You have seen that the e-mail address is this person's
    #[arg(long, requires = "email")]
    proved: bool,
    #[command(flatten)]
    format: Format,
}

impl Add {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let name = texts::text(&self.name, NAME_CHARS, Lines::One).context("the name cannot be used")?;
        let name = name.context("a person has a name")?.to_owned();
        let birth_date = BirthDate::new(self.birth_date);
        ensure!(birth_date.is_possible_on(dakar::day_of(Utc::now())), "the day of birth is not possible");
        let system = System::find(config)?;
        let user = User {
            id: UserId::from_uuid(Uuid::now_v7()),
            name,
            birth_date,
            phone: Some(self.phone),
            email: self.email.map(String::from),
        };
        match people::add_user(&system.pool().await?, &user).await? {
            Adding::Added if self.format.json => output::json(&json!({ "id": user.id })),
            Adding::Added => {
                output::say(&user.id.to_string());
                Ok(())
            }
            Adding::PhoneTaken => Err(refused("another account has this phone")),
            Adding::EmailTaken => Err(refused("another account has this mail address")),
            Adding::Existing => bail!("a new id was taken already; try again"),
        }
    }
}
