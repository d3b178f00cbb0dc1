//! Reading a certificate, believing nothing but a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::chain;
use super::judge::{Judge, Totals, Wrong};
use super::lines::{Line, Opening, WITH_CREDITS, WITHOUT_CREDITS, What};
use crate::ids::PotId;
use crate::seals::{self, Chain, NamedKey, PublicKey, SEAL_BYTES, Seal, Sealed};

pub(super) const BEFORE_SEAL: &str = ",\"seal\":\"";
pub(super) const AFTER_SEAL: &str = "\"}";
/// 64 bytes in base64, six bits a letter.
const SEAL_LETTERS: usize = (SEAL_BYTES * 8).div_ceil(6);
/// How every certificate begins, whatever its format.
const BEGINNING: &str = "[{\"line\":1,\"kind\":\"opening\",\"format\":";

/// Whose seals are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The key that stands in the certificate: proves that it is whole, and not who sealed it.
    ItsOwnKey,
    /// One of these. A certificate that names its key is held against the key of that name, or one without a name.
    Keys(Vec<NamedKey>),
}

/// A certificate that is whole, sealed by the key, and adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub pot: PotId,
    /// Of the birthday.
    pub year: i32,
    pub opened_at: DateTime<Utc>,
    pub closed_at: DateTime<Utc>,
    pub settled_at: DateTime<Utc>,
    pub key_id: String,
    pub key: PublicKey,
    pub lines: u64,
    pub totals: Totals,
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    #[error("this is not a certificate")]
    NotACertificate,
    #[error(
        "this certificate is written in another format, and this program knows formats {WITHOUT_CREDITS} and {WITH_CREDITS}"
    )]
    OtherFormat,
    /// The first line that is wrong, counted from 1 as an editor does.
    #[error("line {line}: {wrong}")]
    Line { line: u64, wrong: Wrong },
}

/// Reads a certificate to its end, or to the first line that is wrong.
pub fn verify(document: &[u8], trust: &Trust) -> Result<Verified, CertificateError> {
    let opening = opening(document)?;
    let key = key(&opening, trust).map_err(|wrong| CertificateError::Line { line: 1, wrong })?;
    let mut reading = Reading::of(opening.pot, key);
    let wrong = reading.read(document).err();
    // What cannot stand where it does may be a late consequence of a line before it, whose seal then does not fit.
    let (line, wrong) = match (reading.first_bad_seal(), wrong) {
        (Some(line), _) => (line, Wrong::Seal),
        (None, Some(wrong)) => (reading.judge.lines() + 1, wrong),
        (None, None) => return reading.verified(opening, key),
    };
    Err(CertificateError::Line { line, wrong })
}

/// The opening line, which says how to read the others.
fn opening(document: &[u8]) -> Result<Opening, CertificateError> {
    let Some(rest) = document.strip_prefix(BEGINNING.as_bytes()) else {
        return Err(CertificateError::NotACertificate);
    };
    let format: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_digit).collect();
    if ![WITHOUT_CREDITS, WITH_CREDITS].iter().any(|known| format == known.to_string().as_bytes()) {
        return Err(CertificateError::OtherFormat);
    }
    let wrong = CertificateError::Line { line: 1, wrong: Wrong::Form };
    let first = Texts { rest: document, first: true }.next().and_then(Text::read);
    match first {
        Some(Text { line: Line { what: What::Opening(opening), .. }, .. }) => Ok(opening),
        _ => Err(wrong),
    }
}

/// The key to hold the seals against.
fn key(opening: &Opening, trust: &Trust) -> Result<PublicKey, Wrong> {
    let written = PublicKey::read(&opening.public_key).ok_or(Wrong::Form)?;
    let is_believed = match trust {
        Trust::ItsOwnKey => true,
        Trust::Keys(keys) => keys
            .iter()
            .any(|named| named.key == written && named.id.as_ref().is_none_or(|id| *id == opening.key_id)),
    };
    if is_believed { Ok(written) } else { Err(Wrong::Key { id: opening.key_id.clone() }) }
}

/// A document as far as it has been read.
struct Reading {
    key: PublicKey,
    chain: Chain,
    judge: Judge,
    /// They are looked at together, at the end.
    seals: Vec<Sealed>,
    settled_at: Option<DateTime<Utc>>,
}

impl Reading {
    fn of(pot: PotId, key: PublicKey) -> Self {
        Self { key, chain: chain(pot), judge: Judge::new(), seals: Vec::new(), settled_at: None }
    }

    /// Takes lines until one is wrong.
    fn read(&mut self, document: &[u8]) -> Result<(), Wrong> {
        let texts = Texts { rest: document, first: true };
        for text in texts {
            let Text { body, seal, line } = Text::read(text).ok_or(Wrong::Form)?;
            let closing = if let What::Closing(closing) = &line.what { Some(closing) } else { None };
            // Nothing comes after it, so nothing was cut off there.
            if closing.is_some() && !document.ends_with(b"]\n") {
                return Err(Wrong::Form);
            }
            self.judge.take(&line)?;
            if let Some(closing) = closing {
                self.settled_at = Some(closing.settled_at);
            }
            let hash = self.chain.to_be_sealed(&body);
            self.chain = self.chain.after(&hash, &seal);
            self.seals.push(Sealed { hash, seal, key: self.key });
        }
        if self.judge.is_complete() { Ok(()) } else { Err(Wrong::Missing) }
    }

    fn first_bad_seal(&self) -> Option<u64> {
        seals::first_bad(&self.seals).map(|place| place as u64 + 1)
    }

    fn verified(self, opening: Opening, key: PublicKey) -> Result<Verified, CertificateError> {
        let lines = self.judge.lines();
        let settled_at =
            self.settled_at.ok_or(CertificateError::Line { line: lines + 1, wrong: Wrong::Missing })?;
        let Opening { pot, year, opened_at, closed_at, key_id, .. } = opening;
        let totals = self.judge.totals();
        Ok(Verified { pot, year, opened_at, closed_at, settled_at, key_id, key, lines, totals })
    }
}

/// The lines of a document, as texts: without the brackets and commas around them. One that is not parted from the
/// next as it should be is empty, which no line is.
struct Texts<'a> {
    rest: &'a [u8],
    first: bool,
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (text, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (&b""[..], &b""[..]),
        };
        self.rest = rest;
        let text = if std::mem::take(&mut self.first) { text.strip_prefix(b"[") } else { Some(text) };
        // A comma at the very end is a tail that was cut off; what is there is read nevertheless.
        let bare = text.and_then(|text| {
            text.strip_suffix(b",").or_else(|| text.strip_suffix(b"]").filter(|_| rest.is_empty()))
        });
        Some(bare.unwrap_or_default())
    }
}

/// A line with its seal.
struct Text {
    /// As it was before it was sealed.
    body: String,
    seal: Seal,
    line: Line,
}

impl Text {
    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.strip_suffix(AFTER_SEAL)?;
        let (text, seal) = text.split_at_checked(text.len().checked_sub(SEAL_LETTERS)?)?;
        // Only the letters that the bytes are written with: nothing is left over for a second way.
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
        let body = format!("{}}}", text.strip_suffix(BEFORE_SEAL)?);
        let line = Line::read(&body)?;
        Some(Self { body, seal, line })
    }
}
