//! One pot's life, drawn from a seed: who gives what and when, how Wave is on that day, what is heard of it, and which
//! processes somebody ends by hand.

use std::cell::RefCell;
use std::rc::Rc;

use uuid::Uuid;
use wolo_domain::ids::{DonationId, PotId};

use crate::chance::Chance;
use crate::sabotage::Sabotage;
use crate::world::{Here, World, live};
use crate::{gift, payout};

/// Lives one life to its end.
pub(crate) fn lived(seed: u64, sabotage: Sabotage, told: bool, mended: bool) -> Here {
    let pot = PotId::from_uuid(Uuid::from_u128(u128::from(seed)));
    let here = Here(Rc::new(RefCell::new(World::of(seed, sabotage, pot, 20_000))));
    let (closes_at, gifts) = {
        let world = &mut *here.world();
        world.told = told;
        world.books.mended = mended;
        let chance = &mut world.chance;
        world.wave.balance = chance.between(0, 3_000);
        world.opening = world.wave.balance;
        world.wave.refuses = u32::from(chance.one_in(4));
        world.wave.search_lags = if chance.one_in(2) { 0 } else { chance.between(1, 120) };
        world.wave.works_for = if chance.one_in(3) { chance.between(1, 2_000) } else { 0 };
        world.wave.first_fails = chance.one_in(6);
        // Drawn apart, so that a seed's life is otherwise the one that it was before keys stood for refusals.
        world.wave.keeps_refusals = Chance::of(!seed).one_in(2);
        (chance.between(3_600, 7_200), chance.below(5))
    };
    let filled_at = here.world().chance.between(0, 20_000);
    // Everybody's money has a name: what an operator puts into the wallet is not a movement of the product's.
    here.world().at(filled_at, |world| world.wave.balance += FILLING);
    for number in 0..gifts {
        friend(&here, number, closes_at);
    }
    let pot = here.clone();
    begin_pot(&here, async move { payout::end_of_pot(pot, closes_at).await });
    hands(&here, closes_at);
    live(&here);
    here
}

/// What an operator puts into the wallet.
pub(crate) const FILLING: i64 = 100_000;

fn begin_pot(here: &Here, work: impl Future<Output = ()> + 'static) {
    let named = here.clone();
    here.world().begin(Box::pin(async move {
        let me = named.task();
        named.world().pot_task = Some(me);
        work.await;
        named.world().pot_task = None;
    }));
}

/// Somebody who gives, or looks at the page and does not.
fn friend(here: &Here, number: usize, closes_at: i64) {
    let (asks_at, amount, pays, twice, odd, late) = {
        let chance = &mut here.world().chance;
        let pays = !chance.one_in(6);
        // Many ask and pay just before the closing, where it is narrow.
        let asks_at = if chance.one_in(2) {
            chance.between(closes_at - 60, closes_at + 30)
        } else {
            chance.between(0, closes_at)
        };
        (asks_at, chance.between(100, 9_000), pays, chance.one_in(4), chance.one_in(40), chance.one_in(3))
    };
    let id = DonationId::from_uuid(Uuid::from_u128(1 + number as u128));
    let process = here.clone();
    here.world().at(asks_at, move |world| {
        world.begin(Box::pin(gift::process(process.clone(), id, amount)));
        if pays {
            world.begin(Box::pin(payer(process, id, twice, odd, late)));
        }
    });
}

/// Waits for the page and presses *Pay*: soon, or at its very end.
async fn payer(here: Here, id: DonationId, twice: bool, odd: bool, late: bool) {
    for _ in 0..40 {
        here.sleep(15).await;
        let page = here.0.borrow().books.gift(id).and_then(|gift| gift.page);
        let Some((page, until)) = page else { continue };
        let wait = {
            let last = if late { until - here.now() } else { 90 };
            here.world().chance.between(0, last.max(0))
        };
        here.sleep(wait).await;
        for _ in 0..=usize::from(twice) {
            let paid = {
                let world = &mut *here.world();
                world.wave.pay(page, odd, world.now)
            };
            if paid {
                wave_tells(&here, id);
            }
        }
        return;
    }
}

/// Wave tells of a payment: once, several times, in any order, late, or not at all. Now and then somebody else pretends to.
fn wave_tells(here: &Here, id: DonationId) {
    let copies = {
        let chance = &mut here.world().chance;
        if chance.one_in(4) { 0 } else { chance.between(1, 3) }
    };
    for _ in 0..copies {
        let (when, other) = {
            let world = &mut *here.world();
            (world.now + world.chance.between(0, 3_000), here.clone())
        };
        here.world().at(when, move |world| heard(world, &other, id));
    }
}

/// A webhook reaches the process of its gift, or a new one when that has ended.
fn heard(world: &mut World, here: &Here, id: DonationId) {
    let Some(listener) = world.listeners.get_mut(&id) else { return };
    listener.heard = true;
    match listener.task {
        Some(task) => world.wake(task),
        None => world.begin(Box::pin(gift::taken_up_again(here.clone(), id))),
    }
}

/// Things that somebody does by hand: ending processes, and pretending to be Wave.
fn hands(here: &Here, closes_at: i64) {
    let (ends_gift, ends_pot, pretends) = {
        let chance = &mut here.world().chance;
        (chance.one_in(4), chance.one_in(4), chance.one_in(4))
    };
    if pretends {
        let (when, other) = (here.world().chance.between(0, closes_at), here.clone());
        here.world().at(when, move |world| {
            let ids: Vec<_> = world.books.gifts.iter().map(|gift| gift.id).collect();
            for id in ids {
                heard(world, &other, id);
            }
        });
    }
    if ends_gift {
        // Before the closing: after it nobody would find the gift again but an operator.
        let when = here.world().chance.between(0, closes_at - 1);
        here.world().at(when, |world| {
            let alive: Vec<_> = world.listeners.values_mut().filter_map(|one| one.task.take()).collect();
            for task in alive {
                world.forget(task);
            }
        });
    }
    if ends_pot {
        let (when, other) = (here.world().chance.between(closes_at, closes_at + 9_000), here.clone());
        here.world().at(when, move |world| {
            if let Some(task) = world.pot_task.take() {
                world.forget(task);
                let (named, pot) = (other.clone(), other);
                world.begin(Box::pin(async move {
                    let me = named.task();
                    named.world().pot_task = Some(me);
                    payout::end_of_pot(pot, closes_at).await;
                }));
            }
        });
    }
}
