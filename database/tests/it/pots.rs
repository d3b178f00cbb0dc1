use chrono::TimeDelta;
use wolo_database::pots::{self, Cancelling, Filter, Found, Opening, Scheduling, Totals};
use wolo_database::{Error, Page};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{Announcement, HoldReason, PotStage, Visibility};

use crate::scene::{Scene, at, key, new_pot, noon, settings, xof};

fn nobody() -> PotId {
    PotId::for_birthday(UserId::from_uuid(uuid::Uuid::max()), 1)
}

#[tokio::test]
async fn a_pot_is_scheduled_once_and_found_by_id_and_link() {
    let scene = Scene::new().await;
    let new = new_pot(&scene.person().await, settings());
    for found in [None, Some(Found { stage: PotStage::Scheduled, closed_at: None })] {
        let done = pots::schedule(&scene.pool, &new).await.expect("a pot");
        assert_eq!(done, Scheduling::Scheduled { holds: vec![], found });
    }
    let pot = pots::pot(&scene.pool, new.id).await.expect("a look").expect("a pot");
    assert_eq!((pot.stage, pot.owner, &pot.settings), (PotStage::Scheduled, new.owner, &new.settings));
    assert_eq!((pot.opens_at, pot.closes_at), (new.timeline.opens_at, new.timeline.closes_at));
    assert_eq!(pot.totals, Totals::default());
    assert_eq!(pot.slug.len(), 22, "128 bits in the alphabet of addresses");
    assert!(pot.slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{}", pot.slug);
    assert_eq!(pots::by_slug(&scene.pool, &pot.slug).await.expect("a look"), Some(pot));
    assert_eq!(pots::by_slug(&scene.pool, "nothing").await.expect("a look"), None);
    assert_eq!(pots::pot(&scene.pool, nobody()).await.expect("a look"), None);
}

#[tokio::test]
async fn a_pot_that_is_scheduled_again_is_found_where_it_stands() {
    let scene = Scene::new().await;
    let new = new_pot(&scene.person().await, settings());
    pots::schedule(&scene.pool, &new).await.expect("a pot");
    pots::open(&scene.pool, new.id, noon()).await.expect("an opening");
    pots::close(&scene.pool, new.id, noon()).await.expect("a closing");
    pots::hold(&scene.pool, new.id, HoldReason::Moderation, "looked at", noon()).await.expect("a hold");
    let found = Some(Found { stage: PotStage::Closed, closed_at: Some(noon()) });
    let again = pots::schedule(&scene.pool, &new).await.expect("a pot");
    assert_eq!(again, Scheduling::Scheduled { holds: vec![HoldReason::Moderation], found });
}

#[tokio::test]
async fn what_has_ended_is_not_among_the_unfinished() {
    let scene = Scene::new().await;
    let (scheduled, open, cancelled) = (scene.scheduled().await, scene.open().await, scene.open().await);
    pots::cancel(&scene.pool, cancelled, noon()).await.expect("an answer");
    let settled = scene.open().await;
    pots::close(&scene.pool, settled, noon()).await.expect("a closing");
    assert_eq!(pots::unfinished(&scene.pool).await.expect("a list"), [scheduled, open, settled]);
    pots::settle(&scene.pool, settled, noon(), &key()).await.expect("an end");
    assert_eq!(pots::unfinished(&scene.pool).await.expect("a list"), [scheduled, open]);
}

#[tokio::test]
async fn a_person_has_one_pot_a_year() {
    let scene = Scene::new().await;
    let awa = scene.person().await;
    let new = new_pot(&awa, settings());
    pots::schedule(&scene.pool, &new).await.expect("a pot");
    let mut imported = new.clone();
    imported.id = nobody();
    assert_eq!(pots::schedule(&scene.pool, &imported).await.expect("an answer"), Scheduling::PotExists);
    let mut orphan = new.clone();
    orphan.id = nobody();
    orphan.owner = UserId::from_uuid(uuid::Uuid::max());
    assert_eq!(pots::schedule(&scene.pool, &orphan).await.expect("an answer"), Scheduling::OwnerUnknown);
    assert_eq!(pots::of_owner(&scene.pool, awa.id).await.expect("a list").len(), 1);
}

#[tokio::test]
async fn an_id_that_belongs_to_somebody_else_is_an_inconsistency() {
    let scene = Scene::new().await;
    let mut new = new_pot(&scene.person().await, settings());
    pots::schedule(&scene.pool, &new).await.expect("a pot");
    new.owner = scene.person().await.id;
    let error = pots::schedule(&scene.pool, &new).await.expect_err("another owner's pot");
    assert!(matches!(error, Error::Inconsistency { column: "owner_id", .. }), "{error}");
}

#[tokio::test]
async fn a_minors_pot_is_born_held_and_does_not_open() {
    let scene = Scene::new().await;
    // Eighteen on the birthday itself; the pot opens before.
    let awa = scene.person_born("2013-03-20").await;
    let new = new_pot(&awa, settings());
    for found in [None, Some(Found { stage: PotStage::Scheduled, closed_at: None })] {
        let done = pots::schedule(&scene.pool, &new).await.expect("a pot");
        assert_eq!(done, Scheduling::Scheduled { holds: vec![HoldReason::Consent], found });
    }
    let held = Opening::Held { reason: HoldReason::Consent };
    assert_eq!(pots::open(&scene.pool, new.id, noon()).await.expect("an answer"), held);
    scene.answer_for(awa.id).await;
    assert_eq!(pots::open(&scene.pool, new.id, noon()).await.expect("an answer"), Opening::Opened);
}

#[tokio::test]
async fn opening_and_closing_happen_once_and_are_announced_once() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let later = noon() + TimeDelta::hours(1);
    let error = pots::close(&scene.pool, pot, noon()).await.expect_err("not open yet");
    assert!(matches!(error, Error::PotStage(_)), "{error}");

    for when in [noon(), later] {
        assert_eq!(pots::open(&scene.pool, pot, when).await.expect("an answer"), Opening::Opened);
        pots::announce(&scene.pool, pot, Announcement::Opened, when).await.expect("an announcement");
    }
    for when in [noon(), later] {
        pots::close(&scene.pool, pot, when).await.expect("a closing");
    }
    assert_eq!(pots::open(&scene.pool, pot, later).await.expect("an answer"), Opening::Opened);
    let pot = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!((pot.stage, pot.opened_at, pot.closed_at), (PotStage::Closed, Some(noon()), Some(noon())));
    let recorded = pot.closing_recorded_at.expect("the database's own time");
    assert!(recorded < at("2031-01-01T00:00:00Z"), "the database's clock, not the process's");
    assert_eq!(scene.events("pot_announced").await, 2);
}

#[tokio::test]
async fn announcements_are_made_once_per_kind() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    for days in [7, 7, 1] {
        pots::announce(&scene.pool, pot, Announcement::Reminder { days }, noon()).await.expect("a reminder");
    }
    assert_eq!(scene.events("pot_announced").await, 3, "opened, seven days, one day");
    let error = pots::announce(&scene.pool, nobody(), Announcement::Thanks, noon()).await;
    assert!(matches!(error, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn every_change_of_a_pot_that_is_not_there_says_so() {
    let scene = Scene::new().await;
    let pool = &scene.pool;
    let errors = [
        pots::open(pool, nobody(), noon()).await.err(),
        pots::close(pool, nobody(), noon()).await.err(),
        pots::settle(pool, nobody(), noon(), &key()).await.err(),
        pots::cancel(pool, nobody(), noon()).await.err(),
        pots::hold(pool, nobody(), HoldReason::Float, "", noon()).await.err(),
    ];
    for error in errors {
        let error = error.expect("an error");
        assert_eq!(error.to_string(), format!("there is no {} in pots.pots", nobody()));
    }
}

#[tokio::test]
async fn a_hold_is_set_once_lifted_once_and_kept() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let [first, second, third] = [0, 1, 2].map(|hours| noon() + TimeDelta::hours(hours));
    let holds = async || {
        let pot = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
        pot.holds.into_iter().map(|hold| (hold.reason, hold.note, hold.since)).collect::<Vec<_>>()
    };
    for when in [first, first, second] {
        pots::hold(&scene.pool, pot, HoldReason::Moderation, "reported", when).await.expect("a hold");
    }
    assert_eq!(holds().await, [(HoldReason::Moderation, "reported".to_owned(), first)]);
    for _ in 0..2 {
        pots::release(&scene.pool, pot, HoldReason::Moderation, second).await.expect("a release");
    }
    assert_eq!(holds().await, []);

    // An attempt that comes late, from before the release, changes nothing.
    pots::hold(&scene.pool, pot, HoldReason::Moderation, "reported", first).await.expect("a late attempt");
    assert_eq!(holds().await, []);
    // Neither does a release from before the next hold.
    pots::hold(&scene.pool, pot, HoldReason::Moderation, "again", third).await.expect("a hold");
    pots::release(&scene.pool, pot, HoldReason::Moderation, second).await.expect("a late attempt");
    assert_eq!(holds().await, [(HoldReason::Moderation, "again".to_owned(), third)]);
    assert_eq!(scene.read::<i64>("select count(*) from pots.holds").await, 2);
}

#[tokio::test]
async fn an_empty_pot_settles_and_one_with_money_does_not() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    assert!(pots::settle(&scene.pool, pot, noon(), &key()).await.is_err(), "it is open");
    let gift = scene.requested(pot, 1_000).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let error = pots::settle(&scene.pool, pot, noon(), &key()).await.expect_err("a gift is under way");
    assert!(matches!(&error, Error::Conflict { rule } if rule.contains("under_way")), "{error}");
    wolo_database::donations::expire(&scene.pool, gift, 0).await.expect("an end");
    pots::hold(&scene.pool, pot, HoldReason::Float, "", noon()).await.expect("a hold");
    for _ in 0..2 {
        pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    }
    let settled = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!((settled.stage, settled.settled_at), (PotStage::Settled, Some(noon())));
    assert_eq!(settled.holds, [], "nothing waits for a pot that has ended");

    let full = scene.closed_with_money().await;
    let error = pots::settle(&scene.pool, full, noon(), &key()).await.expect_err("there is money in it");
    assert!(matches!(&error, Error::Conflict { rule } if rule == "pots_settle_when_empty"), "{error}");
}

#[tokio::test]
async fn a_pot_is_cancelled_only_while_nobody_has_given() {
    let scene = Scene::new().await;
    let empty = scene.open().await;
    for _ in 0..2 {
        let done = pots::cancel(&scene.pool, empty, noon()).await.expect("an answer");
        assert_eq!(done, Cancelling::Cancelled);
    }
    assert_eq!(
        scene.read::<i64>("select count(*) from ops.outbox where business_key like '%/cancelled'").await,
        1
    );
    let opening = pots::open(&scene.pool, empty, noon()).await.expect("an answer");
    assert_eq!(opening, pots::Opening::GivenUp { stage: PotStage::Cancelled });

    let given = scene.open().await;
    scene.confirmed(given, 1_000).await;
    scene.requested(given, 1_000).await;
    let done = pots::cancel(&scene.pool, given, noon()).await.expect("an answer");
    assert_eq!(done, Cancelling::GivingBack { count: 2, for_finance: 0 });

    let ended = scene.open().await;
    pots::close(&scene.pool, ended, noon()).await.expect("a closing");
    pots::settle(&scene.pool, ended, noon(), &key()).await.expect("an end");
    let done = pots::cancel(&scene.pool, ended, noon()).await.expect("an answer");
    assert_eq!(done, Cancelling::NotPossible { stage: PotStage::Settled });
}

#[tokio::test]
async fn totals_come_from_the_ledger() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    scene.requested(pot, 9_000).await;
    let gift = scene.confirmed(pot, 5_000).await;
    scene.confirmed(pot, 2_000).await;
    scene.fee(gift, 50).await;
    let found = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!(found.totals, Totals { balance: xof(6_950), given: xof(7_000), donations: 2 });
}

#[tokio::test]
async fn lists_show_what_they_should_in_pages() {
    let scene = Scene::new().await;
    let scheduled = scene.scheduled().await;
    let linked =
        scene.open_with(wolo_domain::pots::PotSettings { visibility: Visibility::Link, ..settings() }).await;
    let held = scene.open().await;
    pots::hold(&scene.pool, held, HoldReason::Moderation, "reported", noon()).await.expect("a hold");
    let short = scene.open().await;
    pots::hold(&scene.pool, short, HoldReason::Float, "", noon()).await.expect("a hold");
    let free = scene.open().await;

    let mut listed = Vec::new();
    let mut page = Page::first(1);
    while let [pot] = pots::listed(&scene.pool, page).await.expect("a page").as_slice() {
        listed.push(pot.id);
        page = Page::after(pot.id, 1);
    }
    listed.sort_unstable();
    let mut expected = vec![short, free];
    expected.sort_unstable();
    assert_eq!(listed, expected, "public, open, and not held for consent or moderation");

    let all = async |filter| {
        let pots = pots::all(&scene.pool, filter, Page::first(10)).await.expect("a list");
        pots.into_iter().map(|pot| pot.id).collect::<Vec<_>>()
    };
    assert_eq!(all(Filter::default()).await, [free, short, held, linked, scheduled], "newest first");
    assert_eq!(all(Filter { held: Some(true), stage: None }).await, [short, held]);
    let waiting = Filter { held: Some(false), stage: Some(PotStage::Scheduled) };
    assert_eq!(all(waiting).await, [scheduled]);
    let rest = pots::all(&scene.pool, Filter::default(), Page::after(held, 10)).await.expect("a page");
    assert_eq!(rest.iter().map(|pot| pot.id).collect::<Vec<_>>(), [linked, scheduled]);
}
