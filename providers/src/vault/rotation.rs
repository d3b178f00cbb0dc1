//! Takes subjects' keys over to the current key-encryption key. Documents and their keys stay as they are.
//!
//! It may run beside readers, writers and destroyers, and be stopped anywhere: a key is exchanged in one write, and only if
//! it is still the one that was read, so one that has been destroyed does not come back.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use super::keys::wrapped_by;
use super::places::{subject_at, subject_key_of, subject_keys};
use super::{Vault, VaultError};

/// Keys that are looked at together.
const AT_ONCE: usize = 8;

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    pub rewrapped: u64,
    /// Keys that are damaged, or wrapped with a key that is not in the ring. They are left as they are.
    pub unreadable: u64,
    /// Where to go on; absent when all have been looked at.
    pub next: Option<Uuid>,
}

/// How many subjects' keys stand under which key-encryption key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub by_key: BTreeMap<String, u64>,
    /// Which do not say it.
    pub unreadable: u64,
}

enum Came {
    Rewrapped,
    /// Current, gone, or taken over by somebody else.
    NothingToDo,
    Unreadable,
}

impl Vault {
    /// Looks at `limit` subjects after this one (or from the first on), in the order of their ids.
    pub async fn rotate(&self, after: Option<Uuid>, limit: usize) -> Result<Rotated, VaultError> {
        let subjects = self.subjects(after, limit).await?;
        let next = if subjects.len() < limit { None } else { subjects.last().copied() };
        let each = stream::iter(subjects).map(|subject| self.rewrap(subject)).buffer_unordered(AT_ONCE);
        let none = Rotated { rewrapped: 0, unreadable: 0, next };
        each.try_fold(none, async |mut sum, came| {
            match came {
                Came::Rewrapped => sum.rewrapped += 1,
                Came::Unreadable => sum.unreadable += 1,
                Came::NothingToDo => {}
            }
            Ok(sum)
        })
        .await
    }

    async fn rewrap(&self, subject: Uuid) -> Result<Came, VaultError> {
        let path = subject_key_of(subject);
        let Some(seen) = self.keys.get(&path).await? else { return Ok(Came::NothingToDo) };
        if wrapped_by(&seen.bytes).is_ok_and(|id| self.ring.is_current(id)) {
            return Ok(Came::NothingToDo);
        }
        let Ok(key) = self.ring.unwrap(subject, &seen.bytes) else { return Ok(Came::Unreadable) };
        let exchanged = self.keys.replace(&path, seen, self.ring.wrap(subject, &key)?).await?;
        Ok(if exchanged { Came::Rewrapped } else { Came::NothingToDo })
    }

    /// Counts all keys by what wraps them. A key-encryption key may leave the ring when nothing stands under it.
    pub async fn standing(&self) -> Result<Standing, VaultError> {
        let subjects = self.subjects(None, usize::MAX).await?;
        let each = stream::iter(subjects)
            .map(async |subject| self.keys.get(&subject_key_of(subject)).await)
            .buffer_unordered(AT_ONCE);
        each.try_fold(Standing::default(), async |mut sum, found| {
            match found.as_ref().map(|found| wrapped_by(&found.bytes)) {
                Some(Ok(id)) => *sum.by_key.entry(id.to_owned()).or_default() += 1,
                Some(Err(_)) => sum.unreadable += 1,
                None => {}
            }
            Ok(sum)
        })
        .await
    }

    async fn subjects(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<Uuid>, VaultError> {
        let after = after.map(subject_key_of);
        let paths = self.keys.list(&subject_keys(), after.as_ref(), limit).await?;
        Ok(paths.iter().filter_map(subject_at).collect())
    }
}
