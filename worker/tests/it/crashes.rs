//! A worker that is killed between Wave's doing and its own writing loses nothing and pays nobody twice; one that is killed while it
//! makes pots makes each once.
//!
//! The worker is a process of its own here, so it can be killed as a machine would: without a word. Wave has done the
//! work and its reply is on the way when it happens. `WOLO_KILLS=20` makes it twenty times; every build makes it a few.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use chrono::Utc;
use futures::TryStreamExt as _;
use temporalio_client::{WorkflowGetResultOptions, WorkflowListOptions, WorkflowStartOptions};
use wolo_api::rules::birthday_pots;
use wolo_control::birthdays::SweptDay;
use wolo_domain::dakar;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_sandbox::World;
use wolo_sandbox::wave::{Endpoint, Fault, Release};
use wolo_workflows::birthday_sweep::{BirthdaySweep, SweepInput};
use wolo_workflows::{ids, queues};

use crate::house::{House, LONG, alone, until};

/// How many pots are in the critical moment when the worker dies.
const AT_ONCE: usize = 3;

struct Worker(Child);

impl Worker {
    fn start(house: &House) -> Self {
        let world = house.world;
        let child = Command::new(env!("CARGO_BIN_EXE_wolo-worker"))
            .env("WOLO__DATABASE__URL", world.postgres.url("wolo"))
            .env("WOLO__TEMPORAL__ADDRESS", world.temporal.address())
            .env("WOLO__WAVE__URL", world.wave.base_url())
            .env("WOLO__WORKER__HEALTH_LISTEN", "127.0.0.1:0")
            .env("WOLO_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .expect("the worker starts");
        Self(child)
    }

    /// As a machine that loses its power: SIGKILL, no farewell.
    fn kill(self) {
        drop(self);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }
}

fn kills() -> usize {
    std::env::var_os("WOLO_KILLS").and_then(|kills| kills.to_str()?.parse().ok()).unwrap_or(2)
}

fn order(pot: PotId) -> String {
    PayoutOrder::first(PayoutId::of_pot(pot)).key()
}

async fn payout_succeeds(house: &House, pot: PotId) {
    until(&format!("the payout of {pot} succeeds"), async || {
        let payout = wolo_database::payouts::payout(&house.pool, PayoutId::of_pot(pot)).await.ok()??;
        (payout.stage == PayoutStage::Succeeded).then_some(())
    })
    .await;
}

#[test]
fn a_worker_killed_between_the_call_and_its_recording_loses_and_repeats_nothing() {
    alone(async {
        let kills = kills();
        let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
        let house = House::without_worker(world).await;
        let mut worker = Worker::start(&house);
        let mut recoveries = Vec::new();
        for _ in 0..kills {
            let mut pots = Vec::new();
            for _ in 0..AT_ONCE {
                let pot = house.open_pot().await;
                house.give(pot, 10_000).await;
                house.bend(Endpoint::PayoutCreate, order(pot), 1, Fault::StalledReply);
                pots.push(pot);
            }
            let forwards = pots.iter().map(|pot| {
                let (control, id) = (house.control.clone(), ids::pot_lifecycle(*pot));
                tokio::spawn(async move {
                    // It ends when the pot does, which is after the crash.
                    let _ = control.forward(&id, std::time::Duration::from_hours(24 * 22)).await;
                })
            });
            let forwards: Vec<_> = forwards.collect();
            let all = u32::try_from(AT_ONCE).expect("a few");
            world
                .wave
                .wait_for_stalled(all, LONG)
                .await
                .expect("Wave has paid and its replies are on the way");
            worker.kill();
            let killed_at = Instant::now();
            world.wave.release_stalled(Release::Drop);
            worker = Worker::start(&house);
            for pot in &pots {
                payout_succeeds(&house, *pot).await;
                assert_eq!(world.wave.executed_payouts(&order(*pot)).len(), 1, "Wave paid {pot} once");
                assert_eq!(house.balance(Account::Pot(*pot)).await, 0);
            }
            recoveries.push(killed_at.elapsed());
            for forward in forwards {
                forward.abort();
            }
        }
        worker.kill();
        house.books_are_right().await;
        recoveries.sort_unstable();
        let calls = kills * AT_ONCE;
        println!(
            "{kills} kills, {calls} payouts interrupted, 0 lost, 0 repeated, slowest recovery {:?}",
            recoveries.last()
        );
    });
}

#[test]
fn a_worker_killed_while_wave_makes_the_page_makes_no_second_one() {
    alone(async {
        let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
        let house: &'static House = Box::leak(Box::new(House::without_worker(world).await));
        let worker = Worker::start(house);
        let pot = house.open_pot().await;
        let gift = house.gift(pot, 2_000);
        let donation = gift.request.donation;
        house.bend(Endpoint::CheckoutCreate, donation.to_string(), 1, Fault::StalledReply);
        let asking = tokio::spawn(house.ask_for(gift));
        world.wave.wait_for_stalled(1, LONG).await.expect("the page is made and its reply is on the way");
        worker.kill();
        world.wave.release_stalled(Release::Drop);
        let worker = Worker::start(house);
        let asked = asking.await.expect("the giver is answered");
        let pages = world.wave.look(|book| book.sessions_for(&donation.to_string()).count());
        assert_eq!(pages, 1);
        house.pay(&asked);
        house.donation_is(donation, DonationStage::Confirmed).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 2_000);
        worker.kill();
    });
}

/// How many pots there are.
#[expect(clippy::disallowed_methods, reason = "a test counts what the crate has no reason to count")]
async fn pots(house: &House) -> usize {
    let count: i64 =
        sqlx::query_scalar("select count(*) from pots.pots").fetch_one(&house.pool).await.expect("pots");
    usize::try_from(count).expect("a count")
}

/// So many people who celebrate in thirty days.
#[expect(clippy::disallowed_methods, reason = "a test writes many at once")]
async fn celebrants(house: &House, count: usize) {
    let many = "insert into people.users (user_id, name, birth_date)
                select gen_random_uuid(), 'Awa', (current_date + 30 - interval '40 years')::date
                from generate_series(1, $1::bigint)";
    let count = i64::try_from(count).expect("a count");
    sqlx::query(many).bind(count).execute(&house.pool).await.expect("people");
}

#[test]
fn a_sweep_whose_worker_is_killed_again_and_again_makes_every_pot_once() {
    alone(async {
        let kills = kills();
        let people = 30 * (kills + 1);
        let world: &'static World = Box::leak(Box::new(World::start(House::world()).await.expect("a world")));
        let house = House::without_worker(world).await;
        celebrants(&house, people).await;
        let all = SweepInput::new(Some(dakar::day_of(Utc::now())), birthday_pots(&house.settings.rules));
        let input = SweepInput { page: 7, ..all };
        let client = house.control.client();
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, "birthday-sweep/killed").build();
        let sweep = client.start_workflow(BirthdaySweep::run, input, options).await.expect("it starts");
        let mut worker = Worker::start(&house);
        for kill in 1..=kills {
            until("some pots are made", async || (pots(&house).await >= 30 * kill).then_some(())).await;
            worker.kill();
            worker = Worker::start(&house);
        }
        let swept = sweep.get_result(WorkflowGetResultOptions::default()).await.expect("it ends");
        assert!(matches!(swept[..], [SweptDay { .. }]), "{swept:?}");
        until("every pot is made", async || (pots(&house).await == people).then_some(())).await;
        let begun = until("the engine's index has them all", async || {
            let found =
                client.list_workflows("WorkflowType = 'PotLifecycle'", WorkflowListOptions::default());
            let found: Vec<_> = found.map_ok(|process| process.id().to_owned()).try_collect().await.ok()?;
            (found.len() >= people).then_some(found)
        })
        .await;
        let different: BTreeSet<_> = begun.iter().collect();
        assert_eq!((begun.len(), different.len()), (people, people), "one process for each");
        worker.kill();
        println!("{kills} kills, {people} pots, each begun once");
    });
}
