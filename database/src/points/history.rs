//! The story of somebody's points: what brought them, and what they were used for, in one list.

use sqlx::PgConnection;
use wolo_domain::ids::UserId;
use wolo_domain::points::LineId;

use super::{Award, Conversion, awards, conversions};
use crate::Error;
use crate::rows::Page;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Award(Award),
    Conversion(Conversion),
}

impl Line {
    pub const fn id(&self) -> LineId {
        match self {
            Self::Award(award) => LineId::Award(award.id),
            Self::Conversion(conversion) => LineId::Conversion(conversion.id),
        }
    }
}

/// Somebody's points given and used, the last first. What was used in the instant in which points were given stands after them.
#[tracing::instrument(name = "db.points.history", skip(connection, page), err)]
pub async fn history(
    connection: &mut PgConnection,
    user: UserId,
    page: Page<LineId>,
) -> Result<Vec<Line>, Error> {
    let mut given = awards::of_person(connection, user, page).await?.into_iter().peekable();
    let mut taken = conversions::of_person(connection, user, page).await?.into_iter().peekable();
    let mut lines = Vec::new();
    while i64::try_from(lines.len()).is_ok_and(|count| count < page.rows()) {
        let next = match (given.peek(), taken.peek()) {
            (Some(award), Some(conversion)) if award.awarded_at < conversion.at => {
                taken.next().map(Line::Conversion)
            }
            (Some(_), _) => given.next().map(Line::Award),
            (None, _) => taken.next().map(Line::Conversion),
        };
        let Some(line) = next else { break };
        lines.push(line);
    }
    Ok(lines)
}
