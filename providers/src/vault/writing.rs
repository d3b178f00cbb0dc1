//! Writes a document, segment by segment: two of them are in memory, however long it is.

use std::mem;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use uuid::Uuid;

use super::container::{SEGMENT, Segments, header};
use super::keys::{DocumentKey, Key};
use super::places::{content_of, document_key_of, subject_key_of};
use super::store::Writing;
use super::{Place, Vault, VaultError};

/// What is known of a document that has been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub bytes: u64,
    /// Of the plaintext.
    pub sha256: [u8; 32],
}

impl Vault {
    /// Stores a document. Storing the same one again agrees and changes nothing; another one in its place is refused
    /// ([`VaultError::Taken`]). The first document of a subject makes the subject's key.
    pub async fn put(
        &self,
        place: &Place,
        content: impl AsyncRead + Unpin + Send,
    ) -> Result<Stored, VaultError> {
        let subject_key = self.subject_key_or_new(place.subject).await?;
        if let Some(there) = self.document_key(place, &subject_key).await? {
            let mut cut = Cut::new(content, self.most_bytes);
            while cut.next().await?.is_some() {}
            return agreed(&there, cut.stored()?);
        }
        let (key, name) = (Key::random()?, Uuid::new_v4());
        let path = content_of(place.subject, place.document, name);
        let mut writing = self.documents.write(&path).await?;
        let written = self.seal_into(&mut writing, place, &key, name, content).await;
        let stored = match written {
            Ok(stored) => {
                writing.finish().await?;
                stored
            }
            Err(error) => {
                writing.give_up().await;
                return Err(error);
            }
        };
        // From here on the document is there: its key is.
        let document_key = DocumentKey { key, content: name, bytes: stored.bytes, sha256: stored.sha256 };
        let wrapped = document_key.wrap(place, &subject_key)?;
        let ours = self.keys.create(&document_key_of(place.subject, place.document), wrapped).await?;
        if !ours {
            self.documents.delete(&path).await?;
            let there = self.document_key(place, &subject_key).await?.ok_or(VaultError::Destroyed)?;
            return agreed(&there, stored);
        }
        self.stands(place, &subject_key, name).await?;
        Ok(stored)
    }

    async fn subject_key_or_new(&self, subject: Uuid) -> Result<Key, VaultError> {
        if let Some(key) = self.subject_key(subject).await? {
            return Ok(key);
        }
        let key = Key::random()?;
        if self.keys.create(&subject_key_of(subject), self.ring.wrap(subject, &key)?).await? {
            return Ok(key);
        }
        // Somebody else has just made it, and theirs is the one.
        self.subject_key(subject).await?.ok_or(VaultError::Destroyed)
    }

    async fn seal_into(
        &self,
        writing: &mut Writing<'_>,
        place: &Place,
        key: &Key,
        name: Uuid,
        content: impl AsyncRead + Unpin + Send,
    ) -> Result<Stored, VaultError> {
        let mut segments = Segments::new(key, place, name)?;
        writing.write(Bytes::copy_from_slice(&header(name))).await?;
        let mut cut = Cut::new(content, self.most_bytes);
        while let Some((plain, last)) = cut.next().await? {
            let sealed = segments.seal(plain, last)?;
            writing.write(sealed.into()).await?;
        }
        cut.stored()
    }

    /// Looks whether what was written is still there, now that whoever destroys must see it: what they deleted before would
    /// leave a document that its writer believes in.
    async fn stands(&self, place: &Place, subject_key: &Key, name: Uuid) -> Result<(), VaultError> {
        let now = self.subject_key(place.subject).await?;
        let path = content_of(place.subject, place.document, name);
        if now.is_some_and(|now| now.is(subject_key)) && self.documents.exists(&path).await? {
            return Ok(());
        }
        self.keys.delete(&document_key_of(place.subject, place.document)).await?;
        self.documents.delete(&path).await?;
        Err(VaultError::Destroyed)
    }
}

fn agreed(there: &DocumentKey, given: Stored) -> Result<Stored, VaultError> {
    let stored = Stored { bytes: there.bytes, sha256: there.sha256 };
    if stored == given { Ok(stored) } else { Err(VaultError::Taken) }
}

/// Cuts what is read into segments. One is read ahead: only then is it known which is the last.
struct Cut<R> {
    content: R,
    ahead: Zeroizing<Vec<u8>>,
    /// Of `ahead`; absent before the beginning.
    filled: Option<usize>,
    segment: Zeroizing<Vec<u8>>,
    ended: bool,
    digest: Context,
    bytes: u64,
    most: u64,
}

impl<R: AsyncRead + Unpin> Cut<R> {
    fn new(content: R, most: u64) -> Self {
        let [ahead, segment] = [(); 2].map(|()| Zeroizing::new(vec![0; SEGMENT]));
        let digest = Context::new(&SHA256);
        Self { content, ahead, filled: None, segment, ended: false, digest, bytes: 0, most }
    }

    /// The next segment and whether it is the last; there is one at least.
    async fn next(&mut self) -> Result<Option<(&[u8], bool)>, VaultError> {
        if self.ended {
            return Ok(None);
        }
        let filled = match self.filled {
            Some(filled) => filled,
            None => fill(&mut self.content, &mut self.ahead).await?,
        };
        mem::swap(&mut self.segment, &mut self.ahead);
        let following = if filled == SEGMENT { fill(&mut self.content, &mut self.ahead).await? } else { 0 };
        self.filled = Some(following);
        self.ended = following == 0;
        self.bytes += filled as u64;
        if self.bytes > self.most {
            return Err(VaultError::TooLarge { most: self.most });
        }
        let plain = &self.segment[..filled];
        self.digest.update(plain);
        Ok(Some((plain, self.ended)))
    }

    fn stored(self) -> Result<Stored, VaultError> {
        let sha256 = self.digest.finish().as_ref().try_into().map_err(|_| VaultError::Cipher)?;
        Ok(Stored { bytes: self.bytes, sha256 })
    }
}

/// Fills the segment unless the end comes first.
async fn fill(content: &mut (impl AsyncRead + Unpin), segment: &mut [u8]) -> Result<usize, VaultError> {
    let mut filled = 0;
    while filled < segment.len() {
        let read = content.read(&mut segment[filled..]).await;
        match read.map_err(|error| VaultError::Unread(error.kind()))? {
            0 => break,
            some => filled += some,
        }
    }
    Ok(filled)
}
