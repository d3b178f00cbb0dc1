use chrono::{Days, NaiveDate};
use wolo_database::birthdays::{self, Sweep};
use wolo_database::{Page, people};
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use crate::scene::Scene;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

impl Scene {
    async fn born(&self, birth_date: &str) -> UserId {
        let id = UserId::from_uuid(uuid::Uuid::now_v7());
        let birth_date = BirthDate::new(day(birth_date));
        let user = people::User { id, name: "Awa Ndiaye".to_owned(), birth_date, phone: None, email: None };
        people::add_user(&self.pool, &user).await.expect("a person");
        id
    }

    async fn celebrants(&self, birthday: &str) -> Vec<UserId> {
        let found = birthdays::celebrants(&self.pool, day(birthday), Page::first(10)).await.expect("people");
        found.into_iter().map(|one| one.user).collect()
    }
}

#[tokio::test]
async fn those_celebrate_who_were_born_on_the_day_and_leap_births_on_the_28th() {
    let scene = Scene::new().await;
    let (leap, usual) = (scene.born("2000-02-29").await, scene.born("1999-02-28").await);
    scene.born("1990-03-01").await;
    assert_eq!(scene.celebrants("2027-02-28").await, [leap, usual], "a common year");
    assert_eq!(scene.celebrants("2028-02-28").await, [usual]);
    assert_eq!(scene.celebrants("2028-02-29").await, [leap], "a leap year");
    assert_eq!(scene.celebrants("1999-02-28").await, [], "nobody celebrates being born");
    let page = birthdays::celebrants(&scene.pool, day("2027-02-28"), Page { after: Some(leap), limit: 10 });
    assert_eq!(page.await.expect("people").iter().map(|one| one.user).collect::<Vec<_>>(), [usual]);
}

#[tokio::test]
async fn who_has_a_pot_wants_none_or_is_locked_out_gets_none() {
    let scene = Scene::new().await;
    let (awa, moussa, fatou) =
        (scene.born("1990-12-26").await, scene.born("1991-12-26").await, scene.born("1992-12-26").await);
    assert_eq!(scene.celebrants("2026-12-26").await, [awa, moussa, fatou]);
    let unwanted = format!(
        "insert into people.preferences (user_id, muted, birthday_pot) values ('{}', '{{}}', false)",
        moussa.uuid()
    );
    scene.force(&unwanted).await;
    let locked = format!(
        "update people.users set locked_at = now(), locked_why = 'x' where user_id = '{}'",
        fatou.uuid()
    );
    scene.force(&locked).await;
    assert_eq!(scene.celebrants("2026-12-26").await, [awa]);
}

#[tokio::test]
async fn whoever_comes_when_their_day_was_swept_is_not_overlooked_and_who_has_had_a_pot_is() {
    let scene = Scene::new().await;
    let today = day("2031-02-10");
    let overlooked =
        async |but: &[NaiveDate]| birthdays::overlooked(&scene.pool, today, 30, but, 31).await.expect("days");
    scene.born("1990-02-09").await;
    scene.born("1990-03-13").await;
    assert_eq!(overlooked(&[]).await, [], "yesterday, and in thirty-one days");
    let (leap, near) = (scene.born("2000-02-29").await, scene.born("1990-02-10").await);
    scene.born("1990-02-28").await;
    assert_eq!(overlooked(&[]).await, [day("2031-01-11"), day("2031-01-29")]);
    let first = birthdays::overlooked(&scene.pool, today, 30, &[], 1).await.expect("days");
    assert_eq!(first, [day("2031-01-11")]);
    assert_eq!(overlooked(&[day("2031-01-11")]).await, [day("2031-01-29")]);
    let unwanted = format!(
        "insert into people.preferences (user_id, muted, birthday_pot) values ('{}', '{{}}', false)",
        near.uuid()
    );
    scene.force(&unwanted).await;
    assert_eq!(overlooked(&[]).await, [day("2031-01-29")]);
    let cancelled = "insert into pots.pots (pot_id, owner_id, title, description, show_donor_names, show_amounts, allow_anonymous,
                                allow_messages, surprise, target, visibility, birthday, opens_at, closes_at, stage, cancelled_at)
         select gen_random_uuid(), user_id, 'x', '', true, true, true, true, false, 1000, 'link', '2031-02-28', '2031-01-29T00:00:00Z', '2031-03-01T00:00:00Z', 'cancelled', now()
         from people.users where birth_date = '1990-02-28'";
    scene.force(cancelled).await;
    assert_eq!(overlooked(&[]).await, [day("2031-01-29")], "the other one");
    let locked = format!(
        "update people.users set locked_at = now(), locked_why = 'x' where user_id = '{}'",
        leap.uuid()
    );
    scene.force(&locked).await;
    assert_eq!(overlooked(&[]).await, [], "a pot that was given up does not come back");
}

#[tokio::test]
async fn the_days_since_the_first_person_came_are_due_until_they_are_noted() {
    let scene = Scene::new().await;
    let today = day("2026-11-26");
    assert_eq!(birthdays::unswept(&scene.pool, today, 30).await.expect("days"), [], "nobody is here");
    scene.born("1990-05-17").await;
    scene.force("update people.users set created_at = '2026-11-23T23:59:00Z'").await;
    let due = || async { birthdays::unswept(&scene.pool, today, 30).await.expect("days") };
    assert_eq!(due().await, [day("2026-11-23"), day("2026-11-24"), day("2026-11-25"), today]);
    assert_eq!(birthdays::unswept(&scene.pool, today, 1).await.expect("days"), [day("2026-11-25"), today]);
    let birthday = today + Days::new(30);
    birthdays::record(&scene.pool, today, birthday, 3, 2).await.expect("noted");
    assert_eq!(due().await, [day("2026-11-23"), day("2026-11-24"), day("2026-11-25")], "a hole is seen");
    birthdays::record(&scene.pool, today, birthday, 1, 1).await.expect("noted once more");
    let api = scene.pool_as("wolo_api").await;
    let last_day = birthdays::last_day(&api).await.expect("a day");
    let last = birthdays::last(&scene.pool, 5).await.expect("sweeps");
    assert_eq!(last_day, last.first().map(|one| one.day), "the API knows the day");
    assert!(matches!(last[..], [Sweep { day, celebrants: 4, started: 3, .. }] if day == today), "{last:?}");
}
