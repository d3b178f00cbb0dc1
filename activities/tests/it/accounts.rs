use chrono::TimeDelta;
use wolo_activities::AccountSteps;
use wolo_database::Context;
use wolo_database::accounts::guesses::{self, Limit};
use wolo_workflows::steps::accounts::{ForgetLeftovers, Forgotten};

use crate::scene::{Scene, noon};

#[tokio::test]
async fn leftovers_are_forgotten_by_the_processes_time_and_only_once() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let limit = Limit { guesses: 5, window: TimeDelta::minutes(15) };
    guesses::count(&mut tx, b"a target", limit).await.expect("a guess");
    wolo_database::commit(tx).await.expect("a commit");
    // Years before and years after, by the time that decides.
    let before = ForgetLeftovers {
        leftovers_before: noon() - TimeDelta::days(36_500),
        sessions_before: noon() - TimeDelta::days(36_500),
    };
    let after = ForgetLeftovers { leftovers_before: noon(), sessions_before: noon() };
    for (leftovers, guesses) in [(before, 0), (after, 1), (after, 0)] {
        let forgotten = scene.does(AccountSteps::forget_leftovers, leftovers).await;
        assert_eq!(forgotten, Forgotten { guesses, ..Forgotten::default() });
    }
}
