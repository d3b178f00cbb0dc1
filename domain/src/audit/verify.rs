//! Reading the trail, believing nothing but keys and checkpoints.

use chrono::NaiveDate;
use thiserror::Error;

use super::Head;
use super::checkpoint::Checkpoint;
use super::line::{Entry, Follows, Line, Place};
use crate::seals::{self, NamedKey, Sealed};

/// The first line that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {fault}")]
pub struct Broken {
    pub place: Place,
    pub fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("this line is missing")]
    Missing,
    #[error("something was cut off here: a checkpoint knows of lines up to {until}")]
    CutOff { until: Place },
    #[error("this line cannot be read, or stands in another line's place")]
    Form,
    #[error("its seal does not fit: it was changed, or it does not belong here")]
    Seal,
    #[error("it was sealed with the key `{id}`, which is not one of yours")]
    Key { id: String },
    #[error("it is not the line that a checkpoint of {at} knows")]
    Checkpoint { at: chrono::DateTime<chrono::Utc> },
}

/// A trail that is read day by day, from its beginning.
pub struct Trail {
    keys: Vec<NamedKey>,
    /// By place.
    checkpoints: Vec<Checkpoint>,
    head: Option<Head>,
    lines: u64,
}

impl Trail {
    /// Checkpoints must have been [believed](Checkpoint::believe) before.
    pub fn new(keys: Vec<NamedKey>, mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| checkpoint.place);
        Self { keys, checkpoints, head: None, lines: 0 }
    }

    /// How far it was read.
    pub const fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes the lines of the next day that has any, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// The first of them that is wrong, or of those before them that is missing.
    pub fn day(&mut self, day: NaiveDate, entries: &[Entry]) -> Result<(), Broken> {
        let mut reading = Reading { head: self.head, seals: Vec::with_capacity(entries.len()) };
        let wrong = entries.iter().try_for_each(|entry| self.take(&mut reading, day, entry)).err();
        // What cannot stand where it does may follow from a line before it, whose seal then does not fit.
        if let Some(bad) = seals::first_bad(&reading.seals) {
            let place = entries.get(bad).map_or(Place { day, number: 1 }, |entry| entry.place);
            return Err(Broken { place, fault: Fault::Seal });
        }
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        self.head = reading.head;
        self.lines += entries.len() as u64;
        Ok(())
    }

    fn take(&self, reading: &mut Reading, day: NaiveDate, entry: &Entry) -> Result<(), Broken> {
        let before = reading.head;
        let awaited = match before {
            Some(head) if head.place.day == day => head.place.next(),
            _ => Place { day, number: 1 },
        };
        if entry.place != awaited {
            return Err(Broken { place: awaited, fault: Fault::Missing });
        }
        self.nothing_was_cut_off(before.map(|head| head.place), Some(awaited))?;
        let broken = |fault| Broken { place: awaited, fault };
        let line: Line = serde_json::from_str(&entry.line).map_err(|_| broken(Fault::Form))?;
        if line.entry != awaited.to_string() {
            return Err(broken(Fault::Form));
        }
        let key = self.keys.iter().find(|named| named.id.as_ref().is_none_or(|id| *id == entry.key_id));
        let key = key.ok_or_else(|| broken(Fault::Key { id: entry.key_id.clone() }))?.key;
        let seal = entry.seal.as_slice().try_into().map_err(|_| broken(Fault::Seal))?;
        if let Some(place) = missing_before(&line, before.as_ref(), |head| {
            let hash = Head::chain(Some(head), day).to_be_sealed(&entry.line);
            Sealed { hash, seal, key }.fits()
        }) {
            return Err(Broken { place, fault: Fault::Missing });
        }
        let chain = Head::chain(before.as_ref(), day);
        let hash = chain.to_be_sealed(&entry.line);
        reading.seals.push(Sealed { hash, seal, key });
        let after = chain.after(&hash, &seal).hash();
        if entry.hash != after {
            return Err(broken(Fault::Seal));
        }
        self.compare(awaited, &after)?;
        reading.head = Some(Head { place: awaited, hash: after });
        Ok(())
    }

    /// A day that was shortened has a next one that was sealed on what was left of it: only a checkpoint knows better. Without a
    /// next line the trail ends.
    fn nothing_was_cut_off(&self, before: Option<Place>, next: Option<Place>) -> Result<(), Broken> {
        let known = |checkpoint: &Checkpoint| next.is_none_or(|next| checkpoint.place < next);
        let known = &self.checkpoints[..self.checkpoints.partition_point(known)];
        let Some(last) = known.last().filter(|last| before < Some(last.place)) else { return Ok(()) };
        let place = before.map_or(Place { number: 1, ..last.place }, Place::next);
        Err(Broken { place, fault: Fault::CutOff { until: last.place } })
    }

    fn compare(&self, place: Place, hash: &[u8; 32]) -> Result<(), Broken> {
        let from = self.checkpoints.partition_point(|checkpoint| checkpoint.place < place);
        let mut known = self.checkpoints[from..].iter().take_while(|checkpoint| checkpoint.place == place);
        known
            .find(|checkpoint| checkpoint.hash != *hash)
            .map_or(Ok(()), |other| Err(Broken { place, fault: Fault::Checkpoint { at: other.at } }))
    }

    /// Says that nothing comes after what was read.
    ///
    /// # Errors
    ///
    /// Where the trail was cut off, when a checkpoint knows of lines after its end.
    pub fn end(&self) -> Result<(), Broken> {
        self.nothing_was_cut_off(self.head.map(|head| head.place), None)
    }
}

struct Reading {
    head: Option<Head>,
    seals: Vec<Sealed>,
}

/// The first line that is gone before the first one of a day, when that one stands on another line than the last that there is. It is
/// believed when its seal fits there.
fn missing_before(
    line: &Line,
    before: Option<&Head>,
    is_sealed_on: impl FnOnce(&Head) -> bool,
) -> Option<Place> {
    let follows = line.follows.as_ref().and_then(Follows::head).filter(|follows| Some(follows) != before)?;
    let missing = match before {
        Some(before) if before.place.day == follows.place.day => before.place.next(),
        _ => Place { number: 1, ..follows.place },
    };
    is_sealed_on(&follows).then_some(missing)
}
