//! Encrypts what processes carry before it leaves this machine, so that Temporal's database, its UI and its backups hold
//! ciphertext only.
//!
//! A payload is encrypted whole, its own metadata included, with AES-256-GCM. The id of the key stands beside the
//! ciphertext and is authenticated with it. What is not a payload is out of reach: ids, search attributes, names of
//! types and signals. Personal data must not be put there.
//!
//! Decoding never panics and never guesses: data that was changed, cut or made with a key that we do not have is an
//! error. Payloads of any other encoding pass through as they are, which is what histories from before encryption need.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::{BoxFuture, FutureExt as _, ready};
use prost::Message as _;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice};
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, PayloadCodec, PayloadConversionError, PayloadConverter,
    SerializationContextData,
};
use temporalio_common::protos::ENCODING_PAYLOAD_KEY;
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// What the metadata key `encoding` says of an encrypted payload.
pub const ENCRYPTED: &str = "binary/encrypted";
/// The metadata key under which the id of the key stands.
pub const KEY_ID: &str = "encryption-key-id";

/// AES-256.
const KEY_BYTES: usize = 32;

/// A named key for payloads.
#[derive(Clone)]
pub struct PayloadKey {
    id: String,
    bytes: SecretSlice<u8>,
}

impl fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadKey({})", self.id)
    }
}

/// Why a text is not a payload key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadKeyError {
    #[error("must be an id, a colon and base64")]
    Shape,
    #[error("its id must be 1 to 32 letters, digits, - or _")]
    Id,
    #[error("must be base64 of exactly 32 bytes")]
    Bytes,
}

impl PayloadKey {
    /// Reads `id:base64 of 32 bytes`.
    pub fn parse(text: &str) -> Result<Self, PayloadKeyError> {
        let (id, encoded) = text.split_once(':').ok_or(PayloadKeyError::Shape)?;
        let named = (1..=32).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !named {
            return Err(PayloadKeyError::Id);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| PayloadKeyError::Bytes)?;
        if bytes.len() != KEY_BYTES {
            return Err(PayloadKeyError::Bytes);
        }
        Ok(Self { id: id.to_owned(), bytes: SecretSlice::from(bytes) })
    }

    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a payload could not be encrypted or decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("there is no payload key")]
    NoKey,
    #[error("a payload was encrypted with a key that this process does not have")]
    UnknownKey,
    #[error("an encrypted payload is not as it was written")]
    Tampered,
    #[error("a payload could not be encrypted")]
    Encryption,
}

impl From<CodecError> for PayloadConversionError {
    fn from(error: CodecError) -> Self {
        Self::EncodingError(Box::new(error))
    }
}

/// The codec for Temporal's client and worker. Cheap to clone.
#[derive(Clone)]
pub struct EncryptionCodec {
    keys: Arc<[(String, RandomizedNonceKey)]>,
}

impl fmt::Debug for EncryptionCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl EncryptionCodec {
    /// The first key encrypts; all of them decrypt.
    pub fn new(keys: &[PayloadKey]) -> Result<Self, CodecError> {
        let keys = keys
            .iter()
            .map(|key| {
                let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.bytes.expose_secret());
                cipher.map(|cipher| (key.id.clone(), cipher)).map_err(|_| CodecError::NoKey)
            })
            .collect::<Result<Arc<[_]>, _>>()?;
        if keys.is_empty() { Err(CodecError::NoKey) } else { Ok(Self { keys }) }
    }

    /// Encrypts one payload: data is a random nonce of 96 bits, the ciphertext, and its tag.
    pub fn encrypt(&self, payload: &Payload) -> Result<Payload, CodecError> {
        let (id, key) = self.keys.first().ok_or(CodecError::NoKey)?;
        let mut sealed = payload.encode_to_vec();
        let nonce =
            key.seal_in_place_append_tag(Aad::from(id), &mut sealed).map_err(|_| CodecError::Encryption)?;
        let data = [nonce.as_ref().as_slice(), &sealed].concat();
        let metadata = [
            (ENCODING_PAYLOAD_KEY.to_owned(), ENCRYPTED.as_bytes().to_vec()),
            (KEY_ID.to_owned(), id.as_bytes().to_vec()),
        ];
        Ok(Payload { metadata: metadata.into(), data, ..Payload::default() })
    }

    /// Decrypts one payload; passes on one of another encoding.
    pub fn decrypt(&self, payload: Payload) -> Result<Payload, CodecError> {
        let encoding = payload.metadata.get(ENCODING_PAYLOAD_KEY);
        if encoding.is_none_or(|encoding| encoding != ENCRYPTED.as_bytes()) {
            return Ok(payload);
        }
        let id = payload.metadata.get(KEY_ID).ok_or(CodecError::UnknownKey)?;
        let (id, key) =
            self.keys.iter().find(|(known, _)| known.as_bytes() == id).ok_or(CodecError::UnknownKey)?;
        let (nonce, sealed) = payload.data.split_at_checked(NONCE_LEN).ok_or(CodecError::Tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CodecError::Tampered)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let plain = key.open_in_place(nonce, Aad::from(id), &mut sealed).map_err(|_| CodecError::Tampered)?;
        Payload::decode(&*plain).map_err(|_| CodecError::Tampered)
    }
}

impl PayloadCodec for EncryptionCodec {
    fn encode(
        &self,
        _context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let encrypted: Result<Vec<_>, _> = payloads.iter().map(|payload| self.encrypt(payload)).collect();
        ready(encrypted.map_err(Into::into)).boxed()
    }

    fn decode(
        &self,
        _context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let decrypted: Result<Vec<_>, _> =
            payloads.into_iter().map(|payload| self.decrypt(payload)).collect();
        ready(decrypted.map_err(Into::into)).boxed()
    }
}

/// How clients, workers and replays turn values into payloads and back: raw payloads as they are and everything else as
/// JSON (the SDK's default, which untyped handles need), then encryption. Messages and stacks of
/// failures are moved into encrypted payloads too; the type of a failure stays readable, so it must be a plain code.
pub fn data_converter(keys: &[PayloadKey]) -> Result<DataConverter, CodecError> {
    let codec = EncryptionCodec::new(keys)?;
    Ok(DataConverter::new(PayloadConverter::default(), DefaultFailureConverter::new(true), codec))
}

#[cfg(test)]
mod tests;
