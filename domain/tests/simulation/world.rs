//! One virtual world: a clock that jumps, a scheduler that draws who goes next, and what goes wrong between any two
//! effects.
//!
//! A task is a future that stops before each of its effects, so what lies between two stops is one effect and nothing can
//! come in between; at a stop everything can. Processes keep what they know, as the engine's do. *Attempts* of steps can
//! die at any stop (a crash), stand still until another attempt was begun beside them (a zombie), and end without the
//! process hearing of it (a lost completion).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use wolo_domain::ids::{DonationId, PotId};

use crate::books::{Books, Refusal};
use crate::chance::Chance;
use crate::sabotage::Sabotage;
use crate::wave::Wave;

pub(crate) type Work = Pin<Box<dyn Future<Output = ()>>>;
type Later = Box<dyn FnOnce(&mut World)>;

/// More turns than any honest life takes.
const MOST_TURNS: u32 = 60_000;

/// Virtual seconds since the pot was opened, as an instant.
pub(crate) fn instant(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + at, 0).unwrap_or_default()
}

/// Who runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A process, or somebody outside: what it knows survives.
    Lasting,
    /// One attempt of a step.
    Attempt,
}

struct Task {
    kind: Kind,
    work: Work,
}

/// A gift's process, as others reach it.
#[derive(Default)]
pub(crate) struct Listener {
    pub(crate) heard: bool,
    pub(crate) task: Option<usize>,
}

/// How often what goes wrong: once in so many times, 0 for never.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    crash: usize,
    slow: usize,
    lost_completion: usize,
    not_sent: usize,
    not_executed: usize,
    executed_later: usize,
    reply_lost: usize,
    database_away: usize,
    commit_unknown: usize,
}

pub(crate) struct World {
    pub(crate) now: i64,
    pub(crate) chance: Chance,
    pub(crate) wave: Wave,
    pub(crate) books: Books,
    pub(crate) listeners: BTreeMap<DonationId, Listener>,
    pub(crate) sabotage: Sabotage,
    /// What must never happen and did.
    pub(crate) violations: Vec<String>,
    /// How many attempts died, and how many went on beside another.
    pub(crate) crashes: u32,
    pub(crate) attempts: u32,
    pub(crate) ended: bool,
    pub(crate) pot_task: Option<usize>,
    /// What stood in the wallet before the first gift.
    pub(crate) opening: i64,
    /// Whether it is told as it goes.
    pub(crate) told: bool,
    faults: Faults,
    /// From here on nothing goes wrong any more, so that everything can come to its end.
    calm_from: i64,
    current: usize,
    wakes: Vec<i64>,
    later: Vec<(i64, Later)>,
    born: Vec<(Kind, Work)>,
    forgotten: Vec<usize>,
}

/// A world, as its tasks hold it.
#[derive(Clone)]
pub(crate) struct Here(pub(crate) Rc<RefCell<World>>);

/// The step is tried again.
#[derive(Debug)]
pub(crate) struct Again;

/// What a call to Wave brought when it brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It never left.
    NotSent,
    Perhaps,
}

impl World {
    pub(crate) fn of(seed: u64, sabotage: Sabotage, pot: PotId, calm_from: i64) -> Self {
        let mut chance = Chance::of(seed);
        // Some lives are calm in most respects and wild in one; some are wild altogether.
        let storm = chance.between(1, 3);
        let mut rate = |usual: i64| match chance.below(3) {
            0 => 0,
            _ => usize::try_from(chance.between(usual / 2, usual * 3) / storm + 2).unwrap_or_default(),
        };
        let faults = Faults {
            crash: rate(30),
            slow: rate(40),
            lost_completion: rate(15),
            not_sent: rate(15),
            not_executed: rate(15),
            executed_later: rate(15),
            reply_lost: rate(10),
            database_away: rate(25),
            commit_unknown: rate(25),
        };
        Self {
            now: 0,
            wave: Wave::default(),
            books: Books::of(pot, sabotage),
            listeners: BTreeMap::new(),
            sabotage,
            violations: Vec::new(),
            crashes: 0,
            attempts: 0,
            ended: false,
            pot_task: None,
            opening: 0,
            told: false,
            faults,
            calm_from,
            current: 0,
            wakes: Vec::new(),
            later: Vec::new(),
            born: Vec::new(),
            forgotten: Vec::new(),
            chance,
        }
    }

    /// Says what happens, when one life alone is lived.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.told {
            println!("{:>6} s  task {:>2}  {}", self.now, self.current, what());
        }
    }

    fn happens(&mut self, how_often: impl Fn(&Faults) -> usize) -> bool {
        self.now < self.calm_from && self.chance.one_in(how_often(&self.faults))
    }

    pub(crate) fn at(&mut self, when: i64, what: impl FnOnce(&mut World) + 'static) {
        self.later.push((when, Box::new(what)));
    }

    pub(crate) fn wake(&mut self, task: usize) {
        if let Some(wake) = self.wakes.get_mut(task) {
            *wake = (*wake).min(self.now);
        }
    }

    pub(crate) fn begin(&mut self, work: Work) {
        self.born.push((Kind::Lasting, work));
    }

    /// Ends a process as somebody does who terminates it by hand.
    pub(crate) fn forget(&mut self, task: usize) {
        self.tell(|| format!("task {task} is ended by hand"));
        self.forgotten.push(task);
    }
}

/// Stops until an instant. May go on sooner when somebody wakes the task, so who needs more than a stop looks again.
struct Stop {
    here: Here,
    until: i64,
    stopped: bool,
}

impl Future for Stop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.stopped, true) {
            return Poll::Ready(());
        }
        let mut world = self.here.0.borrow_mut();
        let current = world.current;
        world.wakes[current] = self.until;
        Poll::Pending
    }
}

impl Here {
    pub(crate) fn world(&self) -> std::cell::RefMut<'_, World> {
        self.0.borrow_mut()
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.borrow().now
    }

    pub(crate) fn task(&self) -> usize {
        self.0.borrow().current
    }

    pub(crate) fn until(&self, until: i64) -> impl Future<Output = ()> + use<> {
        Stop { here: self.clone(), until, stopped: false }
    }

    pub(crate) async fn sleep(&self, seconds: i64) {
        let until = self.now() + seconds;
        while self.now() < until {
            self.until(until).await;
        }
    }

    /// A moment in which everything may happen.
    async fn boundary(&self) {
        let now = self.now();
        self.until(now).await;
    }

    /// One transaction of our database.
    pub(crate) async fn book<T>(
        &self,
        what: impl FnOnce(&mut Books, i64) -> Result<T, Refusal>,
    ) -> Result<T, Again> {
        self.boundary().await;
        let mut world = self.world();
        if world.happens(|faults| faults.database_away) {
            return Err(Again);
        }
        let now = world.now;
        match what(&mut world.books, now) {
            Ok(_) if world.happens(|faults| faults.commit_unknown) => Err(Again),
            Ok(done) => Ok(done),
            Err(Refusal::Conflict) => Err(Again),
            Err(Refusal::Inconsistent(what)) => {
                world.violations.push(what);
                Err(Again)
            }
        }
    }

    /// One call to Wave: the request leaves, is executed or not, or much later, and the answer arrives or not.
    pub(crate) async fn call<T: 'static>(
        &self,
        what: impl FnOnce(&mut Wave, i64) -> T + 'static,
    ) -> Result<T, NoAnswer> {
        self.boundary().await;
        let answer = {
            let mut world = self.world();
            let now = world.now;
            if world.happens(|faults| faults.not_sent) {
                world.tell(|| "its call does not leave".to_owned());
                return Err(NoAnswer::NotSent);
            }
            if world.happens(|faults| faults.not_executed) {
                return Err(NoAnswer::Perhaps);
            }
            if world.happens(|faults| faults.executed_later) {
                let when = now + world.chance.between(1, 2_400);
                world.tell(|| format!("its call is executed at {when} s only"));
                world.at(when, move |world| {
                    let now = world.now;
                    what(&mut world.wave, now);
                });
                return Err(NoAnswer::Perhaps);
            }
            let answer = what(&mut world.wave, now);
            if world.happens(|faults| faults.reply_lost) {
                world.tell(|| "the reply to its call is lost".to_owned());
                return Err(NoAnswer::Perhaps);
            }
            answer
        };
        self.boundary().await;
        Ok(answer)
    }

    /// Has a step done, by as many attempts as it takes. `patience` is how long one attempt is waited for.
    pub(crate) async fn step<T, W>(&self, patience: i64, attempt: impl Fn(Here, u32) -> W) -> T
    where
        T: 'static,
        W: Future<Output = Result<T, Again>> + 'static,
    {
        let mut pause = 1;
        for number in 1.. {
            let done: Rc<RefCell<Option<Result<T, Again>>>> = Rc::default();
            let (told, here, me) = (Rc::clone(&done), self.clone(), self.task());
            let work = attempt(self.clone(), number);
            let attempt: Work = Box::pin(async move {
                let outcome = work.await;
                let mut world = here.world();
                if !world.happens(|faults| faults.lost_completion) {
                    *told.borrow_mut() = Some(outcome);
                    world.wake(me);
                }
            });
            {
                let mut world = self.world();
                world.attempts += 1;
                world.born.push((Kind::Attempt, attempt));
            }
            let give_up_at = self.now() + patience;
            while done.borrow().is_none() && self.now() < give_up_at {
                self.until(give_up_at).await;
            }
            if let Some(Ok(outcome)) = done.take() {
                return outcome;
            }
            self.sleep(pause).await;
            pause = (pause * 2).min(60);
        }
        unreachable!("an endless loop ends by its return")
    }
}

/// Lets a world live until nothing is to be done any more.
pub(crate) fn live(here: &Here) {
    let mut tasks: Vec<Option<Task>> = Vec::new();
    for turn in 0.. {
        settle_in(here, &mut tasks);
        let next = match next(here, &tasks) {
            Next::Task(place) => place,
            Next::Look => continue,
            Next::Nobody => break,
        };
        if turn > MOST_TURNS {
            here.world().violations.push("it does not come to an end".to_owned());
            break;
        }
        let Some(task) = &mut tasks[next] else { continue };
        if task.kind == Kind::Attempt && is_struck(here, next) {
            if here.0.borrow().wakes[next] == i64::MAX {
                tasks[next] = None;
            }
            continue;
        }
        {
            let mut world = here.world();
            world.current = next;
            world.wakes[next] = i64::MAX;
        }
        let done = task.work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if done.is_ready() {
            tasks[next] = None;
        }
    }
}

/// Those who were born come in, those who were forgotten go.
fn settle_in(here: &Here, tasks: &mut Vec<Option<Task>>) {
    let (born, forgotten) = {
        let mut world = here.world();
        (std::mem::take(&mut world.born), std::mem::take(&mut world.forgotten))
    };
    for gone in forgotten {
        tasks[gone] = None;
        here.world().wakes[gone] = i64::MAX;
    }
    for (kind, work) in born {
        let mut world = here.world();
        let now = world.now;
        let free = tasks.iter().position(Option::is_none);
        let task = Some(Task { kind, work });
        if let Some(place) = free {
            tasks[place] = task;
            world.wakes[place] = now;
        } else {
            tasks.push(task);
            world.wakes.push(now);
        }
    }
}

enum Next {
    Task(usize),
    /// Something has changed.
    Look,
    Nobody,
}

/// Does what is due, and draws one of those who can go on; when nobody can, time jumps.
fn next(here: &Here, tasks: &[Option<Task>]) -> Next {
    let world = &mut *here.world();
    let now = world.now;
    if let Some(due) = world.later.iter().position(|(when, _)| *when <= now) {
        let (_, what) = world.later.swap_remove(due);
        what(world);
        return Next::Look;
    }
    let wakes = &world.wakes;
    let alive = tasks.iter().zip(wakes).enumerate().filter(|(_, (task, _))| task.is_some());
    let ready = alive.clone().filter(|(_, (_, wake))| **wake <= now).map(|(place, _)| place);
    match ready.clone().count() {
        0 => {}
        count => return ready.clone().nth(world.chance.below(count)).map_or(Next::Nobody, Next::Task),
    }
    let waking = alive.map(|(_, (_, wake))| *wake);
    match waking.chain(world.later.iter().map(|(when, _)| *when)).min() {
        Some(when) if when < i64::MAX => {
            world.now = when;
            Next::Look
        }
        _ => Next::Nobody,
    }
}

/// What befalls an attempt at a stop: it dies (it wakes never more), or it stands still.
fn is_struck(here: &Here, task: usize) -> bool {
    let mut world = here.world();
    if world.happens(|faults| faults.crash) {
        world.crashes += 1;
        world.tell(|| format!("task {task} dies"));
        world.wakes[task] = i64::MAX;
        true
    } else if world.happens(|faults| faults.slow) {
        world.wakes[task] = world.now + world.chance.between(1, 300);
        true
    } else {
        false
    }
}
