//! What `wolo dev` says when everything is up: where it all is, and a first birthday to live through, as commands to copy.

use std::env;

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::people::{self, User};
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use crate::commands::demo::pot_body_example;
use crate::local::Local;
use crate::output::{Fields, Paint, indented};

/// Awa: the same in every world, so that a kept one has her once.
const OWNER: uuid::Uuid = uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0a0a);

/// Aminata, who works here and may do everything, on the admin pages too.
const COLLEAGUE: uuid::Uuid = uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0a0b);
const COLLEAGUES_PHONE: &str = "+221770000001";

/// The birthday of a new Awa: her pot then opens ten days after it is made.
const BIRTHDAY_IN: Days = Days::new(40);
/// There was a 29 February so many years before each one that we shall see.
const TURNS: i32 = 28;

pub(super) async fn screen(local: &Local, kept: bool) -> Result<String> {
    let today = dakar::day_of(Utc::now());
    let owner = UserId::from_uuid(OWNER);
    let born = born_at(local, owner, today).await?;
    hire(local).await?;
    let opens_in = opens_in(born, local.settings.rules.opens_days_before, today);

    let paint = Paint::for_stdout();
    let (wolo, api) = (this_program(), &local.addresses.api);
    let json = "-H 'content-type: application/json'";
    let make = format!(
        "curl -s {api}/api/pots {json} -H 'idempotency-key: first-pot' \\\n     \
         -H \"authorization: Bearer $({wolo} tokens mint --user {owner})\" \\\n     -d '{}'",
        pot_body_example(),
    );
    let open = if opens_in > 0 {
        format!("{wolo} pots list\n{wolo} time forward POT {opens_in}d")
    } else {
        format!("{wolo} pots list")
    };
    let give = format!(
        "curl -s {api}/api/payments/donate {json} -H 'idempotency-key: first-gift' \\\n     -d '{}'",
        r#"{"pot":"SLUG","amount":5000,"name":"Moussa"}"#,
    );
    let look = format!("curl -s {api}/api/payments/status/DONATION");
    Ok(format!(
        "\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n",
        paint.heading("WOLO is up."),
        indented(&addresses(local, kept), 2),
        paint.bold("Make a pot as Awa"),
        indented(&make, 2),
        paint.bold("Let it open: its id stands in the list"),
        indented(&open, 2),
        paint.bold(
            "Give to it by its `slug`, as it was answered, and pay on the page that `wave_launch_url` names"
        ),
        indented(&give, 2),
        paint.bold("See where the gift stands, here or in a browser"),
        indented(&look, 2),
        paint.bold("See how it all stands, as those who work here do"),
        indented(&staff(local), 2),
        paint.faint("What follows is the log. Ctrl-C ends everything."),
    ))
}

/// How one comes to the admin pages.
fn staff(local: &Local) -> String {
    format!(
        "{}/admin\nAs {COLLEAGUES_PHONE}: the code that is asked for there arrives at {}. The first time, a second factor is set up.",
        local.addresses.api, local.addresses.inbox
    )
}

/// Somebody who works here, in every world.
async fn hire(local: &Local) -> Result<()> {
    let colleague = User {
        id: UserId::from_uuid(COLLEAGUE),
        name: "Aminata Fall".to_owned(),
        birth_date: BirthDate::new(NaiveDate::from_ymd_opt(1990, 6, 15).context("a day of birth")?),
        phone: Some(COLLEAGUES_PHONE.parse()?),
        email: None,
    };
    let pool = local.pool(1).await?;
    people::add_user(&pool, &colleague).await?;
    let doer = Doer::new("wolo dev", "somebody works here");
    let mut tx = pool.begin().await?;
    roles::grant(&mut tx, colleague.id, Role::Superadmin, doer).await?;
    tx.commit().await?;
    pool.close().await;
    Ok(())
}

fn addresses(local: &Local, kept: bool) -> String {
    let at = &local.addresses;
    let mut fields = Fields::new();
    fields.field("API", &at.api);
    fields.field("Temporal UI", &at.temporal_ui);
    fields.field("its codec", &at.codec);
    fields.field("Wave emulator", format!("{}/_sandbox/", at.wave));
    fields.field("Messages", &at.inbox);
    fields.field("Sign-in emulator", &at.social);
    fields.field("Postgres", &at.postgres);
    fields.field("Temporal", &at.temporal);
    fields
        .field("Redis", at.redis.as_deref().unwrap_or("cannot be had here; the API counts its limits alone"));
    fields.field("logs", at.logs.display());
    let data = if kept { "kept in the same folder" } else { "gone when this ends (--keep keeps it)" };
    fields.field("data", data);
    fields.text()
}

/// When Awa was born: in a kept world, as it remembers her.
async fn born_at(local: &Local, owner: UserId, today: NaiveDate) -> Result<BirthDate> {
    let birthday = today + BIRTHDAY_IN;
    let born = birthday.with_year(birthday.year() - TURNS).context("a day of birth")?;
    let user = User {
        id: owner,
        name: "Awa Ndiaye".to_owned(),
        birth_date: BirthDate::new(born),
        phone: Some("+221771234567".parse()?),
        email: None,
    };
    let pool = local.pool(1).await?;
    people::add_user(&pool, &user).await?;
    let awa = people::user(&pool, owner).await?.unwrap_or(user);
    pool.close().await;
    Ok(awa.birth_date)
}

/// The days until a pot for the next birthday opens; none when it opens at once.
fn opens_in(born: BirthDate, days_before: u32, today: NaiveDate) -> i64 {
    let opens = dakar::days_before(born.next_on_or_after(today), days_before);
    (opens - today).num_days().max(0)
}

/// This program as whoever started it would call it again.
fn this_program() -> String {
    // Cargo says so to what it runs.
    if env::var_os("CARGO").is_some() {
        return "cargo run -q --".to_owned();
    }
    env::args().next().unwrap_or_else(|| "wolo".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_until_a_pot_opens_are_counted_on_any_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let born = BirthDate::new(day("1999-12-31"));
        for (today, days) in [
            ("2026-11-21", 10),
            ("2026-12-01", 0),
            ("2026-12-31", 0),
            ("2027-01-01", 334),
            ("2028-02-29", 276),
        ] {
            assert_eq!(opens_in(born, 30, day(today)), days, "{today}");
        }
    }

    #[test]
    fn a_new_awa_always_has_a_day_of_birth() {
        let (mut today, end) = ("2026-01-01".parse::<NaiveDate>().unwrap(), "2034-12-31".parse().unwrap());
        while today < end {
            let birthday = today + BIRTHDAY_IN;
            let born = birthday.with_year(birthday.year() - TURNS).unwrap();
            assert_eq!(opens_in(BirthDate::new(born), 30, today), 10, "{today}");
            today = today + Days::new(1);
        }
    }
}
