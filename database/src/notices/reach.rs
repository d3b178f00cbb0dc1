//! How a person can be reached, and what they want to hear.

use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use wolo_domain::contacts::{Contact, Email, Language};
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Category, Channel};
use wolo_domain::people::Phone;

use super::sent_since;
use crate::rows::{interval, word};
use crate::{Error, Pool};

/// What there is to know of somebody before a message goes out. Personal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    /// Where push messages go.
    pub devices: Vec<String>,
    pub language: Language,
    /// In which order somebody wants to be reached, if they have said so.
    pub channels: Option<Vec<Channel>>,
    pub muted: Vec<Category>,
    /// Channels on which they want nothing.
    pub opted_out: Vec<Channel>,
    /// How many messages they were sent today.
    pub today: u32,
}

/// Whether we may answer somebody in free words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Open,
    Closed,
}

/// A day after somebody's last word, as WhatsApp has it; a little less, because clocks differ.
const WINDOW: TimeDelta = TimeDelta::minutes(24 * 60 - 5);

/// What is known of somebody with an account, or of contacts alone. `person` is who they are in the list of messages.
#[tracing::instrument(name = "db.notices.reach", skip_all, err)]
pub async fn reach(
    pool: &Pool,
    user: Option<UserId>,
    contacts: &[Contact],
    person: &str,
    now: DateTime<Utc>,
) -> Result<Reach, Error> {
    let mut connection = pool.acquire().await?;
    let mut reach = match user {
        Some(user) => of_account(&mut connection, user).await?,
        None => Reach::default(),
    };
    // A message that is about a contact goes to that contact and nowhere else.
    if !contacts.is_empty() {
        (reach.devices, reach.phone, reach.email) = (Vec::new(), None, None);
    }
    for contact in contacts {
        match contact.clone() {
            Contact::Phone(phone) => reach.phone = Some(phone),
            Contact::Email(email) => reach.email = Some(email),
        }
    }
    reach.opted_out = opted_out(&mut connection, &reach).await?;
    reach.today = sent_since(&mut connection, person, dakar::start_of(dakar::day_of(now))).await?;
    Ok(reach)
}

async fn of_account(connection: &mut PgConnection, user: UserId) -> Result<Reach, Error> {
    let row = sqlx::query!(
        r#"select phone, email, language, channels, coalesce(muted, '{}') as "muted!",
                  array(select token from notices.devices device
                        where device.user_id = $1 and device.gone_at is null order by created_at) as "devices!"
           from people.users
           left join people.preferences using (user_id)
           where user_id = $1"#,
        user.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing("people.users", user))?;
    let words = |column| move |text: &String| word(text, "people.preferences", column, user);
    Ok(Reach {
        phone: row.phone.as_deref().map(|phone| word(phone, "people.users", "phone", user)).transpose()?,
        // An address that is no address is nowhere to send to.
        email: row.email.as_deref().and_then(|email| Email::from_str(email).ok()),
        devices: row.devices,
        language: word(&row.language, "people.users", "language", user)?,
        channels: row
            .channels
            .map(|channels| {
                channels.iter().map(|text| word(text, "people.preferences", "channels", user)).collect()
            })
            .transpose()?,
        muted: row.muted.iter().map(words("muted")).collect::<Result<_, _>>()?,
        ..Reach::default()
    })
}

async fn opted_out(connection: &mut PgConnection, reach: &Reach) -> Result<Vec<Channel>, Error> {
    let phone = reach.phone.as_ref().map(Phone::reveal);
    let email = reach.email.as_ref().map(Email::reveal);
    sqlx::query_scalar!(
        "select channel from notices.opt_outs
         where ended_at is null
           and ((channel in ('whatsapp', 'sms') and address = $1) or (channel = 'email' and address = $2))",
        phone,
        email,
    )
    .fetch_all(connection)
    .await?
    .iter()
    .map(|channel| word(channel, "notices.opt_outs", "channel", channel))
    .collect()
}

/// Writes that somebody wrote to us.
#[tracing::instrument(name = "db.notices.wrote_to_us", skip_all, err)]
pub async fn wrote_to_us(
    connection: &mut PgConnection,
    address: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into notices.conversations as kept (address, last_inbound_at) values ($1, $2)
         on conflict (address) do update set last_inbound_at = greatest(kept.last_inbound_at, excluded.last_inbound_at)",
        address,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether somebody wrote to us within the day.
#[tracing::instrument(name = "db.notices.window_of", skip_all, err)]
pub async fn window_of(pool: &Pool, address: &str) -> Result<Window, Error> {
    let open = sqlx::query_scalar!(
        r#"select exists (
               select from notices.conversations
               where address = $1 and last_inbound_at > clock_timestamp() - $2::text::interval
           ) as "open!""#,
        address,
        interval(WINDOW),
    )
    .fetch_one(pool)
    .await?;
    Ok(if open { Window::Open } else { Window::Closed })
}
