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
            let same = self.each_segment(content, async |_, _| Ok(())).await?;
            return agreed(&there, same);
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
        self.each_segment(content, async |plain, last| writing.write(segments.seal(plain, last)?.into()).await)
            .await
    }

    /// Reads to the end, a segment and the one after it at a time: only then is it known which is the last.
    async fn each_segment(
        &self,
        mut content: impl AsyncRead + Unpin + Send,
        mut with: impl AsyncFnMut(&[u8], bool) -> Result<(), VaultError>,
    ) -> Result<Stored, VaultError> {
        let [mut segment, mut ahead] = [(); 2].map(|()| Zeroizing::new(vec![0; SEGMENT]));
        let mut digest = Context::new(&SHA256);
        let mut bytes = 0;
        let mut filled = fill(&mut content, &mut segment).await?;
        loop {
            let following = if filled == SEGMENT { fill(&mut content, &mut ahead).await? } else { 0 };
            bytes += filled as u64;
            if bytes > self.most_bytes {
                return Err(VaultError::TooLarge { most: self.most_bytes });
            }
            let plain = &segment[..filled];
            digest.update(plain);
            with(plain, following == 0).await?;
            if following == 0 {
                break;
            }
            mem::swap(&mut segment, &mut ahead);
            filled = following;
        }
        let sha256 = digest.finish().as_ref().try_into().map_err(|_| VaultError::Cipher)?;
        Ok(Stored { bytes, sha256 })
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
