//! One of the two stores: a folder on this machine, or a bucket of anything that speaks S3.
//!
//! What both must be able to do: create only if there is nothing, replace only what was read, and forget for good. Buckets
//! do that by themselves; a folder needs a lock for it ([`folder`]). Nothing is tried twice here.

mod address;
mod folder;

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::ready;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion};
use tokio::io::AsyncWriteExt as _;

use super::error::io_kind;
use super::{Side, VaultError};
pub use address::{S3Access, StoreAddress};
use folder::Folder;

/// What goes to a folder at once.
const FOLDER_PIECE: usize = 256 * 1024;
/// The smallest part that S3 takes, but for the last one.
const BUCKET_PART: usize = 5 * 1024 * 1024;

/// A store, and which of the two it is.
pub(super) struct Store {
    side: Side,
    objects: Arc<dyn ObjectStore>,
    /// Where it is a folder.
    folder: Option<Folder>,
}

/// What was read, so that it can be replaced if it is still there.
pub(super) struct Seen {
    pub(super) bytes: Bytes,
    version: UpdateVersion,
}

impl Store {
    pub(super) async fn open(side: Side, address: StoreAddress) -> Result<Self, VaultError> {
        let (objects, folder) = address::open(side, address).await?;
        Ok(Self { side, objects, folder })
    }

    pub(super) async fn check(&self) -> Result<(), VaultError> {
        match &self.folder {
            Some(folder) => folder.check().await.map_err(|error| VaultError::io(self.side, &error)),
            None => match self.objects.list(None).next().await {
                Some(Err(error)) => Err(self.failed(&error)),
                _ => Ok(()),
            },
        }
    }

    fn failed(&self, error: &Error) -> VaultError {
        VaultError::unreachable(self.side, error)
    }

    /// The same in the system's words. Where the whole folder has gone, a disk has.
    fn swept(&self, error: &std::io::Error) -> VaultError {
        let stands = self.folder.as_ref().is_some_and(|folder| folder.root().is_dir());
        let gone = error.kind() == ErrorKind::NotFound && stands;
        if gone { VaultError::Destroyed } else { VaultError::io(self.side, error) }
    }

    /// What came of a write: a folder that is deleted takes along what is being written in it.
    fn torn_away(&self, error: &Error) -> VaultError {
        let gone = self.folder.is_some() && io_kind(error) == Some(ErrorKind::NotFound);
        if gone { VaultError::Destroyed } else { self.failed(error) }
    }

    pub(super) async fn get(&self, path: &Path) -> Result<Option<Seen>, VaultError> {
        let Some(found) = present(self.objects.get(path).await).map_err(|error| self.failed(&error))? else {
            return Ok(None);
        };
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let bytes = found.bytes().await.map_err(|error| self.failed(&error))?;
        Ok(Some(Seen { bytes, version }))
    }

    /// A larger one, as it comes.
    pub(super) async fn stream(
        &self,
        path: &Path,
    ) -> Result<Option<BoxStream<'static, object_store::Result<Bytes>>>, VaultError> {
        let found = present(self.objects.get(path).await).map_err(|error| self.failed(&error))?;
        Ok(found.map(object_store::GetResult::into_stream))
    }

    pub(super) async fn exists(&self, path: &Path) -> Result<bool, VaultError> {
        let found = present(self.objects.head(path).await).map_err(|error| self.failed(&error))?;
        Ok(found.is_some())
    }

    /// Whether it was created; if not, there is one already.
    pub(super) async fn create(&self, path: &Path, bytes: Vec<u8>) -> Result<bool, VaultError> {
        self.make_room(path).await?;
        let options = PutOptions::from(PutMode::Create);
        match self.objects.put_opts(path, PutPayload::from(bytes), options).await {
            Ok(_) => self.close_to_others(path).await.map(|()| true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(self.torn_away(&error)),
        }
    }

    /// Whether it was replaced; if not, it is not what was seen any more, or gone.
    pub(super) async fn replace(&self, path: &Path, seen: Seen, bytes: Vec<u8>) -> Result<bool, VaultError> {
        if let Some(folder) = &self.folder {
            let replaced = folder.replace(path, seen.bytes, bytes).await;
            return replaced.map_err(|error| VaultError::io(self.side, &error));
        }
        let options = PutOptions::from(PutMode::Update(seen.version));
        match self.objects.put_opts(path, PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(Error::Precondition { .. } | Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// What is not there is deleted already.
    pub(super) async fn delete(&self, path: &Path) -> Result<(), VaultError> {
        if let Some(folder) = &self.folder {
            return folder.delete(path).await.map_err(|error| VaultError::io(self.side, &error));
        }
        present(self.objects.delete(path).await).map(drop).map_err(|error| self.failed(&error))
    }

    /// Everything below it.
    pub(super) async fn delete_all(&self, below: &Path) -> Result<(), VaultError> {
        if let Some(folder) = &self.folder {
            return folder.delete_all(below).await.map_err(|error| VaultError::io(self.side, &error));
        }
        for path in self.list(below, None, usize::MAX).await? {
            self.delete(&path).await?;
        }
        Ok(())
    }

    /// So many of what lies below it, in their order, after this one.
    pub(super) async fn list(
        &self,
        below: &Path,
        after: Option<&Path>,
        limit: usize,
    ) -> Result<Vec<Path>, VaultError> {
        let found = match after {
            Some(after) => self.objects.list_with_offset(Some(below), after),
            None => self.objects.list(Some(below)),
        };
        // A bucket has them in their order and need not be read to its end; a folder has not.
        let enough = if self.folder.is_some() { usize::MAX } else { limit };
        let paths = found.take(enough).map_ok(|found| found.location).try_collect::<Vec<_>>().await;
        let mut paths = paths.map_err(|error| self.failed(&error))?;
        paths.sort_unstable();
        paths.truncate(limit);
        Ok(paths)
    }

    /// All that lies below it and was last written before this moment.
    pub(super) async fn older(&self, below: &Path, before: DateTime<Utc>) -> Result<Vec<Path>, VaultError> {
        let found = self.objects.list(Some(below)).try_filter(|found| ready(found.last_modified < before));
        let paths = found.map_ok(|found| found.location).try_collect().await;
        paths.map_err(|error| self.failed(&error))
    }

    /// Begins something large. It is there when it is finished, and not before.
    pub(super) async fn write(&self, path: &Path) -> Result<Writing<'_>, VaultError> {
        self.make_room(path).await?;
        let piece = if self.folder.is_some() { FOLDER_PIECE } else { BUCKET_PART };
        let writer = BufWriter::with_capacity(Arc::clone(&self.objects), path.clone(), piece);
        Ok(Writing { store: self, path: path.clone(), writer: writer.with_max_concurrency(1) })
    }

    async fn make_room(&self, path: &Path) -> Result<(), VaultError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.make_room(path).await.map_err(|error| self.swept(&error))
    }

    async fn close_to_others(&self, path: &Path) -> Result<(), VaultError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.close_to_others(path).await.map_err(|error| VaultError::io(self.side, &error))
    }
}

/// Something that is being written.
pub(super) struct Writing<'a> {
    store: &'a Store,
    path: Path,
    writer: BufWriter,
}

impl Writing<'_> {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), VaultError> {
        self.writer.put(bytes).await.map_err(|error| self.store.torn_away(&error))
    }

    pub(super) async fn finish(mut self) -> Result<(), VaultError> {
        match self.writer.shutdown().await {
            Ok(()) => self.store.close_to_others(&self.path).await,
            Err(error) => Err(match error.downcast::<Error>() {
                Ok(error) => self.store.torn_away(&error),
                Err(error) => self.store.swept(&error),
            }),
        }
    }

    /// What has been written so far has no key. A bucket's rule for uploads that were not finished takes what cannot be
    /// taken back now.
    pub(super) async fn give_up(mut self) {
        if self.writer.abort().await.is_err() {
            tracing::warn!(store = %self.store.side, "what was written of a document was left behind");
        }
    }
}

fn present<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
