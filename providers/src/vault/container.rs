//! How a document lies in its store: a header, and segments of 64 KiB, each sealed with the document's key.
//!
//! It is the STREAM construction: a key that is used for one content and never again, and in the nonce the number of the
//! segment and whether it is the last. So a segment opens in its own place only, nothing can be cut off or added, and each
//! can be given out as soon as it has been verified. The header, the place and the version are authenticated with every
//! segment. Only the last segment is shorter than the others, and only that of an empty document is empty.

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use bytes::{Bytes, BytesMut};
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::keys::{Key, bound};
use super::{Place, VaultError};

/// Of plaintext.
pub(super) const SEGMENT: usize = 64 * 1024;
const TAG: usize = 16;
/// Of a whole segment in the store.
pub(super) const SEALED: usize = SEGMENT + TAG;

const MAGIC: &[u8; 8] = b"WOLODOC\x01";
/// What it is and its version, the power of two of the segments' size, seven bytes of nothing, the name of the content.
pub(super) const HEADER: usize = 8 + 1 + 7 + 16;

const DAMAGED: VaultError = VaultError::Damaged("a document");

pub(super) fn header(content: Uuid) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8] = 16;
    header[16..].copy_from_slice(content.as_bytes());
    header
}

/// Seals or opens segments in their order.
pub(super) struct Segments {
    key: LessSafeKey,
    bound: Vec<u8>,
    /// The next one's number; `None` after the last that can be.
    next: Option<u32>,
}

impl Segments {
    pub(super) fn new(key: &Key, place: &Place, content: Uuid) -> Result<Self, VaultError> {
        let parts: [&[u8]; 4] =
            [&header(content), place.subject.as_bytes(), place.document.as_bytes(), place.kind.as_bytes()];
        Ok(Self { key: key.cipher()?, bound: bound(&parts), next: Some(0) })
    }

    #[cfg(test)]
    pub(super) fn skip_to(&mut self, number: u32) {
        self.next = Some(number);
    }

    /// No two segments of a key have the same: a number is given once, and when there are no more there are none.
    fn nonce(&mut self, last: bool) -> Option<Nonce> {
        let number = self.next?;
        self.next = number.checked_add(1);
        let mut nonce = [0; NONCE_LEN];
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Some(Nonce::assume_unique_for_key(nonce))
    }

    /// At most [`SEGMENT`] bytes; fewer only if they are the last.
    pub(super) fn seal(&mut self, plain: &[u8], last: bool) -> Result<Vec<u8>, VaultError> {
        let nonce = self.nonce(last).ok_or(VaultError::Cipher)?;
        let mut sealed = Vec::with_capacity(plain.len() + TAG);
        sealed.extend_from_slice(plain);
        let done = self.key.seal_in_place_append_tag(nonce, Aad::from(self.bound.as_slice()), &mut sealed);
        done.map_err(|_| VaultError::Cipher)?;
        Ok(sealed)
    }

    fn open(&mut self, sealed: &[u8], last: bool) -> Result<Bytes, VaultError> {
        let first = self.next == Some(0);
        let nonce = self.nonce(last).ok_or(DAMAGED)?;
        // Wiped when it goes, wherever it has gone to, and also when it does not verify.
        let mut plain = Zeroizing::new(sealed.to_vec());
        let opened = self.key.open_in_place(nonce, Aad::from(self.bound.as_slice()), &mut plain);
        let length = opened.map_err(|_| DAMAGED)?.len();
        if length == 0 && !first {
            return Err(DAMAGED);
        }
        plain.truncate(length);
        Ok(Bytes::from_owner(plain))
    }
}

/// Takes a document apart as it comes in, in pieces of any size.
pub(super) struct Opener {
    segments: Segments,
    expected: [u8; HEADER],
    begun: bool,
    buffer: BytesMut,
}

impl Opener {
    pub(super) fn new(key: &Key, place: &Place, content: Uuid) -> Result<Self, VaultError> {
        let segments = Segments::new(key, place, content)?;
        Ok(Self { segments, expected: header(content), begun: false, buffer: BytesMut::new() })
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next segment, when it is there as a whole and there is something behind it, so that it cannot be the last.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, VaultError> {
        if !self.begin()? || self.buffer.len() <= SEALED {
            return Ok(None);
        }
        let sealed = self.buffer.split_to(SEALED);
        self.segments.open(&sealed, false).map(Some)
    }

    /// The last segment, when everything has come in and [`Opener::next`] has no more.
    pub(super) fn finish(&mut self) -> Result<Bytes, VaultError> {
        if !self.begin()? {
            return Err(DAMAGED);
        }
        let sealed = self.buffer.split();
        self.segments.open(&sealed, true)
    }

    fn begin(&mut self) -> Result<bool, VaultError> {
        if !self.begun && self.buffer.len() >= HEADER {
            if self.buffer.split_to(HEADER)[..] != self.expected {
                return Err(DAMAGED);
            }
            self.begun = true;
        }
        Ok(self.begun)
    }
}
