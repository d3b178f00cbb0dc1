//! Payloads as the remote codec of Temporal has them: `Payloads` of its protocol in JSON, bytes in base64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wolo_bootstrap::codec::{self, CodecError, ENCODING_PAYLOAD_KEY, EncryptionCodec, Payload};
use wolo_control::masking;

use crate::problem::{Problem, Words, Wrong};

/// The protocol allows padding to be left out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const ENCRYPTED: &[u8] = codec::ENCRYPTED.as_bytes();
const JSON: &[u8] = b"json/plain";
const NOTHING: &[u8] = b"binary/null";

/// How much somebody sees.
#[derive(Clone, Copy)]
pub(super) enum Eyes {
    /// All but what opens a door.
    Open,
    /// The names of fields, and ids.
    Shapes,
}

/// Payloads; the answer has as many, in the same order.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(example = json!({ "payloads": [{ "metadata": { "encoding": "anNvbi9wbGFpbg==" }, "data": "eyJhIjoxfQ==" }] }))]
pub(crate) struct Payloads {
    payloads: Vec<WirePayload>,
}

/// One payload. What is between its braces is base64.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
struct WirePayload {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    data: String,
}

impl Payloads {
    pub(super) fn len(&self) -> usize {
        self.payloads.len()
    }

    pub(super) fn decoded(self, codec: &EncryptionCodec, eyes: Eyes) -> Result<Self, Problem> {
        self.each(|payload, read| {
            // What is not encrypted whoever asks has already.
            if read.metadata.get(ENCODING_PAYLOAD_KEY).is_none_or(|encoding| encoding != ENCRYPTED) {
                return Ok(payload);
            }
            match codec.decrypt(read) {
                Ok(decrypted) => Ok(WirePayload::of(&shown(decrypted, eyes))),
                Err(CodecError::UnknownKey) => Ok(payload),
                Err(_) => {
                    Err(Words::new("ce contenu a été modifié", "this payload is not as it was written")
                        .wolof("lii soppi nañu ko"))
                }
            }
        })
    }

    pub(super) fn encoded(self, codec: &EncryptionCodec) -> Result<Self, Problem> {
        self.each(|_, read| {
            let encrypted = codec.encrypt(&read).map(|encrypted| WirePayload::of(&encrypted));
            encrypted.map_err(|_| {
                Words::new("ce contenu ne peut être chiffré", "this payload cannot be encrypted")
                    .wolof("lii mënuñu ko nëbb")
            })
        })
    }

    fn each(
        self,
        turn: impl Fn(WirePayload, Payload) -> Result<WirePayload, Words>,
    ) -> Result<Self, Problem> {
        let turned = self.payloads.into_iter().enumerate().map(|(place, payload)| {
            let read = payload.read().ok_or_else(|| {
                Words::new("ce doit être du base64", "this must be base64").wolof("dafa war a nekk base64")
            });
            let turned = read.and_then(|read| turn(payload, read));
            turned
                .map_err(|words| Problem::invalid(vec![Wrong { field: format!("payloads[{place}]"), words }]))
        });
        Ok(Self { payloads: turned.collect::<Result<_, _>>()? })
    }
}

impl WirePayload {
    fn read(&self) -> Option<Payload> {
        let metadata =
            self.metadata.iter().map(|(name, value)| Some((name.clone(), LENIENT.decode(value).ok()?)));
        let data = LENIENT.decode(&self.data).ok()?;
        Some(Payload { metadata: metadata.collect::<Option<_>>()?, data, ..Payload::default() })
    }

    fn of(payload: &Payload) -> Self {
        let metadata = payload.metadata.iter().map(|(name, value)| (name.clone(), STANDARD.encode(value)));
        Self { metadata: metadata.collect(), data: STANDARD.encode(&payload.data) }
    }
}

/// What these eyes see of a decrypted payload.
fn shown(mut payload: Payload, eyes: Eyes) -> Payload {
    let encoding = payload.metadata.get(ENCODING_PAYLOAD_KEY).map_or(&b""[..], Vec::as_slice);
    if encoding == NOTHING {
        return payload;
    }
    let value = if encoding == JSON { serde_json::from_slice::<Value>(&payload.data).ok() } else { None };
    let seen = match (value, eyes) {
        (Some(mut value), Eyes::Open) => {
            masking::hide_secrets(&mut value);
            value
        }
        (Some(mut value), Eyes::Shapes) => {
            masking::leave_structure(&mut value);
            value
        }
        (None, _) => masking::HIDDEN.into(),
    };
    payload.metadata.insert(ENCODING_PAYLOAD_KEY.to_owned(), JSON.to_vec());
    payload.data = seen.to_string().into_bytes();
    payload
}

#[cfg(test)]
mod tests {
    use wolo_bootstrap::codec::PayloadKey;

    use super::*;
    use crate::problem::Code;

    fn codec(id: &str, byte: u8) -> EncryptionCodec {
        let key = PayloadKey::parse(&format!("{id}:{}", STANDARD.encode([byte; 32]))).unwrap();
        EncryptionCodec::new(&[key]).unwrap()
    }

    fn payload(encoding: &str, data: &[u8]) -> Payload {
        let metadata = [(ENCODING_PAYLOAD_KEY.to_owned(), encoding.as_bytes().to_vec())];
        Payload { metadata: metadata.into(), data: data.to_vec(), ..Payload::default() }
    }

    fn decoded(codec: &EncryptionCodec, payload: WirePayload, eyes: Eyes) -> Result<Payload, Problem> {
        let decoded = Payloads { payloads: vec![payload] }.decoded(codec, eyes)?;
        Ok(decoded.payloads[0].read().unwrap())
    }

    #[test]
    fn each_pair_of_eyes_sees_its_part() {
        let codec = codec("k", 1);
        let text = br#"{"pot":"pot_0193a5c2f0f07c3ab1d2e3f405162738","title":"Awa","amount":5,"slug":"s"}"#;
        let encrypted = WirePayload::of(&codec.encrypt(&payload("json/plain", text)).unwrap());
        let seen = |eyes| {
            let seen = decoded(&codec, encrypted.clone(), eyes).unwrap();
            assert_eq!(seen.metadata[ENCODING_PAYLOAD_KEY], JSON);
            String::from_utf8(seen.data).unwrap()
        };
        let open = seen(Eyes::Open);
        assert!(open.contains("Awa") && open.contains(r#""amount":5"#) && !open.contains(r#""s""#), "{open}");
        let shapes = seen(Eyes::Shapes);
        assert!(shapes.contains("pot_0193a5c2f0f07c3ab1d2e3f405162738"), "{shapes}");
        assert!(!shapes.contains("Awa") && !shapes.contains(":5"), "{shapes}");
    }

    #[test]
    fn bytes_that_are_no_json_are_shown_to_nobody() {
        let codec = codec("k", 1);
        for encoding in ["binary/plain", "json/protobuf"] {
            let encrypted = WirePayload::of(&codec.encrypt(&payload(encoding, b"Awa")).unwrap());
            let seen = decoded(&codec, encrypted, Eyes::Open).unwrap();
            assert_eq!(String::from_utf8(seen.data).unwrap(), format!("\"{}\"", masking::HIDDEN));
        }
        let nothing = payload("binary/null", b"");
        let encrypted = WirePayload::of(&codec.encrypt(&nothing).unwrap());
        assert_eq!(decoded(&codec, encrypted, Eyes::Shapes).unwrap(), nothing);
    }

    #[test]
    fn what_is_not_ours_to_open_comes_back_as_it_is_and_what_was_changed_is_refused() {
        let ours = codec("k", 1);
        let foreign = codec("other", 2).encrypt(&payload("json/plain", b"1")).unwrap();
        assert_eq!(decoded(&ours, WirePayload::of(&foreign), Eyes::Open).unwrap(), foreign);
        let plain = payload("json/plain", br#"{"slug":"s"}"#);
        assert_eq!(decoded(&ours, WirePayload::of(&plain), Eyes::Shapes).unwrap(), plain);

        let mut changed = ours.encrypt(&plain).unwrap();
        changed.data[20] ^= 1;
        let refused = decoded(&ours, WirePayload::of(&changed), Eyes::Open).err().unwrap();
        assert_eq!(refused.code(), Code::RequestInvalid);
        let no_base64 = WirePayload { metadata: BTreeMap::new(), data: "é".to_owned() };
        assert_eq!(decoded(&ours, no_base64, Eyes::Open).err().unwrap().code(), Code::RequestInvalid);
        let unpadded = WirePayload { metadata: BTreeMap::new(), data: "YQ".to_owned() };
        assert_eq!(decoded(&ours, unpadded, Eyes::Open).unwrap().data, b"a");
    }

    #[test]
    fn what_is_encrypted_here_is_opened_here() {
        let codec = codec("k", 1);
        let plain = payload("json/plain", b"[1]");
        let encoded = Payloads { payloads: vec![WirePayload::of(&plain)] }.encoded(&codec).unwrap();
        let encrypted = encoded.payloads[0].read().unwrap();
        assert_eq!(encrypted.metadata[ENCODING_PAYLOAD_KEY], ENCRYPTED);
        assert_eq!(codec.decrypt(encrypted).unwrap(), plain);
    }
}
