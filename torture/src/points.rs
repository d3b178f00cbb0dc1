//! What the judge asks of points: they were given once for one rule and one invitation, and the sums that people are shown are those
//! of the rows.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use uuid::Uuid;
use wolo_database::{Pool, points};
use wolo_domain::ids::UserId;
use wolo_domain::points::Points;

use crate::judge::Verdict;

/// Points for one thing, as they stand in the rows.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Award {
    user_id: Uuid,
    rule: String,
    invitation_id: Uuid,
    points: i32,
    revoked: bool,
}

/// Looks at the rows themselves, and not through what keeps the rules in the database.
#[expect(clippy::disallowed_methods, reason = "the judge reads the rows, and not with what it judges")]
pub(crate) async fn judge(pool: &Pool, verdict: &mut Verdict) -> Result<()> {
    let awards: Vec<Award> = sqlx::query_as(
        "select user_id, rule, invitation_id, points,
                exists (
                    select from sponsorship.award_steps steps
                    where steps.award_id = awards.award_id and steps.stage = 'revoked'
                ) as revoked
         from sponsorship.awards",
    )
    .fetch_all(pool)
    .await
    .context("the points cannot be read")?;
    verdict.duplicated.extend(twice(&awards));
    for (user, given) in sums(&awards) {
        let shown = points::of_user(pool, UserId::from_uuid(user)).await?;
        verdict.wrong.extend(differ(user, given, &shown));
    }
    Ok(())
}

/// Never two for one rule and one invitation.
fn twice(awards: &[Award]) -> Vec<String> {
    let mut given: BTreeMap<(&str, Uuid), usize> = BTreeMap::new();
    for award in awards {
        *given.entry((&award.rule, award.invitation_id)).or_default() += 1;
    }
    let often = given.into_iter().filter(|(_, count)| *count > 1);
    often
        .map(|((rule, invitation), count)| format!("{rule} of {invitation} brought points {count} times"))
        .collect()
}

/// What stands of each person's, and what was taken back.
fn sums(awards: &[Award]) -> BTreeMap<Uuid, (i64, i64)> {
    let mut sums: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for award in awards {
        let (stands, revoked) = sums.entry(award.user_id).or_default();
        *if award.revoked { revoked } else { stands } += i64::from(award.points);
    }
    sums
}

fn differ(user: Uuid, (stands, revoked): (i64, i64), shown: &Points) -> Option<String> {
    let is_right = shown.pending + shown.matured == stands && shown.revoked == revoked;
    (!is_right).then(|| format!("{user} has {stands} points and {revoked} revoked, and is shown {shown:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn award(rule: &str, invitation: u128, points: i32, revoked: bool) -> Award {
        let (user_id, invitation_id) = (Uuid::nil(), Uuid::from_u128(invitation));
        Award { user_id, rule: rule.to_owned(), invitation_id, points, revoked }
    }

    #[test]
    fn points_that_were_given_twice_for_one_thing_are_found() {
        let honest = [
            award("pot_opened", 1, 4, false),
            award("pot_opened", 2, 4, false),
            award("first_gift", 1, 5, false),
        ];
        assert_eq!(twice(&honest), Vec::<String>::new());
        let again = [award("pot_opened", 1, 4, true), award("pot_opened", 1, 4, false)];
        assert_eq!(twice(&again).len(), 1, "taking one back does not make it right");
    }

    #[test]
    fn a_sum_that_is_not_that_of_the_rows_is_found() {
        let rows = [award("invitation_accepted", 1, 10, false), award("first_gift", 1, 5, true)];
        let given = sums(&rows)[&Uuid::nil()];
        assert_eq!(given, (10, 5));
        let right = Points { pending: 4, matured: 6, revoked: 5, spent: 10 };
        assert_eq!(differ(Uuid::nil(), given, &right), None);
        for wrong in [Points { matured: 16, ..right }, Points { revoked: 0, ..right }] {
            assert!(differ(Uuid::nil(), given, &wrong).is_some(), "{wrong:?}");
        }
    }
}
