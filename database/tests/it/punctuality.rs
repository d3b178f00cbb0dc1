use chrono::{DateTime, Days, TimeDelta, Utc};
use wolo_database::audit::Doer;
use wolo_database::{birthdays, halts, pots, punctuality};
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_domain::pots::HoldReason;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Lateness, Punctuality};

use crate::scene::{Scene, at, noon};

pub(crate) const RULES: Punctuality =
    Punctuality { late_after_seconds: 3_600, sweep_hour: 5, look_back_days: 30, escalate_hours: 48 };

impl Scene {
    async fn late_pots(&self, at: DateTime<Utc>) -> Vec<LateStep> {
        punctuality::pots(&self.pool, at, RULES, 10).await.expect("a look").steps
    }

    async fn late_days(&self, at: DateTime<Utc>) -> Vec<LateStep> {
        punctuality::sweeps(&self.pool, at, RULES).await.expect("a look")
    }

    async fn alerts(&self) -> Vec<String> {
        let keys: Option<Vec<String>> =
            self.read("select array_agg(business_key order by business_key) from ops.outbox where topic like 'step%_late'").await;
        keys.unwrap_or_default()
    }
}

fn late(what: DueStep, pot: PotId, since: DateTime<Utc>) -> LateStep {
    LateStep { what, about: DueFor::Pot(pot), since }
}

fn minutes(after: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    after + TimeDelta::minutes(minutes)
}

#[tokio::test]
async fn a_day_is_late_an_hour_after_its_sweep_was_due_until_it_is_noted() {
    let scene = Scene::new().await;
    assert_eq!(scene.late_days(noon()).await, [], "nobody is here");
    scene.person().await;
    scene.force("update people.users set created_at = '2031-02-28T04:00:00Z'").await;
    let (yesterday, today) = (at("2031-02-28T05:00:00Z"), at("2031-03-01T05:00:00Z"));
    let day = |since| LateStep { what: DueStep::Sweep, about: DueFor::Day(dakar::day_of(since)), since };
    assert_eq!(scene.late_days(minutes(yesterday, 60)).await, [], "in time");
    assert_eq!(scene.late_days(minutes(yesterday, 61)).await, [day(yesterday)]);
    assert_eq!(scene.late_days(minutes(today, 60)).await, [day(yesterday)], "today has its hour");
    assert_eq!(scene.late_days(minutes(today, 61)).await, [day(yesterday), day(today)]);
    for since in [yesterday, today] {
        let day = dakar::day_of(since);
        birthdays::record(&scene.pool, day, day + Days::new(30), 0, 0).await.expect("noted");
    }
    assert_eq!(scene.late_days(noon()).await, [], "nobody celebrated, and that is noted too");
}

#[tokio::test]
async fn on_its_first_day_a_system_that_came_after_the_hour_is_not_late() {
    let scene = Scene::new().await;
    scene.person().await;
    scene.force("update people.users set created_at = '2031-02-28T09:00:00Z'").await;
    assert_eq!(scene.late_days(at("2031-02-28T23:00:00Z")).await, []);
    assert_eq!(scene.late_days(at("2031-03-01T06:00:00Z")).await, []);
    let since = at("2031-03-01T05:00:00Z");
    let days: Vec<_> = scene.late_days(at("2031-03-01T06:01:00Z")).await;
    assert_eq!(days.iter().map(|late| late.since).collect::<Vec<_>>(), [since, since]);
}

#[tokio::test]
async fn a_pot_that_has_not_opened_is_late_unless_something_stops_it() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let opens_at = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").opens_at;
    assert_eq!(scene.late_pots(minutes(opens_at, 60)).await, [], "in time");
    let now = minutes(opens_at, 61);
    assert_eq!(scene.late_pots(now).await, [late(DueStep::Opening, pot, opens_at)]);
    pots::hold(&scene.pool, pot, HoldReason::Moderation, "a look", noon()).await.expect("a hold");
    assert_eq!(scene.late_pots(now).await, [], "held");
    pots::release(&scene.pool, pot, HoldReason::Moderation, now).await.expect("a release");
    assert_eq!(scene.late_pots(now).await.len(), 1);
    pots::open(&scene.pool, pot, now).await.expect("an opening");
    assert_eq!(scene.late_pots(now).await, [], "done");
}

#[tokio::test]
async fn a_pot_that_has_not_closed_is_late_whatever_holds_it() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let closes_at = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").closes_at;
    assert_eq!(scene.late_pots(minutes(closes_at, 60)).await, [], "in time");
    let now = minutes(closes_at, 61);
    assert_eq!(scene.late_pots(now).await, [late(DueStep::Closing, pot, closes_at)]);
    pots::hold(&scene.pool, pot, HoldReason::Moderation, "a look", noon()).await.expect("a hold");
    assert_eq!(scene.late_pots(now).await, [late(DueStep::Closing, pot, closes_at)], "no hold keeps it open");
    pots::close(&scene.pool, pot, now).await.expect("a closing");
    assert_eq!(scene.late_pots(now).await, [], "done");
}

#[tokio::test]
async fn a_pot_that_was_never_open_is_late_when_its_birthday_is_over_though_it_is_held() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    pots::hold(&scene.pool, pot, HoldReason::Consent, "a guardian is asked", noon()).await.expect("a hold");
    let closes_at = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").closes_at;
    assert_eq!(scene.late_pots(minutes(closes_at, 60)).await, [], "in time");
    let now = minutes(closes_at, 61);
    assert_eq!(scene.late_pots(now).await, [late(DueStep::Closing, pot, closes_at)]);
    pots::cancel(&scene.pool, pot, now).await.expect("it is given up");
    assert_eq!(scene.late_pots(now).await, [], "done");
}

#[tokio::test]
async fn a_pot_that_is_not_paid_out_when_the_day_after_is_over_is_late_unless_something_holds_it() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let due = at("2031-03-03T00:00:00Z");
    assert_eq!(scene.late_pots(minutes(due, 60)).await, [], "in time");
    let now = minutes(due, 61);
    assert_eq!(scene.late_pots(now).await, [late(DueStep::Payout, pot, due)]);
    pots::hold(&scene.pool, pot, HoldReason::Float, "our wallet is short", noon()).await.expect("a hold");
    assert_eq!(scene.late_pots(now).await, [], "held");
    pots::release(&scene.pool, pot, HoldReason::Float, now).await.expect("a release");
    halts::halt(&scene.pool, "a rule is broken").await.expect("a halt");
    assert_eq!(scene.late_pots(now).await, [], "no pot is paid out while payouts are stopped");
    halts::lift(&scene.pool, Doer::new("test", "a test")).await.expect("no halt");
    assert_eq!(scene.late_pots(now).await.len(), 1);
    scene.force("update pots.pots set stage = 'paying_out'").await;
    assert_eq!(scene.late_pots(now).await, [], "done");
}

#[tokio::test]
async fn what_is_late_is_named_as_far_as_is_asked_for_and_counted_whole() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.scheduled().await;
    }
    let late = punctuality::late(&scene.pool, at("2031-04-01T12:00:00Z"), RULES, 2).await.expect("a look");
    assert_eq!((late.steps.len(), late.total), (2, 3 + 31), "with the days that nobody swept");
}

#[tokio::test]
async fn a_step_is_told_once_and_many_are_told_as_one() {
    let scene = Scene::new().await;
    let pot = scene.scheduled().await;
    let day = dakar::day_of(noon());
    let steps = vec![
        late(DueStep::Opening, pot, noon()),
        LateStep { what: DueStep::Sweep, about: DueFor::Day(day), since: noon() },
    ];
    let few = Lateness { steps, total: 2 };
    for _ in 0..2 {
        punctuality::tell(&scene.pool, noon(), &few).await.expect("told");
    }
    let each = [format!("opening/{pot}/{day}"), format!("sweep/{day}/{day}")];
    assert_eq!(scene.alerts().await, each);
    let many = Lateness { total: 11, ..few };
    for _ in 0..2 {
        punctuality::tell(&scene.pool, noon(), &many).await.expect("told");
    }
    assert_eq!(scene.alerts().await, [format!("many/{day}"), each[0].clone(), each[1].clone()]);
    punctuality::tell(&scene.pool, noon(), &Lateness::default()).await.expect("nothing to tell");
}
