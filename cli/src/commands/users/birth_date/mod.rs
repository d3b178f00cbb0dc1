//! `wolo users birth-date`: nobody changes their own birth date, because their age, a guardian's consent and the day of their pot
//! follow from it. An operator corrects it, and a pot that has not opened yet follows.
//!
//! The date is written first, with who corrected it and why; then the processes are asked. Whatever is interrupted is finished by
//! the same command given once more.

mod pots;

use anyhow::{Context as _, Result};
use chrono::{NaiveDate, Utc};
use clap::Args;
use serde_json::json;
use wolo_control::pots::Wish;
use wolo_control::{AskError, Control};
use wolo_database::Pool;
use wolo_database::audit::Doer;
use wolo_database::birth_dates::{self, Correcting};
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use self::pots::{Followed, Following};
use super::known;
use crate::commands::{Config, Decider, Sure, a_day};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format, day};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Correct {
    /// The person's id
    #[arg(value_name = "USER")]
    user: UserId,
    /// The day on which they were born, as 1999-12-31
    #[arg(value_name = "DATE", value_parser = a_day)]
    date: NaiveDate,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Correct {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let (pool, now) = (system.pool().await?, Utc::now());
        known(&pool, self.user).await?;
        let birth_date = BirthDate::new(self.date);
        if !birth_date.is_possible_on(dakar::day_of(now)) {
            return Err(refused("the day of birth is not possible"));
        }
        let wish = Wish { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason.clone() };
        // What cannot be asked now is better not begun.
        let control = system.control().await?;
        let following =
            Following { pool: &pool, control: &control, rules: &system.settings.rules, birth_date, now };
        let mut consequences = vec![format!("{} was born on {}", self.user, day(self.date))];
        consequences.extend(following.would_be(self.user).await?);
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let is_new = self.write(&pool, &wish.by, confirmed).await?;
        let looks_again = self.tell_the_consent(&control).await?;
        let followed = following.follow(self.user, &wish).await.with_context(|| {
            format!("the birth date of {} is right; give the command again for the pot", self.user)
        })?;
        self.tell(is_new, looks_again, &followed)
    }

    /// Writes the date; answers whether it was another.
    async fn write(&self, pool: &Pool, by: &str, _: Confirmed) -> Result<bool> {
        let birth_date = BirthDate::new(self.date);
        let doer = Doer::new(by, &self.decider.reason);
        match birth_dates::correct(pool, self.user, birth_date, doer, Utc::now()).await? {
            Correcting::Corrected => Ok(true),
            Correcting::Already => Ok(false),
            Correcting::UnderWay(under_way) => Err(refused(format!(
                "{} is {}, and everybody was told its day: correct the birth date when it has ended",
                under_way.pot, under_way.stage
            ))),
            Correcting::NobodyKnown => Err(refused(format!("there is no person {}", self.user))),
        }
    }

    /// When the minor comes of age follows from the date, and so does whether what was approved holds. Where no process runs there is
    /// nobody to tell: the next one looks itself.
    async fn tell_the_consent(&self, control: &Control) -> Result<bool> {
        match control.tell_of_birth_date(self.user).await {
            Ok(()) => Ok(true),
            Err(AskError::NotFound | AskError::Ended) => Ok(false),
            Err(error) => Err(error).with_context(|| {
                format!(
                    "the birth date of {} is right, and the process of the guardian's consent has not heard of it: give the \
                     command again",
                    self.user
                )
            }),
        }
    }

    fn tell(&self, is_new: bool, looks_again: bool, followed: &Followed) -> Result<()> {
        if self.format.json {
            let Followed { pots, made_on } = followed;
            return output::json(&json!({
                "user": self.user, "corrected": is_new, "consent_looks_again": looks_again, "pots": pots,
                "next_pot_made_on": made_on,
            }));
        }
        let done = if is_new { "is corrected" } else { "was right already" };
        output::say(&format!("The birth date of {} {done}: {}.", self.user, day(self.date)));
        if looks_again {
            output::say("The process of their guardian's consent looks again.");
        }
        for pot in &followed.pots {
            output::say(&pot.words());
        }
        if let Some(made_on) = followed.made_on {
            output::say(&format!("The pot of the next birthday is made by the sweep of {}.", day(made_on)));
        }
        Ok(())
    }
}
