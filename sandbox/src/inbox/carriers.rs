//! Who carries messages here, as far as a person on the page has to do with them.

use std::fmt::Debug;
use std::sync::{Arc, Weak};

use super::{Channel, Slot};

/// What a person did with a message, or wrote of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A phone number in E.164, or a mail address.
    pub from: String,
    pub text: String,
    /// The key of the message below which this was said.
    pub below: Option<String>,
    /// What stands behind the button that was pressed.
    pub payload: Option<String>,
}

/// An emulator that hands in messages.
pub trait Carrier: Debug + Send + Sync {
    /// As people call it.
    fn name(&self) -> &'static str;

    fn channel(&self) -> Channel;

    /// Whether people can answer.
    fn hears(&self) -> bool;

    /// Whether nobody is reached by it at all.
    fn is_off(&self) -> bool;

    fn switch(&self, off: bool);

    /// Passes on what a person said.
    fn hear(self: Arc<Self>, said: &Said);
}

impl Slot {
    /// Lets people on the page answer by this carrier and switch it off, as long as it is there.
    pub(crate) fn connect(&self, carrier: &Arc<dyn Carrier>) {
        self.0.carriers().push(Arc::downgrade(carrier));
    }

    /// Everybody who is there, in the order in which they came.
    pub(super) fn carriers(&self) -> Vec<Arc<dyn Carrier>> {
        self.0.carriers().iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn carrier(&self, name: &str) -> Option<Arc<dyn Carrier>> {
        self.carriers().into_iter().find(|carrier| carrier.name() == name)
    }
}
