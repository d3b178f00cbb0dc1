//! Reads a document as it was written, or says that it is not there, or that it is not as it was.

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _, try_unfold};
use secrecy::zeroize::Zeroizing;

use super::container::Opener;
use super::error::Side;
use super::places::{content_of, document_key_of};
use super::{Place, Vault, VaultError};

/// A document that is there.
pub struct Reading {
    pub bytes: u64,
    /// Of the plaintext, as it was when it was stored.
    pub sha256: [u8; 32],
    /// Piece by piece, each verified before it comes. After an error nothing more comes, and what came is not the document.
    /// The pieces are wiped when they are dropped.
    pub content: BoxStream<'static, Result<Bytes, VaultError>>,
}

impl Reading {
    /// All of it. It is wiped when it is dropped.
    pub async fn whole(mut self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        // At once as large as it gets: what a vector leaves behind when it grows is not wiped.
        let size = usize::try_from(self.bytes).map_err(|_| VaultError::Damaged("a document"))?;
        let mut whole = Zeroizing::new(Vec::with_capacity(size));
        while let Some(piece) = self.content.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

impl Vault {
    /// The document; `None` when there is none, or none any more.
    pub async fn read(&self, place: &Place) -> Result<Option<Reading>, VaultError> {
        let Some(subject_key) = self.subject_key(place.subject).await? else { return Ok(None) };
        let Some(document) = self.document_key(place, &subject_key).await? else { return Ok(None) };
        let path = content_of(place.subject, place.document, document.content);
        let Some(sealed) = self.documents.stream(&path).await? else {
            // Its key goes first. If it has gone by now, the document was destroyed under our eyes.
            let key = self.keys.get(&document_key_of(place.subject, place.document)).await?;
            return if key.is_some() { Err(VaultError::Damaged("a document")) } else { Ok(None) };
        };
        let opener = Opener::new(&document.key, place, document.content)?;
        let content = opened(sealed, opener);
        Ok(Some(Reading { bytes: document.bytes, sha256: document.sha256, content }))
    }
}

/// What is sealed, opened. Nothing follows the last segment, and nothing an error.
pub(super) fn opened(
    sealed: BoxStream<'static, object_store::Result<Bytes>>,
    opener: Opener,
) -> BoxStream<'static, Result<Bytes, VaultError>> {
    let segments = try_unfold(Some((sealed, opener)), |state| async move {
        let Some((mut sealed, mut opener)) = state else { return Ok(None) };
        loop {
            if let Some(segment) = opener.next()? {
                return Ok(Some((segment, Some((sealed, opener)))));
            }
            let piece = sealed.try_next().await;
            match piece.map_err(|error| VaultError::unreachable(Side::Documents, &error))? {
                Some(piece) => opener.push(&piece),
                None => return Ok(Some((opener.finish()?, None))),
            }
        }
    });
    segments.boxed()
}
