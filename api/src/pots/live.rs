//! What changes in a pot, told to whoever watches it.
//!
//! However many watch a pot, one task of this process asks the database for it, a little more often than once a second, and only
//! while somebody does. It asks as a visitor, or as the owner, each time anew: when the pot is hidden, everybody who watched it is cut
//! off. A notice from the database at each gift would have to be given under one lock by all that write there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use wolo_database::Context;
use wolo_database::pots::{self, Given};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{PotStage, Visibility};

use super::sight::Sight;
use super::view::{Reference, Viewer};
use crate::limits::Key;
use crate::problem::{Code, Problem};
use crate::state::App;

/// Seen within a second, whatever a question takes.
const EVERY: Duration = Duration::from_millis(700);
/// Watching at once. Each holds a connection open, and a process has only so many.
pub(crate) const MOST: usize = 512;
/// Of these, from one address, behind which a whole quarter may live.
const MOST_EACH: usize = 128;
/// Questions at once. However many pots are watched, the database is there for those who give.
const ASKING: usize = 2;
/// Nobody watches longer without saying again who they are.
const LIFE: Duration = Duration::from_mins(15);

/// What is told of a pot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub(crate) given: Given,
    pub(crate) stage: PotStage,
    pub(crate) show_amounts: bool,
    pub(crate) visibility: Visibility,
}

/// A pot, and whether its owner watches it: they see it when others do not.
type Watched = (PotId, bool);

pub(crate) struct Live {
    watched: Mutex<HashMap<Watched, watch::Sender<Pulse>>>,
    places: Arc<Semaphore>,
    /// Who watches, by their address; nobody who does not.
    callers: Arc<Mutex<HashMap<Key, usize>>>,
    asking: Semaphore,
    over: watch::Sender<bool>,
}

/// A place among those who watch. Dropped, it is free.
pub(crate) struct Place {
    caller: Key,
    callers: Arc<Mutex<HashMap<Key, usize>>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = locked(&self.callers);
        if let Some(held) = callers.get_mut(&self.caller) {
            *held -= 1;
            if *held == 0 {
                callers.remove(&self.caller);
            }
        }
    }
}

/// Somebody who watches. Dropped, they have gone.
pub(crate) struct Watcher {
    pulses: watch::Receiver<Pulse>,
    over: watch::Receiver<bool>,
    told: bool,
    until: Instant,
    _place: Place,
}

impl Live {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            watched: Mutex::default(),
            places: Arc::new(Semaphore::new(most)),
            callers: Arc::default(),
            asking: Semaphore::new(ASKING),
            over: watch::Sender::new(false),
        }
    }

    /// Cuts off everybody who watches: an answer that does not end would hold up the end of the process.
    pub(crate) fn end(&self) {
        self.over.send_replace(true);
    }

    /// A place for one more, where there is one and the caller has not all that one caller may have.
    pub(crate) fn place(&self, caller: Key) -> Result<Place, Problem> {
        let full = || Problem::new(Code::Overloaded);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full())?;
        let mut callers = locked(&self.callers);
        let held = callers.entry(caller).or_default();
        if *held == MOST_EACH {
            return Err(full());
        }
        *held += 1;
        Ok(Place { caller, callers: Arc::clone(&self.callers), _one_of_all: place })
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Watched, watch::Sender<Pulse>>> {
        locked(&self.watched)
    }

    /// Forgets a pot that nobody watches any more. Whoever comes to watch it looks under the same lock.
    fn is_left(&self, what: Watched) -> bool {
        let mut watched = self.watched();
        let left = watched.get(&what).is_none_or(|pulses| pulses.receiver_count() == 0);
        if left {
            watched.remove(&what);
        }
        left
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watcher {
    pub(crate) async fn of(
        app: &App,
        sight: &Sight,
        user: Option<UserId>,
        caller: Key,
    ) -> Result<Self, Problem> {
        let place = app.live.place(caller)?;
        let owner = user.filter(|_| sight.viewer.owner);
        let what = (sight.pot(), owner.is_some());
        let known = app.live.watched().get(&what).map(watch::Sender::subscribe);
        let pulses = match known {
            Some(pulses) => pulses,
            None => begin(app, sight, owner, what).await?,
        };
        let (over, until) = (app.live.over.subscribe(), Instant::now() + LIFE);
        Ok(Self { pulses, over, told: false, until, _place: place })
    }

    /// How the pot stands at first, and then each time that it has changed; nothing when there is nothing more to see.
    pub(crate) async fn next(&mut self) -> Option<Pulse> {
        if self.told {
            tokio::select! {
                changed = self.pulses.changed() => changed.ok()?,
                _ = self.over.wait_for(|over| *over) => return None,
                () = sleep_until(self.until) => return None,
            }
        } else if *self.over.borrow() {
            return None;
        }
        self.told = true;
        Some(*self.pulses.borrow_and_update())
    }
}

/// The first who watches a pot; or one of several firsts, of whom one has it asked for.
async fn begin(
    app: &App,
    sight: &Sight,
    owner: Option<UserId>,
    what: Watched,
) -> Result<watch::Receiver<Pulse>, Problem> {
    let link = Reference::Slug(sight.face.slug.clone());
    let pulse = ask(app, owner, &link).await?.ok_or_else(|| Problem::new(Code::PotUnknown))?;
    let mut watched = app.live.watched();
    if let Some(pulses) = watched.get(&what) {
        return Ok(pulses.subscribe());
    }
    let (pulses, first) = watch::channel(pulse);
    watched.insert(what, pulses.clone());
    drop(watched);
    tokio::spawn(keep_asking(app.clone(), owner, link, what, pulses));
    Ok(first)
}

async fn keep_asking(
    app: App,
    owner: Option<UserId>,
    link: Reference,
    what: Watched,
    pulses: watch::Sender<Pulse>,
) {
    let mut moments = tokio::time::interval(EVERY);
    moments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is now, and what is so now is known.
    moments.tick().await;
    loop {
        tokio::select! {
            _ = moments.tick() => {}
            () = pulses.closed() => {}
        }
        if app.live.is_left(what) {
            return;
        }
        match ask(&app, owner, &link).await {
            Ok(Some(pulse)) => {
                pulses.send_if_modified(|before| std::mem::replace(before, pulse) != pulse);
            }
            // With the last sender goes what everybody waits for.
            Ok(None) => {
                app.live.watched().remove(&what);
                return;
            }
            // The database comes back, and nobody has to notice that it was gone.
            Err(_) => {}
        }
    }
}

/// The pot as it stands; nothing where it is not to be seen.
async fn ask(app: &App, owner: Option<UserId>, link: &Reference) -> Result<Option<Pulse>, Problem> {
    let Reference::Slug(slug) = link else { return Ok(None) };
    let _turn = app.live.asking.acquire().await.map_err(|_| Problem::new(Code::Overloaded))?;
    let context = Context::caller(owner).with_link(slug);
    let mut tx = context.clone().begin(&app.pool).await?;
    let Some(face) = pots::face_by_slug(&mut tx, slug).await? else { return Ok(None) };
    drop(tx);
    if !Viewer::of(&face.access, owner, link).may_see(&face.access) {
        return Ok(None);
    }
    let mut tx = context.with_shown(face.access.pot).begin(&app.pool).await?;
    let given = pots::given(&mut tx, face.access.pot).await?;
    let settings = face.settings;
    Ok(Some(Pulse {
        given,
        stage: face.stage,
        show_amounts: settings.show_amounts,
        visibility: settings.visibility,
    }))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use uuid::Uuid;

    use super::*;

    fn caller(name: &str) -> Key {
        Key::of(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), "address", name.as_bytes())
    }

    #[test]
    fn so_many_watch_at_once_and_whoever_goes_makes_room() {
        let live = Live::new(1);
        let (awa, moussa) = (caller("Awa"), caller("Moussa"));
        let first = live.place(awa).unwrap();
        assert_eq!(live.place(moussa).err().unwrap().code(), Code::Overloaded);
        drop(first);
        assert!(live.place(moussa).is_ok());
    }

    #[test]
    fn one_caller_does_not_take_all_the_places() {
        let live = Live::new(MOST);
        let (awa, moussa) = (caller("Awa"), caller("Moussa"));
        let mut held: Vec<_> = (0..MOST_EACH).map(|_| live.place(awa).unwrap()).collect();
        assert_eq!(live.place(awa).err().unwrap().code(), Code::Overloaded);
        assert!(live.place(moussa).is_ok());
        held.pop();
        assert!(live.place(awa).is_ok());
        held.clear();
        assert!(locked(&live.callers).is_empty());
    }

    #[test]
    fn a_pot_that_nobody_watches_any_more_is_forgotten() {
        let (live, what) = (Live::new(1), (PotId::from_uuid(Uuid::nil()), false));
        let pulse = Pulse {
            given: Given::default(),
            stage: PotStage::Open,
            show_amounts: true,
            visibility: Visibility::Public,
        };
        let (pulses, watching) = watch::channel(pulse);
        live.watched().insert(what, pulses);
        assert!(!live.is_left(what));
        drop(watching);
        assert!(live.is_left(what) && live.watched().is_empty());
    }
}
