//! The audit trail: who of those who work here did what, to what, when and why.
//!
//! Each thing done is one line. The lines of a Dakar day are a chain of [seals](crate::seals) under the name "wolo audit 1",
//! which begins with the day and with the head of the day before; a line names itself by its day and its number, and the first of a
//! day names what it stands on. Whoever can write in the database, and has not the key that seals, can hide nothing: an edit, a line that was put
//! in and two that were exchanged break a seal, a line that was taken out leaves its number missing.
//!
//! What was cut off at the very end is seen by a [`Checkpoint`] alone: the sealed word of how far the trail reached, kept where
//! whoever cut it could not reach.
//!
//! Refused: to hold anything about a person but opaque ids and the words of whoever decided.

mod checkpoint;
mod line;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use line::{Action, Entry, EntryId, Happening, Place, Record, append};
pub use verify::{Broken, Fault, Trail};

use crate::seals::{Chain, Hash};

const NAME: &str = "wolo audit 1";

/// How far a trail reaches: its last line, and the hash of all that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub place: Place,
    pub hash: Hash,
}

impl Head {
    /// The chain on which the next line of a day stands.
    fn chain(before: Option<&Self>, day: chrono::NaiveDate) -> Chain {
        let hash = before.map_or([0; 32], |head| head.hash);
        match before {
            Some(head) if head.place.day == day => Chain::at(NAME, hash),
            _ => Chain::of(NAME, "day", &[&hash, day.to_string().as_bytes()]),
        }
    }
}

#[cfg(test)]
mod tests;
