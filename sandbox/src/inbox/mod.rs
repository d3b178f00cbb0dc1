//! Where messages to people arrive on this machine: everybody's phone and mailbox, on one page.
//!
//! It keeps every message that it was handed, in order, and shows them as the person would read them, whatever channel
//! they came on. What the person presses or writes there goes to who carried the message. It refuses to be anything but local, and does not ask who sends.

mod carriers;
mod messages;
pub(crate) mod one_click;
mod pages;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::serving::{Port, Serving};

pub use carriers::{Carrier, Said};
pub use messages::{Button, Message, State};
pub use wolo_domain::notices::Channel;

/// Why the inbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the inbox cannot listen on port {port}")]
    Listen { port: u16, source: std::io::Error },
    #[error("the inbox's page cannot be shown")]
    Page(#[from] minijinja::Error),
}

/// What has arrived, in order, and where in it each message is.
#[derive(Debug, Default)]
struct Arrived {
    messages: Vec<Message>,
    places: HashMap<(Channel, String), usize>,
}

#[derive(Debug, Default)]
struct Post {
    arrived: Mutex<Arrived>,
    /// They hand in at a slot, so that they hold this and not this them.
    carriers: Mutex<Vec<Weak<dyn Carrier>>>,
    arrival: Notify,
}

impl Post {
    fn arrived(&self) -> MutexGuard<'_, Arrived> {
        // Messages are added whole, so a panic elsewhere has not left half of one.
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, channel: Channel, key: &str) -> Option<Message> {
        let arrived = self.arrived();
        let place = arrived.places.get(&(channel, key.to_owned()))?;
        Some(arrived.messages[*place].clone())
    }

    fn carriers(&self) -> MutexGuard<'_, Vec<Weak<dyn Carrier>>> {
        self.carriers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where messages are handed in. Cheap to clone. One by itself belongs to an inbox that nobody looks into.
#[derive(Clone, Debug, Default)]
pub struct Slot(Arc<Post>);

impl Slot {
    /// Puts a message where its receiver finds it.
    pub fn deliver(&self, message: Message) {
        let mut arrived = self.0.arrived();
        let Arrived { messages, places } = &mut *arrived;
        if let Entry::Vacant(place) = places.entry((message.channel, message.key.clone())) {
            place.insert(messages.len());
            messages.push(message);
        }
        drop(arrived);
        self.0.arrival.notify_waiters();
    }

    /// Writes down how far a message has come.
    pub fn mark(&self, channel: Channel, key: &str, state: State) {
        let mut arrived = self.0.arrived();
        if let Some(place) = arrived.places.get(&(channel, key.to_owned())).copied() {
            arrived.messages[place].state = state;
        }
        drop(arrived);
        self.0.arrival.notify_waiters();
    }
}

/// A running inbox. Dropping it stops it, without waiting.
#[derive(Debug)]
pub struct Inbox {
    post: Arc<Post>,
    serving: Serving,
}

impl Inbox {
    /// Binds 127.0.0.1 and serves on a task of the caller's runtime. Port 0 picks a free one.
    pub async fn start(port: u16) -> Result<Self, Error> {
        let taken = Port::take(port).await.map_err(|source| Error::Listen { port, source })?;
        let arrived = Arc::new(Post::default());
        let router = pages::router(Slot(Arc::clone(&arrived)))?;
        Ok(Self { post: arrived, serving: taken.serve(router, "the inbox") })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn url(&self) -> &str {
        self.serving.url()
    }

    /// Where messages are handed in.
    pub fn slot(&self) -> Slot {
        Slot(Arc::clone(&self.post))
    }

    /// What has arrived for somebody, the last at the end. What failed has not, though the page shows it.
    pub fn messages_to(&self, to: &str) -> Vec<Message> {
        let arrived = self.post.arrived();
        let all = arrived.messages.iter();
        all.filter(|message| message.to == to && message.has_arrived()).cloned().collect()
    }

    /// Waits until somebody's messages answer a question; nothing when they do not in time.
    pub async fn wait_for<T>(
        &self,
        to: &str,
        within: Duration,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Option<T> {
        let looking = async {
            loop {
                let arrival = self.post.arrival.notified();
                tokio::pin!(arrival);
                // From here on no arrival is missed.
                arrival.as_mut().enable();
                if let Some(found) = look(&self.messages_to(to)) {
                    return found;
                }
                arrival.await;
            }
        };
        tokio::time::timeout(within, looking).await.ok()
    }

    /// Stops listening and lets open pages end.
    pub async fn shutdown(self) {
        self.serving.shutdown().await;
    }
}
