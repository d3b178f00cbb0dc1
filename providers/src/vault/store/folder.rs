//! What a folder needs to be as good as a bucket: nobody else may look into it, what is deleted is off the disk, and
//! nothing is replaced that has been deleted meanwhile.
//!
//! Whoever replaces or deletes holds the folder's lock, across processes. Readers and writers of new files need none: a
//! file appears, changes and goes as a whole.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path as FilePath, PathBuf};

use bytes::Bytes;
use object_store::path::Path;
use tokio::task::spawn_blocking;

const OWNER_ONLY: u32 = 0o600;
const OWNER_ONLY_FOLDER: u32 = 0o700;
const LOCK: &str = ".lock";
/// Writers who come in while everything is being deleted can keep a folder from being empty for a moment.
const TRIES: usize = 16;

#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it if it is not there. One that others may look into is closed to them, or refused if it is not ours.
    pub(super) async fn open(root: PathBuf) -> io::Result<Self> {
        blocking(move || {
            DirBuilder::new().recursive(true).mode(OWNER_ONLY_FOLDER).create(&root)?;
            std::fs::set_permissions(&root, Permissions::from_mode(OWNER_ONLY_FOLDER))?;
            let root = root.canonicalize()?;
            Ok(Self(root))
        })
        .await
    }

    pub(super) fn root(&self) -> &FilePath {
        &self.0
    }

    pub(super) async fn check(&self) -> io::Result<()> {
        let root = self.0.clone();
        blocking(move || std::fs::read_dir(root).map(drop)).await
    }

    pub(super) async fn make_room(&self, path: &Path) -> io::Result<()> {
        let (mut folder, path) = (self.0.clone(), path.clone());
        blocking(move || {
            // The root is not made anew: where it has gone, a disk has.
            for part in path.parts().take(path.parts_count().saturating_sub(1)) {
                folder.push(part.as_ref());
                there_is_fine(DirBuilder::new().mode(OWNER_ONLY_FOLDER).create(&folder))?;
            }
            Ok(())
        })
        .await
    }

    /// The folder keeps others out already; this is for copies of the file that keep its permissions.
    pub(super) async fn close_to_others(&self, path: &Path) -> io::Result<()> {
        let file = self.file(path);
        blocking(move || gone_is_fine(std::fs::set_permissions(file, Permissions::from_mode(OWNER_ONLY))))
            .await
    }

    /// Whether it was replaced, because it was what had been seen.
    pub(super) async fn replace(&self, path: &Path, seen: Bytes, bytes: Vec<u8>) -> io::Result<bool> {
        let (folder, file) = (self.clone(), self.file(path));
        blocking(move || {
            let _held = folder.lock()?;
            match std::fs::read(&file) {
                Ok(now) if now == seen => {}
                Ok(_) => return Ok(false),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            }
            // Ends so that it is nothing to whoever lists the folder.
            let mut beside = file.clone().into_os_string();
            beside.push("#0");
            let mut new =
                OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&beside)?;
            new.write_all(&bytes)?;
            new.sync_all()?;
            std::fs::rename(&beside, &file)?;
            sync_folder_of(&file)?;
            Ok(true)
        })
        .await
    }

    pub(super) async fn delete(&self, path: &Path) -> io::Result<()> {
        let (folder, file) = (self.clone(), self.file(path));
        blocking(move || {
            let _held = folder.lock()?;
            gone_is_fine(std::fs::remove_file(&file))?;
            gone_is_fine(sync_folder_of(&file))
        })
        .await
    }

    pub(super) async fn delete_all(&self, below: &Path) -> io::Result<()> {
        let (folder, below) = (self.clone(), self.file(below));
        blocking(move || {
            let _held = folder.lock()?;
            let mut tries = 0..TRIES;
            loop {
                match gone_is_fine(std::fs::remove_dir_all(&below)) {
                    Ok(()) => return gone_is_fine(sync_folder_of(&below)),
                    Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries.next().is_some() => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
    }

    /// Let go when it is dropped, or when the process dies.
    fn lock(&self) -> io::Result<File> {
        let path = self.0.join(LOCK);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(OWNER_ONLY).open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Paths of the vault are made of ids and fixed names, which mean the same here.
    fn file(&self, path: &Path) -> PathBuf {
        path.parts().fold(self.0.clone(), |file, part| file.join(part.as_ref()))
    }
}

/// What was done to a folder's names is on the disk.
fn sync_folder_of(file: &FilePath) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn there_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
