//! What a pot's page shows: the pot without its sums, which cost the more the more gifts there are, and the sums by themselves,
//! so that whoever is asked often can keep them for a moment.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::pots::{PotSettings, PotStage};

use super::{Access, POTS};
use crate::Error;
use crate::rows::word;

/// Wishes are counted no further: more are many.
pub const MOST_WISHES: i64 = 1_000;

/// A pot as it stands, without its money.
#[derive(Clone)]
pub struct Face {
    pub slug: String,
    pub stage: PotStage,
    pub settings: PotSettings,
    pub birthday: NaiveDate,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    /// Who may see it, with what holds it now.
    pub access: Access,
}

/// The title and the description are the owner's own words, so they are not shown.
impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face")
            .field("access", &self.access)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// What has come together in a pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Before fees, with the credit that points have bought for it.
    pub amount: Xof,
    pub gifts: i64,
    /// At most [`MOST_WISHES`]; of a pot that is not `shown` none are seen.
    pub wishes: i64,
}

macro_rules! read_face {
    ($database:expr, $which:literal, $argument:expr) => {
        sqlx::query!(
            r#"select pot_id, owner_id, slug, stage, title, description, target, visibility, show_donor_names,
                      show_amounts, allow_anonymous, allow_messages, surprise, birthday, opens_at, closes_at, closed_at,
                      array(
                          select reason from pots.holds
                          where holds.pot_id = pots.pot_id and released_at is null
                          order by since, reason
                      ) as "holds!"
               from pots.pots
               where "#
                + $which,
            $argument,
        )
        .fetch_optional($database)
        .await?
        .map(|row| {
            let access = Access::of_row(row.pot_id, row.owner_id, &row.visibility, &row.holds)?;
            Ok(Face {
                slug: row.slug,
                stage: word(&row.stage, POTS, "stage", access.pot)?,
                settings: PotSettings {
                    title: row.title,
                    description: row.description,
                    target: Xof::new(row.target),
                    visibility: access.visibility,
                    show_donor_names: row.show_donor_names,
                    show_amounts: row.show_amounts,
                    allow_anonymous: row.allow_anonymous,
                    allow_messages: row.allow_messages,
                    surprise: row.surprise,
                },
                birthday: row.birthday,
                opens_at: row.opens_at,
                closes_at: row.closes_at,
                closed_at: row.closed_at,
                access,
            })
        })
        .transpose()
    };
}

#[tracing::instrument(name = "db.pots.face", skip_all, fields(%pot), err)]
pub async fn face(connection: &mut PgConnection, pot: PotId) -> Result<Option<Face>, Error> {
    read_face!(connection, "pot_id = $1", pot.uuid())
}

/// The pot behind a link.
#[tracing::instrument(name = "db.pots.face_by_slug", skip_all, err)]
pub async fn face_by_slug(connection: &mut PgConnection, slug: &str) -> Result<Option<Face>, Error> {
    read_face!(connection, "slug = $1", slug)
}

/// What has come together, as the books have it at this moment.
#[tracing::instrument(name = "db.pots.given", skip_all, fields(%pot), err)]
pub async fn given(connection: &mut PgConnection, pot: PotId) -> Result<Given, Error> {
    let row = sqlx::query!(
        r#"select coalesce(sum(amount), 0)::bigint as "amount!", count(*) as "gifts!",
                  (select count(*) from (
                       select from money.donations
                       where pot_id = $1 and stage = 'confirmed' and message is not null
                       limit $2
                   ) as wishes) as "wishes!"
           from money.ledger_entries
           where pot_id = $1 and amount > 0"#,
        pot.uuid(),
        MOST_WISHES,
    )
    .fetch_one(connection)
    .await?;
    Ok(Given { amount: Xof::new(row.amount), gifts: row.gifts, wishes: row.wishes })
}

/// What the owner of a pot that is `shown` is called: the whole name, of which most see the first.
#[tracing::instrument(name = "db.pots.owner_name", skip_all, fields(%pot), err)]
pub async fn owner_name(connection: &mut PgConnection, pot: PotId) -> Result<Option<String>, Error> {
    let name = sqlx::query_scalar!(
        "select name from people.users where user_id = (select owner_id from pots.pots where pot_id = $1)",
        pot.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(name)
}
