//! A pot to measure with: somebody's whose birthday is soon, so that it opens at once.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, Days, Utc};
use uuid::Uuid;
use wolo_database::people::{self, User};
use wolo_database::{Pool, pots};
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotStage, Visibility};

use super::LOOK;
use crate::commands::mint_token;
use crate::demo::{Api, Made};
use crate::local::Local;

/// Makes it over HTTP, and returns when it takes gifts.
pub(super) async fn open(local: &Local, api: &Api, pool: &Pool, visibility: Visibility) -> Result<Made> {
    let id = UserId::from_uuid(Uuid::now_v7());
    let soon = Utc::now().date_naive() + Days::new(20);
    let born = soon.with_year(soon.year() - 24).context("a day of birth")?;
    let owner =
        User { id, name: "Owner".to_owned(), birth_date: BirthDate::new(born), phone: None, email: None };
    people::add_user(pool, &owner).await?;
    let token = mint_token(&local.settings.tokens, id, Vec::new(), 0, Duration::from_mins(15))?;
    let made = api.make_pot(&token, "Mesure", visibility).await?;
    loop {
        let stage = pots::pot(pool, made.pot).await?.map(|pot| pot.stage);
        if stage == Some(PotStage::Open) {
            return Ok(made);
        }
        tokio::time::sleep(LOOK).await;
    }
}
