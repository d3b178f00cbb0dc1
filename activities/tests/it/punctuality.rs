//! Finding what is late.

use chrono::TimeDelta;
use wolo_activities::PunctualitySteps;
use wolo_database::outbox::{self, Way};
use wolo_database::pots;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Punctuality};
use wolo_workflows::steps::punctuality::FindLate;

use crate::scene::Scene;

#[tokio::test]
async fn a_late_step_is_found_as_often_as_one_looks_and_told_once() {
    let scene = Scene::new().await;
    let owner = scene.person_whose_phone_ends_with(Some(1)).await;
    let new = Scene::new_pot(owner);
    pots::schedule(&scene.pool, &new).await.expect("a pot");
    let since = new.timeline.opens_at;
    // Nobody sweeps here, and the day is young.
    let rules =
        Punctuality { late_after_seconds: 3_600, sweep_hour: 23, look_back_days: 0, escalate_hours: 48 };
    let find = FindLate { at: since + TimeDelta::hours(2), rules };
    for _ in 0..2 {
        let late = scene.does(PunctualitySteps::find_late, find).await;
        assert_eq!(late.total, 1);
        assert_eq!(late.steps, [LateStep { what: DueStep::Opening, about: DueFor::Pot(new.id), since }]);
    }
    let events = outbox::take(&scene.pool, Way::Prompt, 10, TimeDelta::minutes(1)).await.expect("events");
    let told = events.iter().filter(|event| event.topic == outbox::Topic::StepLate).count();
    assert_eq!(told, 1);
}
