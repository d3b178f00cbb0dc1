//! A worker that is killed between Wave's doing and its own writing loses nothing and pays nobody twice.
//!
//! The worker is a process of its own here, so it can be killed as a machine would: without a word. Wave has done the
//! work and its reply is on the way when it happens. `WOLO_KILLS=20` makes it twenty times; every build makes it a few.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_sandbox::World;
use wolo_sandbox::wave::{Endpoint, Fault, Release};
use wolo_workflows::ids;

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
        let kills: usize =
            std::env::var_os("WOLO_KILLS").and_then(|kills| kills.to_str()?.parse().ok()).unwrap_or(2);
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
