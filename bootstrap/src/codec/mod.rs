//! Encrypts what processes carry before it leaves this machine, so that Temporal's database, its UI and its backups hold
//! ciphertext only.
//!
//! A payload is encrypted whole, its own metadata included, with AES-256-GCM. The id of the key stands beside the
//! ciphertext and is authenticated with it. What is not a payload is out of reach: ids, search attributes, names of
//! types and signals. Personal data must not be put there.
//!
//! Decoding never panics and never guesses: data that was changed, cut or made with a key that we do not have is an
//! error. Payloads of any other encoding pass through as they are, which is what histories from before encryption need.

mod keys;

use futures::future::{BoxFuture, FutureExt as _, ready};
use prost::Message as _;
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, PayloadCodec, PayloadConversionError, PayloadConverter,
    SerializationContextData,
};

pub(crate) use keys::KeyRing;
pub use keys::{PayloadKey, PayloadKeyError};
/// What processes carry, and the name under which its metadata says how it is written.
pub use temporalio_common::protos::ENCODING_PAYLOAD_KEY;
pub use temporalio_common::protos::temporal::api::common::v1::Payload;

/// What the metadata key `encoding` says of an encrypted payload.
pub const ENCRYPTED: &str = "binary/encrypted";
/// The metadata key under which the id of the key stands.
pub const KEY_ID: &str = "encryption-key-id";

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
#[derive(Clone, Debug)]
pub struct EncryptionCodec {
    keys: KeyRing,
}

impl EncryptionCodec {
    /// The first key encrypts; all of them decrypt.
    pub fn new(keys: &[PayloadKey]) -> Result<Self, CodecError> {
        Ok(Self { keys: KeyRing::new(keys)? })
    }

    /// Encrypts one payload: data is a random nonce of 96 bits, the ciphertext, and its tag.
    pub fn encrypt(&self, payload: &Payload) -> Result<Payload, CodecError> {
        let (id, data) = self.keys.seal(payload.encode_to_vec(), str::to_owned)?;
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
        let plain = self.keys.open(id, &payload.data, str::to_owned)?;
        Payload::decode(plain.as_slice()).map_err(|_| CodecError::Tampered)
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
