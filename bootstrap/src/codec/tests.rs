use temporalio_common::data_converters::WorkflowSerializationContext;

use aws_lc_rs::aead::NONCE_LEN;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn key(id: &str, byte: u8) -> PayloadKey {
    PayloadKey::parse(&format!("{id}:{}", STANDARD.encode([byte; 32]))).unwrap()
}

fn codec(keys: &[PayloadKey]) -> EncryptionCodec {
    EncryptionCodec::new(keys).unwrap()
}

fn payload() -> Payload {
    let metadata =
        [(ENCODING_PAYLOAD_KEY.to_owned(), b"json/plain".to_vec()), ("x".to_owned(), vec![0, 255])];
    Payload { metadata: metadata.into(), data: br#"{"name":"Awa"}"#.to_vec(), ..Payload::default() }
}

#[test]
fn what_goes_in_comes_out_and_does_not_show_in_between() {
    let codec = codec(&[key("k1", 1)]);
    for original in [payload(), Payload::default()] {
        let encrypted = codec.encrypt(&original).unwrap();
        assert_eq!(encrypted.metadata[ENCODING_PAYLOAD_KEY], b"binary/encrypted");
        assert_eq!(encrypted.metadata[KEY_ID], b"k1");
        assert_eq!(encrypted.metadata.len(), 2);
        assert!(!encrypted.data.windows(3).any(|part| part == b"Awa"));
        assert_eq!(codec.decrypt(encrypted).unwrap(), original);
    }
}

#[test]
fn the_same_value_never_looks_the_same_twice() {
    let codec = codec(&[key("k1", 1)]);
    let (one, two) = (codec.encrypt(&payload()).unwrap(), codec.encrypt(&payload()).unwrap());
    assert_ne!(one.data[..NONCE_LEN], two.data[..NONCE_LEN]);
    assert_ne!(one.data[NONCE_LEN..], two.data[NONCE_LEN..]);
}

#[test]
fn a_key_that_was_rotated_out_of_first_place_still_decrypts() {
    let old = codec(&[key("k1", 1)]);
    let both = codec(&[key("k2", 2), key("k1", 1)]);
    let written_before = old.encrypt(&payload()).unwrap();
    assert_eq!(both.decrypt(written_before).unwrap(), payload());
    let written_after = both.encrypt(&payload()).unwrap();
    assert_eq!(written_after.metadata[KEY_ID], b"k2");
    assert_eq!(old.decrypt(written_after), Err(CodecError::UnknownKey));
}

#[test]
fn every_changed_byte_is_noticed() {
    let codec = codec(&[key("k1", 1)]);
    let encrypted = codec.encrypt(&payload()).unwrap();
    for place in 0..encrypted.data.len() {
        let mut changed = encrypted.clone();
        changed.data[place] ^= 1;
        assert_eq!(codec.decrypt(changed), Err(CodecError::Tampered), "byte {place}");
    }
}

#[test]
fn every_shortening_is_noticed() {
    let codec = codec(&[key("k1", 1)]);
    let encrypted = codec.encrypt(&payload()).unwrap();
    for length in 0..encrypted.data.len() {
        let mut cut = encrypted.clone();
        cut.data.truncate(length);
        assert_eq!(codec.decrypt(cut), Err(CodecError::Tampered), "{length} bytes");
    }
}

#[test]
fn a_key_of_the_same_id_and_other_bytes_does_not_decrypt() {
    let encrypted = codec(&[key("k1", 1)]).encrypt(&payload()).unwrap();
    assert_eq!(codec(&[key("k1", 2)]).decrypt(encrypted), Err(CodecError::Tampered));
}

#[test]
fn the_id_of_the_key_is_authenticated() {
    // Two ids, the same bytes: relabelling a payload must not pass.
    let codec = codec(&[key("k1", 1), key("k2", 1)]);
    let mut relabelled = codec.encrypt(&payload()).unwrap();
    relabelled.metadata.insert(KEY_ID.to_owned(), b"k2".to_vec());
    assert_eq!(codec.decrypt(relabelled), Err(CodecError::Tampered));
}

#[test]
fn a_payload_without_a_key_id_is_an_error() {
    let codec = codec(&[key("k1", 1)]);
    let mut nameless = codec.encrypt(&payload()).unwrap();
    nameless.metadata.remove(KEY_ID);
    assert_eq!(codec.decrypt(nameless), Err(CodecError::UnknownKey));
}

#[test]
fn other_encodings_pass_through_as_they_are() {
    let codec = codec(&[key("k1", 1)]);
    for other in [payload(), Payload::default(), Payload { data: vec![1, 2, 3], ..Payload::default() }] {
        assert_eq!(codec.decrypt(other.clone()).unwrap(), other);
    }
}

#[test]
fn without_a_key_there_is_no_codec() {
    assert_eq!(EncryptionCodec::new(&[]).unwrap_err(), CodecError::NoKey);
    assert!(data_converter(&[]).is_err());
}

#[test]
fn keys_of_another_shape_are_refused_without_being_shown() {
    let short = format!("k1:{}", STANDARD.encode([1; 31]));
    let long = format!("k1:{}", STANDARD.encode([1; 33]));
    for (text, error) in [
        ("c2VjcmV0", PayloadKeyError::Shape),
        (":c2VjcmV0", PayloadKeyError::Id),
        ("a b:c2VjcmV0", PayloadKeyError::Id),
        ("k1:", PayloadKeyError::Bytes),
        ("k1:not base64", PayloadKeyError::Bytes),
        (short.as_str(), PayloadKeyError::Bytes),
        (long.as_str(), PayloadKeyError::Bytes),
    ] {
        assert_eq!(PayloadKey::parse(text).unwrap_err(), error, "{text}");
    }
    assert_eq!(format!("{:?}", key("k1", 7)), "PayloadKey(k1)");
    assert_eq!(format!("{:?}", codec(&[key("k1", 7)])), r#"EncryptionCodec { keys: ["k1"] }"#);
}

#[tokio::test]
async fn the_converter_encrypts_values_on_their_way() {
    let converter = data_converter(&[key("k1", 1)]).unwrap();
    let context = SerializationContextData::Workflow(WorkflowSerializationContext::new());
    let written = converter.to_payload(&context, &"Awa".to_owned()).await.unwrap();
    assert_eq!(written.metadata[ENCODING_PAYLOAD_KEY], ENCRYPTED.as_bytes());
    let read: String = converter.from_payload(&context, written.clone()).await.unwrap();
    assert_eq!(read, "Awa");

    let stranger = data_converter(&[key("k2", 2)]).unwrap();
    assert!(stranger.from_payload::<String>(&context, written).await.is_err());
}
